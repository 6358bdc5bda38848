//! Nights as an operator sees them: the first, one with changes, one without.

use std::collections::BTreeMap;

use calluna_model::outcome::Outcome;
use calluna_model::report::NightState;
use calluna_tests::district::{District, Node, digest_of};
use calluna_tests::sample::{jsonl, offer};
use serde_json::json;

/// Both sides agree, computed anew from what readers see (invariant 5).
#[track_caller]
fn assert_agreed(district: &District, node: &Node) {
    let catalogue = district.catalogue();
    let own = catalogue
        .iter()
        .filter(|((provider, _), _)| *provider == node.id);
    let offers: Vec<_> = own.map(|(_, offer)| offer).collect();
    assert_eq!(offers.len() as u64, node.count());
    assert_eq!(digest_of(offers), node.digest());
    // What the hub said that it proved itself equal to.
    assert_eq!(node.receipt()["head"], node.status()["head"]);
}

#[test]
fn several_providers_are_fetched_followed_and_left_alone() {
    let district = District::new();
    let nodes: BTreeMap<&str, Node> = ["a-vhs", "b-schule", "c-traeger"]
        .map(|id| (id, district.member(id)))
        .into();
    for (size, node) in (1..).zip(nodes.values()) {
        let list = jsonl(
            &district.path("eins.jsonl"),
            (0..size * 20).map(|n| offer(n, &node.id)),
        );
        let _imported = node.import(&list, &[]).ok();
    }

    let first = district.night();
    for (node, offers) in nodes.values().zip([20, 40, 60]) {
        let line = first.expect(&node.id, Outcome::Ok);
        assert_eq!(
            (line.added, line.changed, line.removed, line.offers),
            (offers, 0, 0, offers)
        );
        assert!(line.bytes > offers * 200, "{line:?}");
        assert_agreed(&district, node);
        let receipt = node.receipt();
        assert_eq!(receipt["outcome"], json!("ok"));
        assert_eq!(receipt["added"], json!(offers));
    }
    // The same for a person at the node.
    let shown = nodes["a-vhs"].run(&["status"]).ok().stdout;
    assert!(
        shown.contains("20 offers") && shown.contains(" ok"),
        "{shown}"
    );
    assert_eq!(first.code, Some(0));
    assert_eq!(first.report.state, NightState::Finished);
    assert_eq!(district.catalogue().len(), 120);

    // A night with changes, additions and deletions at one provider, and none at the others.
    let vhs = &nodes["a-vhs"];
    let changed = (0..5).map(|n| offer(n, "anders"));
    let kept = (8..20).map(|n| offer(n, "a-vhs"));
    let list = jsonl(
        &district.path("zwei.jsonl"),
        changed.chain(kept).chain([offer(99, "neu")]),
    );
    let _imported = vhs.import(&list, &["--replace"]).ok();
    let second = district.night();
    let line = second.expect("a-vhs", Outcome::Ok);
    assert_eq!(
        (line.added, line.changed, line.removed, line.offers),
        (1, 5, 3, 18)
    );
    for id in ["b-schule", "c-traeger"] {
        assert_eq!(
            second.expect(id, Outcome::Unchanged).calls,
            1,
            "nothing changed: one call"
        );
    }
    assert_agreed(&district, vhs);

    let third = district.night();
    for node in nodes.values() {
        assert_eq!(third.expect(&node.id, Outcome::Unchanged).calls, 1);
        assert_agreed(&district, node);
    }
    assert!(first.report.night < second.report.night && second.report.night < third.report.night);
}

#[test]
fn a_night_moves_what_changed_and_little_more() {
    let district = District::new();
    let node = district.member("vhs-a");
    let all = |changed: usize| {
        (0..200).map(move |n| offer(n, if n < changed { "anders" } else { "alt" }))
    };
    let _imported = node
        .import(&jsonl(&district.path("1.jsonl"), all(0)), &["--replace"])
        .ok();
    let first = district.night();
    let whole = first.expect("vhs-a", Outcome::Ok).bytes;
    let _imported = node
        .import(&jsonl(&district.path("2.jsonl"), all(2)), &["--replace"])
        .ok();
    let second = district.night();
    let line = second.expect("vhs-a", Outcome::Ok);
    assert_eq!((line.added, line.changed, line.removed), (0, 2, 0));
    assert!(
        line.bytes * 40 < whole,
        "{} of {whole} bytes for 1 % changed",
        line.bytes
    );
    // The same file again is no change at all.
    let _imported = node.import(&district.path("2.jsonl"), &["--replace"]).ok();
    let _same = district.night().expect("vhs-a", Outcome::Unchanged);
}

