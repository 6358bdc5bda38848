//! The audit log: what happened can be proved with an export and without the hub, and whoever
//! touches the log or the export is found.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::process::{Ended, binary, run};
use calluna_tests::sample::{jsonl, offer, write};
use serde_json::{Value, json};

/// A district in which something happened: a night, one that was held, and its release.
fn eventful() -> (District, Node) {
    // Releases of the dataset stand in the log too; here the entries are counted without them.
    let district = District::with(&[("CALLUNA_DATASET_NIGHTLY", "false")]);
    let node = district.member("vhs-a");
    let list =
        |name: &str, many: usize| jsonl(&district.path(name), (0..many).map(|n| offer(n, "x")));
    let _imported = node.import(&list("zwanzig.jsonl", 20), &[]).ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _short = node
        .import(&list("kurz.jsonl", 5), &["--replace", "--yes"])
        .ok();
    let _held = district.night().expect("vhs-a", Outcome::Held);
    let _released = district.hub(&["release", "vhs-a"]).ok();
    (district, node)
}

fn export(district: &District, name: &str) -> Vec<String> {
    let path = district.path(name);
    let output = path.to_str().unwrap();
    let _written = district.hub(&["audit", "export", "--output", output]).ok();
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Verifies a file with nothing but the program and that file.
fn verify(file: &Path, more: &[&str]) -> Ended {
    let mut command = binary("calluna-hub");
    command.args(["audit", "verify", "--format", "json"]);
    command.arg(file).args(more).env_remove("CALLUNA_DATA");
    run(&mut command)
}

fn faults(ended: &Ended) -> Vec<(String, u64)> {
    let problems = ended.json()["problems"].as_array().unwrap().clone();
    let of = |problem: &Value| {
        let fault = problem["fault"].as_str().unwrap().to_owned();
        (fault, problem["number"].as_u64().unwrap_or_default())
    };
    problems.iter().map(of).collect()
}

#[test]
fn what_happened_is_proved_without_the_hub_and_every_touch_is_named() {
    let (district, _node) = eventful();
    let lines = export(&district, "log.jsonl");
    let entries: Vec<Value> = lines[1..]
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<&str> = entries
        .iter()
        .map(|e| e["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "began",
            "service-started",
            "config-changed",
            "invited",
            "enrolled",
            "night",
            "held",
            "night",
            "released"
        ]
    );
    assert_eq!(entries[4]["actor"], json!("node:vhs-a"));
    assert_eq!(entries[7]["details"]["provider.vhs-a"], json!("held"));
    assert_eq!(entries[8]["actor"], json!("operator"));
    assert_eq!(entries[8]["details"]["removed"], json!("15"));

    let status = district.status();
    let (head, key) = (status.audit_head.unwrap(), status.audit_key.unwrap());
    let file = district.path("log.jsonl");
    let good = verify(&file, &["--head", &head, "--key", &key]).ok();
    assert_eq!(good.json()["sound"], json!(true));
    assert_eq!(good.json()["warnings"], json!([]));
    let own = district.hub(&["audit", "verify"]).ok();
    assert!(own.stdout.contains("entries 1 to 9"), "{own:#?}");

    // What a person or a broken disk may do to the file.
    let touched = |name: &str, lines: Vec<String>, expected: &[(&str, u64)]| {
        let text = lines.join("\n") + "\n";
        let file = write(&district.path(name), text.as_bytes());
        let ended = verify(&file, &[]).expect(1);
        let expected: Vec<_> = expected
            .iter()
            .map(|(f, n)| ((*f).to_owned(), *n))
            .collect();
        assert_eq!(faults(&ended), expected, "{name}");
    };
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        lines
    };
    touched("cut", with(&|l| l.truncate(7)), &[("cut", 7)]);
    touched("removed", with(&|l| drop(l.remove(7))), &[("removed", 7)]);
    let fewer = with(&|l| l[9] = l[9].replace("\"removed\":\"15\"", "\"removed\":\"1\""));
    touched("changed", fewer, &[("changed", 9)]);
    touched("moved", with(&|l| l.swap(5, 6)), &[("reordered", 5)]);
    touched(
        "doubled",
        with(&|l| l.insert(9, l[4].clone())),
        &[("duplicate", 4)],
    );
    touched("torn", with(&|l| l[5].truncate(99)), &[("unreadable", 0)]);

    // Cut with care, first line included: only the head from a report helps.
    let part = with(&|l| {
        l.truncate(7);
        let last: Value = serde_json::from_str(&l[6]).unwrap();
        let short = format!("6:{}", last["hash"].as_str().unwrap());
        l[0] = l[0].replace(&head, &short);
    });
    let careful = write(
        &district.path("careful"),
        (part.join("\n") + "\n").as_bytes(),
    );
    let _sound = verify(&careful, &[]).ok();
    let ended = verify(&careful, &["--head", &head]).expect(1);
    assert_eq!(faults(&ended), [("cut".to_owned(), 7)]);
    // Another hub's log.
    let other = "ab".repeat(32);
    let ended = verify(&file, &["--key", &other]).expect(1);
    assert_eq!(faults(&ended)[0].0, "untrusted-key");
    verify(&district.path("none"), &[]).says(1, &["none"]);
}

