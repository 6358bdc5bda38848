//! What the node keeps: its offers with their history of changes, receipts, the last import.
//!
//! | key | value |
//! |---|---|
//! | `meta` | layout of this table, JSON |
//! | `head` | [`Current`]: where the catalogue stands, JSON |
//! | `o/…` | the packed log of changes, in ascending order of revision |
//! | `r/` and the night (8 bytes, big-endian) | a receipt, JSON |
//! | `i` | the last import, JSON |
//!
//! A publication writes its chunks first and moves `head` with its last commit, so it is there
//! whole or not at all, however large it is. Chunks beyond [`Current::last_seq`] are left-overs of a
//! publication that was cut off.

mod dump;
mod journal;
mod migrate;
mod receipts;
mod record;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use calluna_kv::packed::{Index, Kind, Log, PackedError};
use calluna_kv::{Batch, Engine, KvError, Opened, Stamp, Trust};
use calluna_model::clock::Clock;
use calluna_model::entropy::Entropy;
use calluna_model::failure::{Failure, Reaction};
use calluna_model::fingerprint::Digester;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, Digest, EpochId, Revision};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use self::dump::Dumped;
pub(crate) use self::journal::gone_at;
pub use self::journal::{Change, Snapshot};
use self::migrate::LAYOUT;
pub use self::record::{Current, ImportSummary, Mended, SourceFile};

/// Name of the store's folder in the data directory.
pub const FOLDER: &str = "store";

const META: &[u8] = b"meta";
const HEAD: &[u8] = b"head";
const OFFERS: &[u8] = b"o/";
const RECEIPTS: &[u8] = b"r/";
const IMPORT: &[u8] = b"i";
/// A node is idle nearly always; its cache must not show in the machine's memory.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
const RESERVE_BYTES: u64 = 4 * 1024 * 1024;

/// The store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine.
    #[error(transparent)]
    Kv(#[from] KvError),
    /// The log of changes.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// Everything that is kept could not be written out.
    #[error(transparent)]
    Dump(#[from] calluna_kv::dump::DumpError),
    /// A newer program wrote it.
    #[error(
        "the node's store has layout {found}, and this program knows layouts up to {LAYOUT}; \
         use the newer calluna-node that wrote it"
    )]
    Newer {
        /// The layout that was found.
        found: u32,
    },
    /// A value that this program wrote cannot be read back.
    #[error(
        "the node's store holds an unreadable `{key}`: {reason}; restore a backup, or join with a \
         new directory and import again"
    )]
    Unreadable {
        /// Which value.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    /// Whether another process has the store open.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Kv(KvError::Locked { .. }))
    }
}

impl Failure for StoreError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Kv(KvError::Locked { .. } | KvError::Full { .. }) => Reaction::ComeBackLater,
            _ => Reaction::AskOperator,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Meta {
    layout: u32,
}

/// The node's store. Every method blocks.
#[derive(Debug)]
pub struct Store {
    engine: Arc<dyn Engine>,
    log: Log,
    current: Mutex<Current>,
    /// Held by whoever plans and writes a publication.
    writer: Mutex<()>,
    /// Held for reading while a snapshot is in use, for writing while chunks are rewritten.
    readers: RwLock<()>,
}

impl Store {
    /// Opens the store in `dir`, which is made where there is none. `lock_wait` is how long to wait
    /// for another process to let go of it.
    ///
    /// A store that is behind what its STATE file knows of gets a new epoch, so that the hub
    /// compares whole catalogues and takes no absence for a removal.
    ///
    /// # Errors
    /// It is open elsewhere, damaged, or written by a newer program.
    pub fn open(
        dir: &Path,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        lock_wait: Duration,
    ) -> Result<Self, StoreError> {
        let options = calluna_kv::Options {
            cache_bytes: CACHE_BYTES,
            reserve_bytes: RESERVE_BYTES,
            lock_wait,
        };
        let opened = calluna_kv::open("sled", dir, new_epoch(entropy), &options)?;
        Self::settle(opened, clock, entropy)
    }