#[test]
fn tombstones_take_offers_away() {
    let district = District::new();
    let node = district.member("vhs-a");
    let _imported = node
        .import(
            &jsonl(&district.path("1.jsonl"), (0..20).map(|n| offer(n, "x"))),
            &[],
        )
        .ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _imported = node
        .import(
            &jsonl(&district.path("2.jsonl"), (2..20).map(|n| offer(n, "x"))),
            &["--replace"],
        )
        .ok();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Ok);
    assert_eq!((line.removed, line.offers), (2, 18));
    assert!(!district.titles("vhs-a").contains_key("K-00000"));
    assert_agreed(&district, &node);
}

#[test]
fn sync_takes_one_provider_when_told_so() {
    let district = District::new();
    let (_a, _b) = (district.member("vhs-a"), district.member("vhs-b"));
    let ended = district
        .hub(&["sync", "--provider", "vhs-b", "--format", "json"])
        .ok()
        .json();
    assert_eq!(ended["providers"].as_array().unwrap().len(), 1);
    assert_eq!(ended["providers"][0]["provider"], json!("vhs-b"));
    district
        .hub(&["sync", "--provider", "vhs-z"])
        .says(1, &["no member `vhs-z`"]);
    district
        .hub(&["sync", "--provider", "Vhs Z"])
        .says(2, &["Vhs Z"]);
}

#[test]
fn every_command_works_without_a_daemon_too() {
    let mut district = District::prepared(&[]);
    district.fixed_port();
    let token = district.invite("vhs-a");
    district.start_hub();
    let mut node = district.stranger("vhs-a");
    let _joined = node.run(&["join", &token]).ok();
    let _quiet = district.stop_hub().ok();
    // An import beside no daemon, then a sync in which the hub's process opens the port itself.
    let list = jsonl(&district.path("kurse.jsonl"), (0..7).map(|n| offer(n, "x")));
    let _imported = node.import(&list, &[]).ok();
    assert_eq!(node.count(), 7);
    node.serve();
    let night = district.night();
    assert_eq!(night.expect("vhs-a", Outcome::Ok).offers, 7);
    assert!(!district.status().running);
    assert_eq!(district.status().offers, 7);
    assert_eq!(district.titles("vhs-a").len(), 7);
    assert!(district.hub(&["members"]).ok().stdout.contains("joined"));
    assert_agreed(&district, &node);
    // The same with the daemon, over the same store.
    district.start_hub();
    assert!(district.status().running);
    assert_eq!(district.titles("vhs-a").len(), 7);
    let _same = district.night().expect("vhs-a", Outcome::Unchanged);
}

#[test]
fn the_catalogue_goes_out_as_a_spreadsheet_too() {
    let district = District::new();
    let node = district.member("vhs-a");
    let _imported = node
        .import(
            &jsonl(&district.path("1.jsonl"), (0..3).map(|n| offer(n, "x"))),
            &[],
        )
        .ok();
    let _night = district.night();
    let path = district.path("katalog.csv");
    let output = path.to_string_lossy();
    let _written = district
        .hub(&["export", "--format", "csv", "--output", &output])
        .ok();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("Kurs 1 x").count(), 1, "{text}");
    district
        .hub(&["export", "--format", "stone", "--output", &output])
        .says(2, &["stone"]);
    // Nothing is left beside it.
    let beside: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .flatten()
        .collect();
    assert!(
        beside
            .iter()
            .all(|entry| !entry.file_name().to_string_lossy().ends_with(".part"))
    );
}

#[test]
fn a_dry_run_says_the_difference_and_changes_nothing() {
    let district = District::new();
    let node = district.member("vhs-a");
    let _imported = node
        .import(
            &jsonl(&district.path("1.jsonl"), (0..10).map(|n| offer(n, "x"))),
            &[],
        )
        .ok();
    let before = node.digest();
    let list = jsonl(
        &district.path("2.jsonl"),
        (1..12).map(|n| offer(n, if n < 3 { "y" } else { "x" })),
    );
    let said = node
        .import(&list, &["--replace", "--dry-run", "--report", "json"])
        .ok()
        .json();
    let difference = &said["difference"];
    assert_eq!(difference["added"], json!(2), "{said:#}");
    assert_eq!(difference["changed"], json!(2), "{said:#}");
    assert_eq!(difference["removed"], json!(1), "{said:#}");
    assert_eq!(node.digest(), before);
}
