//! Damaged, old and doubled stores of both sides, with real processes. The hub's engine is tried
//! with hundreds of damages where it lies (`proto/kv`); here it is whether the processes say so,
//! delete nothing, and come to agree again after the way out that they name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use calluna_model::outcome::Outcome;
use calluna_tests::disk::{Damage, copy};
use calluna_tests::district::{District, Node, digest_of};
use calluna_tests::process::{Ended, poll};
use calluna_tests::sample::{jsonl, long_offer, offer};
use tokio::time::Instant;

const IMPATIENT: &[(&str, &str)] = &[("CALLUNA_NIGHT_WAIT_SECONDS", "2")];
const OFFERS: usize = 300;

fn list(district: &District, version: &str, offers: std::ops::Range<usize>) -> PathBuf {
    jsonl(
        &district.path(&format!("{version}.jsonl")),
        offers.map(|n| long_offer(n, version)),
    )
}

fn agrees(district: &District, node: &Node) {
    let catalogue = district.catalogue();
    let ours = catalogue
        .iter()
        .filter(|((provider, _), _)| *provider == node.id);
    assert_eq!(digest_of(ours.map(|(_, offer)| offer)), node.digest());
}

/// It refused, and said why and what to do; it did not fall over.
fn refused_in_words(ended: &Ended, damage: Damage) {
    assert_eq!(ended.code, Some(1), "{damage:?}: {ended:#?}");
    for word in ["store", "damaged", "backup"] {
        assert!(
            ended.stderr.contains(word),
            "{damage:?}: no `{word}`: {ended:#?}"
        );
    }
    assert!(!ended.stderr.contains("panicked"), "{damage:?}: {ended:#?}");
}

#[test]
fn inv4_a_damaged_node_deletes_nothing_and_mends() {
    let district = District::with(IMPATIENT);
    let mut node = district.member("vhs-a");
    let _imported = node.import(&list(&district, "alt", 0..OFFERS), &[]).ok();
    let newest = list(&district, "neu", 0..OFFERS);
    let _imported = node.import(&newest, &[]).ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let whole = node.digest();
    let _stopped = node.stop().ok();
    let (store, backup) = (node.dir.join("store"), district.path("backup"));
    copy(&store, &backup);
    for damage in Damage::ALL {
        copy(&backup, &store);
        damage.on(&store);
        let started = node.try_serve();
        let night = district.night();
        let line = night.line("vhs-a");
        println!(
            "{damage:?}: started {}, {:?} {}",
            started.is_ok(),
            line.outcome,
            line.note
        );
        assert_eq!(district.titles("vhs-a").len(), OFFERS, "{damage:?}");
        match started {
            // Right, or mended under a new epoch: the complete list puts it right.
            Ok(()) => {
                let (right, told) = (node.digest() == whole, mended(&node));
                assert!(right || !told.is_empty(), "{damage:?} is silent");
                let _again = node.import(&newest, &["--replace", "--yes"]);
                let _stopped = node.stop().ok();
            }
            Err(ended) => refused_in_words(&ended, damage),
        }
        // The way out that always works: the backup.
        copy(&backup, &store);
        node.serve();
        let night = district.night();
        assert!(
            night.line("vhs-a").outcome.clean(),
            "{damage:?}: {night:#?}"
        );
        assert_eq!(district.titles("vhs-a").len(), OFFERS, "{damage:?}");
        agrees(&district, &node);
        let _stopped = node.stop().ok();
    }
}

/// What the node says about a store that was behind; empty when it was whole.
fn mended(node: &Node) -> String {
    let note = node.status()["store"]["mended"]["note"].clone();
    note.as_str().unwrap_or_default().to_owned()
}

#[test]
fn inv4_a_node_whose_store_is_behind_its_state_says_so_and_a_new_import_mends_it() {
    let district = District::new();
    let mut node = district.joined("vhs-a");
    let (store, early) = (node.dir.join("store"), district.path("early"));
    let _imported = node.import(&list(&district, "alt", 0..200), &[]).ok();
    copy(&store, &early);
    let newest = list(&district, "neu", 0..OFFERS);
    let _imported = node.import(&newest, &[]).ok();
    node.serve();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _stopped = node.stop().ok();
    behind(&store, &early);

    node.serve();
    node.heard("store is behind");
    let told = mended(&node);
    assert!(told.contains("STATE tells of commit"), "{told}");
    let night = district.night();
    assert!(
        !night.line("vhs-a").outcome.agreed(),
        "a hundred offers are missing: {night:#?}"
    );
    assert_eq!(district.titles("vhs-a").len(), OFFERS);
    let _again = node.import(&newest, &[]).ok();
    assert!(district.night().line("vhs-a").outcome.clean());
    assert_eq!(district.titles("vhs-a").len(), OFFERS);
    agrees(&district, &node);
}

/// The files of an earlier copy, under the newest STATE.
fn behind(store: &Path, early: &Path) {
    let state = std::fs::read(store.join("STATE")).unwrap();
    copy(early, store);
    std::fs::write(store.join("STATE"), state).unwrap();
}

/// A hub with two members and three nights behind it: copies of its store after the first night
/// and after the last.
fn three_nights() -> (District, [Node; 2], PathBuf, PathBuf) {
    let mut district = District::new();
    let nodes = ["vhs-a", "vhs-b"].map(|id| district.member(id));
    let (early, late) = (district.path("early"), district.path("late"));
    for round in 0..3 {
        for node in &nodes {
            // Every night brings new ones, changes all, and withdraws a few.
            let file = list(
                &district,
                &format!("r{round}"),
                round * 5..OFFERS + round * 10,
            );
            let _imported = node.import(&file, &["--replace"]).ok();
        }
        let night = district.night();
        assert!(night.report.clean(), "{night:#?}");
        if round != 1 {
            let _stopped = district.stop_hub().ok();
            copy(
                &district.hub_dir().join("store"),
                if round == 0 { &early } else { &late },
            );
            district.start_hub();
        }
    }
    let _stopped = district.stop_hub().ok();
    (district, nodes, early, late)
}

