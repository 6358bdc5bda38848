//! One start, one stop, on the real processes.

use std::time::Duration;

use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::process::{Process, poll};
use calluna_tests::proxy::Mode;
use calluna_tests::sample::{jsonl, long_offer, offer};
use tokio::time::Instant;

#[test]
fn sigterm_ends_both_in_order_and_leaves_no_socket() {
    let mut district = District::new();
    let mut node = district.member("vhs-a");
    node.heard("connected with the hub");
    let begun = Instant::now();
    let _hub = district.stop_hub().ok();
    let _node = node.stop().ok();
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    assert!(!district.hub_dir().join("control.sock").exists());
}

#[test]
fn a_hub_that_is_stopped_in_the_middle_of_a_night_ends_soon() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    let _imported = node
        .import(
            &jsonl(
                &district.path("l.jsonl"),
                (0..2_000).map(|n| long_offer(n, "x")),
            ),
            &[],
        )
        .ok();
    district.proxy().set(Mode::Slow(200_000));
    let begun = district.proxy().passed();
    let syncing = Process::start(&mut district.hub_command(&["sync"]));
    poll("some of the night", || {
        (district.proxy().passed() - begun > 150_000).then_some(())
    });
    let stopping = Instant::now();
    let _stopped = district.stop_hub().ok();
    assert!(
        stopping.elapsed() < Duration::from_secs(20),
        "{:?}",
        stopping.elapsed()
    );
    assert_ne!(syncing.wait().code, Some(0));
    district.proxy().set(Mode::Forward);
    district.start_hub();
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 2_000);
}

#[test]
fn a_node_finds_its_hub_again() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    let _imported = node
        .import(&jsonl(&district.path("l.jsonl"), [offer(1, "x")]), &[])
        .ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    district.kill_hub();
    district.start_hub();
    let _again = district.night().expect("vhs-a", Outcome::Unchanged);
    // A connection that was cut in between, by a router for instance.
    district.proxy().set(Mode::Cut);
    district.proxy().set(Mode::Forward);
    let _again = district.night().expect("vhs-a", Outcome::Unchanged);
}

#[test]
fn a_second_daemon_is_told_of_the_first() {
    let district = District::new();
    let node = district.member("vhs-a");
    let hub = district.hub(&["serve"]).expect(1);
    assert!(hub.stderr.contains("another"), "{hub:#?}");
    let second = node.run(&["serve"]).expect(1);
    assert!(second.stderr.contains("another"), "{second:#?}");
    // The first ones did not notice.
    let _still = district.night().expect("vhs-a", Outcome::Ok);
}

/// The figure of the issue: an idle node stays under 32 MB of resident memory.
#[test]
fn an_idle_node_is_small() {
    let district = District::new();
    let node = district.member("vhs-a");
    let _imported = node
        .import(
            &jsonl(
                &district.path("l.jsonl"),
                (0..1_000).map(|n| long_offer(n, "x")),
            ),
            &[],
        )
        .ok();
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 1_000);
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kib < 32 * 1_000_000 / 1_024, "{kib} KiB resident");
}
