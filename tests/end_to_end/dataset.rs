//! The hub's side of participation figures: what it takes, what it refuses, and the releases that
//! come of it. The figures are synthetic.

use std::fs;
use std::sync::LazyLock;

use calluna_evidence::Frame;
use calluna_evidence::fixture::{count, frame, leaves, publish};
use calluna_model::outcome::Outcome;
use calluna_tables::{Kind, Revision, Shown};
use calluna_tests::district::District;
use calluna_tests::evil::{Badge, Evil, Script};
use calluna_tests::sample::offer;
use serde_json::Value;

use crate::catalogue::{WEB, get};

static FRAME: LazyLock<Frame> = LazyLock::new(frame);

/// Two nights and the close: 200, 300 and 300 synthetic registrations.
static HISTORY: LazyLock<Vec<(Revision, Vec<u32>)>> = LazyLock::new(|| {
    let mut history = Vec::new();
    for (registrations, kind) in [(300, Kind::Provisional), (300, Kind::Final)] {
        let all: Vec<_> = (0..registrations)
            .map(|seed| leaves(&FRAME, seed))
            .collect();
        let truth = count(&FRAME, &all);
        let next = publish(&FRAME, &history, kind, &truth);
        history.push((next, truth));
    }
    history
});

fn revisions(most: usize) -> Vec<Revision> {
    HISTORY
        .iter()
        .take(most)
        .map(|(revision, _)| revision.clone())
        .collect()
}

fn script(revisions: Vec<Revision>) -> Script {
    Script {
        revisions,
        ..Script::honest((0..5).map(|n| offer(n, "x")))
    }
}

/// The document of a `dataset` command.
#[track_caller]
fn dataset(district: &District, args: &[&str]) -> Value {
    let all: Vec<&str> = ["dataset"]
        .iter()
        .chain(args)
        .copied()
        .chain(["--format", "json"])
        .collect();
    let ended = district.hub(&all);
    serde_json::from_str(&ended.ok().stdout).unwrap()
}

fn audit(district: &District) -> (Option<i32>, Value) {
    let ended = district.hub(&["dataset", "audit", "--format", "json"]);
    (ended.code, serde_json::from_str(&ended.stdout).unwrap())
}

#[test]
fn figures_become_a_release_that_anybody_can_audit() {
    let district = District::new();
    let evil = Evil::start(Badge::join(&district.invite("vhs-e")), script(revisions(1)));
    let night = district.night();
    let line = night.expect("vhs-e", Outcome::Ok);
    assert_eq!(line.figures, 1, "{line:?}");
    let receipt = evil.receipts().pop().unwrap();
    let told = &receipt.figures[0];
    assert_eq!(
        (told.period.as_str(), told.accepted, told.refused),
        ("2026-Q3", 1, 0)
    );

    // The night has made the first release.
    let releases = dataset(&district, &["list"]);
    assert_eq!(releases.as_array().unwrap().len(), 1, "{releases}");
    assert_eq!(releases[0]["kind"], "provisional");
    let rows = fs::read_to_string(
        district
            .hub_dir()
            .join("releases/000001/figures/2026-Q3.csv"),
    )
    .unwrap();
    let first = &HISTORY[0].0;
    let total = first.values[0].value().unwrap();
    let row = format!(
        "subject,2026-Q3,vhs-e,_T,_Z,_Z,_Z,_Z,_Z,_Z,_Z,_Z,_Z,ENROLMENTS,{total},,,P,F,enrolments"
    );
    assert!(rows.lines().any(|line| line == row), "{row}");

    // Nothing new: no new release. A new revision: one, and it is final.
    district.night().expect("vhs-e", Outcome::Unchanged);
    assert_eq!(dataset(&district, &["build"])["new"], false);
    evil.tell(script(revisions(2)));
    let night = district.night();
    assert_eq!(night.expect("vhs-e", Outcome::Unchanged).figures, 1);
    let releases = dataset(&district, &["list"]);
    assert_eq!(releases.as_array().unwrap().len(), 2);
    assert_eq!(releases[1]["kind"], "final");
    let (code, audited) = audit(&district);
    assert_eq!(code, Some(0), "{audited}");
    assert_eq!(audited["exact"], 0);
    assert_eq!(audited["narrower"], 0);
    assert!(audited["minimum_width"].as_u64().unwrap() >= 4);
    assert_eq!(audited["proofs"][0]["revisions"], 2);

    // A copy is audited without any hub, and a changed number is found.
    let copy = district.path("copy");
    let copied = copy.join("000002");
    let export = district.hub(&[
        "dataset",
        "export",
        "--output",
        &copied.display().to_string(),
    ]);
    let _written = export.ok();
    let file = copied.join("figures/2026-Q3.csv");
    let text = fs::read_to_string(&file).unwrap();
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a file of this test")]
    permissions.set_readonly(false);
    fs::set_permissions(&file, permissions).unwrap();
    fs::write(&file, text.replacen(&format!(",{total},"), ",9999,", 1)).unwrap();
    let copy = copy.display().to_string();
    let mut command = calluna_tests::process::binary("calluna-hub");
    command.args(["dataset", "audit", "--releases", &copy]);
    let ended = calluna_tests::process::run(&mut command);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("figures/2026-Q3.csv"),
        "{}",
        ended.stdout
    );
}

