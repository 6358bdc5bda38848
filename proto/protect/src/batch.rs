//! Rule N: who may appear tonight (threat T4).
//!
//! Between two nights a large cell that goes from 57 to 58 describes one newcomer completely. So a
//! night releases a *batch* B of persons such that, for every cell c that the public can see or
//! work out,
//!
//! ```text
//! |{ i in B : i touches c }| = 0  or  >= k
//! ```
//!
//! "Can work out" are the **residual** cells: a published parent minus its published children is a
//! number that everybody knows, see [`residual_touches`].
//!
//! **One largest batch.** If two batches obey the rule, so does their union: a cell touched by the
//! union is touched by one of them, hence by at least k. So there is exactly one largest batch, and
//! it is what remains when every person that touches a cell with 1 to k-1 pending persons is taken
//! out, again and again until nothing changes (a k-core). Each incidence is looked at a constant
//! number of times, so the work is linear in them, and nothing depends on an order.
//!
//! **Any two nights.** Batches of different nights that have no person in common add up to a batch
//! that obeys the rule. They must have nobody in common: who came on night 1 and left on night 2 is
//! counted twice there, but is *no* difference between night 0 and night 2, and those who remain may
//! be fewer than k. So [`largest_batch`] holds back everybody who has already changed in the period,
//! and [`breaches`] checks every pair of versions, whatever made them.

use std::collections::{BTreeMap, BTreeSet};

/// Somebody whose registration is new, changed or cancelled. The number means nothing outside the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The caller's number for the person.
    pub person: u64,
    /// Every visible or residual cell that counts the person before or after the change.
    pub touches: Vec<u64>,
    /// The person was already in a batch of this period: waits for the close.
    pub changed_before: bool,
}

/// Tonight's batch and who waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Released, in ascending order.
    pub released: Vec<u64>,
    /// Held back, in ascending order.
    pub held: Vec<u64>,
}

/// The unique largest batch in which every cell is touched by nobody or by at least `k` persons.
///
/// A person given twice counts once, with all cells of both entries. Somebody who touches no cell
/// that can be seen is released: nobody can notice.
#[must_use]
pub fn largest_batch(k: usize, pending: &[Pending]) -> Batch {
    let mut touches: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut waits = BTreeSet::new();
    for one in pending {
        touches.entry(one.person).or_default().extend(&one.touches);
        if one.changed_before {
            waits.insert(one.person);
        }
    }
    let mut touched_by: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (person, cells) in touches.iter().filter(|(person, _)| !waits.contains(person)) {
        for cell in cells {
            touched_by.entry(*cell).or_default().push(*person);
        }
    }
    let mut count: BTreeMap<u64, usize> = touched_by
        .iter()
        .map(|(cell, persons)| (*cell, persons.len()))
        .collect();
    let mut thin: Vec<u64> = count
        .iter()
        .filter(|(_, count)| **count < k)
        .map(|(cell, _)| *cell)
        .collect();
    while let Some(cell) = thin.pop() {
        for person in touched_by.remove(&cell).unwrap_or_default() {
            if !waits.insert(person) {
                continue;
            }
            for other in &touches[&person] {
                let Some(left) = count.get_mut(other) else {
                    continue;
                };
                // Only the step from k to k-1 makes a cell thin: below, it is already on the list.
                if *left == k {
                    thin.push(*other);
                }
                *left -= 1;
            }
        }
    }
    let (held, released) = touches
        .into_keys()
        .partition(|person| waits.contains(person));
    Batch { released, held }
}

/// A sum as rule N sees it: a parent that is published, and its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSum {
    /// The number under which the residual cell of this sum is counted; no other cell has it.
    pub residual: u64,
    /// The parent; it is published, else there is no residual.
    pub parent: u64,
    /// The parts that are published.
    pub published_parts: BTreeSet<u64>,
}

/// The residual cells that one version of one registration touches: sums whose parent counts it and
/// whose published parts do not.
///
/// For a change, ask once for the registration before and once for it after, and use both.
#[must_use]
pub fn residual_touches(sums: &[SeenSum], counted_in: &BTreeSet<u64>) -> Vec<u64> {
    sums.iter()
        .filter(|sum| counted_in.contains(&sum.parent))
        .filter(|sum| sum.published_parts.is_disjoint(counted_in))
        .map(|sum| sum.residual)
        .collect()
}

