//! What may be tried against the trust between hub and nodes, and which test shows that it fails.
//!
//! The list is that of the issue on trust, and what came to mind since. A test that is renamed or removed
//! is missed. Those named `attack_…` are in `end_to_end/attacks.rs` and run against a hub with its real doors.

use std::fs;

use super::all_rust_files;

/// Attack, tests that fail when it succeeds.
const ATTACKS: &[(&str, &[&str])] = &[
    (
        "no certificate",
        &[
            "inv2_nobody_gets_in_without_a_certificate",
            "attack_whoever_shows_no_certificate_or_a_wrong_one_gets_no_answer",
        ],
    ),
    (
        "a certificate of another authority with the same names",
        &[
            "inv2_another_authority_with_the_same_names_is_refused_on_both_sides",
            "inv2_the_hub_lets_in_nodes_of_its_own_district_alone",
        ],
    ),
    (
        "an expired certificate, one of the future, one that the hub never gave",
        &[
            "inv2_expired_and_future_certificates_are_refused_on_both_sides",
            "attack_whoever_shows_no_certificate_or_a_wrong_one_gets_no_answer",
        ],
    ),
    (
        "a revoked certificate: on a new connection, in a call, on a connection that stood before",
        &[
            "inv2_a_revoked_certificate_is_refused_by_a_server_and_others_pass",
            "who_is_revoked_is_out_at_once_and_comes_back_by_a_new_invitation_alone",
            "attack_a_revoked_member_is_out_on_every_connection_old_new_or_resumed",
            "a_revocation_outlives_a_restart_and_an_expired_certificate_does_not_come_back",
        ],
    ),
    (
        "a session resumed after the revocation",
        &[
            "inv2_no_session_is_ever_resumed",
            "inv2_whoever_was_in_before_does_not_come_back_with_a_ticket",
            "attack_a_revoked_member_is_out_on_every_connection_old_new_or_resumed",
        ],
    ),
    (
        "a node's certificate used as the hub's, and the hub's as a node's",
        &[
            "inv2_a_node_s_certificate_is_not_accepted_as_the_hub_s",
            "inv2_a_node_speaks_with_the_hub_and_nobody_else",
            "inv2_the_hub_s_certificate_and_another_node_s_are_not_accepted_as_a_node_s",
            "inv2_the_hub_lets_in_nodes_of_its_own_district_alone",
        ],
    ),
    (
        "one provider writes as another",
        &[
            "inv2_the_certificate_says_whose_offers_they_are",
            "inv2_a_head_signed_for_another_provider_is_refused",
            "inv2_node_toml_cannot_change_who_a_node_is",
        ],
    ),
    (
        "the operator's calls, or a node's, over the network; a node that calls another node",
        &[
            "attack_the_operator_s_calls_are_not_on_the_network",
            "inv2_a_listening_node_answers_the_hub_and_nobody_else",
        ],
    ),
    (
        "TLS 1.2",
        &[
            "inv2_a_client_that_speaks_only_tls_1_2_is_refused",
            "attack_a_client_of_tls_1_2_is_sent_away_by_the_running_hub",
        ],
    ),
    (
        "guessed tokens",
        &[
            "attack_guessed_tokens_are_limited_and_keep_nobody_out",
            "ten_wrong_tries_and_then_one_every_six_minutes",
            "a_guess_learns_nothing_but_that_it_was_wrong",
        ],
    ),
    (
        "replayed tokens",
        &[
            "attack_a_replayed_token_is_named_for_what_it_is_and_limited_like_a_guess",
            "a_used_token_opens_for_the_same_key_and_for_no_other",
        ],
    ),
    (
        "connections held open until nobody can join",
        &[
            "attack_one_address_takes_a_quarter_of_the_places_for_strangers",
            "one_source_takes_a_quarter_of_the_places_and_gives_them_back",
        ],
    ),
    (
        "a request for another name, for the rights of an authority, with a weak key",
        &[
            "attack_a_request_for_more_than_a_node_may_have_is_refused_at_every_door",
            "inv2_a_request_for_another_name_is_refused",
            "a_request_for_an_authority_s_rights_is_refused",
            "an_rsa_key_is_refused_by_its_head",
        ],
    ),
    (
        "a renewal for another provider; a grace renewal with a stolen certificate and another key",
        &["attack_nobody_renews_for_another_provider"],
    ),
    (
        "the control socket from another user",
        &[
            "attack_the_control_socket_answers_no_other_user",
            "keys_are_for_their_owner_alone",
        ],
    ),
    (
        "a stolen backup without the passphrase",
        &["a_stolen_backup_of_a_sealed_hub_makes_no_certificate"],
    ),
    (
        "oversized requests",
        &["attack_an_oversized_request_is_not_read"],
    ),
    (
        "an answer that is lost strands nobody, and gives nothing twice",
        &["a_join_whose_answer_was_lost_is_asked_again_and_gets_the_same_certificate"],
    ),
];

#[test]
fn every_attack_has_its_test() {
    let mut sources = String::new();
    for file in all_rust_files() {
        if !file.ends_with("tests/attacks.rs") {
            sources.push_str(&fs::read_to_string(&file).unwrap());
        }
    }
    let missing: Vec<_> = ATTACKS
        .iter()
        .flat_map(|(attack, tests)| tests.iter().map(move |test| (attack, test)))
        .filter(|(_, test)| !sources.contains(&format!("fn {test}(")))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
