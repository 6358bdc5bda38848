//! The district's numbers: by hand, against brute force, and again from the CSV alone.

use std::collections::HashMap;
use std::sync::LazyLock;

use calluna_tables::revision::RevisionDigest;
use calluna_tables::{Dim, Kind, Measure, Revision, Shown};
use proptest::prelude::*;

use super::fixture::{World, quarter};
use crate::{Built, District, Merged, Releases, audit, build, upper_bounds};

/// A provisional revision in which everything is hidden but these numbers.
fn only(world: &World, shown: &[(u32, Shown)]) -> Revision {
    let mut values = vec![Shown::Hidden; world.web.nightly()];
    for (number, what) in shown {
        values[*number as usize] = *what;
    }
    Revision {
        period: quarter("2026-Q3"),
        number: 1,
        kind: Kind::Provisional,
        at: 0,
        layout: world.layout.fingerprint(),
        rules: world.rules.clone(),
        waiting: 0,
        before: RevisionDigest::default(),
        values,
    }
}

#[test]
fn a_number_is_known_where_all_are_and_else_between_bounds() {
    let world = World::new();
    let sex = |code: &str| world.number(Measure::Enrolments, &[(Dim::Sex, code)]);
    let total = sex("_T");
    let one = only(
        &world,
        &[
            (total, Shown::Value(50)),
            (sex("F"), Shown::Value(30)),
            (sex("_O"), Shown::Structural),
        ],
    );
    let other = only(
        &world,
        &[(total, Shown::Value(20)), (sex("F"), Shown::Hidden)],
    );
    let mut district = District::new(&world.web);
    district.add(&world.web, &one);
    district.add(&world.web, &other);
    assert_eq!(district.number(total), Merged::Known(70));
    let between = |lower, upper| Merged::Between { lower, upper };
    assert_eq!(district.number(sex("F")), between(30, Some(30 + 20)));
    assert_eq!(district.number(sex("M")), between(0, Some(20 + 20)));
    assert_eq!(district.number(sex("_O")), between(0, Some(20)));
    // A table that is not due for anybody is not there.
    let closing = u32::try_from(world.web.nightly()).unwrap();
    assert_eq!(district.number(closing), Merged::Absent);
    // Nothing bounds what stands below nothing.
    let registrations = world.number(Measure::Registrations, &[]);
    assert_eq!(district.number(registrations), between(0, None));
}

#[test]
fn what_is_not_due_yet_and_cannot_be_is_zero() {
    let world = World::new();
    let subject = world.number(Measure::Enrolments, &[(Dim::Subject, "4")]);
    let women = [(Dim::Subject, "4"), (Dim::Sex, "F")];
    let women = world.number(Measure::Enrolments, &women);
    assert!(women as usize >= world.web.nightly(), "of a closing table");
    let mut closed = only(&world, &[(subject, Shown::Value(30))]);
    closed.kind = Kind::Final;
    closed
        .values
        .resize(world.web.numbers().len(), Shown::Hidden);
    closed.values[women as usize] = Shown::Value(20);
    // The second provider offers nothing there; its closing tables are not due.
    let mut both = District::new(&world.web);
    both.add(&world.web, &closed);
    let mut open = both.clone();
    both.add(&world.web, &only(&world, &[(subject, Shown::Structural)]));
    assert_eq!(both.number(women), Merged::Known(20));
    // A third does offer something.
    open.add(&world.web, &only(&world, &[(subject, Shown::Value(7))]));
    let between = Merged::Between {
        lower: 20,
        upper: Some(27),
    };
    assert_eq!(open.number(women), between);
}

#[test]
fn bounds_go_down_through_hidden_parents() {
    let world = World::new();
    let age = |code: &str| world.number(Measure::Enrolments, &[(Dim::Age, code)]);
    let revision = only(
        &world,
        &[
            (age("_T"), Shown::Value(40)),
            (age("Y_GE50"), Shown::Value(25)),
        ],
    );
    let bounds = upper_bounds(&world.web, &revision);
    let of = |code: &str| bounds[age(code) as usize];
    assert_eq!(
        (of("Y_LT25"), of("Y_LT18"), of("_X")),
        (Some(15), Some(15), Some(15))
    );
    assert_eq!((of("Y_GE50"), of("Y_GE65")), (Some(25), Some(25)));
}

