//! fjall 3.1, a log-structured tree, with guards around what it does not promise by itself.
//!
//! Read in its source (3.1.13, lsm-tree 3.1.10), because it decides what stands here:
//! * a batch goes to the journal and then into a sorted table in memory; `persist(SyncAll)` fsyncs the
//!   journal. Tables go to disk in the background, from a journal that was synced before.
//! * at open it *deletes*: the folder of a tree that has lost its file `current`, or that the tree of
//!   names no longer knows. And it makes a new, empty store where its file `version` is missing. Both
//!   are looked for before it may open anything ([`whole`]).
//! * at open it *cuts off* its journals where they cease to make sense. At the end of the newest that
//!   is a write that nobody was told of; if it was more, the mark of the last commit is gone with it and
//!   STATE tells. In an older journal nothing would tell: see `journals.rs`.
//! * a new store is made in several steps: so it is made beside, and renamed when it is whole.
//! * a failed write in the background (tables, compaction) stops all further writes: `Poisoned`. What
//!   was acknowledged is in the journal. But a writer that waits for the background while that fails
//!   would wait for ever: so the waiting is done here ([`Fjall::wait`]).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Slice};

use self::journals::Sealed;
use super::space;
use super::tree::{Encoded, Range, Tree};
use crate::{KvError, Options};

mod journals;

/// Name of the one tree in the store.
const TREE: &str = "kv";
/// Bytes that are written lately and kept in memory before they go to a table.
/// Few in tests, so that stores of some megabytes have tables on disk, and merge them.
const MEMTABLE_BYTES: u64 = if cfg!(test) { 1 << 20 } else { 16 << 20 };
/// Journals together: what an open has to read again, at most.
const JOURNAL_BYTES: u64 = 128 * 1024 * 1024;
/// Free bytes that a write leaves untouched: tables are merged in the background.
const HEADROOM: u64 = 32 * 1024 * 1024;
/// What a write leaves untouched that uses the reserve: its journal grows a little.
const NEEDFUL_HEADROOM: u64 = 1024 * 1024;
/// Threads that write tables and merge them.
const WORKERS: usize = 2;
/// Files kept open for reading.
const OPEN_FILES: usize = 256;
/// From this many tables in memory, or not yet merged ones on disk, on a writer waits. fjall itself
/// waits at 4 and 30.
const WAITING_MEMTABLES: usize = 3;
const WAITING_TABLES: usize = 24;
/// How long a writer waits at most before it leaves the waiting to fjall.
const PATIENCE: u32 = 5000;
const PAUSE: Duration = Duration::from_millis(2);

/// fjall's tree.
#[derive(Clone)]
pub(super) struct Fjall {
    dir: Arc<PathBuf>,
    tree: Keyspace,
    db: Database,
}

impl Tree for Fjall {
    const NAME: &'static str = "fjall";
    const FOLDER: &'static str = "fjall";
    const LARGE: usize = 16 * 1024;

    type Bytes = Slice;

    fn open(dir: &Path, options: &Options) -> Result<Self, KvError> {
        let folder = dir.join(Self::FOLDER);
        if !folder.exists() {
            make(dir, &folder)?;
        }
        whole(dir, &folder)?;
        let sealed = Sealed::of(&folder).map_err(|e| KvError::io(dir, e))?;
        let fail = |e| opening(dir, e);
        let db = Database::builder(&folder)
            .cache_size(options.cache_bytes)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(WORKERS)
            .max_cached_files(Some(OPEN_FILES))
            .manual_journal_persist(true)
            .open()
            .map_err(fail)?;
        sealed.check().map_err(|why| damaged(dir, why))?;
        if !db.keyspace_exists(TREE) {
            return Err(damaged(dir, "its tree is gone".to_owned()));
        }
        let tree = db.keyspace(TREE, settings).map_err(fail)?;
        // What a process that was killed has left in the page cache counts as read: it must stay.
        let at = File::open(&folder).map_err(|e| KvError::io(dir, e))?;
        rustix::fs::syncfs(&at).map_err(|e| KvError::io(dir, e.into()))?;
        Ok(Self {
            dir: Arc::new(dir.to_owned()),
            tree,
            db,
        })
    }

    fn get(&self, key: &[u8]) -> Result<Option<Self::Bytes>, KvError> {
        self.tree.get(key).map_err(|e| KvError::fjall(&self.dir, e))
    }

    fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>) -> Range<Self::Bytes> {
        let pairs = match end {
            Some(end) => self.tree.range(start..end),
            None => self.tree.range(start..),
        };
        let dir = Arc::clone(&self.dir);
        Box::new(pairs.map(move |pair| pair.into_inner().map_err(|e| KvError::fjall(&dir, e))))
    }

    fn apply(&self, writes: Encoded) -> Result<(), KvError> {
        self.wait()?;
        let mut batch = self.db.batch();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(&self.tree, key, value),
                None => batch.remove(&self.tree, key),
            }
        }
        batch.commit().map_err(|e| self.failed(e))
    }

    fn sync(&self) -> Result<(), KvError> {
        self.db
            .persist(PersistMode::SyncAll)
            .map_err(|e| self.failed(e))
    }

    /// The journal takes the batch now, a table takes it once more later, with all that waits in
    /// memory already. A needful one that only goes to the journal wants no room for tables; one with
    /// which a table would have to be written does: without it fjall would stop for good.
    fn needed_bytes(&self, batch: usize, needful: bool) -> u64 {
        let batch = u64::try_from(batch).unwrap_or(u64::MAX);
        let waiting = self.db.write_buffer_size();
        let twice = batch.saturating_mul(2);
        if needful && waiting.saturating_add(twice) < MEMTABLE_BYTES {
            return twice.saturating_add(NEEDFUL_HEADROOM);
        }
        let headroom = if needful { NEEDFUL_HEADROOM } else { HEADROOM };
        twice.saturating_add(waiting).saturating_add(headroom)
    }
}

impl Fjall {
    /// Waits while the background is behind, and notices when it has given up.
    fn wait(&self) -> Result<(), KvError> {
        for _ in 0..PATIENCE {
            let behind = self.tree.sealed_memtable_count() >= WAITING_MEMTABLES
                || self.tree.l0_table_count() >= WAITING_TABLES;
            if !behind {
                break;
            }
            // Writes nothing but what is buffered; refuses where the background has failed.
            let alive = self.db.persist(PersistMode::Buffer);
            alive.map_err(|e| self.failed(e))?;
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// What a failed write means: fjall does not say why the background gave up.
    fn failed(&self, error: ::fjall::Error) -> KvError {
        let needed = self.needed_bytes(0, false);
        match (error, space::free_bytes(&self.dir)) {
            (::fjall::Error::Poisoned, Some(free)) if free < needed => KvError::Full {
                dir: self.dir.to_path_buf(),
                needed,
                free,
            },
            (error, _) => KvError::fjall(&self.dir, error),
        }
    }
}

fn settings() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .manual_journal_persist(true)
}

/// Makes a new, empty tree: beside, and renamed once it is whole.
fn make(dir: &Path, folder: &Path) -> Result<(), KvError> {
    let io = |e| KvError::io(dir, e);
    let beside = dir.join("fjall.new");
    match fs::remove_dir_all(&beside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io(e)),
        _ => {}
    }
    let made = Database::builder(&beside).worker_threads(1).open();
    let made = made.and_then(|db| {
        let _tree = db.keyspace(TREE, settings)?;
        db.persist(PersistMode::SyncAll)
    });
    made.map_err(|e| KvError::fjall(dir, e))?;
    let at = File::open(&beside).map_err(io)?;
    rustix::fs::syncfs(&at).map_err(|e| io(e.into()))?;
    fs::rename(&beside, folder).map_err(io)?;
    File::open(dir).and_then(|at| at.sync_all()).map_err(io)
}

/// Whether everything is there without which fjall would delete or begin anew.
fn whole(dir: &Path, folder: &Path) -> Result<(), KvError> {
    let journal = || Sealed::newest(folder).map_err(|e| KvError::io(dir, e));
    let missing = ["version", "keyspaces/0/current", "keyspaces/1/current"]
        .into_iter()
        .find(|name| !folder.join(name).exists());
    match missing {
        Some(name) => Err(damaged(dir, format!("the file {name} is missing"))),
        None if journal()?.is_none() => Err(damaged(dir, "its journal is missing".to_owned())),
        None => Ok(()),
    }
}

/// What goes wrong while it opens: a file that is missing or too short is damage, not a matter of
/// rights or the disk.
fn opening(dir: &Path, error: ::fjall::Error) -> KvError {
    let io = match &error {
        ::fjall::Error::Io(e) | ::fjall::Error::Storage(::fjall::LsmError::Io(e)) => Some(e.kind()),
        _ => None,
    };
    match io {
        Some(
            io::ErrorKind::NotFound
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Other,
        ) => damaged(dir, error.to_string()),
        _ => KvError::fjall(dir, error),
    }
}

fn damaged(dir: &Path, why: String) -> KvError {
    KvError::Damaged {
        dir: dir.to_owned(),
        why,
    }
}