#[test]
fn figures_that_give_a_number_away_are_refused_and_the_offers_are_not() {
    let district = District::new();
    let (first, truth) = &HISTORY[0];
    let mut bare = first.clone();
    for (value, truth) in bare.values.iter_mut().zip(truth) {
        if *value == Shown::Hidden && *truth >= 10 {
            *value = Shown::Value(*truth);
        }
    }
    let evil = Evil::start(Badge::join(&district.invite("vhs-e")), script(vec![bare]));
    let night = district.night();
    let line = night.expect("vhs-e", Outcome::OkWithQuarantine);
    assert_eq!((line.offers, line.figures), (5, 0));
    assert!(line.note.contains("2026-Q3"), "{}", line.note);
    let told = evil.receipts().pop().unwrap().figures.pop().unwrap();
    assert_eq!((told.accepted, told.refused), (0, 1));
    assert!(
        told.reason.contains("could not be proved"),
        "{}",
        told.reason
    );
    // The next night asks again; the whole thing put right is taken.
    evil.tell(script(revisions(1)));
    assert_eq!(
        district.night().expect("vhs-e", Outcome::Unchanged).figures,
        1
    );
}

#[test]
fn a_history_that_the_hub_does_not_know_changes_nothing() {
    let district = District::new();
    let evil = Evil::start(Badge::join(&district.invite("vhs-e")), script(revisions(1)));
    let _first = district.night();
    // Restored from a backup, the node begins anew with other numbers.
    let mut other = revisions(1);
    other[0].at += 1;
    evil.tell(script(other));
    let night = district.night();
    let line = night.expect("vhs-e", Outcome::Unchanged);
    assert!(
        line.note.contains("does not know any more"),
        "{}",
        line.note
    );
    let shown = dataset(&district, &["show"]);
    assert_eq!(
        shown["periods"][0]["providers"][0]["digest"],
        HISTORY[0].0.digest().to_string()
    );
}

#[test]
fn what_a_provider_takes_back_is_in_no_later_release() {
    let district = District::new();
    let _evil = Evil::start(Badge::join(&district.invite("vhs-e")), script(revisions(1)));
    let _first = district.night();
    let revoke = ["revoke", "vhs-e", "--reason", "test", "--figures", "remove"];
    let _done = district.hub(&revoke).ok();
    assert_eq!(dataset(&district, &["build"])["number"], 2);
    let newest = dataset(&district, &["show"]);
    assert_eq!(newest["periods"].as_array().unwrap().len(), 0, "{newest}");
    // What was published stays at its address, whole.
    let old = dataset(&district, &["show", "1"]);
    assert_eq!(old["periods"][0]["period"], "2026-Q3");
    assert_eq!(audit(&district).0, Some(0));
}

