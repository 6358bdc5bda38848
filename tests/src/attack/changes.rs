//! What can be read off by comparing any two revisions.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Findings, HiddenAgain, SmallChange};
use super::numbers::{Key, Known, Number, Numbers, Revision};
use super::{DISTRICT, Subject, whole};

/// A sum in one revision: its parent, and each child that may be known.
#[derive(PartialEq)]
struct State {
    at: usize,
    parent: (Number, i64),
    children: BTreeMap<Number, Option<i64>>,
}

/// Compares every pair of revisions of a provider or of the district.
pub(super) fn compare(
    subject: &Subject<'_>,
    revisions: &[Revision],
    batch: i64,
    findings: &mut Findings,
) {
    shown(subject, revisions, batch, findings);
    for (_, states) in states(subject.numbers, revisions) {
        residuals(subject, revisions, batch, &states, findings);
    }
}

/// Values of a number that lie too near to each other, and numbers that were hidden again.
fn shown(subject: &Subject<'_>, revisions: &[Revision], batch: i64, findings: &mut Findings) {
    let mut values: BTreeMap<Number, BTreeMap<i64, usize>> = BTreeMap::new();
    let mut again: BTreeMap<Number, usize> = BTreeMap::new();
    for (at, revision) in revisions.iter().enumerate() {
        for (number, cell) in &revision.cells {
            match cell.value {
                Some(value) => {
                    let known = values.entry(*number).or_default();
                    known.entry(whole(value)).or_insert(at);
                }
                None if values.contains_key(number) => {
                    again.entry(*number).or_insert(at);
                }
                None => {}
            }
        }
    }
    if subject.provider == DISTRICT {
        // It must hide what a new provider hides; the providers keep what they show.
        again.clear();
    }
    for (number, later) in again {
        let first = values[&number].values().min().copied().unwrap_or(0);
        findings.hidden_again.push(HiddenAgain {
            place: subject.place(revisions, first, number),
            later: revisions[later].releases.0,
        });
    }
    for (number, known) in values {
        for (from, first) in &known {
            for (to, second) in known.range(from + 1..from + batch) {
                let ((from, first), (to, second)) = if first < second {
                    ((from, first), (to, second))
                } else {
                    ((to, second), (from, first))
                };
                findings.small_changes.push(SmallChange {
                    place: subject.place(revisions, *first, number),
                    later: revisions[*second].releases.0,
                    residual: false,
                    from: *from,
                    to: *to,
                });
            }
        }
    }
}

/// For every sum its states, those left out that say the same as the one before.
fn states(numbers: &Numbers, revisions: &[Revision]) -> BTreeMap<(Key, usize), Vec<State>> {
    let mut all: BTreeMap<(Key, usize), Vec<State>> = BTreeMap::new();
    for (at, revision) in revisions.iter().enumerate() {
        for (name, sum) in revision.sums(numbers) {
            let Some(parent) = sum.parent else { continue };
            let Known::Value(value) = revision.known(numbers, parent) else {
                continue;
            };
            let states = all.entry(name).or_default();
            let mut children: BTreeSet<Number> = sum.children.into_iter().collect();
            // One that is not listed any more may be known to be zero.
            children.extend(
                states
                    .iter()
                    .flat_map(|state| state.children.keys().copied()),
            );
            let known = |child: Number| match revision.known(numbers, child) {
                Known::Value(value) => (child, Some(whole(value))),
                _ => (child, None),
            };
            let state = State {
                at,
                parent: (parent, whole(value)),
                children: children.into_iter().map(known).collect(),
            };
            let same =
                |last: &State| (last.parent, &last.children) == (state.parent, &state.children);
            if !states.last().is_some_and(same) {
                states.push(state);
            }
        }
    }
    all
}

/// What is left of the parent without the children that both revisions show.
fn residuals(
    subject: &Subject<'_>,
    revisions: &[Revision],
    batch: i64,
    states: &[State],
    findings: &mut Findings,
) {
    let mut told: BTreeSet<(i64, i64)> = BTreeSet::new();
    for (place, one) in states.iter().enumerate() {
        for other in &states[place + 1..] {
            let open = |state: &State| state.children.values().any(Option::is_none);
            if !open(one) && !open(other) {
                continue;
            }
            let (mut from, mut to, mut taken) = (one.parent.1, other.parent.1, 0);
            for (child, value) in &one.children {
                let later = other.children.get(child).copied().flatten();
                if let (Some(value), Some(later)) = (value, later) {
                    from -= value;
                    to -= later;
                    taken += 1;
                }
            }
            if taken > 0 && (1..batch).contains(&(to - from).abs()) && told.insert((from, to)) {
                findings.small_changes.push(SmallChange {
                    place: subject.place(revisions, one.at, one.parent.0),
                    later: revisions[other.at].releases.0,
                    residual: true,
                    from,
                    to,
                });
            }
        }
    }
}
