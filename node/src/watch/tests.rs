//! The drop folder, look by look.

use std::fs;

use calluna_model::fixture::an_offer;

use super::*;
use crate::fixture::House;

struct Drop {
    house: House,
    dir: tempfile::TempDir,
    watcher: Watcher,
}

fn drop_folder(complete: bool) -> Drop {
    let (house, dir) = (House::new(), tempfile::tempdir().unwrap());
    let mut config = Config::new("hub:1", "vhs".parse().unwrap());
    config.watch.folder = dir.path().to_str().unwrap().to_owned();
    config.watch.complete = complete;
    let watcher = Watcher::new(
        Arc::clone(&house.publisher),
        &config,
        Arc::new(house.clock.clone()),
    );
    Drop {
        house,
        dir,
        watcher,
    }
}

fn lines(ids: &[&str]) -> String {
    let line =
        |id: &&str| serde_json::to_string(&an_offer(id).build().into_draft()).unwrap() + "\n";
    ids.iter().map(line).collect()
}

impl Drop {
    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.dir.path().join(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap()
    }
}

#[test]
fn a_table_is_read_with_the_mapping_of_the_settings_and_waits_while_that_is_wrong() {
    let mut drop = drop_folder(false);
    let settings = tempfile::tempdir().unwrap();
    drop.watcher.mapping = settings.path().join("columns.toml");
    drop.put("kurse.csv", "Schluessel;Was\nK-1;Töpfern\n");
    assert!(drop.watcher.look().is_empty());
    let taken = drop.watcher.look();
    assert!(matches!(taken[..], [(_, Fate::Left)]), "{taken:?}");
    fs::write(
        &drop.watcher.mapping,
        "[columns]\nid = 'Schluessel'\ntitle = 'Was'\n",
    )
    .unwrap();
    let taken = (0..=LATER).flat_map(|_| drop.watcher.look()).next();
    assert!(matches!(taken, Some((_, Fate::Done(_)))), "{taken:?}");
    assert_eq!(drop.house.publisher.head().count, 1);
}

#[test]
fn a_file_is_taken_when_it_has_settled_and_a_report_lies_beside_it() {
    let mut drop = drop_folder(false);
    drop.put("kurse.jsonl", &lines(&["A-1", "A-2"]));
    assert!(drop.watcher.look().is_empty(), "it may still be growing");
    drop.put("kurse.jsonl", &lines(&["A-1", "A-2", "A-3"]));
    assert!(drop.watcher.look().is_empty(), "it has grown");
    let taken = drop.watcher.look();
    assert!(
        matches!(taken.as_slice(), [(_, Fate::Done(_))]),
        "{taken:?}"
    );
    assert_eq!(
        drop.names("done"),
        [
            "kurse.jsonl",
            "kurse.jsonl.report.json",
            "kurse.jsonl.report.txt"
        ]
    );
    assert_eq!(drop.house.publisher.head().count, 3);
    let report = drop.read("done/kurse.jsonl.report.txt");
    assert!(
        report.contains("neu 3 · geändert 0") && report.contains("\r\n"),
        "{report}"
    );
    assert!(drop.watcher.look().is_empty());
}

#[test]
fn unfinished_hidden_linked_and_nested_files_are_let_alone() {
    let mut drop = drop_folder(false);
    for name in [
        ".hidden.jsonl",
        "a.jsonl.tmp",
        "b.part",
        "c.crdownload",
        "~lock.jsonl",
        "d.jsonl~",
        "e.PART",
    ] {
        drop.put(name, &lines(&["A-1"]));
    }
    fs::create_dir(drop.dir.path().join("folder.jsonl")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("x.jsonl");
    fs::write(&target, lines(&["A-1"])).unwrap();
    std::os::unix::fs::symlink(&target, drop.dir.path().join("link.jsonl")).unwrap();
    for _ in 0..3 {
        assert!(drop.watcher.look().is_empty());
    }
    assert_eq!(drop.house.publisher.head().count, 0);
}

#[test]
fn inv7_a_bad_record_is_named_and_its_neighbours_go_in() {
    let mut drop = drop_folder(false);
    let bad = "{\"id\":\"A-2\",\"title\":\"\"}\n";
    drop.put("kurse.jsonl", &(lines(&["A-1"]) + bad + &lines(&["A-3"])));
    drop.watcher.look();
    assert!(matches!(
        drop.watcher.look().as_slice(),
        [(_, Fate::Done(_))]
    ));
    assert_eq!(drop.house.publisher.head().count, 2);
    let report = drop.read("done/kurse.jsonl.report.txt");
    assert!(
        report.contains("abgelehnt 1")
            && report.contains("kurse.jsonl:2")
            && report.contains("title"),
        "{report}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&drop.read("done/kurse.jsonl.report.json")).unwrap();
    assert_eq!(json["outcome"], "done-in-part");
}

#[test]
fn a_file_that_is_no_list_of_offers_is_refused_with_the_reason() {
    let mut drop = drop_folder(false);
    drop.put("bild.jsonl", "\u{0}\u{1}");
    drop.watcher.look();
    assert!(matches!(
        drop.watcher.look().as_slice(),
        [(_, Fate::Refused(_))]
    ));
    assert_eq!(
        drop.names("refused"),
        [
            "bild.jsonl",
            "bild.jsonl.report.json",
            "bild.jsonl.report.txt"
        ]
    );
    assert!(
        drop.read("refused/bild.jsonl.report.txt")
            .contains("Abgelehnt: ")
    );
}

#[test]
fn inv4_a_complete_list_that_removes_much_is_refused() {
    let mut drop = drop_folder(true);
    let all: Vec<String> = (0..10).map(|i| format!("A-{i}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for (list, left, fate) in [
        (&all[..], 10, "done"),
        (&all[..9], 9, "done"),
        (&all[..2], 9, "refused"),
    ] {
        drop.put("kurse.jsonl", &lines(list));
        drop.watcher.look();
        drop.watcher.look();
        assert_eq!(drop.house.publisher.head().count, left);
        assert!(!drop.names(fate).is_empty(), "{left}");
    }
    assert!(
        drop.read("refused/kurse.jsonl.report.txt")
            .contains("7 von 9")
    );
}

#[test]
fn nothing_in_done_is_ever_overwritten() {
    let mut drop = drop_folder(false);
    for (round, id) in ["A-1", "A-2", "A-3"].iter().enumerate() {
        drop.put("kurse.jsonl", &lines(&[id]));
        drop.watcher.look();
        assert_eq!(drop.watcher.look().len(), 1, "{round}");
    }
    let kept: Vec<String> = drop
        .names("done")
        .into_iter()
        .filter(|name| name.ends_with(".jsonl"))
        .collect();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(
        kept.iter().any(|name| name.contains("20270115T080000Z-1")),
        "{kept:?}"
    );
}

#[test]
fn a_file_that_cannot_be_moved_is_not_taken_again_until_it_changes() {
    let mut drop = drop_folder(false);
    // A link to nowhere stands where the folder would be made.
    std::os::unix::fs::symlink("/nowhere/at/all", drop.dir.path().join("done")).unwrap();
    drop.put("kurse.jsonl", &lines(&["A-1"]));
    let mut fates = Vec::new();
    for _ in 0..5 {
        fates.extend(
            drop.watcher
                .look()
                .into_iter()
                .filter(|(path, _)| path.ends_with("kurse.jsonl")),
        );
    }
    assert_eq!(fates.len(), 1, "{fates:?}");
    assert_eq!(fates[0].1, Fate::Left);
}
