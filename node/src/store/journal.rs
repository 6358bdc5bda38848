//! The log of changes: writing a publication, looking at a still picture, giving space back.

use std::sync::{PoisonError, RwLockReadGuard};

use calluna_kv::Batch;
use calluna_kv::packed::{ChunkBuilder, Index, Kind, Log, Record};
use calluna_model::clock::Moment;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, Revision};
use calluna_model::limit;

use super::{Current, IMPORT, ImportSummary, Store, StoreError, digest_of, json};

/// A commit is closed when it holds this much, in bytes.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;
/// How many steps of giving space back follow a publication.
const COMPACT_STEPS: usize = 8;

/// One change that is to be written.
#[derive(Clone, Debug)]
pub enum Change<'a> {
    /// An offer, new or in another version.
    Put {
        /// Its id.
        id: &'a str,
        /// Its content hash.
        hash: ContentHash,
        /// Its record, encoded.
        record: &'a [u8],
    },
    /// An offer is gone.
    Gone {
        /// Its id.
        id: &'a str,
    },
}

/// A still picture of the catalogue. While one is held, no chunk is rewritten.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// Where the catalogue stood.
    pub current: Current,
    /// Which record stands where.
    pub index: Index,
    /// The chunks; those beyond [`Current::last_seq`] do not belong to the picture.
    pub log: &'a Log,
    _still: RwLockReadGuard<'a, ()>,
}

impl Store {
    /// A still picture. Loads the index: about 160 bytes of memory for each offer.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        let still = self.readers.read().unwrap_or_else(PoisonError::into_inner);
        let current = self.current();
        let index = self.index_of(&current)?;
        Ok(Snapshot {
            current,
            index,
            log: &self.log,
            _still: still,
        })
    }

    /// The index without a hold on the chunks, for whoever holds the writer's lock.
    pub(crate) fn index_of(&self, current: &Current) -> Result<Index, StoreError> {
        match current.last_seq {
            Some(last) => Ok(self.log.index(Some(last))?),
            None => Ok(Index::default()),
        }
    }

    /// The log, for looking up single records.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Writes a publication: all of it or nothing. The caller holds the writer's lock since it
    /// loaded `index`, which is of no use after an error.
    pub(crate) fn append<'c>(
        &self,
        index: &mut Index,
        changes: impl Iterator<Item = Change<'c>>,
        now: Moment,
        summary: &ImportSummary,
    ) -> Result<Head, StoreError> {
        let mut current = self.current();
        self.drop_leftovers(current.last_seq)?;
        let mut writing = Writing {
            store: self,
            seq: current.last_seq.map_or(0, |last| last + 1),
            builder: ChunkBuilder::new(),
            batch: Batch::default(),
        };
        let mut revision = current.head.revision;
        for change in changes {
            revision = revision.next();
            writing.push(index, &record_of(&change, revision, now))?;
        }
        let mut batch = writing.finish()?;
        batch.put(IMPORT, json(summary, "last import")?);
        if revision == current.head.revision {
            self.engine.commit(batch)?;
            return Ok(current.head);
        }
        let (count, digest) = digest_of(index);
        current.head = Head {
            epoch: current.head.epoch,
            revision,
            count,
            digest,
        };
        current.last_seq = index.last_seq();
        let head = current.head;
        self.commit_head(batch, current)?;
        Ok(head)
    }

    /// Gives space back, some steps of it, unless somebody is reading. A failure only costs space.
    pub(crate) fn compact(&self, index: &mut Index, now: Moment) {
        let Ok(_alone) = self.readers.try_write() else {
            return;
        };
        for _ in 0..COMPACT_STEPS {
            match self.compact_step(index, now) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "store: space could not be given back");
                    return;
                }
            }
        }
    }

    fn compact_step(&self, index: &mut Index, now: Moment) -> Result<bool, StoreError> {
        let mut current = self.current();
        let Some(last) = current.last_seq else {
            return Ok(false);
        };
        let mut old: Vec<(String, u64)> = Vec::new();
        let mut keep = |record: &Record<'_>| {
            let young = now.since(gone_at(&record.hash)) < limit::TOMBSTONE_SECONDS;
            if !young {
                old.push((record.key.to_owned(), record.revision));
            }
            young
        };
        let Some(batch) = self.log.compact_step(index, last, &mut keep)? else {
            return Ok(false);
        };
        let dropped = old.iter().filter(|(key, _)| index.get(key).is_none());
        let highest = dropped.map(|(_, revision)| Revision(*revision)).max();
        current.horizon = current.horizon.max(highest.unwrap_or_default());
        self.commit_head(batch, current)?;
        Ok(true)
    }
}

/// A publication being written, chunk by chunk.
struct Writing<'a> {
    store: &'a Store,
    seq: u64,
    builder: ChunkBuilder,
    batch: Batch,
}

impl Writing<'_> {
    fn push(&mut self, index: &mut Index, record: &Record<'_>) -> Result<(), StoreError> {
        index.apply(self.seq, self.builder.records(), record);
        self.builder.push(record);
        if self.builder.is_full() {
            self.close_chunk();
        }
        if self.batch.bytes() >= COMMIT_BYTES {
            self.store.engine.commit(std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }

    fn close_chunk(&mut self) {
        let chunk = std::mem::take(&mut self.builder);
        self.store
            .log
            .append(&mut self.batch, self.seq, chunk.finish());
        self.seq += 1;
    }

    /// What is left for the last commit.
    fn finish(mut self) -> Result<Batch, StoreError> {
        if !self.builder.is_empty() {
            self.close_chunk();
        }
        Ok(self.batch)
    }
}

fn record_of<'a>(change: &Change<'a>, revision: Revision, now: Moment) -> Record<'a> {
    match *change {
        Change::Put { id, hash, record } => Record {
            revision: revision.0,
            key: id,
            hash: hash.0,
            kind: Kind::Value,
            body: record,
        },
        Change::Gone { id } => Record {
            revision: revision.0,
            key: id,
            hash: gone_hash(now),
            kind: Kind::Gone,
            body: &[],
        },
    }
}

/// A tombstone has no content, so the place of its hash holds when it was made: there it can be
/// read without the bodies.
fn gone_hash(now: Moment) -> [u8; 32] {
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().zip(now.0.to_be_bytes()) {
        *place = byte;
    }
    hash
}

/// When a tombstone was made.
pub(crate) fn gone_at(hash: &[u8; 32]) -> Moment {
    let seconds = hash.first_chunk::<8>().copied().unwrap_or_default();
    Moment(i64::from_be_bytes(seconds))
}
