//! Documents that have each of several words: found by going through the word that the fewest have, or, where all are frequent,
//! by laying tables over each other.

use super::few::{Few, Valued};
use super::table::{Sink, Table};
use crate::index::schema::FIELDS;

/// A word that more than one in so many documents has is a table.
const DENSE: usize = 32;

/// What one of the words found.
#[derive(Debug)]
pub(super) enum Word {
    /// Few documents, of so many.
    Few(Few, usize),
    /// Many documents.
    Many(Table),
}

impl Word {
    /// With nothing found, among `docs` documents.
    pub(super) fn none(docs: usize) -> Self {
        Self::Few(Few::default(), docs)
    }
}

impl Sink for Word {
    #[inline]
    fn put(&mut self, doc: usize, value: [u8; FIELDS]) {
        match self {
            Self::Many(table) => table.put(doc, value),
            Self::Few(few, docs) => {
                few.put(doc, value);
                if few.put_in().len() > *docs / DENSE {
                    let mut table = Table::none(*docs);
                    for (doc, value) in few.put_in() {
                        table.put(*doc as usize, *value);
                    }
                    *self = Self::Many(table);
                }
            }
        }
    }
}

/// What several words found, of which the documents that have each of them are wanted.
#[derive(Debug, Default)]
pub(super) struct Together {
    few: Vec<Vec<Valued>>,
    many: Vec<Table>,
}

impl Together {
    /// Adds a word; whether any document may have all of them.
    pub(super) fn and(&mut self, word: Word) -> bool {
        match word {
            Word::Many(table) => {
                self.many.push(table);
                true
            }
            Word::Few(few, _) => {
                let any = !few.put_in().is_empty();
                self.few.push(few.in_order());
                any
            }
        }
    }

    /// Hands over each document that has every word, with the mean of its figures.
    pub(super) fn means(mut self, sink: &mut impl Sink) {
        self.few.sort_by_key(Vec::len);
        let words = (self.few.len() + self.many.len()) as u64;
        let mut put = |doc: u32, sums: u64| sink.put(doc as usize, narrow(mean(sums, words)));
        let Some((fewest, others)) = self.few.split_first() else {
            return self.means_of_many(put);
        };
        let mut at = vec![0; others.len()];
        'documents: for (doc, value) in fewest {
            let mut sums = wide(*value);
            for table in &self.many {
                if !table.docs.has(*doc as usize) {
                    continue 'documents;
                }
                sums += wide(table.values[*doc as usize]);
            }
            for (other, at) in others.iter().zip(&mut at) {
                while other.get(*at).is_some_and(|(other, _)| other < doc) {
                    *at += 1;
                }
                match other.get(*at) {
                    Some((other, value)) if other == doc => sums += wide(*value),
                    Some(_) => continue 'documents,
                    None => return,
                }
            }
            put(*doc, sums);
        }
    }

    fn means_of_many(&self, mut put: impl FnMut(u32, u64)) {
        let Some((first, others)) = self.many.split_first() else {
            return;
        };
        let mut docs = first.docs.clone();
        others.iter().for_each(|table| docs.and(&table.docs));
        for doc in docs.iter() {
            let mut sums = wide(first.values[doc]);
            for table in others {
                sums += wide(table.values[doc]);
            }
            put(u32::try_from(doc).unwrap_or(u32::MAX), sums);
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
    let field = |field: usize| (((sums >> (16 * field)) & 0xffff) / by) << (16 * field);
    (0..FIELDS).map(field).sum()
}

/// Each of the sums divided by the number of words.
#[inline]
fn mean(sums: u64, words: u64) -> u64 {
    match words {
        0 | 1 => sums,
        2 => sums >> 1 & 0x00ff_00ff_00ff_00ff,
        _ => divided(sums, words),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Listed = Vec<(u8, [u8; FIELDS])>;

    /// A table of every document for each word, which is what this stands for.
    fn plainly(words: &[Listed]) -> BTreeMap<u8, [u8; FIELDS]> {
        let table = |word: &Listed| {
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
        fn as_if_every_document_were_looked_at(words in prop::collection::vec(prop::collection::vec((0_u8..20, any::<[u8; FIELDS]>()), 0..30), 1..5), docs in prop::sample::select(vec![20_usize, 200, 2_000])) {
            let mut together = Together::default();
            for word in &words {
                let mut found = Word::none(docs);
                word.iter().for_each(|(doc, value)| found.put(usize::from(*doc), *value));
                let _any = together.and(found);
            }
            let mut found = Few::default();
            together.means(&mut found);
            let found: BTreeMap<u8, [u8; FIELDS]> = found.put_in().iter().map(|(doc, value)| (*doc as u8, *value)).collect();
            prop_assert_eq!(found, plainly(&words));
        }
    }
}
