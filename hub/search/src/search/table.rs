//! What a word found, as a table of all documents.

use crate::bits::Bits;
use crate::index::schema::FIELDS;

/// Takes what is found.
pub(super) trait Sink {
    /// Adds a document, with how much of the word stands in each of its fields.
    fn put(&mut self, doc: usize, value: [u8; FIELDS]);
}

/// The documents, and how much of the word stands in each field of each of them.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) docs: Bits,
    pub(super) values: Vec<[u8; FIELDS]>,
}

impl Table {
    /// With nothing found.
    pub(super) fn none(docs: usize) -> Self {
        Self {
            docs: Bits::none(docs),
            values: vec![[0; FIELDS]; docs],
        }
    }
}

impl Sink for Table {
    /// Of several ways that stand in a field, the best one counts.
    #[inline]
    fn put(&mut self, doc: usize, value: [u8; FIELDS]) {
        self.docs.set(doc);
        if let Some(before) = self.values.get_mut(doc) {
            raise(before, value);
        }
    }
}

/// Raises each figure to another one that is larger.
#[inline]
pub(super) fn raise(figures: &mut [u8; FIELDS], to: [u8; FIELDS]) {
    let mut field = 0;
    while field < FIELDS {
        figures[field] = figures[field].max(to[field]);
        field += 1;
    }
}
