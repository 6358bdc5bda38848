//! Invariant 3: what was acknowledged is there after `kill -9` at any point.

use calluna_model::outcome::Outcome;
use calluna_model::report::NightState;
use calluna_tests::district::{District, Night, digest_of};
use calluna_tests::process::{Process, poll};
use calluna_tests::proxy::Mode;
use calluna_tests::sample::{jsonl, long_offer, offer};

#[test]
fn inv3_an_import_that_ended_with_0_survives_kill_9_of_the_node() {
    let district = District::new();
    let mut node = district.member("vhs-a");
    for round in 0..4 {
        let count = 50 * (round + 1);
        let list = jsonl(
            &district.path("l.jsonl"),
            (0..count).map(|n| offer(n, &format!("r{round}"))),
        );
        let _imported = node.import(&list, &[]).ok();
        node.kill();
        // Read from disk by another process, and by the next daemon.
        assert_eq!(node.count(), count as u64);
        let digest = node.digest();
        node.serve();
        assert_eq!((node.count(), node.digest()), (count as u64, digest));
    }
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 200);
}

#[test]
fn inv3_an_import_that_is_killed_is_there_whole_or_not_at_all() {
    let district = District::new();
    let node = district.joined("vhs-a");
    let old = jsonl(
        &district.path("alt.jsonl"),
        (0..400).map(|n| long_offer(n, "alt")),
    );
    let new = jsonl(
        &district.path("neu.jsonl"),
        (0..400).map(|n| long_offer(n, "neu")),
    );
    let _imported = node.import(&old, &[]).ok();
    let before = node.digest();
    let (mut old_seen, mut new_seen) = (0, 0);
    let path = new.to_string_lossy().into_owned();
    for delay in [0, 5, 10, 20, 30, 40, 60, 80, 120, 160] {
        let importing = Process::start(&mut node.command(&["import", &path]));
        // Not a wait for something: this is the moment at which it is killed.
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let ended = importing.kill();
        assert_eq!(node.count(), 400);
        if node.digest() == before {
            assert_ne!(ended.code, Some(0), "it said that it had imported");
            old_seen += 1;
        } else {
            new_seen += 1;
            let _back = node.import(&old, &[]).ok();
            assert_eq!(node.digest(), before);
        }
    }
    assert!(old_seen > 0 && old_seen + new_seen == 10);
}

#[test]
fn inv3_a_night_that_was_reported_survives_kill_9_of_the_hub() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    for round in 0..3 {
        let version = format!("r{round}");
        let list = jsonl(
            &district.path("l.jsonl"),
            (0..60 + round).map(|n| offer(n, &version)),
        );
        let _imported = node.import(&list, &[]).ok();
        let night = district.night();
        let _line = night.expect("vhs-a", Outcome::Ok);
        district.kill_hub();
        let catalogue = district.catalogue();
        assert_eq!(
            digest_of(catalogue.values()),
            node.digest(),
            "round {round}"
        );
        district.start_hub();
        assert_eq!(district.status().last_night.unwrap(), night.report);
        let _same = district.night().expect("vhs-a", Outcome::Unchanged);
    }
}

#[test]
fn inv3_a_receipt_that_the_node_took_survives_kill_9_of_the_node() {
    let district = District::new();
    let mut node = district.member("vhs-a");
    let _imported = node
        .import(&jsonl(&district.path("l.jsonl"), [offer(1, "x")]), &[])
        .ok();
    let night = district.night();
    node.kill();
    assert_eq!(
        node.receipt()["night"],
        serde_json::json!(night.report.night)
    );
}

#[test]
fn inv3_a_member_that_joined_survives_kill_9_of_the_hub() {
    let mut district = District::new();
    let token = district.invite("vhs-a");
    district.kill_hub();
    district.start_hub();
    let mut node = district.stranger("vhs-a");
    let _joined = node.run(&["join", &token]).ok();
    district.kill_hub();
    district.start_hub();
    node.serve();
    assert_eq!(district.night().line("vhs-a").outcome, Outcome::Ok);
}

#[test]
fn inv3_a_first_night_that_is_cut_off_goes_on_where_it_stood() {
    let mut district = District::new();
    let mut node = district.joined("vhs-a");
    let list = jsonl(
        &district.path("l.jsonl"),
        (0..3_000).map(|n| long_offer(n, "x")),
    );
    let _imported = node.import(&list, &[]).ok();
    node.serve();
    // About 5 MB in all; commits are made every megabyte.
    district.proxy().set(Mode::Slow(1_500_000));
    let begun = district.proxy().passed();
    let syncing = Process::start(&mut district.hub_command(&["sync", "--format", "json"]));
    poll("half of the night", || {
        (district.proxy().passed() - begun > 3_200_000).then_some(())
    });
    district.kill_hub();
    assert_ne!(
        syncing.wait().code,
        Some(0),
        "a night that was cut off is not reported as done"
    );
    // Nothing of it is to be seen, not in passing either.
    assert_eq!(district.catalogue().len(), 0);
    district.proxy().set(Mode::Forward);
    district.start_hub();
    let status = district.status();
    assert_eq!(status.last_night.unwrap().state, NightState::Aborted);
    let night: Night = district.night();
    let line = night.expect("vhs-a", Outcome::Ok);
    assert_eq!((line.offers, line.added), (3_000, 3_000));
    let whole: u64 = std::fs::metadata(&list).unwrap().len();
    assert!(
        line.bytes < whole * 3 / 4,
        "{} of about {whole} bytes were sent again",
        line.bytes
    );
    assert_eq!(digest_of(district.catalogue().values()), node.digest());
}

#[test]
fn inv3_a_connection_that_is_cut_costs_a_piece_and_not_the_night() {
    let district = District::new();
    let mut node = district.joined("vhs-a");
    let list = jsonl(
        &district.path("l.jsonl"),
        (0..3_000).map(|n| long_offer(n, "x")),
    );
    let _imported = node.import(&list, &[]).ok();
    district.proxy().set(Mode::CutAfter(3_200_000));
    node.serve();
    let night = district.night();
    let _line = night.expect("vhs-a", Outcome::Partial);
    assert_eq!(district.catalogue().len(), 0);
    district.proxy().set(Mode::Forward);
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Ok);
    assert!(line.bytes < 3_900_000, "{} bytes", line.bytes);
    assert_eq!(digest_of(district.catalogue().values()), node.digest());
}
