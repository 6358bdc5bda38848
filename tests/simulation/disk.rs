//! A disk that outlives processes: an engine in memory with a STATE, which can be killed at a
//! commit, run full, be copied and be restored.
//!
//! It keeps the promises of `calluna-kv`'s page: a batch is there whole or not at all, STATE follows
//! the data, and a store that is behind its STATE says so when it is opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use calluna_kv::{Batch, Engine, KvError, Opened, Options, Pair, Pairs, Snapshot, Stamp, Trust};

/// What a commit leaves behind, in the store and in STATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    epoch: [u8; 16],
    commit: u64,
    stamp: Stamp,
}

#[derive(Debug)]
struct Content {
    data: Arc<dyn Engine>,
    mark: Option<Mark>,
    state: Option<(Mark, bool)>,
}

/// What lies on the disk. Clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct Disk(Arc<Mutex<Content>>);

/// A copy of a whole data directory.
#[derive(Clone, Debug)]
pub(crate) struct Backup {
    pairs: Arc<Vec<Pair>>,
    mark: Option<Mark>,
    state: Option<(Mark, bool)>,
}

/// When a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Before the write: it is lost.
    Before,
    /// After the data, before STATE knows.
    BeforeState,
    /// After the write, before anybody hears of it.
    After,
}

fn memory() -> Arc<dyn Engine> {
    let opened = calluna_kv::open("memory", Path::new("memory"), [0; 16], &Options::default());
    opened.unwrap().engine
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Content {
            data: memory(),
            mark: None,
            state: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }

    /// Copies everything.
    pub(crate) fn backup(&self) -> Backup {
        let content = self.lock();
        let pairs = content.data.scan(b"", None).collect::<Result<_, _>>();
        Backup {
            pairs: Arc::new(pairs.unwrap()),
            mark: content.mark,
            state: content.state,
        }
    }

    /// Puts a copy in the place of what is there; STATE too, or only the data below it.
    pub(crate) fn restore(&self, backup: &Backup, with_state: bool) {
        let mut batch = Batch::default();
        for (key, value) in backup.pairs.iter() {
            batch.put(key.clone(), value.clone());
        }
        let mut content = self.lock();
        content.data = memory();
        content.data.commit(batch).unwrap();
        content.mark = backup.mark;
        if with_state {
            content.state = backup.state;
        }
    }

    /// The data are gone, STATE is left.
    pub(crate) fn wipe(&self) {
        let mut content = self.lock();
        content.data = memory();
        content.mark = None;
    }

    /// Starts a process on it. `died` is called when the process is killed at a commit, `wrote`
    /// after every commit.
    pub(crate) fn open(&self, fresh_epoch: [u8; 16], watch: Watch) -> (Opened, Arc<Life>) {
        let mut content = self.lock();
        let trust = judge(&content);
        let told = content.state.map(|(mark, _)| mark);
        let mark = Mark {
            epoch: told.map_or(fresh_epoch, |told| told.epoch),
            commit: content.mark.map_or(0, |mark| mark.commit),
            stamp: content.mark.or(told).map(|m| m.stamp).unwrap_or_default(),
        };
        let settled = !matches!(trust, Trust::Behind { .. });
        if trust == Trust::Fresh {
            content.mark = Some(mark);
            content.state = Some((mark, true));
        } else if let Some((_, flag)) = &mut content.state {
            *flag = *flag && settled;
        }
        let stamp = content.mark.map(|mark| mark.stamp).unwrap_or_default();
        let life = Arc::new(Life {
            disk: self.clone(),
            watch,
            fate: Mutex::new(Fate {
                mark,
                settled,
                death: None,
                commits: 0,
                dead: false,
                full: false,
            }),
        });
        let opened = Opened {
            engine: Arc::clone(&life) as Arc<dyn Engine>,
            trust,
            epoch: mark.epoch,
            stamp,
        };
        (opened, life)
    }
}

fn judge(content: &Content) -> Trust {
    let Some((state, settled)) = content.state else {
        return Trust::Fresh;
    };
    let held = content.mark.filter(|held| held.epoch == state.epoch);
    if settled && held.is_some_and(|held| held.commit >= state.commit) {
        return Trust::Whole;
    }
    Trust::Behind {
        state: state.stamp,
        note: "the store is behind its STATE".to_owned(),
    }
}