#[test]
fn no_number_of_a_release_is_given_away_twice() {
    let district = District::new();
    let _evil = Evil::start(Badge::join(&district.invite("vhs-e")), script(revisions(1)));
    let _first = district.night();
    fs::rename(district.hub_dir().join("releases"), district.path("away")).unwrap();
    let refused = district.hub(&["dataset", "build"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("copy the missing releases back"),
        "{}",
        refused.stderr
    );
    fs::remove_dir_all(district.hub_dir().join("releases")).unwrap();
    fs::rename(district.path("away"), district.hub_dir().join("releases")).unwrap();
    assert_eq!(dataset(&district, &["build"])["new"], false);
}

#[test]
fn figures_that_are_not_proved_again_in_time_hold_nobody_else_up() {
    let mut district = District::new();
    let _evil = Evil::start(Badge::join(&district.invite("vhs-e")), script(revisions(1)));
    let _first = district.night();
    // After a restart what was proved is known.
    let _ended = district.stop_hub();
    district.set("CALLUNA_FIGURES_PROOF_SOLVES", "1");
    assert_eq!(dataset(&district, &["build"])["new"], false);
    // Unless the file is gone, as after an update.
    fs::remove_file(district.hub_dir().join("proofs.json")).unwrap();
    let without = dataset(&district, &["build"]);
    assert_eq!(
        (&without["new"], &without["number"]),
        (&true.into(), &2.into())
    );
    let newest = dataset(&district, &["show"]);
    assert_eq!(newest["periods"].as_array().unwrap().len(), 0, "{newest}");
    let told = fs::read_to_string(district.hub_dir().join("releases/000002/quality.md")).unwrap();
    assert!(
        told.contains("vhs-e for 2026-Q3 are not in this release"),
        "{told}"
    );
    district.set("CALLUNA_FIGURES_PROOF_SOLVES", "50000");
    assert_eq!(dataset(&district, &["build"])["number"], 3);
    let newest = dataset(&district, &["show"]);
    assert_eq!(newest["periods"][0]["period"], "2026-Q3");
}

#[test]
fn everybody_reads_the_indicators_and_takes_the_files_where_the_release_says() {
    let district = District::with(WEB);
    let _evil = Evil::start(Badge::join(&district.invite("vhs-e")), script(revisions(2)));
    let _night = district.night();
    let page = |path: &str| {
        let (status, body) = get(&district, path);
        assert_eq!(status, 200, "{path}: {body}");
        body.as_str().unwrap_or_default().to_owned()
    };
    let total = HISTORY[1].0.values[0].value().unwrap();
    let indicator = page("/monitoring/CAL-G3");
    assert!(indicator.contains(&format!(">{total}</td>")), "{indicator}");
    assert!(page("/daten").contains("href=\"/daten/000001\""));
    let release = page("/daten/000001");
    let sums = page("/daten/000001/SHA256SUMS");
    let mut files = 0;
    for line in sums.lines() {
        let (_, name) = line.split_once("  ").unwrap();
        assert!(
            release.contains(&format!("href=\"/daten/000001/{name}\"")),
            "{name}"
        );
        if name.ends_with(".csv") {
            let kept = district.hub_dir().join("releases/000001").join(name);
            assert_eq!(
                page(&format!("/daten/000001/{name}")),
                fs::read_to_string(kept).unwrap()
            );
            files += 1;
        }
    }
    assert!(files > 5, "{sums}");
    assert_eq!(get(&district, "/daten/000001/../../hub.toml").0, 404);
    assert_eq!(get(&district, "/daten/000002").0, 404);
}
