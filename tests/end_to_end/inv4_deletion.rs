//! Invariant 4: deletion needs proof, and much of it needs a person's word.

use std::fs;

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::evil::{Badge, Evil, Script};
use calluna_tests::proxy::Mode;
use calluna_tests::sample::{jsonl, offer, write};

const IMPATIENT: &[(&str, &str)] = &[
    ("CALLUNA_NIGHT_WAIT_SECONDS", "2"),
    ("CALLUNA_LIMITS_CALL_SECONDS", "3"),
];

/// A district with one provider of twenty offers, fetched once.
fn twenty(settings: &[(&'static str, &str)]) -> (District, Node) {
    let district = District::with(settings);
    let node = district.member("vhs-a");
    let list = jsonl(
        &district.path("zwanzig.jsonl"),
        (0..20).map(|n| offer(n, "x")),
    );
    let _imported = node.import(&list, &[]).ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    (district, node)
}

#[test]
fn inv4_a_list_that_removes_much_needs_a_word_at_the_node() {
    let (district, node) = twenty(&[]);
    let before = node.digest();
    let short = jsonl(&district.path("kurz.jsonl"), (0..13).map(|n| offer(n, "x")));
    node.import(&short, &["--replace"])
        .says(1, &["7 of 20", "--yes"]);
    let empty = write(&district.path("leer.csv"), b"id;title\n");
    node.import(&empty, &["--replace"])
        .says(1, &["20", "--yes"]);
    let nothing = write(&district.path("nichts.csv"), b"");
    let _refused = node.import(&nothing, &["--replace", "--yes"]).expect(1);
    assert_eq!(node.digest(), before);
    let _same = district.night().expect("vhs-a", Outcome::Unchanged);
    // 30 % is not more than 30 %.
    let fourteen = jsonl(
        &district.path("vierzehn.jsonl"),
        (0..14).map(|n| offer(n, "x")),
    );
    let _imported = node.import(&fourteen, &["--replace"]).ok();
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).removed, 6);
}

#[test]
fn inv4_a_night_that_removes_much_is_held_until_the_operator_releases_it() {
    let (district, node) = twenty(&[]);
    let short = jsonl(
        &district.path("kurz.jsonl"),
        (0..5).map(|n| offer(n, "neu")),
    );
    let _imported = node.import(&short, &["--replace", "--yes"]).ok();
    assert_eq!(node.count(), 5);

    let night = district.night();
    assert_eq!(night.code, Some(3));
    let line = night.expect("vhs-a", Outcome::Held);
    assert_eq!((line.removed, line.offers), (15, 20));
    assert!(line.note.contains("calluna-hub release vhs-a"), "{line:?}");
    let readers_see = || district.titles("vhs-a");
    assert_eq!(readers_see().len(), 20);
    assert!(
        readers_see().values().all(|title| title.ends_with(" x")),
        "nothing of it is shown"
    );
    assert_eq!(node.receipt()["outcome"], serde_json::json!("held"));
    let held = district.status().providers[0].held.unwrap();
    assert_eq!((held.removed, held.before), (15, 20));

    // It stays held, night after night, until somebody says so.
    let _still = district.night().expect("vhs-a", Outcome::Held);
    assert_eq!(readers_see().len(), 20);
    let said = district.hub(&["release", "vhs-a"]).ok();
    assert!(said.stderr.contains("15"), "{said:#?}");
    assert_eq!(readers_see().len(), 5);
    assert!(readers_see().values().all(|title| title.ends_with("neu")));
    let _agreed = district.night().expect("vhs-a", Outcome::Unchanged);
    district.hub(&["release", "vhs-a"]).says(1, &["vhs-a"]);
}

#[test]
fn inv4_a_held_night_that_was_a_mistake_mends_itself() {
    let (district, node) = twenty(&[]);
    let short = jsonl(&district.path("kurz.jsonl"), (0..5).map(|n| offer(n, "x")));
    let _imported = node.import(&short, &["--replace", "--yes"]).ok();
    let _held = district.night().expect("vhs-a", Outcome::Held);
    // The provider sends the right list the next day.
    let _imported = node
        .import(&district.path("zwanzig.jsonl"), &["--replace"])
        .ok();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Ok);
    assert_eq!((line.removed, line.offers), (0, 20));
    assert!(district.status().providers[0].held.is_none());
}

#[test]
fn inv4_a_silent_node_deletes_nothing() {
    let (district, mut node) = twenty(IMPATIENT);
    let _quiet = node.stop();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Unreachable);
    assert_eq!(line.removed, 0, "{line:?}");
    assert_eq!(district.titles("vhs-a").len(), 20);
    let known = &district.status().providers[0];
    assert_eq!((known.offers, known.nights_missed), (20, 1));
    // Connected, and nothing comes through.
    node.serve();
    let _back = district.hub(&["sync", "--format", "json"]);
    district.proxy().set(Mode::Hold);
    let _silent = district.night().expect("vhs-a", Outcome::Unreachable);
    assert_eq!(district.titles("vhs-a").len(), 20);
}

