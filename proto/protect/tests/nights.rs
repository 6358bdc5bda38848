//! Rule N against all subsets, and over any two nights.

use std::collections::{BTreeMap, BTreeSet};

use calluna_protect::batch::{Pending, Version, Watch, breaches, largest_batch};
use proptest::prelude::*;

/// Whether a batch obeys the rule, straight from its definition.
fn obeys(k: usize, pending: &[Pending], chosen: impl Fn(usize) -> bool) -> bool {
    let mut touched: BTreeMap<u64, usize> = BTreeMap::new();
    for (at, one) in pending.iter().enumerate() {
        if chosen(at) {
            let cells: BTreeSet<u64> = one.touches.iter().copied().collect();
            cells
                .into_iter()
                .for_each(|cell| *touched.entry(cell).or_default() += 1);
        }
    }
    touched.values().all(|persons| *persons >= k)
}

fn people() -> impl Strategy<Value = Vec<Pending>> {
    let one = prop::collection::vec(0_u64..5, 1..4);
    prop::collection::vec(one, 0..12).prop_map(|all| {
        let numbered = all.into_iter().zip(0_u64..);
        numbered
            .map(|(touches, person)| Pending {
                person,
                touches,
                waits: false,
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_batch_is_the_one_largest_of_all_subsets(pending in people(), k in 2_usize..5) {
        let batch = largest_batch(k, &pending);
        let subsets = 0_u32..1 << pending.len();
        let in_subset = |subset: u32| move |at: usize| subset >> at & 1 == 1;
        let obeying: Vec<u32> = subsets.filter(|s| obeys(k, &pending, in_subset(*s))).collect();
        let largest = obeying.iter().map(|s| s.count_ones()).max().unwrap();
        let ours = batch.released.iter().fold(0_u32, |all, person| all | 1 << person);
        prop_assert!(obeying.contains(&ours), "obeys the rule");
        prop_assert_eq!(ours.count_ones(), largest, "none is larger");
        // Every other one lies within: there is no second largest.
        prop_assert!(obeying.iter().all(|s| s & !ours == 0));
        let mut all: Vec<u64> = batch.released.iter().chain(&batch.held).copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..pending.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_the_pending_does_not_matter(pending in people().prop_shuffle(), k in 2_usize..5) {
        let mut sorted = pending.clone();
        sorted.sort_by_key(|one| one.person);
        prop_assert_eq!(largest_batch(k, &pending), largest_batch(k, &sorted));
    }

    #[test]
    fn any_two_nights_obey_the_rule(town in town(), k in 2_usize..6) {
        let versions = run(&town, k, true);
        let seen: Vec<Version> = versions.iter().map(seen).collect();
        prop_assert!(breaches(k, &seen).is_empty());
        prop_assert!(small_changes(k, &versions).is_empty(), "found by somebody else's code");
    }
}

/// Attributes of a registration: area and municipality.
type Attributes = (u32, u32);

/// Per night: persons and what becomes of them; `None` is a cancellation.
type Town = Vec<Vec<(u64, Option<Attributes>)>>;

fn town() -> impl Strategy<Value = Town> {
    let attributes = prop::option::weighted(0.8, (0_u32..3, 0_u32..4));
    prop::collection::vec(prop::collection::vec((0_u64..60, attributes), 0..25), 1..7)
}

/// Numbers: the total 0, areas 1 to 3, municipalities 4 and 5 shown, 6 and 7 hidden.
const SUMS: [(u32, &[u32]); 2] = [(0, &[1, 2, 3]), (0, &[4, 5, 6, 7])];
const VISIBLE: [bool; 8] = [true, true, true, true, true, true, false, false];

/// What a registration adds: one to the total, to its area, to its municipality.
fn adds(attributes: Option<Attributes>) -> Vec<u32> {
    let numbers = |(area, place): Attributes| vec![0, 1 + area, 4 + place];
    attributes.map(numbers).unwrap_or_default()
}

/// From one version of a registration to another, as differences.
fn difference(was: Option<Attributes>, is: Option<Attributes>) -> Vec<(u32, i64)> {
    let mut by: BTreeMap<u32, i64> = BTreeMap::new();
    adds(is)
        .iter()
        .for_each(|number| *by.entry(*number).or_default() += 1);
    adds(was)
        .iter()
        .for_each(|number| *by.entry(*number).or_default() -= 1);
    by.into_iter().filter(|(_, by)| *by != 0).collect()
}

/// What each person adds to what can be seen, the residual (number 9) included.
fn seen(published: &BTreeMap<u64, Option<Attributes>>) -> Version {
    let watch = Watch::new(&VISIBLE, SUMS);
    let row = |(person, attributes): (&u64, &Option<Attributes>)| {
        let changes = watch.changes(&difference(None, *attributes));
        (
            *person,
            changes
                .into_iter()
                .map(|(what, by)| (what, by.unsigned_abs()))
                .collect(),
        )
    };
    published.iter().map(row).collect()
}

fn run(
    town: &Town,
    k: usize,
    what_is_no_growth_waits: bool,
) -> Vec<BTreeMap<u64, Option<Attributes>>> {
    let watch = Watch::new(&VISIBLE, SUMS);
    let mut truth: BTreeMap<u64, Option<Attributes>> = BTreeMap::new();
    let mut published: BTreeMap<u64, Option<Attributes>> = BTreeMap::new();
    let mut versions = vec![published.clone()];
    for night in town {
        truth.extend(night.iter().copied());
        let differs = |(person, now): (&u64, &Option<Attributes>)| {
            let was = published.get(person).copied().flatten();
            let difference = difference(was, *now);
            (was != *now).then(|| Pending {
                person: *person,
                touches: watch.touches(&difference),
                waits: what_is_no_growth_waits && difference.iter().any(|(_, by)| *by < 0),
            })
        };
        let pending: Vec<Pending> = truth.iter().filter_map(differs).collect();
        for person in largest_batch(k, &pending).released {
            published.insert(person, truth[&person]);
        }
        versions.push(published.clone());
    }
    versions
}

/// The observer's own count: how many persons make up the difference of a visible number or of the residual.
fn small_changes(
    k: usize,
    versions: &[BTreeMap<u64, Option<Attributes>>],
) -> Vec<(usize, usize, usize, usize)> {
    let sees: [fn(&Attributes) -> bool; 7] = [
        |_| true,
        |(area, _)| *area == 0,
        |(area, _)| *area == 1,
        |(area, _)| *area == 2,
        |(_, place)| *place == 0,
        |(_, place)| *place == 1,
        |(_, place)| *place > 1,
    ];
    let mut found = Vec::new();
    for (later, after) in versions.iter().enumerate() {
        for (earlier, before) in versions[..later].iter().enumerate() {
            for (cell, inside) in sees.iter().enumerate() {
                let of = |version: &BTreeMap<u64, Option<Attributes>>| -> BTreeSet<u64> {
                    let all = version
                        .iter()
                        .filter(|(_, one)| one.as_ref().is_some_and(inside));
                    all.map(|(person, _)| *person).collect()
                };
                let differ = of(before).symmetric_difference(&of(after)).count();
                if (1..k).contains(&differ) {
                    found.push((earlier, later, cell, differ));
                }
            }
        }
    }
    found
}

/// Five come on the first night; four of them leave and one comes on the second.
fn come_and_gone() -> Town {
    let here = Some((0, 0));
    vec![
        (0..5).map(|person| (person, here)).collect(),
        (0..4)
            .map(|person| (person, None))
            .chain([(5, here)])
            .collect(),
    ]
}

#[test]
fn without_the_rule_a_newcomer_is_seen() {
    let town = vec![vec![(0, Some((0, 0)))]];
    let found = small_changes(5, &run(&town, 1, true));
    assert!(
        found.contains(&(0, 1, 1, 1)),
        "one person, in area 0: {found:?}"
    );
    assert!(small_changes(5, &run(&town, 5, true)).is_empty());
}

#[test]
fn without_the_wait_for_what_is_no_growth_two_harmless_nights_tell_of_one_person() {
    let found = small_changes(5, &run(&come_and_gone(), 5, false));
    assert!(found.contains(&(0, 2, 0, 2)), "{found:?}");
    assert!(small_changes(5, &run(&come_and_gone(), 5, true)).is_empty());
}

#[test]
fn without_residuals_the_hidden_municipality_tells() {
    // Five come: four to shown municipality 20, one to hidden 22. Each shown cell changes by 4 or 5 or none ...
    let touches = |person: u64, place: u64, residual: bool| Pending {
        person,
        touches: [0]
            .into_iter()
            .chain((place < 22).then_some(place))
            .chain(residual.then_some(100))
            .collect(),
        waits: false,
    };
    let batch = |residual: bool| {
        let mut all: Vec<Pending> = (0..5).map(|person| touches(person, 20, false)).collect();
        all.push(touches(5, 22, residual));
        largest_batch(5, &all).released
    };
    // ... and total minus shown parts changes by one.
    assert!(batch(false).contains(&5));
    assert_eq!(batch(true), [0, 1, 2, 3, 4]);
}
