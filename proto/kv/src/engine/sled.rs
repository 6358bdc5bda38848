//! sled 0.34.7, with guards around what it does not promise by itself.
//!
//! Read in its source (0.34.7), because it decides what stands here:
//! * `flush` is `sync_file_range` on the log alone (`iobuf.rs`): no metadata, no drive cache. And
//!   pages above 128 KiB lie in files of their own below `blobs/` that are *never* synced. Both is
//!   made good in `disk.rs`; and values that would make such pages lie beside the tree (`bodies.rs`).
//! * a batch that fails half-way stays half-applied in memory, with nothing to undo it: from then on
//!   the engine only reads, and STATE says that the store is not settled.
//! * what is read after opening is not checked: a bit that flipped on the disk comes back as a value.
//!   Every entry carries its own checksum, and the tree the sum over all (`entry.rs`).
//! * one global write lock: a second writing thread would gain nothing. One thread writes here.
//! * `Mode` (throughput or space) is stored and never read: it is left at its default.
//! * a held lock is an `io::Error` of kind `Other` with a text: our own LOCK comes first.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use self::bodies::{Bodies, COUNTERS};
use self::entry::{Held, SUM_KEY, held};
use self::writer::{Job, Task, Writer};
use super::{MARK_KEY, after_prefix, scan_start};
use crate::{Batch, Engine, KvError, Pair, Pairs, Stamp};

mod bodies;
mod caught;
mod disk;
mod entry;
mod guard;
mod reserve;
mod writer;

pub(crate) use self::disk::{HEADROOM, free_bytes};
pub(super) use self::guard::open;

/// An open sled store and the thread that writes it.
struct Sled {
    dir: PathBuf,
    db: ::sled::Db,
    bodies: Bodies,
    /// `None` only while it is dropped: that ends the writer.
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    /// Held as long as the store is open; dropped last.
    _lock: File,
}

impl std::fmt::Debug for Sled {
    /// sled's own `Debug` prints every page.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sled")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl Sled {
    /// Starts the writer over an opened store.
    fn start(dir: &Path, db: ::sled::Db, writer: Writer, lock: File) -> Result<Self, KvError> {
        let (jobs, queue) = channel();
        let handle = std::thread::Builder::new()
            .name("kv-writer".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|e| KvError::io(dir, e))?;
        Ok(Self {
            dir: dir.to_owned(),
            db,
            bodies: Bodies::of(dir),
            jobs: Some(jobs),
            writer: Some(handle),
            _lock: lock,
        })
    }

    /// Hands a task to the writer and waits for its answer.
    fn ask(&self, task: Task) -> Result<(), KvError> {
        let gone = || KvError::ReadOnly {
            dir: self.dir.clone(),
            why: "the writing thread has ended".to_owned(),
        };
        let (job, answer) = Job::new(task);
        self.jobs
            .as_ref()
            .ok_or_else(gone)?
            .send(job)
            .map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }

    /// The value that the tree holds or points to; `None` when it was replaced meanwhile.
    fn value(&self, key: &[u8], stored: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        match held(key, stored) {
            Some(Held::Inline(value)) => Ok(Some(value.to_vec())),
            Some(Held::Placed(place)) => self.bodies.read(&place).map_err(|e| match e.kind() {
                std::io::ErrorKind::InvalidData => KvError::Damaged {
                    dir: self.dir.clone(),
                    why: e.to_string(),
                },
                _ => KvError::io(&self.dir, e),
            }),
            None => Err(KvError::Damaged {
                dir: self.dir.clone(),
                why: format!("the entry `{}` was changed", key.escape_ascii()),
            }),
        }
    }

    /// An entry with its value; `None` when it was removed meanwhile.
    fn pair(&self, key: &[u8], stored: &[u8]) -> Result<Option<Pair>, KvError> {
        let value = match self.value(key, stored)? {
            Some(value) => Some(value),
            None => self.get(key)?,
        };
        Ok(value.map(|value| (key.to_vec(), value)))
    }

