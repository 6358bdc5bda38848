//! What an engine below the guards has to bring: a sorted tree on disk, no more.
//!
//! Everything that makes a promise of the port true whatever the tree is (lock, STATE, group commit,
//! checksums, large values, the reserve) stands once, in `guarded`.

use std::path::Path;

use crate::{KvError, Options};

/// One change as the tree gets it: the key, and what it shall hold or `None` to remove it.
pub(super) type Encoded = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// A key with what the tree holds for it.
pub(super) type Entry<T> = Result<(T, T), KvError>;

/// Keys with what the tree holds for them.
pub(super) type Range<T> = Box<dyn DoubleEndedIterator<Item = Entry<T>> + Send + 'static>;

/// A sorted tree on disk. One thread writes, many read. A clone is the same tree. Any call may panic
/// over damaged files: the caller stands guard.
pub(super) trait Tree: Clone + Send + Sync + 'static {
    /// Its name, as in `store.engine`.
    const NAME: &'static str;
    /// Its folder below that of the store. Each engine has its own, so that none takes the files
    /// of another for its own.
    const FOLDER: &'static str;
    /// From this many bytes on a value lies beside the tree.
    const LARGE: usize;

    /// Bytes as it hands them out.
    type Bytes: AsRef<[u8]> + Send + 'static;

    /// Opens the tree in its folder below `dir`, and makes it if it is not there. Deletes nothing to make a damaged tree open.
    fn open(dir: &Path, options: &Options) -> Result<Self, KvError>;

    /// What it holds for a key.
    fn get(&self, key: &[u8]) -> Result<Option<Self::Bytes>, KvError>;

    /// Keys from `start` on, up to but not including `end`, ascending. `end` lies behind `start`.
    fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>) -> Range<Self::Bytes>;

    /// Applies a batch, atomically; each key occurs once. Not durable before [`Self::sync`].
    fn apply(&self, writes: Encoded) -> Result<(), KvError>;

    /// Returns when all that was applied is on disk (fsync).
    fn sync(&self) -> Result<(), KvError>;

    /// Bytes that must be free on the disk before a batch of this size is applied. A `needful` one is
    /// small and comes when the disk is full: it wants no more than what it takes itself, so that a
    /// small reserve is enough.
    fn needed_bytes(&self, batch: usize, needful: bool) -> u64;
}
