//! What a word found, as a list in order of the documents: for words that few offers have.

use std::cmp::Ordering;

use super::table::{Sink, raise};
use crate::index::schema::FIELDS;

/// A document, and a figure for each of its fields.
pub(super) type Valued = (u32, [u8; FIELDS]);

/// Documents, each with a figure for each field: put in as a few lists, each in order.
#[derive(Debug, Default)]
pub(super) struct Few {
    docs: Vec<Valued>,
    /// Where the second list begins, and those after it.
    lists: Vec<usize>,
}

impl Sink for Few {
    #[inline]
    fn put(&mut self, doc: usize, value: [u8; FIELDS]) {
        let doc = u32::try_from(doc).unwrap_or(u32::MAX);
        if self.docs.last().is_some_and(|(last, _)| *last >= doc) {
            self.lists.push(self.docs.len());
        }
        self.docs.push((doc, value));
    }
}

impl Few {
    /// As it was put in, before documents are brought together.
    pub(super) fn put_in(&self) -> &[Valued] {
        &self.docs
    }

    /// In order, each document once: of several figures for a field the largest one counts.
    pub(super) fn in_order(self) -> Vec<Valued> {
        let Some(first) = self.lists.first() else {
            return self.docs;
        };
        let mut merged = self.docs[..*first].to_vec();
        let ends = self.lists[1..].iter().copied().chain([self.docs.len()]);
        for (start, end) in self.lists.iter().copied().zip(ends) {
            merged = merge(&merged, &self.docs[start..end]);
        }
        merged
    }
}

/// One list of two that are in order.
fn merge(a: &[Valued], b: &[Valued]) -> Vec<Valued> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut left, mut right) = (0, 0);
    while left < a.len() && right < b.len() {
        let (one, other) = (a[left], b[right]);
        left += usize::from(one.0 <= other.0);
        right += usize::from(other.0 <= one.0);
        merged.push(match one.0.cmp(&other.0) {
            Ordering::Less => one,
            Ordering::Greater => other,
            Ordering::Equal => {
                let mut largest = one.1;
                raise(&mut largest, other.1);
                (one.0, largest)
            }
        });
    }
    merged.extend_from_slice(&a[left..]);
    merged.extend_from_slice(&b[right..]);
    merged
}
