//! Rule N against all subsets, and over any two nights.

use std::collections::{BTreeMap, BTreeSet};

use calluna_protect::batch::{Pending, SeenSum, breaches, largest_batch, residual_touches};
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
                changed_before: false,
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
        prop_assert!(breaches(k, &versions).is_empty());
        prop_assert!(small_changes(k, &versions).is_empty(), "found by somebody else's code");
    }
}

/// Attributes of a registration: area and municipality.
type Attributes = (u64, u64);

/// Per night: persons and what becomes of them; `None` is a cancellation.
type Town = Vec<Vec<(u64, Option<Attributes>)>>;

fn town() -> impl Strategy<Value = Town> {
    let attributes = prop::option::weighted(0.8, (0_u64..3, 0_u64..4));
    prop::collection::vec(prop::collection::vec((0_u64..60, attributes), 0..25), 1..7)
}

/// Cells in which a registration is seen: the total 0, areas 1x, municipalities 20 and 21 (22 and 23
/// are hidden), and the residual 100 of the total over the municipalities.
fn seen(attributes: Option<Attributes>) -> BTreeSet<u64> {
    let Some((area, place)) = attributes else {
        return BTreeSet::new();
    };
    let mut cells = BTreeSet::from([0, 10 + area, 20 + place]);
    let sums = [SeenSum {
        residual: 100,
        parent: 0,
        published_parts: BTreeSet::from([20, 21]),
    }];
    cells.extend(residual_touches(&sums, &cells));
    cells.retain(|cell| ![22, 23].contains(cell));
    cells
}

/// Which person was counted where, night by night.
type Versions = Vec<BTreeMap<u64, BTreeSet<u64>>>;

fn run(town: &Town, k: usize, second_changes_wait: bool) -> Versions {
    let mut truth: BTreeMap<u64, Option<Attributes>> = BTreeMap::new();
    let mut published: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut changed: BTreeSet<u64> = BTreeSet::new();
    let mut versions = vec![published.clone()];
    for night in town {
        truth.extend(night.iter().copied());
        let differs = |(person, now): (&u64, &Option<Attributes>)| {
            let is = seen(*now);
            let was = published.get(person).cloned().unwrap_or_default();
            (was != is).then(|| Pending {
                person: *person,
                touches: was.union(&is).copied().collect(),
                changed_before: second_changes_wait && changed.contains(person),
            })
        };
        let pending: Vec<Pending> = truth.iter().filter_map(differs).collect();
        for person in largest_batch(k, &pending).released {
            changed.insert(person);
            match seen(truth[&person]) {
                nowhere if nowhere.is_empty() => published.remove(&person),
                cells => published.insert(person, cells),
            };
        }
        versions.push(published.clone());
    }
    versions
}

/// The observer's own count: persons by which a visible number or a residual differs.
fn small_changes(k: usize, versions: &Versions) -> Vec<(usize, usize, u64, usize)> {
    let mut found = Vec::new();
    for (later, after) in versions.iter().enumerate() {
        for (earlier, before) in versions[..later].iter().enumerate() {
            for cell in [0, 10, 11, 12, 20, 21, 100] {
                let of = |version: &BTreeMap<u64, BTreeSet<u64>>| -> BTreeSet<u64> {
                    let inside = version.iter().filter(|(_, cells)| cells.contains(&cell));
                    inside.map(|(person, _)| *person).collect()
                };
                let differ = of(before).symmetric_difference(&of(after)).count();
                let moved = |person: &&u64| {
                    before[*person] != after[*person] && before[*person].contains(&cell)
                };
                let stayed = of(before).intersection(&of(after)).filter(moved).count();
                if (1..k).contains(&(differ + stayed)) {
                    found.push((earlier, later, cell, differ + stayed));
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
        found.contains(&(0, 1, 10, 1)),
        "one person, in area 0: {found:?}"
    );
    assert!(small_changes(5, &run(&town, 5, true)).is_empty());
}

#[test]
fn without_the_wait_for_second_changes_two_harmless_nights_tell_of_one_person() {
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
        changed_before: false,
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
