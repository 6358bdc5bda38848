//! Who was counted with what in which revision, and what that adds up to.

use std::collections::BTreeMap;

use calluna_figures::{Figures, PersonHash, Touch};

/// What a person adds from one revision on.
pub(crate) struct Entry {
    pub(crate) revision: u32,
    /// Ascending by number; empty when she is gone.
    pub(crate) touches: Box<[Touch]>,
}

/// All persons that ever were in a revision; entries of each ascend by revision.
pub(crate) type Persons = BTreeMap<PersonHash, Vec<Entry>>;

/// A number as an index.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// An index as a number.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// What she added in a revision.
pub(crate) fn at(history: &[Entry], revision: u32) -> &[Touch] {
    let entry = history.iter().rfind(|entry| entry.revision <= revision);
    entry.map_or(&[], |entry| &entry.touches)
}

/// Differences of two lists, both ascending, in the numbers below `reach`.
pub(crate) fn difference(was: &[Touch], is: &[Touch], reach: usize) -> Vec<(u32, i64)> {
    let (mut was, mut is) = (was.iter().peekable(), is.iter().peekable());
    let mut out = Vec::new();
    loop {
        let next = match (was.peek(), is.peek()) {
            (None, None) => break,
            (Some(old), None) => old.number,
            (None, Some(new)) => new.number,
            (Some(old), Some(new)) => old.number.min(new.number),
        };
        if index(next) >= reach {
            break;
        }
        let old = was.next_if(|touch| touch.number == next);
        let new = is.next_if(|touch| touch.number == next);
        let value = |touch: Option<&Touch>| touch.map_or(0, |touch| i64::from(touch.value));
        let by = value(new) - value(old);
        if by != 0 {
            out.push((next, by));
        }
    }
    out
}

/// Values and contributors of every number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) values: Vec<u32>,
    pub(crate) contributors: Vec<u32>,
}

impl Sums {
    pub(crate) fn empty(numbers: usize) -> Self {
        Self {
            values: vec![0; numbers],
            contributors: vec![0; numbers],
        }
    }

    /// Takes one person's part out and puts another in.
    pub(crate) fn change(&mut self, was: &[Touch], is: &[Touch]) {
        for touch in was {
            let at = index(touch.number);
            if let (Some(value), Some(persons)) =
                (self.values.get_mut(at), self.contributors.get_mut(at))
            {
                *value = value.saturating_sub(touch.value);
                *persons = persons.saturating_sub(1);
            }
        }
        for touch in is {
            let at = index(touch.number);
            if let (Some(value), Some(persons)) =
                (self.values.get_mut(at), self.contributors.get_mut(at))
            {
                *value = value.saturating_add(touch.value);
                *persons = persons.saturating_add(1);
            }
        }
    }
}

/// The sums of revisions 1 to `revisions`, in order.
pub(crate) fn sums(persons: &Persons, numbers: usize, revisions: usize) -> Vec<Sums> {
    let mut steps: Vec<Vec<(&[Touch], &[Touch])>> = vec![Vec::new(); revisions];
    for history in persons.values() {
        let mut before: &[Touch] = &[];
        for entry in history {
            let at = index(entry.revision).checked_sub(1);
            if let Some(step) = at.and_then(|at| steps.get_mut(at)) {
                step.push((before, &entry.touches));
            }
            before = &entry.touches;
        }
    }
    let mut now = Sums::empty(numbers);
    let mut out = Vec::with_capacity(revisions);
    for step in steps {
        step.into_iter().for_each(|(was, is)| now.change(was, is));
        out.push(now.clone());
    }
    out
}

/// A person whose part differs from what the last revision holds of her.
pub(crate) struct Change<'a> {
    pub(crate) hash: PersonHash,
    pub(crate) was: &'a [Touch],
    pub(crate) is: &'a [Touch],
    /// Differences in the numbers that are looked at.
    pub(crate) by: Vec<(u32, i64)>,
    /// All her parts, revision by revision.
    pub(crate) history: &'a [Entry],
}

/// Everybody whose part differs in a number below `reach`, by hash.
pub(crate) fn changes<'a>(
    persons: &'a Persons,
    figures: &'a Figures,
    reach: usize,
) -> Vec<Change<'a>> {
    let mut all: BTreeMap<PersonHash, (&'a [Entry], &'a [Touch])> = persons
        .iter()
        .map(|(hash, history)| (*hash, (history.as_slice(), &[][..])))
        .collect();
    for person in figures.persons() {
        all.entry(person.hash).or_insert((&[], &[])).1 = person.touches;
    }
    all.into_iter()
        .filter_map(|(hash, (history, is))| {
            let was = at(history, u32::MAX);
            let by = difference(was, is, reach);
            (!by.is_empty()).then_some(Change {
                hash,
                was,
                is,
                by,
                history,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touches(pairs: &[(u32, u32)]) -> Vec<Touch> {
        let touch = |(number, value): &(u32, u32)| Touch {
            number: *number,
            value: *value,
        };
        pairs.iter().map(touch).collect()
    }

    #[test]
    fn a_difference_is_what_is_more_and_what_is_less() {
        let (was, is) = (
            touches(&[(1, 1), (3, 2), (5, 1)]),
            touches(&[(1, 1), (2, 1), (3, 1)]),
        );
        assert_eq!(difference(&was, &is, 9), [(2, 1), (3, -1), (5, -1)]);
        assert_eq!(difference(&was, &is, 3), [(2, 1)]);
        assert!(difference(&was, &was, 9).is_empty());
    }

    #[test]
    fn sums_follow_the_history() {
        let entry = |revision, pairs: &[(u32, u32)]| Entry {
            revision,
            touches: touches(pairs).into(),
        };
        let hash = |byte| PersonHash::from_bytes([byte; 32]);
        let persons = Persons::from([
            (hash(1), vec![entry(1, &[(0, 1)]), entry(3, &[])]),
            (hash(2), vec![entry(2, &[(0, 2), (1, 1)])]),
        ]);
        let sums = sums(&persons, 2, 3);
        let values: Vec<&[u32]> = sums.iter().map(|one| one.values.as_slice()).collect();
        assert_eq!(values, [[1, 0], [3, 1], [2, 1]]);
        assert_eq!(sums[1].contributors, [2, 1]);
        assert_eq!(at(&persons[&hash(1)], 2).len(), 1);
        assert!(at(&persons[&hash(1)], 3).is_empty());
    }
}
