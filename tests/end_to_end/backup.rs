//! Backup and restore of both sides, with real processes: what was lost since is mended by the next
//! night, nothing is removed without proof, and no damaged file is ever taken for a good one.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Night, Node, digest_of};
use calluna_tests::process::{Ended, Process, binary, run};
use calluna_tests::proxy::Mode;
use calluna_tests::sample::{jsonl, long_offer, offer};

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

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A backup through the running hub.
fn backup(district: &District, name: &str) -> PathBuf {
    let file = district.path(name);
    let made = district.hub(&["backup", "--output", text(&file)]).ok();
    assert!(made.stderr.contains("backup verify"), "{made:#?}");
    file
}

fn verify(program: &str, file: &Path, more: &[&str]) -> Ended {
    run(binary(program)
        .args(["backup", "verify", text(file)])
        .args(more))
}

/// The hub's machine is gone; a new one gets what the backup holds.
fn restored(district: &mut District, file: &Path, lost: &str) {
    district.kill_hub();
    fs::rename(district.hub_dir(), district.path(lost)).unwrap();
    let said = district.hub(&["restore", text(file)]).ok().stderr;
    for word in [
        "What happens next",
        "calluna-hub serve",
        "invite them again",
    ] {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
    district.start_hub();
}

#[test]
fn inv4_a_hub_restored_from_yesterdays_backup_is_mended_by_the_next_night() {
    let mut district = District::new();
    let nodes = ["vhs-a", "vhs-b"].map(|id| district.member(id));
    for node in &nodes {
        let _imported = node.import(&list(&district, "alt", 0..200), &[]).ok();
    }
    assert!(district.night().report.clean());
    let file = backup(&district, "hub.tar.gz");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let again = ["backup", "--output", text(&file)];
    district.hub(&again).says(1, &["exists already", "--force"]);
    let forced = district.hub(&[&again[..], &["--force", "--format", "json"]].concat());
    let told = forced.ok().json();
    assert_eq!(told["kind"], "hub");
    assert_eq!(
        (&told["state"]["members"], &told["state"]["offers"]),
        (&2.into(), &400.into())
    );
    let proved = verify("calluna-hub", &file, &[]).ok().stderr;
    for word in [
        "2 members, 400 offers",
        "NOT ENCRYPTED",
        "ca.key",
        "whole hub was made of it",
    ] {
        assert!(proved.contains(word), "`{word}` is missing: {proved}");
    }

    // A day later: changes, withdrawals, a new member.
    let _imported = nodes[0]
        .import(&list(&district, "neu", 5..220), &["--replace"])
        .ok();
    let mut late = district.member("vhs-c");
    let _imported = late.import(&list(&district, "c", 0..20), &[]).ok();
    assert!(district.night().report.clean());
    restored(&mut district, &file, "lost");

    // Before the night readers see yesterday, whole; after it they see today.
    let titles = district.titles("vhs-a");
    assert!(titles.len() == 200 && titles.values().all(|title| title.ends_with("alt")));
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Ok);
    assert!(
        !line.reconciled.is_empty(),
        "it compared by changes alone: {line:#?}"
    );
    assert_eq!((line.offers, district.titles("vhs-a").len()), (215, 215));
    assert!(night.line("vhs-b").outcome.clean() && !night.line("vhs-b").reconciled.is_empty());
    nodes.iter().for_each(|node| agrees(&district, node));
    assert!(district.night().report.clean());

    // The member that joined after the backup is unknown, and comes back by a new invitation.
    assert!(
        district
            .status()
            .providers
            .iter()
            .all(|known| known.id != "vhs-c")
    );
    let token = district.invite("vhs-c");
    late.kill();
    let mut late = district.stranger("vhs-c");
    late.dir = district.path("vhs-c-anew");
    let _joined = late.run(&["join", &token]).ok();
    let _imported = late.import(&list(&district, "c", 0..20), &[]).ok();
    late.serve();
    assert_eq!(district.night().expect("vhs-c", Outcome::Ok).offers, 20);
    agrees(&district, &late);
}

