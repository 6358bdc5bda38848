//! Participation figures at the node, with the real binary. All persons are synthetic.

use std::fs;
use std::path::{Path, PathBuf};

use calluna_tests::district::{District, Node};
use calluna_tests::process::{Ended, Process, run};
use calluna_tests::registrations::{HEADER, csv, quarters, rows};
use calluna_tests::sample::{every_byte, holds, jsonl, offer, workbook, write};
use serde_json::Value;

/// A node with two offers that does not run; the quarter that runs, and the one before.
struct Scene {
    district: District,
    node: Node,
    now: String,
    before: String,
}

impl Scene {
    fn new() -> Self {
        let district = District::new();
        let node = district.joined("vhs-a");
        let offers = jsonl(
            &district.path("offers.jsonl"),
            (0..2).map(|n| offer(n, "v1")),
        );
        let _imported = node.import(&offers, &[]).ok();
        let (now, before) = quarters();
        Self {
            district,
            node,
            now,
            before,
        }
    }

    fn list(&self, name: &str, first: usize, many: usize) -> PathBuf {
        write(
            &self.district.path(name),
            csv(&rows(first, many)).as_bytes(),
        )
    }

    fn figures(&self, list: &Path, period: &str, more: &[&str], set: &[(&str, &str)]) -> Ended {
        let list = list.to_string_lossy();
        let args = ["figures", "import", list.as_ref(), "--period", period];
        let mut command = self.node.command(&[&args, more].concat());
        command.env_remove("LC_ALL").env("LANG", "en_GB.UTF-8");
        command.envs(set.iter().copied());
        run(&mut command)
    }

    fn outbox(&self) -> Value {
        self.node.run(&["outbox", "--format", "json"]).ok().json()
    }

    fn german(&self, args: &[&str]) -> Ended {
        run(self
            .node
            .command(args)
            .env_remove("LC_ALL")
            .env("LANG", "de_DE.UTF-8"))
    }

    fn folder(&self) -> PathBuf {
        self.node.dir.join("figures")
    }
}

/// What is published of a period, without what depends on the moment.
fn shown(outbox: &Value) -> Vec<Value> {
    let revisions = outbox["periods"][0]["revisions"].as_array().unwrap();
    revisions.iter().map(|one| one["tables"].clone()).collect()
}

#[test]
fn csv_and_workbook_give_the_same_figures_with_and_without_the_daemon() {
    let mut scene = Scene::new();
    let list = scene.list("liste.csv", 0, 90);
    let told = scene
        .figures(&list, &scene.now, &["--format", "json"], &[])
        .ok()
        .json();
    assert_eq!(
        (told["rows"].as_u64(), told["counted"].as_u64()),
        (Some(90), Some(90))
    );
    assert_eq!(told["done"], "published", "{told:#}");
    assert_eq!(told["columns"]["person"], "B", "{told:#}");
    let first = shown(&scene.outbox());
    let rows = rows(0, 90);
    let cells: Vec<Vec<&str>> = rows
        .iter()
        .map(|row| row.iter().map(String::as_str).collect())
        .collect();
    let mut sheet: Vec<&[&str]> = vec![&HEADER];
    sheet.extend(cells.iter().map(Vec::as_slice));
    let book = write(&scene.district.path("liste.xlsx"), &workbook(&sheet));
    let other = scene.district.joined("vhs-b");
    let offers = scene.district.path("offers.jsonl");
    let _imported = other.import(&offers, &[]).ok();
    let alone = std::mem::replace(&mut scene.node, other);
    scene.node.serve();
    let told = scene.figures(&book, &scene.now, &[], &[]).ok();
    assert!(told.stdout.contains("Published: Revision 1"), "{told:#?}");
    assert_eq!(shown(&scene.outbox()), first);
    // The second time nothing is new, also after a restart.
    let _stopped = scene.node.stop();
    scene.node = alone;
    scene.node.serve();
    let again = scene.figures(&list, &scene.now, &[], &[]).ok();
    assert!(again.stdout.contains("Nothing new"), "{again:#?}");
    let status = scene.node.status();
    assert_eq!(status["figures"][0]["newest"], 1, "{status:#}");
}

