//! Which key stands where: the view that the log adds up to, in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{ChunkHead, Kind, Record};

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Loc {
    /// Number of the chunk.
    pub seq: u64,
    /// Place of the record in it, from 0.
    pub slot: u32,
}

/// The newest record of a key, and where its value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Revision of the newest record.
    pub revision: u64,
    /// Hash of the newest record.
    pub hash: [u8; 32],
    /// Kind of the newest record.
    pub kind: Kind,
    /// Where the newest record is.
    pub at: Loc,
    /// Where the last good value is: `at` for a value, the one before for a rejected version,
    /// nowhere for a removed key.
    pub good: Option<Loc>,
}

/// An entry as it is kept: 56 bytes. With the key and the tree around them about 160 bytes.
#[derive(Clone, Copy, Debug)]
struct Newest {
    revision: u64,
    seq: u64,
    hash: [u8; 32],
    slot: u32,
    kind: Kind,
}

/// What stands below a rejected version and is still needed.
#[derive(Clone, Copy, Debug)]
enum Base {
    /// The good value.
    Value(Loc),
    /// The tombstone: without it an older value, still in the log, would come back at a reload.
    Gone(Loc),
}

impl Base {
    const fn at(self) -> Loc {
        match self {
            Self::Value(at) | Self::Gone(at) => at,
        }
    }
}

/// How much of a chunk is still needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) records: u32,
    pub(super) needed: u32,
    /// Tombstones that are the newest record of their key.
    pub(super) gone: u32,
    /// Bytes of heads and bodies.
    pub(super) bytes: u64,
}

impl Fill {
    /// Bytes that would be left after a rewrite, estimated by the share of records.
    pub(super) fn live_bytes(self) -> u64 {
        match self.records {
            0 => 0,
            records => self.bytes * u64::from(self.needed) / u64::from(records),
        }
    }

    pub(super) const fn dead(self) -> u32 {
        self.records.saturating_sub(self.needed)
    }
}

/// The view of a log. Records must be applied in the order of the log.
#[derive(Clone, Debug, Default)]
pub struct Index {
    entries: BTreeMap<Box<str>, Newest>,
    /// Only for keys whose newest version was rejected: they are few.
    bases: BTreeMap<Box<str>, Base>,
    chunks: BTreeMap<u64, Fill>,
    gone: usize,
    last_revision: u64,
    /// Where the search for tombstones that may go has arrived.
    pub(super) gone_cursor: u64,
}

impl Index {
    /// Applies a record that was appended at a place.
    pub fn apply(&mut self, seq: u64, slot: u32, record: &Record<'_>) {
        let newest = Newest {
            revision: record.revision,
            seq,
            hash: record.hash,
            slot,
            kind: record.kind,
        };
        self.note(record.key, newest, record.body.len());
    }

    /// Applies all records of a chunk.
    pub fn apply_head(&mut self, seq: u64, head: &ChunkHead) {
        self.chunks.entry(seq).or_default();
        for (slot, entry) in (0_u32..).zip(head.entries()) {
            let newest = Newest {
                revision: entry.revision,
                seq,
                hash: entry.hash,
                slot,
                kind: entry.kind,
            };
            self.note(entry.key, newest, entry.body.len());
        }
    }