#[test]
fn inv4_a_node_restored_from_an_old_backup_loses_nothing_of_what_readers_see() {
    let district = District::new();
    let mut node = district.member("vhs-a");
    let _imported = node.import(&list(&district, "alt", 0..200), &[]).ok();
    let file = district.path("node.tar.gz");
    let made = node.run(&["backup", "--output", text(&file)]).ok().stderr;
    assert!(
        made.contains("node.key") && made.contains("NOT ENCRYPTED"),
        "{made}"
    );
    let proved = verify("calluna-node", &file, &[]).ok().stderr;
    assert!(
        proved.contains("200 offers") && proved.contains("whole node"),
        "{proved}"
    );
    let newest = list(&district, "neu", 0..300);
    let _imported = node.import(&newest, &[]).ok();
    assert!(district.night().report.clean());
    let before = node.status()["head"]["epoch"].clone();

    node.kill();
    let refused = node.run(&["restore", text(&file)]);
    refused.says(1, &["is not empty", "--data"]);
    fs::rename(&node.dir, district.path("lost")).unwrap();
    let said = node.run(&["restore", text(&file)]).ok().stderr;
    assert!(
        said.contains("What happens next") && said.contains("--replace"),
        "{said}"
    );
    node.serve();
    assert_ne!(node.status()["head"]["epoch"], before, "a new life");
    let mended = node.status()["store"]["mended"]["note"].to_string();
    assert!(mended.contains("restored from a backup"), "{mended}");

    // A hundred offers are missing: readers keep them until somebody says that they are gone.
    let night = district.night();
    assert!(!night.line("vhs-a").outcome.agreed(), "{night:#?}");
    assert_eq!(district.titles("vhs-a").len(), 300);
    let _again = node.import(&newest, &[]).ok();
    assert!(district.night().line("vhs-a").outcome.clean());
    assert_eq!(district.titles("vhs-a").len(), 300);
    agrees(&district, &node);
}

#[test]
fn inv8_a_backup_taken_in_the_middle_of_a_night_restores_to_a_whole_state() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    let _imported = node.import(&list(&district, "alt", 0..1_500), &[]).ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _imported = node
        .import(&list(&district, "neu", 0..1_500), &["--replace"])
        .ok();
    district.proxy().set(Mode::Slow(700_000));
    let mut syncing = Process::start(&mut district.hub_command(&["sync", "--format", "json"]));
    let mut files = Vec::new();
    while syncing.runs() {
        let name = format!("{}.tar.gz", files.len());
        let file = district.path(&name);
        let made = ["backup", "--output", text(&file), "--format", "json"];
        let _made = district.hub(&made).ok();
        files.push(file);
    }
    let _night = Night::of(syncing.wait()).expect("vhs-a", Outcome::Ok);
    district.proxy().set(Mode::Forward);
    assert!(
        files.len() >= 3,
        "{} backups fell into the night",
        files.len()
    );
    let middle = files[files.len() / 2].clone();
    restored(&mut district, &middle, "lost");
    let titles = district.titles("vhs-a");
    let versions: BTreeSet<&str> = titles
        .values()
        .filter_map(|title| title.rsplit(' ').next())
        .collect();
    assert_eq!((titles.len(), versions.len()), (1_500, 1), "{versions:?}");
    assert!(district.night().report.clean());
    assert!(
        district
            .titles("vhs-a")
            .values()
            .all(|title| title.ends_with("neu"))
    );
    agrees(&district, &node);
}

#[test]
fn backups_of_a_hub_under_load_are_whole() {
    let district = District::new();
    let nodes = ["vhs-a", "vhs-b"].map(|id| district.member(id));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (district, nodes, done) = (&district, &nodes, &done);
        scope.spawn(move || {
            for round in 0.. {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                for node in nodes {
                    let file = list(
                        district,
                        &format!("r{round}-{}", node.id),
                        round..600 + round,
                    );
                    let _imported = node.import(&file, &["--replace"]).ok();
                }
                let _night = district.night();
            }
        });
        let _stop = Stop(done);
        for round in 0..6 {
            let (hub, school) = (format!("h{round}"), district.path(&format!("n{round}")));
            let hub = backup(district, &hub);
            let _made = nodes[0].run(&["backup", "--output", text(&school)]).ok();
            let _right = verify("calluna-hub", &hub, &[]).ok();
            let _right = verify("calluna-node", &school, &[]).ok();
        }
    });
    assert!(district.night().report.clean());
    nodes.iter().for_each(|node| agrees(&district, node));
}

