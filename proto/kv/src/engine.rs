//! The port to an engine, and the one place that knows their names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::{Batch, KvError, Stamp};

mod fjall;
mod guarded;
mod kind;
mod memory;
mod sled;
mod space;
#[cfg(test)]
mod tests;
mod tree;

pub use self::kind::holds;
pub(crate) use self::space::{HEADROOM, free_bytes};

/// Names that [`open`] knows. A new engine is one file (a tree, if it is on disk) and one line in
/// `open`.
pub const ENGINES: &[&str] = &["sled", "fjall", "memory"];

/// The one key that belongs to the engine: it holds the mark of the last commit.
const MARK_KEY: &[u8] = b"\0calluna-kv/mark";

/// A key with its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Keys with their values, ascending.
pub type Pairs<'a> = Box<dyn Iterator<Item = Result<Pair, KvError>> + Send + 'a>;

/// Ordered bytes with atomic, durable batches. The crate's page says what it promises.
pub trait Engine: Send + Sync + std::fmt::Debug {
    /// The value of a key.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError>;

    /// Keys that begin with `prefix`, ascending, starting at `from` (a whole key) if given.
    /// Not a snapshot: see the crate's page.
    fn scan<'a>(&'a self, prefix: &[u8], from: Option<&[u8]>) -> Pairs<'a>;

    /// The last key (and its value) that begins with `prefix`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, KvError>;

    /// Applies a batch; atomic, and durable when it returns (flush and fsync). Blocks; many
    /// threads may call it, they share one flush.
    ///
    /// # Errors
    /// [`KvError::Full`]: nothing was written, try again when there is room.
    /// [`KvError::ReadOnly`]: nothing was written, an earlier write failed.
    /// Any other: it is not known whether the batch is on disk; the engine is read-only from then on.
    fn commit(&self, batch: Batch) -> Result<(), KvError>;

    /// Everything that the store holds at this moment, while others go on writing. The pairs end with
    /// an error where they are not the whole content of that one moment.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn snapshot(&self) -> Result<Snapshot<'_>, KvError>;

    /// Bytes that the data take on disk, without the reserve (0 in memory).
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn size_on_disk(&self) -> Result<u64, KvError>;

    /// Declares the present content authoritative under a new epoch and rewrites STATE: what the
    /// owner of a store that was [`Trust::Behind`] does once it has mended it.
    ///
    /// # Errors
    /// As [`Self::commit`].
    fn renew_epoch(&self, epoch: [u8; 16], stamp: Stamp) -> Result<(), KvError>;
}

/// The content of a store at one moment.
pub struct Snapshot<'a> {
    /// The epoch at that moment.
    pub epoch: [u8; 16],
    /// The stamp of the last batch before that moment.
    pub stamp: Stamp,
    /// Everything that was there.
    pub pairs: Pairs<'a>,
}

impl std::fmt::Debug for Snapshot<'_> {
    /// Without the pairs: they are the whole store.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("stamp", &self.stamp)
            .finish_non_exhaustive()
    }
}

/// What STATE says about a store at open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// New and empty.
    Fresh,
    /// All that STATE knows of is there.
    Whole,
    /// The store is behind, emptier than, or of another life than its STATE, or a write failed
    /// half-way. It is not authoritative until [`Engine::renew_epoch`].
    Behind {
        /// What STATE says was there (all zero when STATE is lost).
        state: Stamp,
        /// What does not fit, in words.
        note: String,
    },
}

/// An open store.
#[derive(Debug)]
pub struct Opened {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// Whether it may be believed.
    pub trust: Trust,
    /// The epoch: the one in STATE, or the fresh one that was handed in if there was none.
    pub epoch: [u8; 16],
    /// The stamp of the last batch that is really in the store.
    pub stamp: Stamp,
}

/// How to open a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Page cache, in bytes. Resident memory is up to 1.6 times this.
    pub cache_bytes: u64,
    /// Size of the reserve file, in bytes; 0 for none.
    pub reserve_bytes: u64,
    /// How long to wait for another process to let go of the store.
    pub lock_wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
            reserve_bytes: 16 * 1024 * 1024,
            lock_wait: Duration::from_secs(5),
        }
    }
}

/// Opens the store in `dir`, which is made if need be. `fresh_epoch` becomes the epoch of a new one.
///
/// # Errors
/// See [`KvError`]. Nothing is deleted to make a damaged store open.
pub fn open(
    kind: &str,
    dir: &Path,
    fresh_epoch: [u8; 16],
    options: &Options,
) -> Result<Opened, KvError> {
    match kind {
        "sled" => guarded::open::<sled::Sled>(dir, fresh_epoch, options),
        "fjall" => guarded::open::<fjall::Fjall>(dir, fresh_epoch, options),
        "memory" => Ok(memory::open(fresh_epoch)),
        _ => Err(KvError::UnknownEngine {
            dir: dir.to_owned(),
            kind: kind.to_owned(),
            known: ENGINES.join(", "),
        }),
    }
}

/// The first key after all that begin with `prefix`; `None` if there is none.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=kept)?.to_vec();
    *end.last_mut()? += 1;
    Some(end)
}

/// Where a scan begins: at `from`, but never before the prefix.
fn scan_start(prefix: &[u8], from: Option<&[u8]>) -> Vec<u8> {
    from.map_or(prefix, |from| from.max(prefix)).to_vec()
}

#[cfg(test)]
mod names {
    use super::*;

    #[test]
    fn an_unknown_engine_is_refused_with_the_names_there_are() {
        let error = open("rocks", Path::new("/tmp/x"), [0; 16], &Options::default()).unwrap_err();
        assert!(error.to_string().contains("sled, fjall, memory"), "{error}");
    }

    #[test]
    fn the_end_of_a_prefix_carries_over_full_bytes() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(after_prefix(&[255]), None);
        assert_eq!(after_prefix(b""), None);
    }
}