    fn lost(&self, key: &[u8]) -> KvError {
        KvError::Damaged {
            dir: self.dir.clone(),
            why: format!(
                "the file with the value of `{}` is missing",
                key.escape_ascii()
            ),
        }
    }

    /// One step of an iteration.
    fn step(
        &self,
        next: impl FnOnce() -> Option<::sled::Result<(::sled::IVec, ::sled::IVec)>>,
    ) -> Option<Result<(::sled::IVec, ::sled::IVec), KvError>> {
        caught::call(&self.dir, "read entries", || next().transpose()).transpose()
    }

    fn range(&self, prefix: &[u8], from: Option<&[u8]>) -> ::sled::Iter {
        let start = scan_start(prefix, from);
        match after_prefix(prefix) {
            Some(end) => self.db.range(start..end),
            None => self.db.range(start..),
        }
    }
}

impl Engine for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        if is_internal(key) {
            return Ok(None);
        }
        for _ in 0..READS {
            let read = || self.db.get(key);
            let Some(stored) = caught::call(&self.dir, "read an entry", read)? else {
                return Ok(None);
            };
            if let Some(value) = self.value(key, &stored)? {
                return Ok(Some(value));
            }
        }
        Err(self.lost(key))
    }

    fn scan<'a>(&'a self, prefix: &[u8], from: Option<&[u8]>) -> Pairs<'a> {
        let mut entries = self.range(prefix, from);
        let mut broken = false;
        let entries = std::iter::from_fn(move || {
            // Behind damage there is nothing to be trusted, and sled may never come to an end.
            let next = (!broken).then(|| self.step(|| entries.next()))??;
            broken = next.is_err();
            Some(next)
        });
        Box::new(entries.filter_map(|entry| match entry {
            Ok((key, _)) if is_internal(&key) => None,
            Ok((key, stored)) => self.pair(&key, &stored).transpose(),
            Err(error) => Some(Err(error)),
        }))
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, KvError> {
        let mut entries = self.range(prefix, None);
        while let Some(entry) = self.step(|| entries.next_back()) {
            let (key, stored) = entry?;
            if !is_internal(&key) {
                return self.pair(&key, &stored);
            }
        }
        Ok(None)
    }

    fn commit(&self, batch: Batch) -> Result<(), KvError> {
        if batch.is_empty() {
            return Ok(());
        }
        if batch.touches(is_internal) {
            return Err(KvError::ReservedKey {
                dir: self.dir.clone(),
            });
        }
        self.ask(Task::Commit(batch))
    }

    fn size_on_disk(&self) -> Result<u64, KvError> {
        let size = || -> std::io::Result<u64> {
            Ok(allocated(&self.dir.join("db"))?
                + allocated(&self.dir.join("bodies"))?
                + allocated(&self.dir.join("STATE"))?)
        };
        size().map_err(|e| KvError::io(&self.dir, e))
    }

    fn renew_epoch(&self, epoch: [u8; 16], stamp: Stamp) -> Result<(), KvError> {
        self.ask(Task::Renew { epoch, stamp })
    }
}

impl Drop for Sled {
    /// Ends the writer in order: it finishes what it was given, then lets go of the store.
    fn drop(&mut self) {
        self.jobs = None;
        if self
            .writer
            .take()
            .is_some_and(|writer| writer.join().is_err())
        {
            tracing::error!(dir = %self.dir.display(), "the writing thread of the store ended with a panic");
        }
    }
}

/// How often a value is looked for that is being replaced just now.
const READS: usize = 8;

/// Whether a key belongs to the engine.
fn is_internal(key: &[u8]) -> bool {
    key == MARK_KEY || key == SUM_KEY || key.starts_with(COUNTERS)
}

/// Bytes that a file, or all files below a folder, take on disk. Files that vanish meanwhile
/// (sled clears up in the background) count nothing.
fn allocated(path: &Path) -> std::io::Result<u64> {
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(e),
    };
    if !meta.is_dir() {
        return Ok(meta.blocks() * 512);
    }
    path.read_dir()?
        .map(|entry| allocated(&entry?.path()))
        .sum()
}

#[cfg(test)]
mod damage;
#[cfg(test)]
mod tests;
