//! Tests with the real binaries. They show that the wires are connected and what holds across
//! processes; the rules themselves are tested beside the code.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; a panic is how they fail"
)]
#![expect(
    clippy::print_stdout,
    reason = "seeds, figures and what was skipped; shown with --nocapture"
)]

mod abuse;
mod abuse_h2;
mod attacks;
mod audit;
mod backup;
mod bad_input;
mod black_holes;
mod catalogue;
mod check;
mod dataset;
mod disk_full;
mod engines;
mod figures_node;
mod first_night;
mod herd;
mod inv1_figures;
mod inv1_nothing_personal;
mod inv2_own_data;
mod inv3_survives;
mod inv4_deletion;
mod inv5_agreement;
mod inv6_one_bad_provider;
mod inv7_one_bad_record;
mod inv8_whole_states;
mod invitations;
mod join;
mod kills;
mod lifecycle;
mod nights;
mod renewal;
mod report;
mod report_sent;
mod revoke;
mod rotation;
mod rotation_keys;
mod store_damage;
mod watch;
