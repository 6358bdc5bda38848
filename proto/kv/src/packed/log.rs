//! A log of chunks in an engine.

use std::sync::Arc;

use super::{Chunk, ChunkHead, Index, Loc, OwnedRecord, Packed, PackedError};
use crate::{Batch, Engine, KvError};

/// How often a chunk is read again that is being rewritten.
const TRIES: usize = 8;

/// A packed log below a prefix. Cheap to make.
#[derive(Clone, Debug)]
pub struct Log {
    pub(super) engine: Arc<dyn Engine>,
    prefix: Vec<u8>,
}

impl Log {
    /// The log below a prefix. No other key of the engine may begin with it.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, prefix: impl Into<Vec<u8>>) -> Self {
        Self {
            engine,
            prefix: prefix.into(),
        }
    }

    /// Adds a chunk to a batch. Its number must be greater than those before; one that exists is replaced.
    pub fn append(&self, batch: &mut Batch, seq: u64, packed: Packed) {
        batch.put(self.head_key(seq), packed.head);
        batch.put(self.body_key(seq), packed.body);
    }

    /// The view that the chunks up to a number (all without one) add up to. Reads only heads.
    /// No compaction may be committed meanwhile: a scan is not a snapshot.
    ///
    /// # Errors
    /// When a head cannot be read.
    pub fn index(&self, up_to: Option<u64>) -> Result<Index, PackedError> {
        let mut index = Index::default();
        for head in self.heads_from(0) {
            let (seq, head) = head?;
            if up_to.is_some_and(|last| seq > last) {
                break;
            }
            index.apply_head(seq, &head);
        }
        Ok(index)
    }

    /// A chunk with its bodies; `None` if there is none with this number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn chunk(&self, seq: u64) -> Result<Option<Chunk>, PackedError> {
        let mut last = PackedError::Damaged {
            seq,
            why: "its bodies are missing",
        };
        for _ in 0..TRIES {
            let Some(head) = self.head(seq)? else {
                return Ok(None);
            };
            // A compaction that is committed between the two reads shows in the generation.
            let Some(body) = self.engine.get(&self.body_key(seq))? else {
                continue;
            };
            match Chunk::new(head, body) {
                Ok(chunk) => return Ok(Some(chunk)),
                Err(error) => last = error.of_chunk(seq),
            }
        }
        Err(last)
    }

    /// The record at a place; `None` if there is none. A compaction may have put another record
    /// there since the place was looked up: compare the key, and look it up again if it differs.
    ///
    /// # Errors
    /// When its chunk cannot be read.
    pub fn get(&self, at: Loc) -> Result<Option<OwnedRecord>, PackedError> {
        let Some(chunk) = self.chunk(at.seq)? else {
            return Ok(None);
        };
        let record = usize::try_from(at.slot)
            .ok()
            .and_then(|slot| chunk.record(slot));
        Ok(record.map(|record| OwnedRecord {
            revision: record.revision,
            key: record.key.to_owned(),
            hash: record.hash,
            kind: record.kind,
            body: record.body.to_owned(),
        }))
    }

    /// The heads with at least this number, ascending.
    pub fn heads_from<'a>(
        &'a self,
        seq: u64,
    ) -> impl Iterator<Item = Result<(u64, ChunkHead), PackedError>> + 'a {
        self.raw_heads(seq).map(|pair| {
            let (seq, bytes) = pair?;
            let head = ChunkHead::parse(&bytes).map_err(|e| e.of_chunk(seq))?;
            Ok((seq, head))
        })
    }

    /// Number of the last chunk.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_seq(&self) -> Result<Option<u64>, PackedError> {
        let last = self.engine.last(&self.side(b'h'))?;
        Ok(last.and_then(|(key, _)| self.seq_of(&key)))
    }

    /// Removes the chunks with a greater number: what was staged and is discarded.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn drop_after(&self, batch: &mut Batch, seq: u64) -> Result<(), PackedError> {
        match seq.checked_add(1) {
            Some(next) => self.drop_from(batch, next),
            None => Ok(()),
        }
    }

    /// Removes the whole log.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn remove_all(&self, batch: &mut Batch) -> Result<(), PackedError> {
        self.drop_from(batch, 0)
    }

    /// Removes one chunk.
    pub(super) fn drop_chunk(&self, batch: &mut Batch, seq: u64) {
        batch.remove(self.head_key(seq));
        batch.remove(self.body_key(seq));
    }

    pub(super) fn head(&self, seq: u64) -> Result<Option<ChunkHead>, PackedError> {
        let bytes = self.engine.get(&self.head_key(seq))?;
        bytes
            .map(|bytes| ChunkHead::parse(&bytes).map_err(|e| e.of_chunk(seq)))
            .transpose()
    }

    fn drop_from(&self, batch: &mut Batch, seq: u64) -> Result<(), PackedError> {
        for pair in self.raw_heads(seq) {
            self.drop_chunk(batch, pair?.0);
        }
        Ok(())
    }

    fn raw_heads<'a>(
        &'a self,
        seq: u64,
    ) -> impl Iterator<Item = Result<(u64, Vec<u8>), KvError>> + 'a {
        let pairs = self
            .engine
            .scan(&self.side(b'h'), Some(&self.head_key(seq)));
        pairs.filter_map(|pair| match pair {
            Ok((key, value)) => self.seq_of(&key).map(|seq| Ok((seq, value))),
            Err(e) => Some(Err(e)),
        })
    }

    fn side(&self, side: u8) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.prefix.len() + 9);
        key.extend_from_slice(&self.prefix);
        key.push(side);
        key
    }

    fn head_key(&self, seq: u64) -> Vec<u8> {
        let mut key = self.side(b'h');
        key.extend_from_slice(&seq.to_be_bytes());
        key
    }

    fn body_key(&self, seq: u64) -> Vec<u8> {
        let mut key = self.side(b'b');
        key.extend_from_slice(&seq.to_be_bytes());
        key
    }

    fn seq_of(&self, key: &[u8]) -> Option<u64> {
        let seq = key.get(self.prefix.len() + 1..)?;
        Some(u64::from_be_bytes(seq.try_into().ok()?))
    }
}
