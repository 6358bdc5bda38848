//! The packed log: many small records in chunks of about 64 KiB, so that one insert into the
//! engine carries some forty of them.
//!
//! Bytes only. A record is a revision, a key, a hash, a [`Kind`] and a body; what they mean is the
//! owner's business.
//!
//! # Keys
//! A [`Log`] has a prefix. A chunk with the number `seq` (u64, big-endian) is two keys:
//! `prefix h seq` is its *head* (everything but the bodies) and `prefix b seq` its *bodies*, one
//! behind the other. Heads are apart so that an [`Index`] loads without reading bodies. Owners of
//! several logs end each prefix with a byte that occurs in no prefix, so that none begins another.
//!
//! # Head, format 1 (little-endian)
//! `format u8 = 1`, `generation u32`, `records u32`, then each record: `revision` as zigzag varint
//! of the wrapping difference to the record before (to 0 for the first), `kind u8`, `key length`
//! varint, `body length` varint, `key` (UTF-8), `hash` (32 bytes). The value with the bodies ends
//! with the same `generation u32`: a reader that meets a chunk while it is rewritten notices that
//! head and bodies do not belong together, and reads again.
//!
//! # Order
//! Chunks apply in the order of `seq`, records in the order within a chunk. [`Kind::Value`] replaces
//! what was; [`Kind::Rejected`] becomes the newest version but leaves the last good value in place;
//! [`Kind::Gone`] removes the value and stays as a tombstone.
//!
//! # Compaction
//! [`Log::compact_step`] rewrites a few neighbouring chunks into one. It never touches the chunk
//! with the highest number, so that number and the last revision survive a reload. A tombstone is
//! dropped only when no older record of its key is left in any chunk before: else that one would
//! come back to life when the index is next loaded.

use crate::KvError;

mod chunk;
mod compact;
mod head;
mod index;
mod log;

pub use chunk::{Chunk, ChunkBuilder, OwnedRecord, Packed, Record};
pub use head::{ChunkHead, HeadEntry};
pub use index::{Entry, Index, Loc};
pub use log::Log;

/// Bytes of bodies at which a chunk is full enough to be finished.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// What a record says about its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body is the value.
    Value,
    /// The key is removed; kept as a tombstone.
    Gone,
    /// The newest version was refused; the last value stays the good one.
    Rejected,
}

impl Kind {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Value => 0,
            Self::Gone => 1,
            Self::Rejected => 2,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Value),
            1 => Some(Self::Gone),
            2 => Some(Self::Rejected),
            _ => None,
        }
    }
}

/// Why a packed log cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PackedError {
    /// The engine below failed.
    #[error(transparent)]
    Kv(#[from] KvError),
    /// Bytes that are no chunk.
    #[error("these bytes are no packed chunk: {why}")]
    Malformed {
        /// What does not fit.
        why: &'static str,
    },
    /// A chunk of the log cannot be read.
    #[error(
        "chunk {seq} of a packed log is damaged: {why}; restore a backup, or import (node) or synchronise (hub) again"
    )]
    Damaged {
        /// Number of the chunk.
        seq: u64,
        /// What does not fit.
        why: &'static str,
    },
    /// A newer program wrote the chunk.
    #[error(
        "a packed chunk has format {found}, this program knows formats up to {known}; use the newer program that wrote it"
    )]
    Newer {
        /// The format that was found.
        found: u8,
        /// The newest format that this program knows.
        known: u8,
    },
}

impl PackedError {
    /// Says which chunk it was.
    fn of_chunk(self, seq: u64) -> Self {
        match self {
            Self::Malformed { why } => Self::Damaged { seq, why },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
