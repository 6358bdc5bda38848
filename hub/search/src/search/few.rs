//! What a word found that has to stand beside others: a list in order of the documents, not a table of all of them.

use std::cmp::Ordering;

use crate::index::schema::FIELDS;

/// Takes what is found.
pub(super) trait Sink {
    /// Adds a document, with how much of the word stands in each of its fields.
    fn put(&mut self, doc: usize, value: [u8; FIELDS]);
}

/// A document, and a figure for each of its fields.
type Valued = (u32, [u8; FIELDS]);

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
    /// In order, each document once: of several figures for a field the largest one counts.
    fn in_order(self) -> Vec<Valued> {
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
                let largest = |field: usize| one.1[field].max(other.1[field]);
                (one.0, std::array::from_fn(largest))
            }
        });
    }
    merged.extend_from_slice(&a[left..]);
    merged.extend_from_slice(&b[right..]);
    merged
}

/// Documents that have each of several words, with the sums of the figures, sixteen bits for each field.
#[derive(Debug, Default)]
pub(super) struct Together {
    words: u64,
    sums: Vec<(u32, u64)>,
}

impl Together {
    /// Leaves those that have this word, too.
    pub(super) fn and(&mut self, word: Few) {
        let word = word.in_order();
        let first = self.words == 0;
        self.words += 1;
        if first {
            let wide = word.into_iter().map(|(doc, value)| (doc, wide(value)));
            self.sums = wide.collect();
            return;
        }
        let (mut kept, mut at) = (0, 0);
        for this in 0..self.sums.len() {
            let (doc, sums) = self.sums[this];
            while at < word.len() && word[at].0 < doc {
                at += 1;
            }
            if at < word.len() && word[at].0 == doc {
                self.sums[kept] = (doc, sums + wide(word[at].1));
                kept += 1;
            }
        }
        self.sums.truncate(kept);
    }

    /// Whether no document has all of them.
    pub(super) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Hands over each document with the mean of its figures.
    pub(super) fn means(self, sink: &mut impl Sink) {
        for (doc, sums) in self.sums {
            let mean = match self.words {
                0 | 1 => sums,
                2 => sums >> 1 & 0x00ff_00ff_00ff_00ff,
                words => divided(sums, words),
            };
            sink.put(doc as usize, narrow(mean));
        }
    }
}

/// The figures in sixteen bits each.
#[inline]
fn wide(value: [u8; FIELDS]) -> u64 {
    let packed = u64::from(u32::from_le_bytes(value));
    let halves = (packed | packed << 16) & 0x0000_ffff_0000_ffff;
    (halves | halves << 8) & 0x00ff_00ff_00ff_00ff
}

/// The lower eight of sixteen bits each.
#[inline]
fn narrow(sums: u64) -> [u8; FIELDS] {
    let [a, _, b, _, c, _, d, _] = sums.to_le_bytes();
    [a, b, c, d]
}

fn divided(sums: u64, by: u64) -> u64 {
    let field = |field: usize| (sums >> (16 * field) & 0xffff) / by << (16 * field);
    (0..FIELDS).map(field).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Word = Vec<(u8, [u8; FIELDS])>;

    /// A table of every document for each word, which is what this stands for.
    fn plainly(words: &[Word]) -> BTreeMap<u8, [u8; FIELDS]> {
        let table = |word: &Word| {
            let mut table: BTreeMap<u8, [u8; FIELDS]> = BTreeMap::new();
            for (doc, value) in word {
                let before = table.entry(*doc).or_default();
                (0..FIELDS).for_each(|field| before[field] = before[field].max(value[field]));
            }
            table
        };
        let tables: Vec<_> = words.iter().map(table).collect();
        let mut all = BTreeMap::new();
        for doc in 0..=u8::MAX {
            let values: Option<Vec<_>> = tables.iter().map(|table| table.get(&doc)).collect();
            if let Some(values) = values {
                let sum = |field: usize| -> u64 {
                    values.iter().map(|value| u64::from(value[field])).sum()
                };
                let mean = |field: usize| -> u64 { sum(field) / words.len() as u64 };
                all.insert(doc, std::array::from_fn(|field| mean(field) as u8));
            }
        }
        all
    }

    proptest! {
        #[test]
        fn as_if_every_document_were_looked_at(words in prop::collection::vec(prop::collection::vec((0_u8..20, any::<[u8; FIELDS]>()), 0..30), 1..5)) {
            let mut together = Together::default();
            for word in &words {
                let mut few = Few::default();
                word.iter().for_each(|(doc, value)| few.put(usize::from(*doc), *value));
                together.and(few);
            }
            let mut found = Few::default();
            together.means(&mut found);
            let found: BTreeMap<u8, [u8; FIELDS]> = found.docs.into_iter().map(|(doc, value)| (doc as u8, value)).collect();
            prop_assert_eq!(found, plainly(&words));
        }
    }
}
