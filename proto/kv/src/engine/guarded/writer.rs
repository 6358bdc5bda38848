//! The one thread that writes: group commit, then STATE, then the answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::bodies::BodyWriter;
use super::caught;
use super::entry::{SUM_KEY, Sum};
use super::picture::{Picture, Pictures};
use super::reserve::Reserve;
use crate::engine::MARK_KEY;
use crate::engine::tree::{Encoded, Tree};
use crate::state::{Mark, StateFile};
use crate::{Batch, KvError, Stamp};

/// A group takes no further batch once it holds this many bytes.
const GROUP_BYTES: usize = 32 * 1024 * 1024;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Task {
    Commit(Batch),
    Renew { epoch: [u8; 16], stamp: Stamp },
}

impl Task {
    const fn bytes(&self) -> usize {
        match self {
            Self::Commit(batch) => batch.bytes(),
            Self::Renew { .. } => 0,
        }
    }

    /// Whether it is written on a full disk too, from the reserve.
    const fn uses_reserve(&self) -> bool {
        match self {
            Self::Commit(batch) => batch.uses_reserve(),
            Self::Renew { .. } => true,
        }
    }
}

/// A task and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    task: Task,
    waiter: Waiter,
}

type Waiter = SyncSender<Result<(), KvError>>;

/// What the writer hears.
#[derive(Debug)]
pub(super) enum Message {
    /// Something to write.
    Write(Job),
    /// A still picture of the present content begins.
    Picture(Arc<Picture>, Waiter),
}

impl Message {
    /// The wish for a picture, and where its answer will arrive.
    pub(super) fn picture(picture: &Arc<Picture>) -> (Self, Receiver<Result<(), KvError>>) {
        let (waiter, answer) = sync_channel(1);
        (Self::Picture(Arc::clone(picture), waiter), answer)
    }
}

impl Job {
    /// The job, and where its answer will arrive.
    pub(super) fn new(task: Task) -> (Self, Receiver<Result<(), KvError>>) {
        let (waiter, answer) = sync_channel(1);
        (Self { task, waiter }, answer)
    }
}

/// A task whose large values are on disk.
#[derive(Debug)]
enum Prepared {
    Commit {
        writes: Encoded,
        stamp: Option<Stamp>,
    },
    Renew {
        epoch: [u8; 16],
        stamp: Stamp,
    },
}

/// The writer's own things. Nobody else writes to the store.
pub(in crate::engine) struct Writer<T> {
    dir: PathBuf,
    tree: T,
    reserve: Reserve,
    bodies: BodyWriter,
    /// Over all entries, after the last batch that was applied.
    sum: Sum,
    /// Who copies the store just now.
    pictures: Pictures,
    state: Option<StateFile>,
    /// The mark of the last batch that was applied.
    mark: Mark,
    settled: bool,
    /// Why nothing is written any more.
    broken: Option<String>,
}

impl<T: Tree> Writer<T> {
    pub(in crate::engine) fn new(
        dir: &Path,
        tree: T,
        bodies: BodyWriter,
        mark: Mark,
        settled: bool,
    ) -> Self {
        Self {
            dir: dir.to_owned(),
            tree,
            reserve: Reserve::new(dir, 0),
            bodies,
            sum: Sum::default(),
            pictures: Pictures::default(),
            state: None,
            mark,
            settled,
            broken: None,
        }
    }

    /// The mark of the last batch.
    pub(super) const fn mark(&self) -> Mark {
        self.mark
    }

    /// Puts the first mark into a new store, durably.
    pub(super) fn mark_fresh(&mut self) -> Result<(), KvError> {
        self.apply(Vec::new(), self.mark)?;
        self.make_durable()
    }

    /// Where STATE is kept from now on.
    pub(in crate::engine) fn keep_state(&mut self, state: StateFile) {
        self.state = Some(state);
    }

    /// What the entries add up to.
    pub(super) fn begin_with(&mut self, sum: Sum) {
        self.sum = sum;
    }

    /// How much is kept in reserve from now on.
    pub(super) fn keep_reserve(&mut self, bytes: u64) {
        self.reserve = Reserve::new(&self.dir, bytes);
        self.reserve.keep();
    }

