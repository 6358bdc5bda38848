//! Recovery of space: neighbouring chunks that hold little become one.

use std::collections::HashSet;

use super::index::{Fill, record_bytes};
use super::{CHUNK_BYTES, ChunkBuilder, ChunkHead, Index, Kind, Loc, Log, PackedError, Record};
use crate::Batch;

/// The most chunks that one step reads.
const RUN_MAX: usize = 32;
/// A run of small chunks is worth a rewrite from this length on.
const RUN_WORTH: usize = 4;
/// Chunks full of tombstones that one step looks at.
const GONE_LOOKS: usize = 8;
/// The most heads that are read to prove that a tombstone may go.
const PROOF_HEADS: usize = 1024;
/// A chunk may grow to this many bytes where the estimate was wrong; sled keeps up to 128 KiB in line.
const CHUNK_MAX: u64 = CHUNK_BYTES as u64 * 3 / 2;

/// A chunk's number and how much of it is needed.
type Numbered = (u64, Fill);

impl Log {
    /// One bounded step of space recovery over the chunks up to a number. Returns the batch to be
    /// committed, or `None` when nothing is worth it.
    ///
    /// Kept are the newest record of each key and the good value below a rejected version; of
    /// tombstones those for which `keep_gone` says so, and those that still hide an older record.
    ///
    /// The index is changed at once: commit the batch before anybody else reads with it, and load
    /// the index again if the commit fails. It must be one of exactly the chunks up to `up_to`: an
    /// index that already knows later ones cannot tell what readers of the earlier state still
    /// need, and nothing is done.
    ///
    /// # Errors
    /// When a chunk cannot be read; the index is then as before.
    pub fn compact_step(
        &self,
        index: &mut Index,
        up_to: u64,
        keep_gone: &mut dyn FnMut(&Record<'_>) -> bool,
    ) -> Result<Option<Batch>, PackedError> {
        let Some(last) = index.last_seq().filter(|last| *last <= up_to) else {
            return Ok(None);
        };
        let chunks: Vec<Numbered> = index
            .fills()
            .range(..last)
            .map(|(seq, fill)| (*seq, *fill))
            .collect();
        let mut rest = chunks.as_slice();
        while !rest.is_empty() {
            let (run, after) = next_run(rest);
            rest = after;
            if worth(run) {
                let seqs: Vec<u64> = run.iter().map(|(seq, _)| *seq).collect();
                if let Some(batch) = self.rewrite(index, &seqs, keep_gone)? {
                    return Ok(Some(batch));
                }
            }
        }
        self.drop_tombstones(index, &chunks, keep_gone)
    }

    /// Looks at some chunks that are full of tombstones, a few further ones with every call.
    fn drop_tombstones(
        &self,
        index: &mut Index,
        chunks: &[Numbered],
        keep_gone: &mut dyn FnMut(&Record<'_>) -> bool,
    ) -> Result<Option<Batch>, PackedError> {
        let from = index.gone_cursor;
        let heavy =
            |(_, fill): &&Numbered| fill.gone > 0 && fill.gone.saturating_mul(2) >= fill.records;
        let looks: Vec<u64> = chunks
            .iter()
            .filter(|(seq, _)| *seq >= from)
            .filter(heavy)
            .map(|(seq, _)| *seq)
            .take(GONE_LOOKS)
            .collect();
        index.gone_cursor = if looks.len() < GONE_LOOKS {
            0
        } else {
            looks.last().map_or(0, |seq| seq + 1)
        };
        for seq in looks {
            if let Some(batch) = self.rewrite(index, &[seq], keep_gone)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Rewrites a run into its first number; `None` if that would gain nothing.
    fn rewrite(
        &self,
        index: &mut Index,
        run: &[u64],
        keep_gone: &mut dyn FnMut(&Record<'_>) -> bool,
    ) -> Result<Option<Batch>, PackedError> {
        let heads = self.heads_that_fit(index, run)?;
        let (Some((first, _)), records) = (
            heads.first(),
            heads.iter().map(|(_, head)| head.len()).sum::<usize>(),
        ) else {
            return Ok(None);
        };
        let first = *first;
        let going = self.tombstones_to_drop(index, first, &heads, keep_gone)?;
        let plan = plan(index, &heads, &going);
        let kept: usize = plan.iter().map(Vec::len).sum();
        if heads.len() < 2 && kept * 2 > records {
            return Ok(None);
        }
        let mut moves = Moves::new(first, &heads);
        for ((seq, _), slots) in heads
            .iter()
            .zip(&plan)
            .filter(|(_, slots)| !slots.is_empty())
        {
            let chunk = self.chunk(*seq)?.ok_or(PackedError::Damaged {
                seq: *seq,
                why: "it has vanished",
            })?;
            for slot in slots {
                let damaged = PackedError::Damaged {
                    seq: *seq,
                    why: "a record has vanished",
                };
                moves.take(*seq, *slot, &chunk.record(*slot).ok_or(damaged)?);
            }
        }
        let mut batch = Batch::default();
        heads
            .iter()
            .for_each(|(seq, _)| self.drop_chunk(&mut batch, *seq));
        moves.finish(self, index, &mut batch, &heads, &going);
        Ok(Some(batch))
    }

    /// The heads of a run, cut off where the result would grow too large.
    fn heads_that_fit(
        &self,
        index: &Index,
        run: &[u64],
    ) -> Result<Vec<(u64, ChunkHead)>, PackedError> {
        let mut heads = Vec::with_capacity(run.len());
        let mut bytes = 0;
        for seq in run {
            let head = self.head(*seq)?.ok_or(PackedError::Damaged {
                seq: *seq,
                why: "its head is missing",
            })?;
            bytes += needed(index, *seq, &head)
                .map(|(_, key, len)| record_bytes(key, len))
                .sum::<u64>();
            if bytes > CHUNK_MAX && !heads.is_empty() {
                break;
            }
            heads.push((*seq, head));
        }
        Ok(heads)
    }

    /// Tombstones of the run that nobody wants to keep and that hide nothing.
    fn tombstones_to_drop(
        &self,
        index: &Index,
        first: u64,
        heads: &[(u64, ChunkHead)],
        keep_gone: &mut dyn FnMut(&Record<'_>) -> bool,
    ) -> Result<HashSet<Box<str>>, PackedError> {
        let mut going: HashSet<Box<str>> = HashSet::new();
        for (seq, head) in heads {
            for (slot, entry) in (0_u32..).zip(head.entries()) {
                let (revision, key, hash, kind) =
                    (entry.revision, entry.key, entry.hash, entry.kind);
                let newest =
                    kind == Kind::Gone && index.is_gone(key) && index.is_needed(*seq, slot, key);
                if newest
                    && !keep_gone(&Record {
                        revision,
                        key,
                        hash,
                        kind,
                        body: &[],
                    })
                {
                    going.insert(key.into());
                }
            }
        }
        // An older record of a removed key is dead. So only chunks with dead records can hold one.
        let dirty: Vec<u64> = index
            .fills()
            .range(..first)
            .filter(|(_, fill)| fill.dead() > 0)
            .map(|(seq, _)| *seq)
            .collect();
        if dirty.len() > PROOF_HEADS {
            going.clear();
        }
        for seq in dirty {
            if going.is_empty() {
                break;
            }
            let head = self.head(seq)?.ok_or(PackedError::Damaged {
                seq,
                why: "its head is missing",
            })?;
            for entry in head.entries() {
                going.remove(entry.key);
            }
        }
        Ok(going)
    }
}

/// The next neighbours that hold little and fit into one chunk (at least the first), and the rest.
fn next_run(chunks: &[Numbered]) -> (&[Numbered], &[Numbered]) {
    let mut bytes = 0;
    let fits = |(_, fill): &&Numbered| {
        bytes += fill.live_bytes();
        bytes <= CHUNK_BYTES as u64 && is_thin(*fill)
    };
    let length = chunks.iter().take(RUN_MAX).take_while(fits).count();
    chunks.split_at(length.max(1).min(chunks.len()))
}

fn worth(run: &[Numbered]) -> bool {
    let live: u64 = run.iter().map(|(_, fill)| fill.live_bytes()).sum();
    let wasteful = run.iter().any(|(_, fill)| is_wasteful(*fill));
    wasteful || run.len() >= RUN_WORTH || (run.len() > 1 && live >= CHUNK_BYTES as u64 / 2)
}

const fn is_wasteful(fill: Fill) -> bool {
    fill.dead() * 2 >= fill.records
}

fn is_thin(fill: Fill) -> bool {
    is_wasteful(fill) || fill.live_bytes() <= CHUNK_BYTES as u64 / 2
}

/// Slot, key and body length of the needed records of a chunk.
fn needed<'a>(
    index: &'a Index,
    seq: u64,
    head: &'a ChunkHead,
) -> impl Iterator<Item = (usize, &'a str, usize)> {
    let slots = (0_u32..).zip(head.entries()).enumerate();
    slots
        .filter(move |(_, (slot, entry))| index.is_needed(seq, *slot, entry.key))
        .map(|(place, (_, entry))| (place, entry.key, entry.body.len()))
}

/// Which slots of each chunk are kept.
fn plan(index: &Index, heads: &[(u64, ChunkHead)], going: &HashSet<Box<str>>) -> Vec<Vec<usize>> {
    let kept = |(seq, head): &(u64, ChunkHead)| {
        needed(index, *seq, head)
            .filter(|(_, key, _)| !going.contains(*key))
            .map(|(slot, ..)| slot)
            .collect()
    };
    heads.iter().map(kept).collect()
}

/// The new chunk, and what moved into it.
struct Moves {
    first: u64,
    builder: ChunkBuilder,
    fill: Fill,
    moved: Vec<(Box<str>, Loc, Loc)>,
}

impl Moves {
    fn new(first: u64, heads: &[(u64, ChunkHead)]) -> Self {
        let generation = heads
            .iter()
            .map(|(_, head)| head.generation())
            .max()
            .unwrap_or(0);
        let builder = ChunkBuilder::of_generation(generation.wrapping_add(1));
        Self {
            first,
            builder,
            fill: Fill::default(),
            moved: Vec::new(),
        }
    }

    fn take(&mut self, seq: u64, slot: usize, record: &Record<'_>) {
        let from = Loc {
            seq,
            slot: u32::try_from(slot).unwrap_or(u32::MAX),
        };
        let to = Loc {
            seq: self.first,
            slot: self.builder.records(),
        };
        self.builder.push(record);
        self.fill.records += 1;
        self.fill.needed += 1;
        self.fill.bytes += record_bytes(record.key, record.body.len());
        self.moved.push((record.key.into(), from, to));
    }

    /// Puts the new chunk in the place of the run, in the batch and in the index.
    fn finish(
        mut self,
        log: &Log,
        index: &mut Index,
        batch: &mut Batch,
        heads: &[(u64, ChunkHead)],
        going: &HashSet<Box<str>>,
    ) {
        heads.iter().for_each(|(seq, _)| index.drop_chunk(*seq));
        going.iter().for_each(|key| index.forget(key));
        // In the order of the log: a place is free before another record moves there.
        for (key, from, to) in self.moved {
            self.fill.gone += u32::from(index.is_gone(&key));
            index.move_to(&key, from, to);
        }
        if !self.builder.is_empty() {
            index.set_fill(self.first, self.fill);
            log.append(batch, self.first, self.builder.finish());
        }
    }
}
