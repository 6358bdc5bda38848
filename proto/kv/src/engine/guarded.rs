//! An engine over a [`Tree`]: what the port promises and no tree does by itself.
//!
//! Lock, STATE, group commit on one writing thread, large values beside the tree, the reserve. The
//! engines differ in the tree below only.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use self::bodies::{Bodies, COUNTERS, Held, held};
use self::writer::{Job, Task, Writer};
use super::tree::{Range, Tree};
use super::{MARK_KEY, after_prefix, scan_start, space};
use crate::{Batch, Engine, KvError, Pair, Pairs, Stamp};

pub(super) mod bodies;
mod open;
pub(super) mod writer;

pub(super) use self::open::open;

/// An open store and the thread that writes it.
pub(super) struct Guarded<T> {
    dir: PathBuf,
    tree: T,
    bodies: Bodies,
    /// `None` only while it is dropped: that ends the writer.
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    /// Held as long as the store is open; dropped last.
    _lock: File,
}

impl<T: Tree> std::fmt::Debug for Guarded<T> {
    /// A tree's own `Debug` may print every page.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(T::NAME)
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl<T: Tree> Guarded<T> {
    /// Starts the writer over an opened store.
    pub(super) fn start(
        dir: &Path,
        tree: T,
        writer: Writer<T>,
        lock: File,
    ) -> Result<Self, KvError> {
        let (jobs, queue) = channel();
        let handle = std::thread::Builder::new()
            .name("kv-writer".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|e| KvError::io(dir, e))?;
        Ok(Self {
            dir: dir.to_owned(),
            tree,
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
    fn value(&self, stored: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        match held(stored) {
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
                why: "an entry is not in the form in which this program writes".to_owned(),
            }),
        }
    }

    /// An entry with its value; `None` when it was removed meanwhile.
    fn pair(&self, key: &[u8], stored: &[u8]) -> Result<Option<Pair>, KvError> {
        let value = match self.value(stored)? {
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

    fn range(&self, prefix: &[u8], from: Option<&[u8]>) -> Range<T::Bytes> {
        let start = scan_start(prefix, from);
        let end = after_prefix(prefix);
        if end.as_ref().is_some_and(|end| *end <= start) {
            return Box::new(std::iter::empty());
        }
        self.tree.range(start, end)
    }
}

impl<T: Tree> Engine for Guarded<T> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        if is_internal(key) {
            return Ok(None);
        }
        for _ in 0..READS {
            let Some(stored) = self.tree.get(key)? else {
                return Ok(None);
            };
            if let Some(value) = self.value(stored.as_ref())? {
                return Ok(Some(value));
            }
        }
        Err(self.lost(key))
    }

    fn scan<'a>(&'a self, prefix: &[u8], from: Option<&[u8]>) -> Pairs<'a> {
        let pairs = self.range(prefix, from).filter_map(|pair| match pair {
            Ok((key, _)) if is_internal(key.as_ref()) => None,
            Ok((key, stored)) => self.pair(key.as_ref(), stored.as_ref()).transpose(),
            Err(e) => Some(Err(e)),
        });
        Box::new(pairs)
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, KvError> {
        let mut backwards = self.range(prefix, None).rev();
        let found =
            backwards.find(|pair| !matches!(pair, Ok((key, _)) if is_internal(key.as_ref())));
        match found.transpose()? {
            Some((key, stored)) => self.pair(key.as_ref(), stored.as_ref()),
            None => Ok(None),
        }
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
            Ok(space::allocated(&self.dir.join(T::FOLDER))?
                + space::allocated(&self.dir.join("bodies"))?
                + space::allocated(&self.dir.join("STATE"))?)
        };
        size().map_err(|e| KvError::io(&self.dir, e))
    }

    fn renew_epoch(&self, epoch: [u8; 16], stamp: Stamp) -> Result<(), KvError> {
        self.ask(Task::Renew { epoch, stamp })
    }
}

impl<T> Drop for Guarded<T> {
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
    key == MARK_KEY || key.starts_with(COUNTERS)
}