#[test]
fn the_report_says_what_readers_see_of_a_provider_that_could_not_be_reached() {
    let (district, mut node) = twenty(IMPATIENT);
    let _quiet = node.stop();
    let away = district.night();
    assert_eq!(away.expect("vhs-a", Outcome::Unreachable).offers, 20);
    node.serve();
    district.proxy().set(Mode::Hold);
    let silent = district.night();
    assert_eq!(silent.expect("vhs-a", Outcome::Unreachable).offers, 20);
}

#[test]
fn inv4_a_node_that_lost_its_store_deletes_nothing() {
    let (district, mut node) = twenty(&[]);
    let _quiet = node.stop();
    fs::remove_dir_all(node.dir.join("store")).unwrap();
    node.serve();
    assert_eq!(node.count(), 0);
    let night = district.night();
    assert_eq!(night.expect("vhs-a", Outcome::Held).removed, 20);
    assert_eq!(district.titles("vhs-a").len(), 20);
    // The list comes back: both sides agree again without anybody's word.
    let _imported = node.import(&district.path("zwanzig.jsonl"), &[]).ok();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Ok);
    assert_eq!(
        (line.added, line.changed, line.removed, line.offers),
        (0, 0, 0, 20)
    );
}

#[test]
fn inv4_a_node_restored_from_an_old_backup_loses_nothing_that_is_not_proved_gone() {
    let (district, mut node) = twenty(&[]);
    let _quiet = node.stop();
    let backup = district.path("backup");
    copy(&node.dir.join("store"), &backup);
    node.serve();
    let more = jsonl(
        &district.path("mehr.jsonl"),
        (20..25).map(|n| offer(n, "x")),
    );
    let _imported = node.import(&more, &[]).ok();
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 25);
    let _quiet = node.stop();
    fs::remove_dir_all(node.dir.join("store")).unwrap();
    copy(&backup, &node.dir.join("store"));
    node.serve();
    assert_eq!(node.count(), 20);
    let night = district.night();
    // Five of 25 is under the guard, but nobody ever withdrew them: the backup is older than they.
    let line = night.expect("vhs-a", Outcome::Held);
    assert_eq!(line.removed, 5, "{line:?}");
    assert!(!line.reconciled.is_empty(), "{line:?}");
    assert_eq!(district.titles("vhs-a").len(), 25);
    // The newest export brings them back: both sides have the same, without anybody's word.
    let _imported = node.import(&more, &[]).ok();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Unchanged);
    assert_eq!((line.removed, line.offers), (0, 25), "{line:?}");
    assert!(district.status().providers[0].held.is_none());
}

#[test]
fn inv4_a_node_restored_from_an_old_backup_and_overtaken_since_deletes_nothing() {
    let (district, mut node) = twenty(&[]);
    let _quiet = node.stop();
    let backup = district.path("backup");
    copy(&node.dir.join("store"), &backup);
    node.serve();
    let lost = jsonl(
        &district.path("verloren.jsonl"),
        (20..23).map(|n| offer(n, "x")),
    );
    let _imported = node.import(&lost, &[]).ok();
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 23);
    let _quiet = node.stop();
    fs::remove_dir_all(node.dir.join("store")).unwrap();
    copy(&backup, &node.dir.join("store"));
    node.serve();
    // Before the next night the restored node has counted further than the hub had seen, so its
    // revisions look like a plain continuation.
    let other = jsonl(&district.path("neu.jsonl"), (30..34).map(|n| offer(n, "x")));
    let _imported = node.import(&other, &[]).ok();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Held);
    assert_eq!(line.removed, 3, "{line:?}");
    assert_eq!(district.titles("vhs-a").len(), 23);
}

#[test]
fn inv4_a_listing_that_does_not_match_its_head_deletes_nothing() {
    let district = District::new();
    let badge = Badge::join(&district.invite("vhs-e"));
    let evil = Evil::start(badge, Script::honest((0..20).map(|n| offer(n, "x"))));
    let _first = district.night().expect("vhs-e", Outcome::Ok);
    // A new life of the store, two offers less, and a digest that fits neither.
    let shorter = Script::honest((2..20).map(|n| offer(n, "x")));
    evil.tell(Script {
        epoch: 1,
        digest: Some(calluna_model::id::Digest([7; 32])),
        ..shorter
    });
    let night = district.night();
    let line = night.expect("vhs-e", Outcome::Refused);
    assert!(line.note.contains("listing"), "{line:?}");
    assert_eq!(district.titles("vhs-e").len(), 20);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