#[test]
fn a_dry_run_writes_nothing_and_shows_the_tables() {
    let scene = Scene::new();
    let list = scene.list("liste.csv", 0, 90);
    let told = scene.figures(&list, &scene.now, &["--dry-run"], &[]).ok();
    assert!(told.stdout.contains("[subject: ENROLMENTS]"), "{told:#?}");
    assert!(!scene.folder().exists());
}

#[test]
fn a_quarter_that_is_over_waits_and_is_closed_by_hand() {
    let scene = Scene::new();
    let list = scene.list("liste.csv", 0, 90);
    let long = [
        ("CALLUNA_FIGURES_CLOSE_AFTER_DAYS", "3000"),
        ("CALLUNA_FIGURES_CORRECTION_DAYS", "3100"),
    ];
    let told = scene.figures(&list, &scene.before, &[], &long).ok();
    assert!(told.stdout.contains("Until it is closed"), "{told:#?}");
    assert!(
        !scene
            .folder()
            .join(format!("{}.ledger", scene.before))
            .exists()
    );
    scene
        .figures(&list, &scene.now, &["--final"], &long)
        .says(1, &["still runs"]);
    let told = scene
        .figures(&list, &scene.before, &["--final"], &long)
        .ok();
    assert!(told.stdout.contains("(final)"), "{told:#?}");
    scene
        .figures(&list, "2199-Q1", &[], &[])
        .says(1, &["has not begun"]);
    scene.figures(&list, "2026", &[], &[]).says(2, &["2026-Q3"]);
}

#[test]
fn inv1_what_is_said_of_a_wrong_list_holds_no_value_of_it() {
    let scene = Scene::new();
    let bad = [
        (
            "kein-kopf.csv",
            "Zeisig;Petra;17.02.1931;Kanarienweg 3\nZeisig;Paul;18.02.1931;Kanarienweg 3\n",
            1,
        ),
        (
            "falsch.csv",
            "Kursnummer;Teilnehmernummer;Geburtsdatum;Status\n;Zeisig;17.02.1931;angemeldet\nK-00000;;17.02.1931;angemeldet\nK-00000;Zeisig;Zeisigtag;Zeisigstatus\nZeisigkurs;Zeisig;17.02.1931;angemeldet\nK-00000;Zeisig;17.02.1931;angemeldet;Kanarienweg\n",
            3,
        ),
        (
            "offen.csv",
            "Kursnummer;Teilnehmernummer;Zeisigspalte\nK-00000;\"Zeisig;1\n",
            1,
        ),
    ];
    for (name, text, code) in bad {
        let list = write(&scene.district.path(name), text.as_bytes());
        for more in [&[][..], &["--format", "json"], &["--dry-run", "--verbose"]] {
            let told = scene.figures(&list, &scene.now, more, &[]).expect(code);
            let said = format!("{}{}", told.stdout, told.stderr);
            assert!(said.contains(name), "{told:#?}");
            for word in ["Zeisig", "Kanarien", "1931"] {
                assert!(!said.contains(word), "{word}: {told:#?}");
            }
        }
    }
    let list = write(&scene.district.path("falsch.csv"), bad[1].1.as_bytes());
    let told = scene.figures(&list, &scene.now, &[], &[]).expect(3);
    assert!(
        told.stdout.contains("falsch.csv:4 [D]: status"),
        "{told:#?}"
    );
}

#[test]
fn nothing_leaves_before_it_is_released_where_that_is_asked_for() {
    let scene = Scene::new();
    let list = scene.list("liste.csv", 0, 90);
    let asked = [("CALLUNA_FIGURES_APPROVE", "true")];
    let told = scene.figures(&list, &scene.now, &[], &asked).ok();
    assert!(told.stdout.contains("waits for your release"), "{told:#?}");
    let outbox = scene.outbox();
    assert_eq!(
        outbox["periods"][0]["proposal"]["stand"], "waits-for-release",
        "{outbox:#}"
    );
    assert_eq!(shown(&outbox).len(), 0);
    let release = |what: &str| scene.german(&["outbox", what, "--period", &scene.now]);
    let _dropped = release("discard").ok();
    release("approve").says(1, &["Freigabe"]);
    let _again = scene.figures(&list, &scene.now, &[], &asked).ok();
    let _released = release("approve").ok();
    let outbox = scene.outbox();
    assert_eq!(
        outbox["periods"][0]["revisions"][0]["stand"], "will-be-sent",
        "{outbox:#}"
    );
    let words = scene.german(&["outbox"]).ok().stdout;
    assert!(
        words.contains("wird in der nächsten Nacht abgeholt"),
        "{words}"
    );
    assert!(words.contains("Teilnahme nach Programmbereich"), "{words}");
}