#[test]
fn a_report_names_the_head_and_a_list_shows_what_was_asked_for() {
    let (district, _node) = eventful();
    let report = district.hub(&["report", "--format", "json"]).ok().json();
    let head = report["audit_head"].as_str().unwrap().to_owned();
    assert!(head.starts_with("9:"), "{head}");
    let words = district.hub(&["report", "--lang", "de"]).ok().stdout;
    assert!(words.contains(&format!("Prüfprotokoll {head}")), "{words}");
    let text = district.hub(&["status"]).ok().stdout;
    assert!(text.contains(&format!("audit log: {head}")), "{text}");

    let list = |more: &[&str]| {
        let args = [&["audit", "list", "--format", "json"], more].concat();
        let list = district.hub(&args).ok().json();
        let entries = list.as_array().unwrap().clone();
        let of = |entry: &Value| entry["event"].as_str().unwrap().to_owned();
        entries.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(list(&["--limit", "2"]), ["released", "night"]);
    assert_eq!(list(&["--event", "night"]), ["night", "night"]);
    let about = list(&["--provider", "vhs-a"]);
    assert_eq!(about, ["released", "held", "enrolled", "invited"]);
    let table = district.hub(&["audit", "list"]).ok().stdout;
    assert!(
        table.contains("released") && table.contains("operator"),
        "{table}"
    );
    district
        .hub(&["audit", "list", "--event", "nothing"])
        .says(2, &["config-changed"]);

    // A part, from a number or a date on.
    let part = district.hub(&["audit", "export", "--since", "6"]).ok();
    let file = write(&district.path("part.jsonl"), part.stdout.as_bytes());
    let ended = verify(&file, &["--head", &head]).ok();
    assert_eq!(ended.json()["first"], json!(6));
    assert_eq!(ended.json()["entries"], json!(4));
    let all = district
        .hub(&["audit", "export", "--since", "2020-01-01"])
        .ok();
    assert_eq!(all.stdout.lines().count(), 10);
    district
        .hub(&["audit", "export", "--since", "99"])
        .says(1, &["from 1 to 9"]);
}

#[test]
fn a_hub_that_is_killed_between_entries_keeps_a_log_that_verifies() {
    let mut district = District::new();
    for round in 0..4_u32 {
        let _token = district.invite(&format!("vhs-{}", ['a', 'b', 'c', 'd'][round as usize]));
        if round % 2 == 0 {
            // A night is running or not: whatever was told of is there.
            let mut sync = district.hub_command(&["sync"]);
            let mut sync = sync.spawn().unwrap();
            district.kill_hub();
            let _ended = sync.wait().unwrap();
        } else {
            district.kill_hub();
        }
        let own = district.hub(&["audit", "verify"]).ok();
        assert!(own.stdout.contains("is sound"), "{own:#?}");
        district.start_hub();
    }
    let lines = export(&district, "log.jsonl");
    let invited = lines.iter().filter(|line| line.contains("\"invited\""));
    assert_eq!(invited.count(), 4);
    let _sound = verify(&district.path("log.jsonl"), &[]).ok();
    assert_eq!(district.status().audit_note, "");
}

fn copy(from: &Path, to: &Path) {
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

#[test]
fn an_older_store_that_is_put_back_is_found_told_and_recorded() {
    let mut district = District::new();
    let _token = district.invite("vhs-a");
    let _stopped = district.stop_hub();
    let (store, kept) = (district.hub_dir().join("store"), district.path("kept"));
    copy(&store, &kept);
    district.start_hub();
    let _token = district.invite("vhs-b");
    let head = district.status().audit_head.unwrap();
    let _stopped = district.stop_hub();
    fs::remove_dir_all(&store).unwrap();
    copy(&kept, &store);

    district.start_hub();
    district.heard("the audit log is not whole");
    let note = district.status().audit_note;
    assert!(note.contains(&head) && note.contains("are gone"), "{note}");
    let ended = district
        .hub(&["audit", "verify", "--format", "json"])
        .expect(1);
    let found: BTreeSet<String> = faults(&ended).into_iter().map(|(fault, _)| fault).collect();
    assert_eq!(found, BTreeSet::from(["lost".to_owned()]));
    let listed = district
        .hub(&["audit", "list", "--event", "log-behind"])
        .ok();
    assert!(listed.stdout.contains("log-behind"), "{listed:#?}");
    // It is told in the report of the next night, and after the next start.
    let _night = district.hub(&["sync"]);
    let report = district.hub(&["report", "--format", "json"]);
    assert!(
        report.json()["audit_note"]
            .as_str()
            .unwrap()
            .contains(&head)
    );
    let _stopped = district.stop_hub();
    district.start_hub();
    assert!(district.status().audit_note.contains(&head));
    // With the head of then an auditor finds it too.
    let more = ["audit", "verify", "--format", "json", "--head", &head];
    let ended = district.hub(&more).expect(1);
    assert!(faults(&ended).len() >= 2, "{ended:#?}");
}
