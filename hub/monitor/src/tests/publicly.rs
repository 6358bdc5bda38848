//! What anybody can check: clean releases are clean, and every broken rule is found.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use calluna_tables::{Dim, Kind, Measure, Shown};

use super::fixture::{Record, World, id, quarter};
use crate::{Audit, Releases, Rule, audit, build};

/// Puts another text into a published file, as nobody should.
pub(super) fn rewrite(path: &Path, text: &str) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(path, text).unwrap();
}

struct Case {
    world: World,
    dir: tempfile::TempDir,
    records: Vec<Record>,
}

impl Case {
    /// One provider with a provisional period in release 1.
    fn new() -> Self {
        let mut world = World::new();
        let records = world.drawn(400, 21);
        world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
        let case = Self {
            world,
            dir: tempfile::tempdir().unwrap(),
            records,
        };
        case.release();
        case
    }

    fn release(&self) {
        let releases = Releases::open(self.dir.path()).unwrap();
        build(&self.world.input(), &releases).unwrap();
    }

    fn publish(&mut self, kind: Kind) {
        let records = self.records.clone();
        self.world.publish("vhs-heide", "2026-Q3", kind, &records);
        self.release();
    }

    /// Publishes with one number changed by hand.
    fn with(
        mut self,
        measure: Measure,
        codes: &[(Dim, &str)],
        change: impl Fn(Shown) -> Shown,
    ) -> Audit {
        let number = self.world.number(measure, codes) as usize;
        let revision = self
            .world
            .figures
            .get_mut(&(quarter("2026-Q3"), id("vhs-heide")))
            .unwrap();
        revision.values[number] = change(revision.values[number]);
        self.dir = tempfile::tempdir().unwrap();
        self.release();
        self.audit()
    }

    fn audit(&self) -> Audit {
        audit(self.dir.path()).unwrap()
    }
}

/// Broken rules. The fixture hides by threshold alone, so plain subtraction finds what it hides; that
/// has a test of its own.
pub(super) fn rules(audit: &Audit) -> Vec<Rule> {
    let broken = audit.broken.keys().copied();
    broken.filter(|rule| *rule != Rule::Width).collect()
}

#[test]
fn what_can_be_had_by_subtraction_is_found() {
    let found = Case::new().audit();
    // Sex of others: the only one hidden of three.
    let wanted = "2026-Q3 vhs-heide ENROLMENTS _T _T _O _T _T _T _T _T _T _T";
    let one = found
        .findings
        .iter()
        .find(|one| one.place == wanted)
        .unwrap();
    assert_eq!(one.rule, Rule::Width);
    assert_eq!(
        one.what,
        "hidden, and at most 0 by subtraction; 4 is the least"
    );
    // A second one hidden beside it, large enough: nothing more to be had there.
    let men = [(Dim::Sex, "M")];
    let found = Case::new().with(Measure::Enrolments, &men, |_| Shown::Hidden);
    assert!(found.findings.iter().all(|one| one.place != wanted));
}

#[test]
fn nights_and_a_closing_that_keep_the_rules_are_clean() {
    let mut case = Case::new();
    let more = case.world.record(&[(Dim::Subject, "4"), (Dim::Sex, "F")]);
    case.records.extend([more; 5]);
    case.publish(Kind::Provisional);
    case.records.extend([more; 9]);
    case.publish(Kind::Provisional);
    case.publish(Kind::Final);
    let found = case.audit();
    assert_eq!(rules(&found), [], "{:#?}", found.findings);
    assert_eq!(found.releases, [1, 2, 3, 4]);
    assert_eq!(found.pairs, 6, "four versions of one provider");
    assert!(found.shown > 100 && found.hidden > 100 && found.rows > 1_000);
}

#[test]
fn a_small_change_is_found_between_any_two() {
    let mut case = Case::new();
    let more = case.world.record(&[(Dim::Subject, "4"), (Dim::Sex, "F")]);
    case.records.extend([more; 4]);
    case.publish(Kind::Provisional);
    let found = case.audit();
    assert_eq!(rules(&found), [Rule::Batch]);
    let of = |rule| move |one: &&crate::Finding| one.rule == rule;
    assert!(found.findings.iter().filter(of(Rule::Batch)).count() <= 100);
    let first = found.findings.iter().find(of(Rule::Batch)).unwrap();
    assert!(first.what.contains("changed by 4"), "{first:?}");
    // Six more, then two fewer: each step is too small only seen together with the first.
    let mut case = Case::new();
    case.records.extend([more; 6]);
    case.publish(Kind::Provisional);
    let total = case.records.len();
    case.records.truncate(total - 9);
    case.publish(Kind::Final);
    let found = case.audit();
    assert!(rules(&found).contains(&Rule::Batch));
    assert!(
        found
            .findings
            .iter()
            .any(|one| one.what.ends_with("since release 1"))
    );
}