    /// A new store in memory, that ends with the process: for tests, and for benchmarks that need
    /// more nodes than one machine has disks for.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn in_memory(clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Self, StoreError> {
        let options = calluna_kv::Options::default();
        let opened = calluna_kv::open("memory", Path::new(""), new_epoch(entropy), &options)?;
        Self::settle(opened, clock, entropy)
    }

    /// The store on an engine that was opened, as [`Self::open`] says.
    ///
    /// # Errors
    /// The content is damaged, or written by a newer program.
    pub fn settle(
        opened: Opened,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, StoreError> {
        let Opened {
            engine,
            trust,
            epoch,
            stamp,
        } = opened;
        let log = Log::new(Arc::clone(&engine), OFFERS);
        let fresh = Current {
            head: Head::empty(EpochId(epoch)),
            horizon: Revision(0),
            last_seq: None,
            mended: None,
        };
        let store = Self {
            engine,
            log,
            current: Mutex::new(fresh.clone()),
            writer: Mutex::new(()),
            readers: RwLock::new(()),
        };
        migrate::forward(&*store.engine)?;
        let kept: Option<Current> = store.read(HEAD, "head")?;
        let note = match (trust, &kept) {
            (Trust::Behind { note, .. }, _) => note,
            (_, Some(kept)) if kept.head.epoch.0 == epoch => {
                store.drop_leftovers(kept.last_seq)?;
                *store.lock_current() = kept.clone();
                return Ok(store);
            }
            (_, None) if stamp.revision == 0 && store.log.last_seq()?.is_none() => {
                store.commit_head(Batch::default(), fresh)?;
                return Ok(store);
            }
            (_, None) => "the head is missing".to_owned(),
            (_, Some(_)) => "the head is of another epoch".to_owned(),
        };
        store.mend(kept, note, clock, entropy)?;
        Ok(store)
    }

    /// Starts a new life with what is there.
    fn mend(
        &self,
        kept: Option<Current>,
        note: String,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<(), StoreError> {
        if let Some(kept) = &kept {
            self.drop_leftovers(kept.last_seq)?;
        }
        let index = self.log.index(None)?;
        let (count, digest) = digest_of(&index);
        let epoch = EpochId(new_epoch(entropy));
        let revision = Revision(index.last_revision());
        let head = Head {
            epoch,
            revision,
            count,
            digest,
        };
        tracing::error!(
            %note, offers = count, %epoch,
            "store is behind what it once held; it goes on under a new epoch, and the hub will compare \
             whole catalogues; import the complete list again"
        );
        let mended = Some(Mended {
            at: clock.now(),
            note,
        });
        // In a new epoch no hub has a checkpoint, so no tombstone is missed.
        let current = Current {
            head,
            horizon: Revision(0),
            last_seq: index.last_seq(),
            mended,
        };
        let mut batch = Batch::default();
        batch.use_reserve();
        self.commit_head(batch, current)?;
        Ok(self.engine.renew_epoch(epoch.0, stamp_of(&head))?)
    }

    /// Where the catalogue stands.
    #[must_use]
    pub fn current(&self) -> Current {
        self.lock_current().clone()
    }

    /// The last import; nothing before the first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_import(&self) -> Result<Option<ImportSummary>, StoreError> {
        self.read(IMPORT, "last import")
    }

    /// Bytes on disk.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        Ok(self.engine.size_on_disk()?)
    }

    /// One publication at a time.
    pub(crate) fn lock_writer(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits a batch that makes `current` true.
    fn commit_head(&self, mut batch: Batch, current: Current) -> Result<(), StoreError> {
        batch.put(META, json(&Meta { layout: LAYOUT }, "meta")?);
        batch.put(HEAD, json(&current, "head")?);
        batch.stamp(stamp_of(&current.head));
        self.engine.commit(batch)?;
        *self.lock_current() = current;
        Ok(())
    }

    /// Removes what a publication left behind that did not come to its end.
    fn drop_leftovers(&self, last_seq: Option<u64>) -> Result<(), StoreError> {
        if self.log.last_seq()? <= last_seq {
            return Ok(());
        }
        let mut batch = Batch::default();
        match last_seq {
            Some(last) => self.log.drop_after(&mut batch, last)?,
            None => self.log.remove_all(&mut batch)?,
        }
        // A full disk must not keep a node from starting.
        batch.use_reserve();
        Ok(self.engine.commit(batch)?)
    }

    fn read<T: DeserializeOwned>(
        &self,
        key: &[u8],
        name: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let bytes = self.engine.get(key)?;
        bytes.map(|bytes| parse(&bytes, name)).transpose()
    }
}

/// Count and digest of the offers that are there.
fn digest_of(index: &Index) -> (u64, Digest) {
    let mut digester = Digester::default();
    for (id, entry) in index.iter().filter(|(_, entry)| entry.kind == Kind::Value) {
        digester.add(id, &ContentHash(entry.hash));
    }
    (digester.count(), digester.finish())
}

fn stamp_of(head: &Head) -> Stamp {
    Stamp {
        revision: head.revision.0,
        count: head.count,
        digest: head.digest.0,
    }
}

fn new_epoch(entropy: &dyn Entropy) -> [u8; 16] {
    let mut epoch = [0; 16];
    entropy.fill(&mut epoch);
    epoch
}

fn parse<T: DeserializeOwned>(bytes: &[u8], key: &'static str) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::Unreadable {
        key,
        reason: error.to_string(),
    })
}

fn json<T: Serialize>(value: &T, key: &'static str) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Unreadable {
        key,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests;