fn all_agree(district: &District, nodes: &[Node]) {
    nodes.iter().for_each(|node| agrees(district, node));
}

#[test]
fn inv3_a_damaged_hub_says_so_and_agrees_with_everybody_again() {
    let (mut district, mut nodes, _early, late) = three_nights();
    let store = district.hub_dir().join("store");
    district.start_hub();
    let truth = district.catalogue();
    let _stopped = district.stop_hub().ok();
    let mut refused = Vec::new();
    for damage in Damage::ALL {
        copy(&late, &store);
        damage.on(&store);
        // They would dial ever more rarely while the hub is away.
        nodes.iter_mut().for_each(Node::kill);
        match district.try_start_hub() {
            Err(ended) => {
                println!("{damage:?}: refused");
                refused_in_words(&ended, damage);
                refused.push(damage);
            }
            Ok(()) => {
                let export = district.path("export.jsonl");
                let exported = district.hub(&["export", "--output", &export.to_string_lossy()]);
                let told =
                    exported.stderr.contains("damaged") || exported.stderr.contains("changed");
                let note = district.status().store_note;
                println!("{damage:?}: started, export {:?}, `{note}`", exported.code);
                let right = exported.code == Some(0) && district.catalogue() == truth;
                assert!(
                    right || told || !note.is_empty(),
                    "{damage:?} is silent: {exported:#?}"
                );
                assert!(!district.hub_log().contains("panicked"), "{damage:?}");
                let _stopped = district.stop_hub().ok();
            }
        }
        copy(&late, &store);
        district.start_hub();
        nodes.iter_mut().for_each(Node::serve);
        let night = district.night();
        assert!(night.report.clean(), "{damage:?}: {night:#?}");
        all_agree(&district, &nodes);
        let _stopped = district.stop_hub().ok();
    }
    // With nothing left to go on with, readers must not see an empty catalogue.
    for damage in [Damage::Emptied, Damage::Lost] {
        assert!(refused.contains(&damage), "{refused:?}");
    }
}

#[test]
fn inv4_a_hub_restored_from_an_old_backup_has_everything_after_one_night() {
    let (mut district, nodes, early, _late) = three_nights();
    copy(&early, &district.hub_dir().join("store"));
    district.start_hub();
    let before = district.titles("vhs-a");
    assert_eq!(before.len(), OFFERS, "it is the state of the first night");
    let night = district.night();
    assert!(night.report.clean(), "{night:#?}");
    all_agree(&district, &nodes);
    let after = district.titles("vhs-a");
    assert!(
        !after.contains_key("K-00003"),
        "what was withdrawn meanwhile does not come back"
    );
    assert_eq!(after.len(), OFFERS + 10);
}

#[test]
fn inv4_a_hub_whose_store_is_behind_its_state_compares_everything_by_itself() {
    let (mut district, nodes, early, _late) = three_nights();
    behind(&district.hub_dir().join("store"), &early);
    district.start_hub();
    district.heard("behind its STATE");
    assert!(
        district
            .status()
            .store_note
            .contains("STATE tells of commit")
    );
    let night = district.night();
    for node in &nodes {
        let line = night.line(&node.id);
        assert!(line.reconciled.contains("the hub's own store"), "{line:?}");
        assert!(line.outcome.clean(), "{line:?}");
    }
    all_agree(&district, &nodes);
    assert!(!district.titles("vhs-a").contains_key("K-00003"));
}

#[test]
fn two_live_nodes_with_one_identity_raise_an_alarm_and_do_not_flap() {
    let district = District::with(IMPATIENT);
    let mut node = district.member("vhs-a");
    let file = jsonl(&district.path("l.jsonl"), (0..20).map(|n| offer(n, "x")));
    let _imported = node.import(&file, &[]).ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    // Somebody clones the machine, and both run.
    let _stopped = node.stop().ok();
    let mut clone = district.stranger("vhs-a");
    clone.dir = district.path("klon");
    copy(&node.dir, &clone.dir);
    node.serve();
    poll("the first to connect", || {
        (district.status().providers[0].connected == Some(true)).then_some(())
    });
    clone.serve();
    district.heard("two live nodes have the same identity");
    let begun = Instant::now();
    let alarm = district.status().providers[0].alarms[0].clone();
    assert_eq!(alarm.name, "duplicate-identity");
    assert!(alarm.text.contains("vhs-a") && alarm.text.contains("stop one of them"));
    let told = district.hub(&["status"]).ok().stdout;
    assert!(told.contains("! vhs-a: duplicate-identity: "), "{told}");
    // The other one is turned away as long as this one answers, and nights go on.
    district.heard("a second node with the same identity was turned away");
    let _night = district.night().expect("vhs-a", Outcome::Unchanged);
    while begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(200));
    }
    let swaps = |log: &str| log.matches("two live nodes have the same identity").count() as u64;
    let (swapped, minutes) = (swaps(&district.hub_log()), begun.elapsed().as_secs() / 60);
    assert!(
        swapped <= 1 + minutes,
        "{swapped} changes within {:?}",
        begun.elapsed()
    );
    // One of them is stopped: the other one has its place, and is alone.
    let _stopped = clone.stop().ok();
    poll("the first to be back", || {
        (district.status().providers[0].connected == Some(true)).then_some(())
    });
    let _night = district.night().expect("vhs-a", Outcome::Unchanged);
    assert_eq!(swaps(&district.hub_log()), swapped);
}