    /// The newest record of a key, tombstones included.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Entry> {
        let newest = self.entries.get(key)?;
        Some(self.entry(key, newest))
    }

    /// All entries, ascending by key, tombstones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Entry)> {
        self.entries
            .iter()
            .map(|(key, newest)| (&**key, self.entry(key, newest)))
    }

    /// The entries behind a key, ascending, tombstones included; for reading on page by page.
    pub fn iter_after<'a>(&'a self, key: &str) -> impl Iterator<Item = (&'a str, Entry)> {
        let behind = (Bound::Excluded(key), Bound::Unbounded);
        self.entries
            .range::<str, _>(behind)
            .map(|(key, newest)| (&**key, self.entry(key, newest)))
    }

    /// How many keys are present: all but the removed ones.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len() - self.gone
    }

    /// How many keys are removed and still have their tombstone.
    #[must_use]
    pub const fn tombstones(&self) -> usize {
        self.gone
    }

    /// Whether it knows no key, not even a removed one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of the last chunk.
    #[must_use]
    pub fn last_seq(&self) -> Option<u64> {
        self.chunks.last_key_value().map(|(seq, _)| *seq)
    }

    /// The highest revision that was applied; 0 if none.
    #[must_use]
    pub const fn last_revision(&self) -> u64 {
        self.last_revision
    }

    /// Whether the record of `key` at this place is still needed: the newest of its key, or what
    /// stands below a rejected version.
    #[must_use]
    pub fn is_needed(&self, seq: u64, slot: u32, key: &str) -> bool {
        let at = Loc { seq, slot };
        self.entries
            .get(key)
            .is_some_and(|newest| newest.at() == at)
            || self.bases.get(key).is_some_and(|base| base.at() == at)
    }

    /// Records of a chunk, and how many of them are dead; `None` for a chunk that is not there.
    #[must_use]
    pub fn chunk_records(&self, seq: u64) -> Option<(u32, u32)> {
        self.chunks
            .get(&seq)
            .map(|fill| (fill.records, fill.dead()))
    }

    /// Bytes of all chunks, heads and bodies, about.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        self.chunks.values().map(|fill| fill.bytes).sum()
    }

    pub(super) const fn fills(&self) -> &BTreeMap<u64, Fill> {
        &self.chunks
    }

    /// Whether the key's newest record is a tombstone.
    pub(super) fn is_gone(&self, key: &str) -> bool {
        self.entries
            .get(key)
            .is_some_and(|newest| newest.kind == Kind::Gone)
    }

    /// Forgets a removed key.
    pub(super) fn forget(&mut self, key: &str) {
        if self.is_gone(key) {
            self.entries.remove(key);
            self.gone -= 1;
        }
    }

    /// Forgets a chunk; its needed records are moved with [`Self::move_to`].
    pub(super) fn drop_chunk(&mut self, seq: u64) {
        self.chunks.remove(&seq);
    }

    /// A needed record was rewritten to another place.
    pub(super) fn move_to(&mut self, key: &str, from: Loc, to: Loc) {
        if let Some(newest) = self
            .entries
            .get_mut(key)
            .filter(|newest| newest.at() == from)
        {
            (newest.seq, newest.slot) = (to.seq, to.slot);
        } else if let Some(base) = self.bases.get_mut(key).filter(|base| base.at() == from) {
            *base = match base {
                Base::Value(_) => Base::Value(to),
                Base::Gone(_) => Base::Gone(to),
            };
        }
    }

    pub(super) fn set_fill(&mut self, seq: u64, fill: Fill) {
        self.chunks.insert(seq, fill);
    }

    fn entry(&self, key: &str, newest: &Newest) -> Entry {
        let at = newest.at();
        let good = match newest.kind {
            Kind::Value => Some(at),
            Kind::Gone => None,
            Kind::Rejected => match self.bases.get(key) {
                Some(Base::Value(good)) => Some(*good),
                Some(Base::Gone(_)) | None => None,
            },
        };
        Entry {
            revision: newest.revision,
            hash: newest.hash,
            kind: newest.kind,
            at,
            good,
        }
    }

    fn note(&mut self, key: &str, newest: Newest, body_len: usize) {
        let fill = self.chunks.entry(newest.seq).or_default();
        fill.records += 1;
        fill.needed += 1;
        fill.bytes += record_bytes(key, body_len);
        fill.gone += u32::from(newest.kind == Kind::Gone);
        self.gone += usize::from(newest.kind == Kind::Gone);
        self.last_revision = self.last_revision.max(newest.revision);
        let Some(place) = self.entries.get_mut(key) else {
            self.entries.insert(key.into(), newest);
            return;
        };
        let old = std::mem::replace(place, newest);
        self.replaced(key, old, newest.kind);
    }

    /// What becomes of the record that is no longer the newest.
    fn replaced(&mut self, key: &str, old: Newest, by: Kind) {
        if old.kind == Kind::Gone {
            self.gone -= 1;
            if let Some(fill) = self.chunks.get_mut(&old.seq) {
                fill.gone = fill.gone.saturating_sub(1);
            }
        }
        match (by, old.kind) {
            // The old one stays needed, below the rejected version.
            (Kind::Rejected, Kind::Value) => self.put_below(key, Base::Value(old.at())),
            (Kind::Rejected, Kind::Gone) => self.put_below(key, Base::Gone(old.at())),
            (Kind::Rejected, Kind::Rejected) => self.dead(old.at()),
            (Kind::Value | Kind::Gone, old_kind) => {
                self.dead(old.at());
                if old_kind == Kind::Rejected
                    && let Some(base) = self.bases.remove(key)
                {
                    self.dead(base.at());
                }
            }
        }
    }

    fn put_below(&mut self, key: &str, base: Base) {
        self.bases.insert(key.into(), base);
    }

    fn dead(&mut self, at: Loc) {
        if let Some(fill) = self.chunks.get_mut(&at.seq) {
            fill.needed = fill.needed.saturating_sub(1);
        }
    }
}

impl Newest {
    const fn at(&self) -> Loc {
        Loc {
            seq: self.seq,
            slot: self.slot,
        }
    }
}

/// Bytes that a record takes in head and bodies, about.
pub(super) const fn record_bytes(key: &str, body_len: usize) -> u64 {
    (key.len() + body_len + 40) as u64
}
