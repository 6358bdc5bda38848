//! Whether a closing revision keeps rule N against every earlier one, by persons and by value.
//!
//! Nights only let numbers grow, so that any two of them obey the rule because neighbours do. A close and
//! a correction take in cancellations and changes as well, and who came on night 3 and leaves at the close makes no
//! difference to night 2. So here every earlier revision is compared by itself: for every number that both show, and
//! every residual beside the parts that both show, the persons whose part differs are counted and the
//! differences added up.

use std::collections::HashMap;
use std::ops::Range;

use calluna_evidence::Frame;
use calluna_figures::Touch;
use calluna_protect::batch::Watch;
use calluna_tables::Revision;

use crate::history::{Entry, Persons, at, difference};

/// Neighbouring revisions of which the same is known.
struct Epoch {
    /// Numbers of the revisions.
    revisions: Range<u32>,
    reach: usize,
    watch: Watch,
}

/// By how many persons and by how much a number or residual differs from each revision of an epoch, as
/// steps: the sum of all entries up to a revision is its difference.
type Steps = HashMap<(usize, u64), Vec<(i64, i64)>>;

/// The comparison for what is known now, with everybody as the last revision holds them.
pub(crate) struct Against {
    known: Vec<bool>,
    epochs: Vec<Epoch>,
    unchanged: Steps,
}

/// A number or residual that differs by too few: an epoch and what it calls the number.
pub(crate) type Offence = (usize, u64);

impl Against {
    pub(crate) fn new(
        frame: &Frame,
        revisions: &[Revision],
        persons: &Persons,
        known: Vec<bool>,
    ) -> Self {
        let mut epochs: Vec<(Vec<bool>, Epoch)> = Vec::new();
        for revision in revisions {
            let both: Vec<bool> = revision
                .values
                .iter()
                .zip(&known)
                .map(|(shown, now)| *now && shown.value().is_some())
                .collect();
            match epochs.last_mut() {
                Some((same, epoch)) if *same == both => epoch.revisions.end = revision.number + 1,
                _ => {
                    let sums = frame.web.sums().iter();
                    let mut whole = both.clone();
                    whole.resize(frame.web.numbers().len(), false);
                    let watch = Watch::new(&whole, sums.map(|sum| (sum.parent, &sum.parts[..])));
                    let epoch = Epoch {
                        revisions: revision.number..revision.number + 1,
                        reach: revision.values.len(),
                        watch,
                    };
                    epochs.push((both, epoch));
                }
            }
        }
        let mut against = Self {
            known,
            epochs: epochs.into_iter().map(|(_, epoch)| epoch).collect(),
            unchanged: Steps::new(),
        };
        let mut steps = Steps::new();
        for history in persons.values() {
            against.pour(&mut steps, history, at(history, u32::MAX), 1);
        }
        against.unchanged = steps;
        against
    }

    /// Whether it was made for this.
    pub(crate) fn is_for(&self, known: &[bool]) -> bool {
        self.known == known
    }

    /// Adds (or takes away) what a person with this history makes different when she ends up with `last`.
    fn pour(&self, steps: &mut Steps, history: &[Entry], last: &[Touch], times: i64) {
        for (which, epoch) in self.epochs.iter().enumerate() {
            let mut from = epoch.revisions.start;
            while from < epoch.revisions.end {
                let next = history.iter().find(|entry| entry.revision > from);
                let until = next.map_or(u32::MAX, |entry| entry.revision);
                let until = until.min(epoch.revisions.end);
                let by = difference(at(history, from), last, epoch.reach);
                for (what, by) in epoch.watch.changes(&by) {
                    let length = (epoch.revisions.end - epoch.revisions.start + 1) as usize;
                    let list = steps
                        .entry((which, what))
                        .or_insert_with(|| vec![(0, 0); length]);
                    for (at, sign) in [(from, times), (until, -times)] {
                        if let Some(step) = list.get_mut((at - epoch.revisions.start) as usize) {
                            step.0 += sign;
                            step.1 += sign * by;
                        }
                    }
                }
                from = until;
            }
        }
    }

    /// What differs from some earlier revision by 1 to k-1 persons, or by less than k, when these
    /// persons (history and new part) change. In order, so that a decision can be repeated.
    pub(crate) fn offences<'a>(
        &self,
        k: u32,
        changed: impl Iterator<Item = (&'a [Entry], &'a [Touch])>,
    ) -> Vec<Offence> {
        let mut steps = self.unchanged.clone();
        for (history, is) in changed {
            self.pour(&mut steps, history, at(history, u32::MAX), -1);
            self.pour(&mut steps, history, is, 1);
        }
        let k = i64::from(k);
        let few = |list: &Vec<(i64, i64)>| {
            let (mut persons, mut value) = (0, 0);
            list.iter().any(|step| {
                persons += step.0;
                value += step.1;
                (1..k).contains(&persons) || (1..k).contains(&value.abs())
            })
        };
        let mut found: Vec<Offence> = steps
            .iter()
            .filter(|(_, list)| few(list))
            .map(|(what, _)| *what)
            .collect();
        found.sort_unstable();
        found
    }

    /// Whether a change of a person's part has to do with an offence.
    pub(crate) fn touches(&self, by: &[(u32, i64)], offences: &[Offence]) -> bool {
        let mut from = 0;
        while let Some((which, _)) = offences.get(from).copied() {
            let until = offences.partition_point(|(epoch, _)| *epoch <= which);
            let Some(epoch) = self.epochs.get(which) else {
                return false;
            };
            let touched = epoch.watch.touches(by);
            let here = offences.get(from..until).unwrap_or_default();
            if here
                .iter()
                .any(|(_, what)| touched.binary_search(what).is_ok())
            {
                return true;
            }
            from = until;
        }
        false
    }
}