/// Every way to give the leaves values that add up to `total`.
fn ways(leaves: usize, total: u32) -> Vec<Vec<u32>> {
    if leaves == 1 {
        return vec![vec![total]];
    }
    (0..=total)
        .flat_map(|first| {
            let rest = ways(leaves - 1, total - first);
            rest.into_iter()
                .map(move |rest| [vec![first], rest].concat())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn bounds_are_what_brute_force_finds(
        counts in prop::collection::vec(0_u32..3, 7),
        mask in prop::collection::vec(any::<bool>(), 11),
    ) {
        static WORLD: LazyLock<World> = LazyLock::new(World::new);
        let world = &*WORLD;
        let tree = world.layout.tree(Dim::Age).unwrap();
        let nodes: Vec<u16> = (0..).take(tree.codes().len()).collect();
        let leaves: Vec<u16> = nodes.iter().copied().filter(|node| tree.children(*node).next().is_none()).collect();
        prop_assert_eq!((nodes.len(), leaves.len()), (11, 7));
        let number = |node: u16| world.number(Measure::Enrolments, &[(Dim::Age, &tree.codes()[usize::from(node)].id)]);
        let value = |leaf_values: &[u32], node: u16| -> u32 {
            let below = leaves.iter().zip(leaf_values);
            below.filter(|(leaf, _)| tree.chain(**leaf).contains(&node)).map(|(_, value)| value).sum()
        };
        // The total is shown; nothing is shown below a hidden parent.
        let shown: Vec<u16> = nodes
            .iter()
            .copied()
            .filter(|node| tree.chain(*node).iter().all(|above| *above == 0 || mask[usize::from(*above)]))
            .collect();
        let parts: Vec<(u32, Shown)> = shown.iter().map(|node| (number(*node), Shown::Value(value(&counts, *node)))).collect();
        let bounds = upper_bounds(&world.web, &only(world, &parts));
        let mut most: HashMap<u16, u32> = HashMap::new();
        for way in ways(7, counts.iter().sum()) {
            if shown.iter().all(|node| value(&way, *node) == value(&counts, *node)) {
                for node in &nodes {
                    let best = most.entry(*node).or_default();
                    *best = (*best).max(value(&way, *node));
                }
            }
        }
        for node in nodes {
            prop_assert_eq!(bounds[number(node) as usize], Some(u64::from(most[&node])), "node {}", node);
        }
    }
}

#[test]
fn the_districts_rows_give_nothing_away_that_the_providers_rows_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    let mut world = World::new();
    world.join("trainer", "Trainer (synthetic)");
    for (provider, kind, count, seed) in [
        ("vhs-heide", Kind::Final, 400, 11),
        ("schule-eins", Kind::Final, 90, 12),
        ("trainer", Kind::Provisional, 60, 13),
    ] {
        let records = world.drawn(count, seed);
        world.publish(provider, "2026-Q2", kind, &records);
    }
    assert!(matches!(
        build(&world.input(), &releases).unwrap(),
        Built::New(_)
    ));
    // The audit reads files only. It works every row of the district out from the providers' rows,
    // and finds the same value or interval, and no row that should not be there.
    let found = audit(dir.path()).unwrap();
    assert_eq!(super::publicly::rules(&found), [], "{:#?}", found.findings);
    let text = std::fs::read_to_string(releases.folder(1).join("figures/2026-Q2.csv")).unwrap();
    let rows = |what: &str| {
        text.lines()
            .filter(|line| line.contains(",_T,") && line.contains(what))
            .count()
    };
    assert!(
        rows(",Q,C,") > 100 && rows(",P,F,") > 100,
        "both kinds are there"
    );
    // A bound that is one off is found.
    let path = releases.folder(1).join("figures/2026-Q2.csv");
    let line = text
        .lines()
        .rfind(|line| {
            line.contains(",2026-Q2,_T,")
                && line.contains(",Q,C,")
                && !line.contains(",,Q,")
                && !line.contains(",0,Q,")
        })
        .unwrap();
    let cells: Vec<&str> = line.split(',').collect();
    let upper: u64 = cells[16].parse().unwrap();
    let mut changed: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
    changed[16] = (upper - 1).to_string();
    super::publicly::rewrite(&path, &text.replace(line, &changed.join(",")));
    let found = audit(dir.path()).unwrap();
    assert!(
        found.broken.contains_key(&crate::Rule::District),
        "{:?}",
        found.broken
    );
}