/// Two versions between which a cell changed by too few persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// Position of the earlier version.
    pub earlier: usize,
    /// Position of the later version.
    pub later: usize,
    /// The cell.
    pub cell: u64,
    /// By how many persons it differs: 1 to k-1.
    pub persons: usize,
}

/// Every pair of versions (which person is counted in which visible or residual cells), every cell:
/// those that differ by 1 to k-1 persons. Empty is what must come out.
#[must_use]
pub fn breaches(k: usize, versions: &[BTreeMap<u64, BTreeSet<u64>>]) -> Vec<Breach> {
    let mut found = Vec::new();
    for (later, after) in versions.iter().enumerate() {
        for (earlier, before) in versions.iter().enumerate().take(later) {
            for (cell, persons) in differences(before, after) {
                if persons < k {
                    found.push(Breach {
                        earlier,
                        later,
                        cell,
                        persons,
                    });
                }
            }
        }
    }
    found
}

/// By how many persons each cell differs; cells that do not are left out. A person that differs at
/// all counts in every cell of both versions: that is what an observer may link.
fn differences(
    before: &BTreeMap<u64, BTreeSet<u64>>,
    after: &BTreeMap<u64, BTreeSet<u64>>,
) -> BTreeMap<u64, usize> {
    let nothing = BTreeSet::new();
    let mut counts = BTreeMap::new();
    let persons: BTreeSet<u64> = before.keys().chain(after.keys()).copied().collect();
    for person in persons {
        let was = before.get(&person).unwrap_or(&nothing);
        let is = after.get(&person).unwrap_or(&nothing);
        if was == is {
            continue;
        }
        for cell in was.union(is) {
            *counts.entry(*cell).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(person: u64, touches: &[u64]) -> Pending {
        Pending {
            person,
            touches: touches.to_vec(),
            changed_before: false,
        }
    }

    #[test]
    fn a_thin_cell_takes_its_persons_out_and_those_may_thin_out_others() {
        // Cell 1 has two persons, cell 2 three of which one is also in cell 1.
        let all = [
            pending(1, &[1]),
            pending(2, &[1, 2]),
            pending(3, &[2]),
            pending(4, &[2]),
            pending(5, &[3]),
            pending(6, &[3]),
            pending(7, &[3]),
            pending(8, &[]),
        ];
        let batch = largest_batch(3, &all);
        assert_eq!(batch.released, [5, 6, 7, 8]);
        assert_eq!(batch.held, [1, 2, 3, 4]);
    }

    #[test]
    fn a_person_who_changed_before_waits_and_does_not_hide_others() {
        let mut all = vec![pending(1, &[1]), pending(2, &[1]), pending(3, &[1])];
        assert_eq!(largest_batch(3, &all).released, [1, 2, 3]);
        all[0].changed_before = true;
        assert_eq!(largest_batch(3, &all).held, [1, 2, 3]);
    }

    #[test]
    fn a_person_given_twice_is_one_person() {
        let all = [pending(1, &[1]), pending(1, &[1]), pending(2, &[1])];
        assert!(largest_batch(3, &all).released.is_empty());
    }

    #[test]
    fn a_hidden_part_makes_the_residual_visible() {
        let sums = [SeenSum {
            residual: 100,
            parent: 1,
            published_parts: BTreeSet::from([2]),
        }];
        assert_eq!(residual_touches(&sums, &BTreeSet::from([1, 3])), [100]);
        assert!(residual_touches(&sums, &BTreeSet::from([1, 2])).is_empty());
        assert!(residual_touches(&sums, &BTreeSet::from([3])).is_empty());
    }

    #[test]
    fn come_and_gone_is_found_between_the_nights_that_are_not_neighbours() {
        let cell = BTreeSet::from([1]);
        let with = |persons: &[u64]| persons.iter().map(|p| (*p, cell.clone())).collect();
        // Each step changes three persons or more; from night 0 to night 2 it is only person 4.
        let versions = [with(&[]), with(&[1, 2, 3]), with(&[4])];
        let found = breaches(3, &versions);
        assert_eq!(
            found,
            [Breach {
                earlier: 0,
                later: 2,
                cell: 1,
                persons: 1
            }]
        );
    }
}
