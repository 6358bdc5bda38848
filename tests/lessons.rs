//! What users of comparable systems suffered in synchronisation, and which test keeps ours from it.
//!
//! The complaints were collected from the issue trackers of harvesters and federated catalogues
//! (CKAN, the data.gov harvester, udata, Eclipse EDC, X-Road, CouchDB, SPIRE, vantage6 and others).
//! Each has an answer here, and a test by name; a test that is renamed or removed is missed.

use std::fs;

use super::all_rust_files;

/// Complaint, tests that fail when ours does the same.
const LESSONS: &[(&str, &[&str])] = &[
    (
        "jobs hang in \"running\" for days, the stop button is dead",
        &[
            "nights_are_numbered_and_a_broken_one_is_closed",
            "a_night_that_was_cut_off_is_resumed_from_its_checkpoint",
            "a_running_night_can_be_cancelled_and_the_next_goes_on",
            "inv6_a_slow_drip_is_cut_at_the_deadline",
        ],
    ),
    (
        "\"success\", with nothing taken and everything refused",
        &[
            "inv5_a_digest_that_lies_is_never_ok_and_shows_nothing",
            "every_outcome_survives_its_own_name",
            "five_thousand_refused_records_go_back_to_the_node_whole",
        ],
    ),
    (
        "an empty or partial answer deletes the catalogue",
        &[
            "inv4_a_silent_node_deletes_nothing",
            "inv4_a_node_that_lost_its_store_deletes_nothing",
            "inv4_a_listing_that_does_not_match_its_head_deletes_nothing",
            "inv4_a_night_that_removes_much_is_held_until_the_operator_releases_it",
        ],
    ),
    (
        "deleted records never go away, or come back",
        &[
            "inv4_tombstones_of_the_known_store_are_proof_within_the_guard",
            "inv4_beyond_the_horizon_of_tombstones_nothing_is_proved",
            "inv4_a_hub_restored_from_an_old_backup_has_everything_after_one_night",
        ],
    ),
    (
        "the catalogue is empty or half while it is collected",
        &[
            "inv8_a_first_night_appears_as_a_whole",
            "inv8_readers_see_the_old_state_until_the_new_one_is_whole",
        ],
    ),
    (
        "one bad source blocks all",
        &["inv6_whatever_single_members_do_the_others_are_ok_in_the_same_night"],
    ),
    (
        "one source overwrites another's record",
        &[
            "inv2_the_certificate_says_whose_offers_they_are",
            "inv2_a_head_signed_for_another_provider_is_refused",
        ],
    ),
    (
        "a source changes its ids, and everything is doubled",
        &["inv4_a_mass_re_key_is_held_shown_discarded_and_released"],
    ),
    (
        "error reports that nobody can act on, cut off, sent to the wrong person",
        &[
            "five_thousand_refused_records_go_back_to_the_node_whole",
            "refused_records_are_listed_with_a_way_out_and_no_cell_is_a_formula",
        ],
    ),
    (
        "sources fail for months and nobody notices",
        &[
            "a_provider_that_is_silent_for_three_nights_rises_to_the_top",
            "missed_nights_are_counted_until_both_sides_agree_again",
        ],
    ),
    (
        "memory grows until the process is killed",
        &[
            "inv6_an_endless_stream_is_cut_at_the_limit_of_a_night",
            "inv6_a_compressed_bomb_is_not_opened",
            "a_year_of_nights_stays_right_and_small",
        ],
    ),
    (
        "a big run fails at ten per cent and begins at zero",
        &[
            "inv3_a_first_night_that_is_cut_off_goes_on_where_it_stood",
            "inv3_a_connection_that_is_cut_costs_a_piece_and_not_the_night",
        ],
    ),
    (
        "a restore from backup loses or freezes data in silence",
        &[
            "inv4_a_node_restored_from_an_old_backup_loses_nothing_that_is_not_proved_gone",
            "inv4_a_node_restored_from_an_old_backup_and_overtaken_since_deletes_nothing",
            "inv4_a_hub_whose_store_is_behind_its_state_compares_everything_by_itself",
            "inv4_hub_and_node_restored_at_once_remove_nothing",
        ],
    ),
    (
        "records are skipped while the source changes",
        &[
            "a_node_that_publishes_while_it_is_compared_is_not_blamed",
            "inv6_skipped_revisions_are_refused",
        ],
    ),
    (
        "\"online\" that is not true, no way back behind a proxy, herds",
        &[
            "a_connection_through_which_nothing_passes_is_found_by_both_sides",
            "a_node_that_lost_its_power_is_found_and_takes_its_place_again",
            "a_node_finds_its_hub_again",
            "a_herd_comes_back_spread_out",
        ],
    ),
    (
        "a change of the contract hits all members at once",
        &["the_newest_common_version_counts"],
    ),
    (
        "nobody can look before it is published",
        &["a_dry_run_predicts_and_writes_nothing"],
    ),
    (
        "the night of the change of clocks is skipped or held twice",
        &[
            "every_night_of_ten_years_begins_exactly_once",
            "a_year_of_nights_with_both_changes_of_the_clock",
        ],
    ),
];

#[test]
fn every_lesson_has_its_test() {
    let mut sources = String::new();
    for file in all_rust_files() {
        if !file.ends_with("tests/lessons.rs") {
            sources.push_str(&fs::read_to_string(&file).unwrap());
        }
    }
    let missing: Vec<_> = LESSONS
        .iter()
        .flat_map(|(lesson, tests)| tests.iter().map(move |test| (lesson, test)))
        .filter(|(_, test)| !sources.contains(&format!("fn {test}(")))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
