//! A chunk: records in, records out.

use std::ops::Range;

use super::head::HeadWriter;
use super::{CHUNK_BYTES, ChunkHead, Kind, PackedError};

/// Bytes behind the bodies: the generation.
const TRAILER_LEN: usize = 4;

/// One record, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The owner's revision of this change.
    pub revision: u64,
    /// The key: at most some hundred bytes.
    pub key: &'a str,
    /// The owner's hash of the content.
    pub hash: [u8; 32],
    /// What the record says about the key.
    pub kind: Kind,
    /// The content; may be empty.
    pub body: &'a [u8],
}

/// One record, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRecord {
    /// The owner's revision of this change.
    pub revision: u64,
    /// The key.
    pub key: String,
    /// The owner's hash of the content.
    pub hash: [u8; 32],
    /// What the record says about the key.
    pub kind: Kind,
    /// The content.
    pub body: Vec<u8>,
}

/// A finished chunk, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The head.
    pub head: Vec<u8>,
    /// The bodies.
    pub body: Vec<u8>,
}

/// Packs records. Copies each body once and allocates nothing for a single record.
#[derive(Debug)]
pub struct ChunkBuilder {
    head: HeadWriter,
    body: Vec<u8>,
    generation: u32,
}

impl Default for ChunkBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkBuilder {
    /// An empty chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::of_generation(0)
    }

    /// A chunk that takes the place of older ones.
    pub(super) fn of_generation(generation: u32) -> Self {
        Self {
            head: HeadWriter::new(),
            body: Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 16),
            generation,
        }
    }

    /// Adds a record behind the others. Its slot is the number of records before it.
    pub fn push(&mut self, record: &Record<'_>) {
        self.head.push(record);
        self.body.extend_from_slice(record.body);
    }

    /// How many records it holds.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.head.records()
    }

    /// Bytes of all bodies.
    #[must_use]
    pub const fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// Whether it holds no record.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records() == 0
    }

    /// Whether it has reached [`CHUNK_BYTES`], or so many records that the head alone is large.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.body.len() >= CHUNK_BYTES || self.records() >= 1024
    }

    /// The bytes to be written.
    #[must_use]
    pub fn finish(mut self) -> Packed {
        self.body.extend_from_slice(&self.generation.to_le_bytes());
        Packed {
            head: self.head.finish(self.generation),
            body: self.body,
        }
    }
}

/// A chunk with its bodies.
#[derive(Clone, Debug)]
pub struct Chunk {
    head: ChunkHead,
    body: Vec<u8>,
}

impl Chunk {
    /// Joins a head with its bodies.
    ///
    /// # Errors
    /// When they do not belong together.
    pub fn new(head: ChunkHead, mut body: Vec<u8>) -> Result<Self, PackedError> {
        let mismatch = PackedError::Malformed {
            why: "its head and its bodies do not belong together",
        };
        let (bodies, trailer) = body
            .split_last_chunk::<TRAILER_LEN>()
            .ok_or_else(|| mismatch.clone())?;
        if bodies.len() != head.body_bytes() || u32::from_le_bytes(*trailer) != head.generation() {
            return Err(mismatch);
        }
        body.truncate(head.body_bytes());
        Ok(Self { head, body })
    }

    /// How many records it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.head.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Its head.
    #[must_use]
    pub const fn head(&self) -> &ChunkHead {
        &self.head
    }

    /// The record in a slot.
    #[must_use]
    pub fn record(&self, slot: usize) -> Option<Record<'_>> {
        let entry = self.head.entry(slot)?;
        let body = self.body.get(entry.body)?;
        Some(Record {
            revision: entry.revision,
            key: entry.key,
            hash: entry.hash,
            kind: entry.kind,
            body,
        })
    }

    /// All records, in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        (0..self.len()).filter_map(|slot| self.record(slot))
    }

    /// Where the body of a slot lies in what [`Self::into_body`] returns; empty for a slot that
    /// does not exist.
    #[must_use]
    pub fn body_range(&self, slot: usize) -> Range<usize> {
        self.head.entry(slot).map_or(0..0, |entry| entry.body)
    }

    /// All bodies, one behind the other, without copying.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

impl OwnedRecord {
    /// The record, borrowed.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        Record {
            revision: self.revision,
            key: &self.key,
            hash: self.hash,
            kind: self.kind,
            body: &self.body,
        }
    }
}
