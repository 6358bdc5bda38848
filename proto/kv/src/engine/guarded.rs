//! An engine over a [`Tree`]: what the port promises and no tree does by itself.
//!
//! Lock, STATE, group commit on one writing thread, large values beside the tree, the reserve, a
//! checksum on every entry and a sum over all of them, and that no panic of a tree gets through. The
//! engines differ in the tree below only.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use self::bodies::{Bodies, COUNTERS};
use self::entry::{Held, SUM_KEY, held};
use self::picture::Picture;
use self::writer::{Job, Message, Task, Writer};
use super::tree::{Entry, Range, Tree};
use super::{MARK_KEY, Snapshot, after_prefix, scan_start, space};
use crate::{Batch, Engine, KvError, Pair, Pairs, Stamp};

pub(super) mod bodies;
mod caught;
mod entry;
mod open;
mod picture;
mod reserve;
pub(super) mod writer;

pub(super) use self::open::open;

/// An open store and the thread that writes it.
pub(super) struct Guarded<T> {
    dir: PathBuf,
    tree: T,
    bodies: Bodies,
    /// `None` only while it is dropped: that ends the writer.
    jobs: Option<Sender<Message>>,
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
        let (job, answer) = Job::new(task);
        self.tell(Message::Write(job), &answer)
    }

    /// Lets a still picture of the present content begin.
    fn begin_picture(&self, picture: &Arc<Picture>) -> Result<(), KvError> {
        let (message, answer) = Message::picture(picture);
        self.tell(message, &answer)
    }

    fn tell(
        &self,
        message: Message,
        answer: &Receiver<Result<(), KvError>>,
    ) -> Result<(), KvError> {
        let gone = || KvError::ReadOnly {
            dir: self.dir.clone(),
            why: "the writing thread has ended".to_owned(),
        };
        self.jobs
            .as_ref()
            .ok_or_else(gone)?
            .send(message)
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

    /// Entries that begin with `prefix`, for [`Self::step`].
    fn range(&self, prefix: &[u8], from: Option<&[u8]>) -> Result<Range<T::Bytes>, KvError> {
        let start = scan_start(prefix, from);
        let end = after_prefix(prefix);
        if end.as_ref().is_some_and(|end| *end <= start) {
            return Ok(Box::new(std::iter::empty()));
        }
        let begin = || Ok(self.tree.range(start, end));
        caught::call::<T, _>(&self.dir, "read entries", begin)
    }

    /// One step of an iteration.
    fn step(&self, next: impl FnOnce() -> Option<Entry<T::Bytes>>) -> Option<Entry<T::Bytes>> {
        caught::call::<T, _>(&self.dir, "read entries", || next().transpose()).transpose()
    }
}

impl<T: Tree> Engine for Guarded<T> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        if is_internal(key) {
            return Ok(None);
        }
        for _ in 0..READS {
            let read = || self.tree.get(key);
            let Some(stored) = caught::call::<T, _>(&self.dir, "read an entry", read)? else {
                return Ok(None);
            };
            if let Some(value) = self.value(key, stored.as_ref())? {
                return Ok(Some(value));
            }
        }
        Err(self.lost(key))
    }

    fn scan<'a>(&'a self, prefix: &[u8], from: Option<&[u8]>) -> Pairs<'a> {
        let mut entries = match self.range(prefix, from) {
            Ok(entries) => entries,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let mut broken = false;
        let entries = std::iter::from_fn(move || {
            // Behind damage there is nothing to be trusted, and sled may never come to an end.
            let next = (!broken).then(|| self.step(|| entries.next()))??;
            broken = next.is_err();
            Some(next)
        });
        Box::new(entries.filter_map(|entry| match entry {
            Ok((key, _)) if is_internal(key.as_ref()) => None,
            Ok((key, stored)) => self.pair(key.as_ref(), stored.as_ref()).transpose(),
            Err(error) => Some(Err(error)),
        }))
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, KvError> {
        let mut entries = self.range(prefix, None)?;
        while let Some(entry) = self.step(|| entries.next_back()) {
            let (key, stored) = entry?;
            if !is_internal(key.as_ref()) {
                return self.pair(key.as_ref(), stored.as_ref());
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

    fn snapshot(&self) -> Result<Snapshot<'_>, KvError> {
        picture::of(self)
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
    key == MARK_KEY || key == SUM_KEY || key.starts_with(COUNTERS)
}