/// Ends the load also when an assertion fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_damaged_backup_is_found_and_nothing_of_it_is_put_in_place() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    let few = jsonl(&district.path("l.jsonl"), (0..30).map(|n| offer(n, "x")));
    let _imported = node.import(&few, &[]).ok();
    assert!(district.night().report.clean());
    let file = backup(&district, "hub.tar.gz");
    let school = district.path("node.tar.gz");
    let _made = node.run(&["backup", "--output", text(&school)]).ok();
    verify("calluna-hub", &school, &[]).says(1, &["is of a node", "use calluna-node"]);
    verify("calluna-node", &file, &["--quick"]).says(1, &["hub"]);

    district
        .hub(&["restore", text(&file)])
        .says(1, &["is running", "stop it"]);
    let _stopped = district.stop_hub().ok();
    district
        .hub(&["restore", text(&file)])
        .says(1, &["is not empty", "never writes over"]);
    let place = district.path("place");
    fs::create_dir(&place).unwrap();
    let wrong = place.join("wrong.tar.gz");
    let right = fs::read(&file).unwrap();
    let ends = [0, 5, 9, 40, 99, right.len() - 9, right.len() - 1];
    let spread = (0..12).map(|part| right.len() * part / 12 + 120);
    for at in ends.into_iter().chain(spread) {
        let mut bytes = right.clone();
        bytes[at] ^= 1;
        fs::write(&wrong, &bytes).unwrap();
        for (name, args) in [("quick", &["--quick"][..]), ("whole", &[])] {
            let said = verify("calluna-hub", &wrong, args).expect(1).stderr;
            assert!(said.contains("backup"), "byte {at}, {name}: {said}");
        }
        let to = place.join("hub");
        let refused =
            run(binary("calluna-hub").args(["restore", text(&wrong), "--data", text(&to)]));
        let said = refused.expect(1).stderr;
        assert!(said.contains("backup"), "byte {at}: {said}");
        let left: Vec<_> = fs::read_dir(&place)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["wrong.tar.gz"], "byte {at}");
    }
    fs::write(&wrong, &right).unwrap();
    let _right = verify("calluna-hub", &wrong, &[]).ok();
    assert_eq!(
        fs::read_dir(&place).unwrap().count(),
        1,
        "the trial is removed"
    );
}

#[test]
fn a_proved_backup_is_made_after_every_night_and_the_older_ones_go() {
    let settings = [
        ("CALLUNA_BACKUP_FOLDER", "kept"),
        ("CALLUNA_BACKUP_KEEP", "2"),
    ];
    let mut district = District::with(&settings);
    let node = district.member("vhs-a");
    let few = jsonl(&district.path("l.jsonl"), (0..30).map(|n| offer(n, "x")));
    let _imported = node.import(&few, &[]).ok();
    assert_eq!(district.status().backups.unwrap().verified_at, None);
    let folder = district.hub_dir().join("kept");
    let mut newest = String::new();
    for round in 1..=3_usize {
        // Their names tell seconds.
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        assert!(district.night().report.clean());
        let backups = district.status().backups.unwrap();
        assert!(
            backups.failure.is_empty() && backups.file > newest,
            "{backups:?}"
        );
        newest = backups.file;
        assert_eq!(fs::read_dir(&folder).unwrap().count(), round.min(2));
    }
    let _right = verify("calluna-hub", Path::new(&newest), &[]).ok();
    let said = district.hub(&["status"]).ok();
    assert!((said.stdout + &said.stderr).contains("last proved backup: 20"));

    // A disk that is not there: told everywhere, and what was kept stays.
    let _stopped = district.stop_hub().ok();
    district.set("CALLUNA_BACKUP_FOLDER", "hub.toml/nowhere");
    district.start_hub();
    assert!(district.night().report.clean(), "no error of the night");
    let backups = district.status().backups.unwrap();
    assert!(backups.failure.contains("[backup]"), "{backups:?}");
    assert_eq!(backups.file, newest, "the last good one is remembered");
    let said = district.hub(&["status"]).ok();
    assert!((said.stdout + &said.stderr).contains("! the last backup failed"));
    let report = district.hub(&["report", "--lang", "en"]);
    let report = report.stdout + &report.stderr;
    assert!(
        report.contains("FAILED: ") && report.contains("last proved backup"),
        "{report}"
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}
