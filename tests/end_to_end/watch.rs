//! The drop folder: put a file in, it is taken or refused, with a report beside it.

use std::fs;
use std::path::{Path, PathBuf};

use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::process::poll;
use calluna_tests::sample::{jsonl, offer, write};

/// What lies in `folder` under a name that holds `part`, once there are `count` of them.
fn found(folder: &Path, part: &str, count: usize) -> Vec<PathBuf> {
    poll(
        &format!("{count} × {part} in {}", folder.display()),
        || {
            let entries = fs::read_dir(folder)
                .ok()?
                .flatten()
                .map(|entry| entry.path());
            let named = |path: &PathBuf| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().contains(part))
            };
            let mut all: Vec<PathBuf> = entries.filter(named).collect();
            all.sort();
            (all.len() >= count).then_some(all)
        },
    )
}

#[test]
fn a_dropped_file_is_taken_and_moved_to_done_with_a_report() {
    let district = District::new();
    let mut node = district.joined("vhs-a");
    let folder = district.path("abwurf");
    node.serve_with(&["--watch", &folder.to_string_lossy()]);
    let aside = jsonl(&district.path("kurse.jsonl"), (0..5).map(|n| offer(n, "x")));
    fs::rename(aside, folder.join("kurse.jsonl")).unwrap();
    // The file, and its report for people and for programs.
    let done = found(&folder.join("done"), "kurse", 3);
    assert!(!folder.join("kurse.jsonl").exists());
    let ending = |end: &str| {
        done.iter()
            .find(|path| path.to_string_lossy().ends_with(end))
            .unwrap()
    };
    assert!(
        fs::read_to_string(ending(".txt"))
            .unwrap()
            .contains("kurse.jsonl")
    );
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(ending(".json")).unwrap()).unwrap();
    assert_eq!(
        report["difference"]["added"],
        serde_json::json!(5),
        "{report:#}"
    );
    assert_eq!(node.count(), 5);
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 5);
}

#[test]
fn a_dropped_file_that_cannot_be_read_is_moved_to_refused_with_the_reason() {
    let district = District::new();
    let mut node = district.joined("vhs-a");
    let folder = district.path("abwurf");
    fs::create_dir(&folder).unwrap();
    // It lay there before the daemon came.
    let _half = write(
        &folder.join("halb.xml"),
        b"<?xml version=\"1.0\"?><kurse><kurs><knr>1</knr>",
    );
    node.serve_with(&["--watch", &folder.to_string_lossy()]);
    let refused = found(&folder.join("refused"), "halb", 3);
    let report = refused
        .iter()
        .find(|path| path.to_string_lossy().ends_with(".txt"))
        .unwrap();
    let text = fs::read_to_string(report).unwrap();
    assert!(text.contains("halb.xml"), "{text}");
    assert_eq!(node.count(), 0);
    // The next file is taken all the same.
    let aside = jsonl(&district.path("gut.jsonl"), [offer(1, "x")]);
    fs::rename(aside, folder.join("gut.jsonl")).unwrap();
    let _done = found(&folder.join("done"), "gut", 3);
    assert_eq!(node.count(), 1);
}