/// Who hears what happens to a process.
#[derive(Clone)]
pub(crate) struct Watch {
    pub(crate) died: Arc<dyn Fn() + Send + Sync>,
    pub(crate) wrote: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

#[derive(Debug)]
struct Fate {
    mark: Mark,
    settled: bool,
    death: Option<(Death, u64)>,
    commits: u64,
    dead: bool,
    full: bool,
}

/// The engine of one process: what it is given, until it dies.
#[derive(Debug)]
pub(crate) struct Life {
    disk: Disk,
    watch: Watch,
    fate: Mutex<Fate>,
}

impl Life {
    /// Kills the process at the `n`-th commit from now, counted from 1.
    pub(crate) fn die_at(&self, death: Death, n: u64) {
        let mut fate = self.fate.lock().unwrap();
        fate.death = Some((death, fate.commits + n));
    }

    /// Whatever was planned: it lives on.
    pub(crate) fn spare(&self) {
        self.fate.lock().unwrap().death = None;
    }

    /// Kills it now: nothing is written from here on.
    pub(crate) fn kill(&self) {
        self.fate.lock().unwrap().dead = true;
    }

    /// Whether it was killed.
    pub(crate) fn is_dead(&self) -> bool {
        self.fate.lock().unwrap().dead
    }

    /// The disk has no room, or has some again.
    pub(crate) fn fill(&self, full: bool) {
        self.fate.lock().unwrap().full = full;
    }

    fn write(
        &self,
        work: impl FnOnce(&dyn Engine) -> Result<(), KvError>,
        marked: impl FnOnce(&mut Fate),
    ) -> Result<(), KvError> {
        let mut fate = self.fate.lock().unwrap();
        if fate.dead {
            return Err(dead());
        }
        if fate.full {
            let dir = PathBuf::from("disk");
            return Err(KvError::Full {
                dir,
                needed: 1,
                free: 0,
            });
        }
        fate.commits += 1;
        let death = fate.death.filter(|(_, at)| *at == fate.commits);
        if let Some((Death::Before, _)) = death {
            fate.dead = true;
            drop(fate);
            (self.watch.died)();
            return Err(dead());
        }
        let mut content = self.disk.lock();
        work(content.data.as_ref())?;
        fate.mark.commit += 1;
        marked(&mut fate);
        content.mark = Some(fate.mark);
        if !matches!(death, Some((Death::BeforeState, _))) {
            content.state = Some((fate.mark, fate.settled));
        }
        drop(content);
        if death.is_some() {
            fate.dead = true;
            drop(fate);
            (self.watch.died)();
            return Err(dead());
        }
        drop(fate);
        (self.watch.wrote)();
        Ok(())
    }
}

fn dead() -> KvError {
    KvError::ReadOnly {
        dir: PathBuf::from("disk"),
        why: "the process was killed".to_owned(),
    }
}

impl Engine for Life {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.disk.lock().data.get(key)
    }

    fn scan<'a>(&'a self, prefix: &[u8], from: Option<&[u8]>) -> Pairs<'a> {
        let data = Arc::clone(&self.disk.lock().data);
        let found: Vec<_> = data.scan(prefix, from).collect();
        Box::new(found.into_iter())
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, KvError> {
        self.disk.lock().data.last(prefix)
    }

    fn commit(&self, batch: Batch) -> Result<(), KvError> {
        if batch.is_empty() {
            return Ok(());
        }
        let stamp = batch.stamped();
        self.write(
            |data| data.commit(batch),
            |fate| fate.mark.stamp = stamp.unwrap_or(fate.mark.stamp),
        )
    }

    fn snapshot(&self) -> Result<Snapshot<'_>, KvError> {
        let mark = self.fate.lock().unwrap().mark;
        let found: Vec<_> = self.scan(b"", None).collect();
        Ok(Snapshot {
            epoch: mark.epoch,
            stamp: mark.stamp,
            pairs: Box::new(found.into_iter()),
        })
    }

    fn size_on_disk(&self) -> Result<u64, KvError> {
        Ok(0)
    }

    fn renew_epoch(&self, epoch: [u8; 16], stamp: Stamp) -> Result<(), KvError> {
        self.write(
            |_| Ok(()),
            |fate| {
                fate.settled = true;
                fate.mark.epoch = epoch;
                fate.mark.stamp = stamp;
            },
        )
    }
}