    /// Works until nobody is left to ask.
    pub(super) fn run(mut self, queue: &Receiver<Message>) {
        while let Ok(first) = queue.recv() {
            let (mut bytes, mut group, mut pictures) = (0, Vec::new(), Vec::new());
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Write(job) => {
                        bytes += job.task.bytes();
                        group.push(job);
                    }
                    Message::Picture(picture, waiter) => pictures.push((picture, waiter)),
                }
                next = (bytes < GROUP_BYTES)
                    .then(|| queue.try_recv().ok())
                    .flatten();
            }
            // What may use the reserve must not fail with what may not.
            let (needful, others): (Vec<_>, Vec<_>) =
                group.into_iter().partition(|job| job.task.uses_reserve());
            self.work(others);
            self.work(needful);
            // Now everything that is in the tree is on disk.
            for (picture, waiter) in pictures {
                let begun = self.writable();
                if begun.is_ok() {
                    self.pictures.begin(&picture, self.mark, self.sum);
                }
                answer([waiter], &begun);
            }
        }
    }

    /// Applies each batch of a group, brings all to disk once, answers everybody.
    fn work(&mut self, group: Vec<Job>) {
        if group.is_empty() {
            return;
        }
        if let Err(error) = self.room(&group) {
            return answer(group.into_iter().map(|job| job.waiter), &Err(error));
        }
        let (tasks, waiters): (Vec<_>, Vec<_>) =
            group.into_iter().map(|job| (job.task, job.waiter)).unzip();
        // Large values are on disk before anything points to them. Failing here has changed nothing.
        let prepared = match self.prepare(tasks) {
            Ok(prepared) => prepared,
            Err(error) => return answer(waiters, &Err(error)),
        };
        let mut applied = Vec::with_capacity(waiters.len());
        for (task, waiter) in prepared.into_iter().zip(waiters) {
            let done = self.writable().and_then(|()| self.perform(task));
            match done {
                Ok(()) => applied.push(waiter),
                Err(error) => answer([waiter], &Err(error)),
            }
        }
        let outcome = if applied.is_empty() {
            self.tell_if_broken()
        } else {
            self.settle()
        };
        answer(applied, &outcome);
    }

    /// Encodes the writes of a group; large values go to their files, and to the disk.
    fn prepare(&mut self, tasks: Vec<Task>) -> Result<Vec<Prepared>, KvError> {
        let mut prepared = Vec::with_capacity(tasks.len());
        for task in tasks {
            prepared.push(match task {
                Task::Commit(batch) => {
                    let stamp = batch.stamped();
                    let writes = self.bodies.encode(batch.into_writes(), T::LARGE);
                    let writes = writes.map_err(|e| KvError::io(&self.dir, e))?;
                    Prepared::Commit { writes, stamp }
                }
                Task::Renew { epoch, stamp } => Prepared::Renew { epoch, stamp },
            });
        }
        self.bodies.sync().map_err(|e| KvError::io(&self.dir, e))?;
        Ok(prepared)
    }

    fn writable(&self) -> Result<(), KvError> {
        match &self.broken {
            Some(why) => Err(KvError::ReadOnly {
                dir: self.dir.clone(),
                why: why.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Refuses a group before the tree sees it when the disk could not take it. Either all of it may
    /// use the reserve, or nothing.
    fn room(&mut self, group: &[Job]) -> Result<(), KvError> {
        self.writable()?;
        let needful = group.iter().all(|job| job.task.uses_reserve());
        let bytes = group.iter().map(|job| job.task.bytes()).sum();
        let needed = self.tree.needed_bytes(bytes, needful);
        self.reserve.room(needed, needful)
    }

    fn perform(&mut self, task: Prepared) -> Result<(), KvError> {
        let mut mark = Mark {
            commit: self.mark.commit + 1,
            ..self.mark
        };
        let settled = match &task {
            Prepared::Commit { stamp, .. } => {
                mark.stamp = stamp.unwrap_or(mark.stamp);
                self.settled
            }
            Prepared::Renew { epoch, stamp } => {
                mark.epoch = *epoch;
                mark.stamp = *stamp;
                true
            }
        };
        let writes = match task {
            Prepared::Commit { writes, .. } => writes,
            Prepared::Renew { .. } => Vec::new(),
        };
        let done = self.apply(writes, mark);
        match &done {
            Ok(()) => {
                self.mark = mark;
                self.settled = settled;
            }
            Err(error) => self.give_up(error),
        }
        done
    }

    /// One atomic batch: the owner's writes, what they add up to, and the mark.
    fn apply(&mut self, writes: Encoded, mark: Mark) -> Result<(), KvError> {
        let mut writes = writes;
        let count = || {
            writes.extend(self.bodies.count(&self.tree, &writes)?);
            self.pictures.keep(&self.tree, &writes);
            self.sum.after(&self.tree, &writes)
        };
        let sum = caught::call::<T, _>(&self.dir, "read what is replaced", count)?;
        writes.push((SUM_KEY.to_vec(), Some(sum.to_bytes())));
        writes.push((MARK_KEY.to_vec(), Some(mark.to_bytes())));
        self.guarded(|tree| tree.apply(writes))?;
        self.sum = sum;
        self.bodies.applied();
        Ok(())
    }

    /// Brings what was applied to disk, then lets STATE tell of it.
    fn settle(&mut self) -> Result<(), KvError> {
        if let Err(error) = self.make_durable() {
            self.give_up(&error);
            return self.tell_if_broken().and(Err(error));
        }
        // Another batch of the group may have failed half-way: then what is durable is not settled.
        let (mark, settled) = (self.mark, self.settled && self.broken.is_none());
        self.tell(|state| state.write(mark, settled))?;
        if self.pictures.none() {
            self.bodies.clear();
        }
        Ok(())
    }

    /// Half a batch may be in the store: STATE says so, so that the next open does not believe it.
    fn tell_if_broken(&mut self) -> Result<(), KvError> {
        if self.broken.is_none() {
            return Ok(());
        }
        self.tell(StateFile::unsettle)
    }

    fn tell(
        &mut self,
        write: impl FnOnce(&mut StateFile) -> std::io::Result<()>,
    ) -> Result<(), KvError> {
        let Some(state) = self.state.as_mut() else {
            return Ok(());
        };
        let told = write(state).map_err(|e| KvError::io(&self.dir, e));
        if let Err(error) = &told {
            self.give_up(error);
        }
        told
    }

    fn make_durable(&mut self) -> Result<(), KvError> {
        self.guarded(T::sync)
    }

    /// Calls the tree; a panic in it must not leave the waiters without an answer.
    fn guarded<R>(&self, call: impl FnOnce(&T) -> Result<R, KvError>) -> Result<R, KvError> {
        caught::call::<T, _>(&self.dir, "wrote", || call(&self.tree))
    }

    fn give_up(&mut self, error: &KvError) {
        tracing::error!(dir = %self.dir.display(), %error, "the store is read-only from now on");
        self.broken.get_or_insert_with(|| error.to_string());
    }
}

fn answer(waiters: impl IntoIterator<Item = Waiter>, outcome: &Result<(), KvError>) {
    for waiter in waiters {
        // Whoever no longer waits needs no answer.
        let _gone = waiter.send(outcome.clone());
    }
}