#[test]
fn inv3_an_import_that_is_killed_leaves_the_old_figures_or_the_new_ones() {
    let scene = Scene::new();
    let mut first = 90;
    let list = scene.list("liste.csv", 0, first);
    let _imported = scene.figures(&list, &scene.now, &[], &[]).ok();
    for round in 0..12_u64 {
        first += 60;
        let before = scene.outbox()["periods"][0]["revisions"]
            .as_array()
            .unwrap()
            .len();
        let list = scene.list("liste.csv", 0, first);
        let list = list.to_string_lossy();
        let args = ["figures", "import", list.as_ref(), "--period", &scene.now];
        let mut command = scene.node.command(&args);
        let importing = Process::start(command.env_remove("LC_ALL").env("LANG", "de_DE.UTF-8"));
        std::thread::sleep(std::time::Duration::from_millis(round * 25));
        let ended = importing.kill();
        let after = scene.outbox()["periods"][0]["revisions"]
            .as_array()
            .unwrap()
            .len();
        assert!(after == before || after == before + 1, "{before} {after}");
        if ended.code == Some(0) {
            assert!(
                after == before + 1 || ended.stdout.contains("Nichts Neues"),
                "{ended:#?}"
            );
        }
    }
    let list = scene.list("liste.csv", 0, first);
    let _whole = scene.figures(&list, &scene.now, &[], &[]).ok();
    let mut names: Vec<_> = fs::read_dir(scene.folder())
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    names.sort();
    let [ledger, offers] = ["ledger", "offers"].map(|kind| format!("{}.{kind}", scene.now));
    assert_eq!(names, [ledger.as_str(), &offers, "lock", "secret"]);
}

#[test]
fn a_lost_secret_closes_the_quarter_and_check_tells_of_it() {
    let scene = Scene::new();
    let list = scene.list("liste.csv", 0, 90);
    let _imported = scene.figures(&list, &scene.now, &[], &[]).ok();
    fs::remove_file(scene.folder().join("secret")).unwrap();
    let checked = scene.node.run(&["check", "--offline", "--format", "json"]);
    assert!(checked.stdout.contains("figures-secret"), "{checked:#?}");
    scene
        .figures(&list, &scene.now, &[], &[])
        .says(1, &["closed for good", "secret"]);
    let outbox = scene.outbox();
    assert_eq!(outbox["periods"][0]["sealed"], "secret-lost", "{outbox:#}");
}

#[test]
fn a_backup_restores_what_was_published_and_nothing_about_persons() {
    let scene = Scene::new();
    let list = scene.list("liste.csv", 0, 90);
    let _imported = scene.figures(&list, &scene.now, &[], &[]).ok();
    let secret = fs::read(scene.folder().join("secret")).unwrap();
    let before = shown(&scene.outbox());
    let file = scene.district.path("node.tar.gz");
    let _made = scene
        .node
        .run(&["backup", "--output", &file.to_string_lossy()])
        .ok();
    let other = scene.district.stranger("vhs-restored");
    let _restored = other.run(&["restore", &file.to_string_lossy()]).ok();
    assert!(!holds(&every_byte(&other.dir), &secret));
    let scene = Scene {
        node: other,
        ..scene
    };
    let outbox = scene.outbox();
    assert_eq!(
        (shown(&outbox), &outbox["periods"][0]["sealed"]),
        (before, &Value::from("restored"))
    );
    scene
        .figures(&list, &scene.now, &[], &[])
        .says(1, &["closed for good"]);
}

#[test]
fn forgetting_is_a_command() {
    let scene = Scene::new();
    let list = scene.list("liste.csv", 0, 90);
    let _imported = scene.figures(&list, &scene.now, &[], &[]).ok();
    let _forgotten = scene
        .node
        .run(&["figures", "forget", "--period", &scene.now])
        .ok();
    scene
        .figures(&list, &scene.now, &[], &[])
        .says(1, &["forgotten"]);
    assert_eq!(shown(&scene.outbox()).len(), 1);
}
