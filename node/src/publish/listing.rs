//! Whole catalogues: fingerprints to compare, and single offers to mend with.

use calluna_kv::packed::Kind;
use calluna_model::id::{ContentHash, EpochId, Revision};
use calluna_model::limit;
use prost::bytes::Bytes;

use super::changes::{Batch, Body, Change};
use super::{FETCH_MOST, PublishError, Publisher, check_epoch};

/// Bytes of a fingerprint on the wire beside its id, about.
const FINGERPRINT_BYTES: usize = 48;

/// One offer's id, content hash, and the revision that it was last changed in.
pub type Fingerprint = (String, ContentHash, Revision);

impl Publisher {
    /// Hands the whole catalogue, ascending by id, to `give` in bounded pieces; stops early when
    /// `give` says false (nobody listens any more).
    ///
    /// # Errors
    /// When the epoch is not this node's, or the store cannot be read.
    pub fn fingerprints(
        &self,
        epoch: EpochId,
        mut give: impl FnMut(Vec<Fingerprint>) -> bool,
    ) -> Result<(), PublishError> {
        check_epoch(&self.store.current(), epoch)?;
        let snapshot = self.store.snapshot()?;
        check_epoch(&snapshot.current, epoch)?;
        let (mut piece, mut bytes) = (Vec::new(), 0);
        for (id, entry) in snapshot
            .index
            .iter()
            .filter(|(_, entry)| entry.kind == Kind::Value)
        {
            bytes += id.len() + FINGERPRINT_BYTES;
            piece.push((
                id.to_owned(),
                ContentHash(entry.hash),
                Revision(entry.revision),
            ));
            if bytes >= limit::BATCH_TARGET_BYTES {
                bytes = 0;
                if !give(std::mem::take(&mut piece)) {
                    return Ok(());
                }
            }
        }
        if !piece.is_empty() {
            give(piece);
        }
        Ok(())
    }

    /// Hands single offers to `give` in bounded batches, in the order in which they are stored. An
    /// id that is not there is left out. The batches say where the catalogue stands, and cover no
    /// span of revisions.
    ///
    /// # Errors
    /// When the epoch is not this node's, too many are asked for, or the store cannot be read.
    pub fn fetch(
        &self,
        epoch: EpochId,
        ids: &[String],
        mut give: impl FnMut(Batch) -> bool,
    ) -> Result<(), PublishError> {
        if ids.len() > FETCH_MOST {
            return Err(PublishError::TooManyIds { got: ids.len() });
        }
        let snapshot = self.store.snapshot()?;
        check_epoch(&snapshot.current, epoch)?;
        let mut places: Vec<_> = ids
            .iter()
            .filter_map(|id| snapshot.index.get(id).and_then(|entry| entry.good))
            .collect();
        places.sort_unstable();
        places.dedup();
        let head = snapshot.current.head;
        let batch = |changes| Batch {
            epoch,
            after: head.revision,
            up_to: head.revision,
            changes,
        };
        let (mut changes, mut bytes) = (Vec::new(), 0);
        for of_chunk in places.chunk_by(|one, other| one.seq == other.seq) {
            let Some(seq) = of_chunk.first().map(|place| place.seq) else {
                continue;
            };
            let Some(chunk) = snapshot.log.chunk(seq)? else {
                continue;
            };
            for place in of_chunk {
                let Some(record) = usize::try_from(place.slot)
                    .ok()
                    .and_then(|slot| chunk.record(slot))
                else {
                    continue;
                };
                bytes += record.body.len() + record.key.len() + FINGERPRINT_BYTES;
                let body = Body::Offer {
                    hash: ContentHash(record.hash),
                    record: Bytes::copy_from_slice(record.body),
                };
                changes.push(Change {
                    revision: Revision(record.revision),
                    id: record.key.to_owned(),
                    body,
                });
                if bytes >= limit::BATCH_TARGET_BYTES {
                    bytes = 0;
                    if !give(batch(std::mem::take(&mut changes))) {
                        return Ok(());
                    }
                }
            }
        }
        if !changes.is_empty() {
            give(batch(changes));
        }
        Ok(())
    }
}
