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
//! "Can work out" are the **residuals**: a published parent minus its published children is a
//! number that everybody knows, see [`Watch`].
//!
//! **Touching is changing a value.** A person touches a number when what she *adds* to it differs between
//! the two versions. Who moves from one village to the next does not change the total, and does not help to
//! make up the k that the total needs.
//!
//! **One largest batch.** If two batches obey the rule, so does their union: a cell touched by the
//! union is touched by one of them, hence by at least k. So there is exactly one largest batch, and
//! it is what remains when every person that touches a cell with 1 to k-1 pending persons is taken
//! out, again and again until nothing changes (a k-core). Each incidence is looked at a constant
//! number of times, so the work is linear in them (and their sorting), and nothing depends on an order.
//!
//! **Any two nights.** Let every change of a night be *growth*: no person adds less to any number than before.
//! Then a number that is visible from night i to night j differs by exactly those persons who touched it in
//! one of the batches between, a union of sets each of which is empty or holds at least k: the pair obeys the
//! rule, and the value differs by at least k as well, since each of them added at least one. A residual of
//! night i is the residual of a later night plus the parts that were shown in between, so the same holds for it.
//! It does not hold without growth: who came on night 1 and left on night 2 is
//! counted twice there, but is *no* difference between night 0 and night 2, and those who remain may
//! be fewer than k. So [`largest_batch`] holds back everybody whose change is marked `waits`,
//! and [`breaches`] checks every pair of versions, whatever made them.

use std::collections::{BTreeMap, BTreeSet};

/// Somebody whose registration is new, changed or cancelled. The number means nothing outside the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The caller's number for the person.
    pub person: u64,
    /// Every visible number and residual that her change changes, see [`Watch::touches`].
    pub touches: Vec<u64>,
    /// Her change is no growth: waits for the close.
    pub waits: bool,
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
    let mut cells: Vec<u64> = pending
        .iter()
        .flat_map(|one| &one.touches)
        .copied()
        .collect();
    cells.sort_unstable();
    cells.dedup();
    let mut people: Vec<(u64, Vec<usize>, bool)> = pending
        .iter()
        .map(|one| {
            let at = one
                .touches
                .iter()
                .filter_map(|cell| cells.binary_search(cell).ok());
            (one.person, at.collect(), one.waits)
        })
        .collect();
    people.sort_unstable();
    people.dedup_by(|twin, kept| {
        let same = twin.0 == kept.0;
        if same {
            kept.1.append(&mut twin.1);
            kept.2 |= twin.2;
        }
        same
    });
    let mut touched_by: Vec<Vec<usize>> = vec![Vec::new(); cells.len()];
    for (at, (_, touches, waits)) in people.iter_mut().enumerate() {
        touches.sort_unstable();
        touches.dedup();
        if !*waits {
            touches.iter().for_each(|cell| touched_by[*cell].push(at));
        }
    }
    let mut count: Vec<usize> = touched_by.iter().map(Vec::len).collect();
    let mut thin: Vec<usize> = (0..cells.len())
        .filter(|cell| (1..k).contains(&count[*cell]))
        .collect();
    while let Some(cell) = thin.pop() {
        for person in std::mem::take(&mut touched_by[cell]) {
            let (_, touches, waits) = &mut people[person];
            if std::mem::replace(waits, true) {
                continue;
            }
            for other in touches {
                // Only the step from k to k-1 makes a cell thin: below, it is already on the list.
                if count[*other] == k {
                    thin.push(*other);
                }
                count[*other] -= 1;
            }
        }
    }
    let mut batch = Batch::default();
    for (person, _, waits) in people {
        let list = if waits {
            &mut batch.held
        } else {
            &mut batch.released
        };
        list.push(person);
    }
    batch
}

/// What can be seen of numbers that are tied by sums: those that are visible, and for every sum
/// with a visible parent its residual, the parent minus its visible parts.
///
/// Numbers are named by their position, the residual of sum s by `numbers + s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    visible: Vec<bool>,
    /// For each number the residuals that it is in, and with which sign.
    residuals: Vec<Vec<(usize, i64)>>,
}