#[test]
fn what_is_left_beside_the_shown_is_watched_too() {
    let mut case = Case::new();
    // Two move from men to women among five new women: the total and the women change by enough.
    let women = case.world.number(Measure::Enrolments, &[(Dim::Sex, "F")]);
    let men = case.world.number(Measure::Enrolments, &[(Dim::Sex, "M")]);
    let key = (quarter("2026-Q3"), id("vhs-heide"));
    let hide = |case: &mut Case| {
        let revision = case.world.figures.get_mut(&key).unwrap();
        for measure in [Measure::Enrolments, Measure::Persons] {
            for code in ["M", "_O"] {
                let number = case.world.web.numbers().iter().position(|number| {
                    let tree = case.world.layout.tree(Dim::Sex).unwrap();
                    let mut nodes = [0; 10];
                    nodes[Dim::Sex as usize] = tree.node(code).unwrap();
                    number.measure == measure && number.nodes == nodes
                });
                if let Some(number) = number {
                    revision.values[number] = Shown::Hidden;
                }
            }
        }
    };
    case.dir = tempfile::tempdir().unwrap();
    hide(&mut case);
    case.release();
    let new = case.world.record(&[(Dim::Subject, "4"), (Dim::Sex, "F")]);
    case.records.extend([new; 7]);
    let records = case.records.clone();
    case.world
        .publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    let revision = case.world.figures.get_mut(&key).unwrap();
    assert_eq!(revision.values[men as usize], Shown::Hidden);
    let Shown::Value(count) = revision.values[women as usize] else {
        panic!("women are many")
    };
    revision.values[women as usize] = Shown::Value(count - 2);
    case.release();
    let found = case.audit();
    assert!(
        found
            .findings
            .iter()
            .any(|one| one.what.contains("what is left beside")),
        "{found:#?}"
    );
}

#[test]
fn what_was_shown_stays_shown() {
    let mut case = Case::new();
    let number = case
        .world
        .number(Measure::Enrolments, &[(Dim::Subject, "5")]) as usize;
    let revision = case
        .world
        .figures
        .get_mut(&(quarter("2026-Q3"), id("vhs-heide")))
        .unwrap();
    assert!(matches!(revision.values[number], Shown::Value(_)));
    revision.values[number] = Shown::Hidden;
    case.release();
    assert_eq!(rules(&case.audit()), [Rule::FrozenMask]);
}

#[test]
fn broken_rules_within_a_release_are_found() {
    let age = |code: &'static str| [(Dim::Age, code)];
    let raise = |shown: Shown| Shown::Value(shown.value().unwrap() + 500);
    let found = Case::new().with(Measure::Enrolments, &[(Dim::Subject, "4")], raise);
    assert_eq!(rules(&found), [Rule::Sums]);
    let found = Case::new().with(Measure::Enrolments, &age("Y_LT25"), |_| Shown::Hidden);
    assert!(rules(&found).contains(&Rule::HiddenParent), "{found:?}");
    let found = Case::new().with(Measure::Enrolments, &age("_X"), |_| Shown::Value(1));
    assert!(rules(&found).contains(&Rule::Threshold), "{found:?}");
}

#[test]
fn a_file_that_was_changed_afterwards_is_found() {
    let case = Case::new();
    let path = case.dir.path().join("000001/figures/2026-Q3.csv");
    let text = fs::read_to_string(&path).unwrap();
    // A row that says one thing with its value and another with its status.
    let line = text.lines().find(|line| line.contains(",P,F,")).unwrap();
    rewrite(
        &path,
        &text.replacen(line, &line.replace(",P,F,", ",A,F,"), 1),
    );
    let found = case.audit();
    assert_eq!(rules(&found), [Rule::Hashes, Rule::RowShape]);
}

#[test]
fn what_is_left_out_is_listed_and_not_taken_for_zero() {
    let mut world = World::new();
    let records = world.drawn(300, 31);
    world.publish("vhs-heide", "2026-Q2", Kind::Final, &records);
    // Municipalities by age are too fine: everything below the district's level is left out.
    let table = world
        .layout
        .tables()
        .iter()
        .position(|placed| placed.table.id == "residence_age")
        .unwrap();
    let mut gone = Vec::new();
    for number in world.web.places(table) {
        let nodes = world.web.numbers()[*number as usize].nodes;
        let residence = world
            .layout
            .tree(Dim::Residence)
            .unwrap()
            .chain(nodes[Dim::Residence as usize])
            .len();
        if residence == 3 && nodes[Dim::Age as usize] != 0 {
            gone.push(*number);
        }
    }
    // Whoever leaves a number out leaves out what is finer.
    let finer = |number: &calluna_tables::web::Number| {
        gone.iter().any(|gone| {
            let coarse = world.web.numbers()[*gone as usize].nodes;
            coarse
                .iter()
                .zip(number.nodes)
                .all(|(coarse, fine)| *coarse == 0 || *coarse == fine)
        })
    };
    let all: Vec<usize> = world
        .web
        .numbers()
        .iter()
        .enumerate()
        .filter(|(_, number)| finer(number))
        .map(|(at, _)| at)
        .collect();
    let revision = world
        .figures
        .get_mut(&(quarter("2026-Q2"), id("vhs-heide")))
        .unwrap();
    for at in all {
        if revision.values[at] != Shown::Structural {
            revision.values[at] = Shown::LeftOut;
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    build(&world.input(), &releases).unwrap();
    let manifest = releases.show(1).unwrap();
    let left = manifest
        .notes
        .left_out
        .iter()
        .find(|left| left.table == "residence_age")
        .unwrap();
    assert_eq!(left.level, "2.1;2.2");
    let text = fs::read_to_string(releases.folder(1).join("figures/2026-Q2.csv")).unwrap();
    let rows = |start: &str, code: &str| {
        text.lines()
            .filter(|line| line.starts_with(start) && line.contains(code))
            .count()
    };
    assert_eq!(
        rows("residence_age,2026-Q2,vhs-heide,_Z,Y18T24,", ",03358021,"),
        0
    );
    assert!(rows("residence_age,2026-Q2,vhs-heide,_Z,Y18T24,", ",03358,") > 0);
    let found = audit(dir.path()).unwrap();
    assert_eq!(rules(&found), [], "{:#?}", found.findings);
}
