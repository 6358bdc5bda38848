//! Who might be found out by participation figures, and how; and which test fails when it works.
//!
//! Threats T1 to T14 are those of PRIVACY.md; the others are what can happen to a node, a hub or a list
//! on the way. A test that is renamed or removed is missed.

use std::fs;

use super::all_rust_files;

/// Threat, tests that fail when it works.
const THREATS: &[(&str, &[&str])] = &[
    (
        "T1 a small number, T3 zeros that speak",
        &[
            "three_persons_are_not_shown_at_all",
            "sensitive_subjects_need_ten",
            "each_rule_is_missed_when_it_is_broken",
        ],
    ),
    (
        "T2 subtraction, T9 linked tables, T11 what nobody offers",
        &[
            "nothing_is_found_in_a_district_that_protects_itself",
            "nothing_is_found_where_attributes_are_real",
            "what_is_proved_small_holds_in_the_whole_system_with_and_without_the_truth",
            "an_unprotected_revision_is_not_proved",
            "two_ways_to_add_up_a_sum_that_nobody_lists_are_one_equation",
            "a_sum_that_is_left_out_gives_none_of_its_parts_away",
            "a_zero_is_structural_where_nothing_is_offered",
        ],
    ),
    (
        "T4 two nights compared, T5 hidden yesterday and shown today",
        &[
            "any_two_revisions_of_120_nights_keep_every_rule",
            "one_newcomer_waits_for_four_others",
            "a_cancellation_waits_for_the_close_and_there_for_four_others",
            "a_number_that_was_hidden_is_shown_when_enough_have_come",
            "nothing_is_found_in_a_district_that_protects_itself",
        ],
    ),
    (
        "T10 a curious hub: what is sent is what the public sees, and no person",
        &[
            "inv1_what_a_list_says_about_persons_is_never_sent_stored_or_said",
            "what_leaves_the_house_holds_no_person_and_decides_nothing",
        ],
    ),
    (
        "T12 a node that lies, or protects badly",
        &[
            "figures_that_give_a_number_away_are_refused_and_the_offers_are_not",
            "a_revision_that_gives_a_hidden_number_away_is_refused_without_saying_it",
            "what_breaks_the_contract_is_refused_by_its_field",
        ],
    ),
    (
        "T13 the status code tells small from complement",
        &["every_csv_is_described_and_every_code_is_in_its_list"],
    ),
    (
        "weaker rules, and an attacker who would not notice",
        &[
            "the_attacker_wins_where_the_rules_are_weaker",
            "a_threshold_alone_protects_almost_nothing",
            "growth_gives_away_more_than_single_nights",
        ],
    ),
    (
        "restart, double import, correction, everybody cancels",
        &[
            "a_restart_between_nights_changes_nothing",
            "the_same_list_twice_makes_no_new_revision",
            "a_corrected_import_comes_out_at_the_next_correction",
            "when_everybody_cancels_what_was_shown_stays_above_its_threshold",
        ],
    ),
    (
        "a node that was restored does not know any more whom it has published",
        &["a_history_that_the_hub_does_not_know_changes_nothing"],
    ),
    (
        "a provider takes its figures back",
        &["what_a_provider_takes_back_is_in_no_later_release"],
    ),
    (
        "a release that was changed later, or a number given away twice",
        &[
            "figures_become_a_release_that_anybody_can_audit",
            "no_number_of_a_release_is_given_away_twice",
            "every_revision_is_read_back_as_it_was_published",
        ],
    ),
];

#[test]
fn every_threat_has_its_tests() {
    let code: Vec<String> = all_rust_files()
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for (threat, tests) in THREATS {
        assert!(!tests.is_empty(), "{threat}");
        for test in *tests {
            let found = code
                .iter()
                .any(|text| text.contains(&format!("fn {test}(")));
            assert!(found, "{threat}: the test `{test}` is gone");
        }
    }
}