impl Watch {
    /// Watches the `visible` numbers (a zero that everybody knows is visible) and what the `sums` (parent and
    /// parts) let one work out of them.
    #[must_use]
    pub fn new<'s>(visible: &[bool], sums: impl IntoIterator<Item = (u32, &'s [u32])>) -> Self {
        let mut residuals = vec![Vec::new(); visible.len()];
        let seen = |at: usize| visible.get(at).copied().unwrap_or_default();
        for (which, (parent, parts)) in sums.into_iter().enumerate() {
            let parent = parent as usize;
            if !seen(parent) || parts.iter().all(|part| seen(*part as usize)) {
                continue;
            }
            residuals[parent].push((visible.len() + which, 1));
            for part in parts
                .iter()
                .map(|part| *part as usize)
                .filter(|part| seen(*part))
            {
                residuals[part].push((visible.len() + which, -1));
            }
        }
        Self {
            visible: visible.to_vec(),
            residuals,
        }
    }

    /// What a change of numbers, given as differences, does to what can be seen: every visible number and residual
    /// that changes, ascending, and by how much.
    #[must_use]
    pub fn changes(&self, differences: &[(u32, i64)]) -> Vec<(u64, i64)> {
        let mut all: Vec<(u64, i64)> = Vec::with_capacity(differences.len() * 2);
        for (number, by) in differences {
            let at = *number as usize;
            if self.visible.get(at).copied().unwrap_or_default() {
                all.push((u64::from(*number), *by));
                let residuals = self.residuals[at].iter();
                all.extend(residuals.map(|(residual, sign)| (*residual as u64, sign * by)));
            }
        }
        all.sort_unstable();
        all.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        all.retain(|(_, by)| *by != 0);
        all
    }

    /// The names of what a change changes, for [`Pending::touches`].
    #[must_use]
    pub fn touches(&self, differences: &[(u32, i64)]) -> Vec<u64> {
        let changes = self.changes(differences).into_iter();
        changes.map(|(what, _)| what).collect()
    }
}

/// What each person adds to each visible number and residual, in one version.
pub type Version = BTreeMap<u64, BTreeMap<u64, u64>>;

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

/// Every pair of versions, every cell: those that differ by 1 to k-1 persons. Empty is what must come out.
#[must_use]
pub fn breaches(k: usize, versions: &[Version]) -> Vec<Breach> {
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

/// By how many persons each cell differs; cells that do not are left out.
fn differences(before: &Version, after: &Version) -> BTreeMap<u64, usize> {
    let nothing = BTreeMap::new();
    let mut counts = BTreeMap::new();
    let persons: BTreeSet<u64> = before.keys().chain(after.keys()).copied().collect();
    for person in persons {
        let was = before.get(&person).unwrap_or(&nothing);
        let is = after.get(&person).unwrap_or(&nothing);
        let cells: BTreeSet<&u64> = was.keys().chain(is.keys()).collect();
        for cell in cells {
            if was.get(cell).unwrap_or(&0) != is.get(cell).unwrap_or(&0) {
                *counts.entry(*cell).or_default() += 1;
            }
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
            waits: false,
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
    fn a_person_who_waits_does_not_hide_others() {
        let mut all = vec![pending(1, &[1]), pending(2, &[1]), pending(3, &[1])];
        assert_eq!(largest_batch(3, &all).released, [1, 2, 3]);
        all[0].waits = true;
        assert_eq!(largest_batch(3, &all).held, [1, 2, 3]);
    }

    #[test]
    fn a_person_given_twice_is_one_person() {
        let all = [pending(1, &[1]), pending(1, &[1]), pending(2, &[1])];
        assert!(largest_batch(3, &all).released.is_empty());
    }

    #[test]
    fn a_hidden_part_makes_the_residual_visible() {
        // 0 = 1 + 2 with 2 hidden, 3 = 4 with 3 hidden.
        let sums: [(u32, &[u32]); 2] = [(0, &[1, 2]), (3, &[4])];
        let watch = Watch::new(&[true, true, false, false, true], sums);
        let residual = 5;
        assert_eq!(watch.touches(&[(0, 1), (2, 1)]), [0, residual]);
        assert_eq!(watch.touches(&[(0, 1), (1, 1)]), [0, 1]);
        assert!(watch.touches(&[(2, 1)]).is_empty());
        // Two registrations, one of them in the hidden part.
        assert_eq!(
            watch.changes(&[(0, 2), (1, 1), (2, 1)]),
            [(0, 2), (1, 1), (residual, 1)]
        );
        // From the hidden part to the shown one: the total stays, and is not touched.
        assert_eq!(watch.touches(&[(1, 1), (2, -1)]), [1, residual]);
        let all = Watch::new(&[true; 3], sums);
        assert!(all.touches(&[]).is_empty() && all.touches(&[(0, 1), (1, 1)]) == [0, 1]);
    }

    #[test]
    fn come_and_gone_is_found_between_the_nights_that_are_not_neighbours() {
        let cell = BTreeMap::from([(1, 1)]);
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

    #[test]
    fn who_stays_in_a_cell_does_not_help_it() {
        let version = |place| -> Version {
            let moved = (0..3).map(|p| (p, BTreeMap::from([(1, 1), (place, 1)])));
            moved.collect()
        };
        let mut after = version(21);
        after.insert(9, BTreeMap::from([(1, 1)]));
        let found = breaches(3, &[version(20), after]);
        assert_eq!(
            found
                .iter()
                .map(|b| (b.cell, b.persons))
                .collect::<Vec<_>>(),
            [(1, 1)]
        );
    }
}
