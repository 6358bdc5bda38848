//! The changes after a revision, in batches. Stored bytes are handed on as they are.

use std::collections::VecDeque;

use calluna_kv::packed::{Chunk, Kind, PackedError};
use calluna_model::clock::Moment;
use calluna_model::id::{ContentHash, EpochId, Revision};
use calluna_model::limit;
use prost::bytes::Bytes;

use super::{PublishError, Publisher, check_start};
use crate::store::{Snapshot, StoreError, gone_at};

/// One offer as it is now, or that it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The revision that this change made.
    pub revision: Revision,
    /// The offer's id.
    pub id: String,
    /// What happened.
    pub body: Body,
}

/// What happened to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// It is new, or in another version.
    Offer {
        /// Its content hash.
        hash: ContentHash,
        /// Its record, as it is stored: a part of the chunk that was read, not a copy.
        record: Bytes,
    },
    /// It is gone.
    Gone {
        /// Since when.
        at: Moment,
    },
}

/// Some changes in ascending order of revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The epoch that the revisions count in.
    pub epoch: EpochId,
    /// The batch covers the revisions `(after, up_to]`.
    pub after: Revision,
    /// See `after`.
    pub up_to: Revision,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Publisher {
    /// The changes after `after`, up to where the catalogue stands now. What is published
    /// meanwhile belongs to the next call.
    ///
    /// # Errors
    /// When the two sides have to compare whole catalogues, or the store cannot be read.
    pub fn changes(
        &self,
        epoch: Option<EpochId>,
        after: Revision,
    ) -> Result<Changes<'_>, PublishError> {
        let snapshot = self.store.snapshot()?;
        check_start(&snapshot.current, epoch, after)?;
        let seqs = chunks_after(&snapshot, after)?;
        Ok(Changes {
            snapshot,
            seqs,
            reached: after,
            finished: false,
        })
    }
}

/// Batches of changes; reads one chunk after the other.
#[derive(Debug)]
pub struct Changes<'a> {
    snapshot: Snapshot<'a>,
    seqs: VecDeque<u64>,
    reached: Revision,
    finished: bool,
}

impl Iterator for Changes<'_> {
    type Item = Result<Batch, PublishError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let batch = self.fill();
        // After an error there is nothing more to say.
        self.finished = batch.is_err() || self.reached >= self.snapshot.current.head.revision;
        match batch {
            Ok(batch) if batch.up_to == batch.after => None,
            other => Some(other),
        }
    }
}

impl Changes<'_> {
    /// As many chunks as fill a batch.
    fn fill(&mut self) -> Result<Batch, PublishError> {
        let head = self.snapshot.current.head;
        let (after, mut up_to) = (self.reached, self.reached);
        let (mut changes, mut bytes) = (Vec::new(), 0);
        while bytes < limit::BATCH_TARGET_BYTES {
            let Some(seq) = self.seqs.pop_front() else {
                break;
            };
            let damaged = PackedError::Damaged {
                seq,
                why: "it has vanished",
            };
            let chunk = self.snapshot.log.chunk(seq)?.ok_or(damaged)?;
            bytes += take(&self.snapshot, seq, chunk, after, &mut up_to, &mut changes);
        }
        if self.seqs.is_empty() {
            // Also where the last revisions left nothing behind.
            up_to = head.revision;
        }
        self.reached = up_to;
        Ok(Batch {
            epoch: head.epoch,
            after,
            up_to,
            changes,
        })
    }
}

/// Takes the records of a chunk that still count; returns their bytes.
fn take(
    snapshot: &Snapshot<'_>,
    seq: u64,
    chunk: Chunk,
    after: Revision,
    up_to: &mut Revision,
    changes: &mut Vec<Change>,
) -> usize {
    let mut wanted = Vec::with_capacity(chunk.len());
    for (slot, record) in (0_u32..).zip(chunk.head().entries()) {
        let revision = Revision(record.revision);
        *up_to = (*up_to).max(revision);
        if revision > after && snapshot.index.is_needed(seq, slot, record.key) {
            wanted.push((
                revision,
                record.key.to_owned(),
                record.kind,
                record.hash,
                record.body,
            ));
        }
    }
    let bodies = Bytes::from(chunk.into_body());
    let mut bytes = 0;
    for (revision, id, kind, hash, place) in wanted {
        bytes += place.len() + id.len() + 64;
        let body = match kind {
            Kind::Gone => Body::Gone { at: gone_at(&hash) },
            Kind::Value | Kind::Rejected => Body::Offer {
                hash: ContentHash(hash),
                record: bodies.slice(place),
            },
        };
        changes.push(Change { revision, id, body });
    }
    bytes
}

/// The chunks that hold a revision after `after`. Chunks lie in the order of their revisions.
fn chunks_after(snapshot: &Snapshot<'_>, after: Revision) -> Result<VecDeque<u64>, StoreError> {
    let Some(last) = snapshot
        .current
        .last_seq
        .filter(|_| after < snapshot.current.head.revision)
    else {
        return Ok(VecDeque::new());
    };
    let mut seqs = VecDeque::new();
    for head in snapshot.log.heads_from(0) {
        let (seq, head) = head?;
        if seq > last {
            break;
        }
        if head.entries().any(|entry| entry.revision > after.0) {
            seqs.push_back(seq);
        }
    }
    Ok(seqs)
}
