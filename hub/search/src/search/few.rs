//! What a word found that has to stand beside others: a list in order of the documents, not a table of all of them.

use crate::index::schema::FIELDS;

/// Takes what is found.
pub(super) trait Sink {
    /// Adds a document, with how much of the word stands in each of its fields.
    fn put(&mut self, doc: usize, value: [u8; FIELDS]);
}

/// Documents, each with a figure for each field.
#[derive(Debug, Default)]
pub(super) struct Few<T>(Vec<(u32, [T; FIELDS])>);

impl Sink for Few<u8> {
    fn put(&mut self, doc: usize, value: [u8; FIELDS]) {
        self.0.push((u32::try_from(doc).unwrap_or(u32::MAX), value));
    }
}

impl Few<u8> {
    /// In order, each document once: of several figures for a field the largest one counts.
    fn in_order(mut self) -> Self {
        // What was put are a few lists in order, which this sort puts together in one go.
        self.0.sort_by_key(|(doc, _)| *doc);
        self.0.dedup_by(|(doc, value), (before, largest)| {
            let same = doc == before;
            if same {
                for (largest, value) in largest.iter_mut().zip(value) {
                    *largest = (*largest).max(*value);
                }
            }
            same
        });
        self
    }
}

/// Documents that have each of several words, with the sums of the figures.
#[derive(Debug, Default)]
pub(super) struct Together {
    words: u16,
    sums: Few<u16>,
}

impl Together {
    /// Leaves those that have this word, too.
    pub(super) fn and(&mut self, word: Few<u8>) {
        let word = word.in_order().0.into_iter();
        let first = self.words == 0;
        self.words += 1;
        if first {
            self.sums.0 = word
                .map(|(doc, value)| (doc, value.map(u16::from)))
                .collect();
            return;
        }
        let mut word = word.peekable();
        self.sums.0.retain_mut(|(doc, sums)| {
            while word.next_if(|(other, _)| other < doc).is_some() {}
            let Some((_, value)) = word.next_if(|(other, _)| other == doc) else {
                return false;
            };
            for (sum, value) in sums.iter_mut().zip(value) {
                *sum += u16::from(value);
            }
            true
        });
    }

    /// Whether no document has all of them.
    pub(super) fn is_empty(&self) -> bool {
        self.sums.0.is_empty()
    }

    /// Hands over each document with the mean of its figures.
    pub(super) fn means(self, sink: &mut impl Sink) {
        for (doc, sums) in self.sums.0 {
            let mean = |sum: u16| u8::try_from(sum / self.words.max(1)).unwrap_or(u8::MAX);
            sink.put(doc as usize, sums.map(mean));
        }
    }
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
        fn as_if_every_document_were_looked_at(words in prop::collection::vec(prop::collection::vec((0_u8..20, any::<[u8; FIELDS]>()), 0..30), 1..4)) {
            let mut together = Together::default();
            for word in &words {
                let mut few = Few::default();
                word.iter().for_each(|(doc, value)| few.put(usize::from(*doc), *value));
                together.and(few);
            }
            let mut found = Few::default();
            together.means(&mut found);
            let found: BTreeMap<u8, [u8; FIELDS]> = found.0.into_iter().map(|(doc, value)| (doc as u8, value)).collect();
            prop_assert_eq!(found, plainly(&words));
        }
    }
}
