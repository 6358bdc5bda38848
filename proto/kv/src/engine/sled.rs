//! sled 0.34.7, with guards around what it does not promise by itself.
//!
//! Read in its source (0.34.7), because it decides what stands here:
//! * `flush` is `sync_file_range` on the log alone (`iobuf.rs`): no metadata, no drive cache. And
//!   pages above 128 KiB lie in files of their own below `blobs/` that are *never* synced. Both is
//!   made good in `disk.rs`.
//! * it keeps up to 16 values in a page, writes a page anew every few changes, and its cache does not
//!   count the pages in files of their own. With values of 64 KiB every byte is written several times
//!   and memory grows with the store: so they lie beside the tree.
//! * a batch that fails half-way stays half-applied in memory, with nothing to undo it: from then on
//!   the engine only reads, and STATE says that the store is not settled.
//! * one global write lock: a second writing thread would gain nothing. One thread writes here.
//! * `Mode` (throughput or space) is stored and never read: it is left at its default.
//! * at open it passes over a damaged segment of its log that is younger than its snapshot, and applies
//!   what comes after: records are missing and the mark of the last commit is there. And what is read
//!   after opening is not checked: a bit that flipped on the disk comes back as a value. Every entry
//!   carries its own checksum, and the tree the sum over all: `guarded` proves both.
//! * a held lock is an `io::Error` of kind `Other` with a text: our own LOCK comes first.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use self::disk::Disk;
use super::tree::{Encoded, Range, Tree};
use crate::{KvError, Options};

mod disk;

/// sled's tree.
#[derive(Clone)]
pub(super) struct Sled {
    dir: Arc<PathBuf>,
    db: ::sled::Db,
    disk: Arc<Mutex<Disk>>,
}

impl Sled {
    fn error(&self, error: ::sled::Error) -> KvError {
        KvError::sled(&self.dir, error)
    }
}

impl Tree for Sled {
    const NAME: &'static str = "sled";
    const FOLDER: &'static str = "db";
    const LARGE: usize = 16 * 1024;

    type Bytes = ::sled::IVec;

    fn open(dir: &Path, options: &Options) -> Result<Self, KvError> {
        let io = |e| KvError::io(dir, e);
        let folder = dir.join(Self::FOLDER);
        move_aside(dir).map_err(io)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(io)?;
        let config = ::sled::Config::new()
            .path(&folder)
            .cache_capacity(options.cache_bytes)
            .flush_every_ms(None);
        let db = config.open().map_err(|e| KvError::sled(dir, e))?;
        let disk = Disk::open(dir).map_err(io)?;
        // sled syncs neither the folders that it makes nor the file with its settings.
        for path in [folder.join("conf"), folder.join("blobs"), folder] {
            File::open(path)
                .and_then(|file| file.sync_all())
                .map_err(io)?;
        }
        Ok(Self {
            dir: Arc::new(dir.to_owned()),
            db,
            disk: Arc::new(Mutex::new(disk)),
        })
    }

    fn get(&self, key: &[u8]) -> Result<Option<Self::Bytes>, KvError> {
        self.db.get(key).map_err(|e| self.error(e))
    }

    fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>) -> Range<Self::Bytes> {
        let pairs = match end {
            Some(end) => self.db.range(start..end),
            None => self.db.range(start..),
        };
        let dir = Arc::clone(&self.dir);
        Box::new(pairs.map(move |pair| pair.map_err(|e| KvError::sled(&dir, e))))
    }

    fn apply(&self, writes: Encoded) -> Result<(), KvError> {
        let mut batch = ::sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.db.apply_batch(batch).map_err(|e| self.error(e))
    }

    /// sled's flush first, then what it leaves out.
    fn sync(&self) -> Result<(), KvError> {
        self.db.flush().map_err(|e| self.error(e))?;
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        disk.sync().map_err(|e| KvError::io(&self.dir, e))
    }

    fn needed_bytes(&self, batch: usize, needful: bool) -> u64 {
        disk::needed_bytes(batch, needful)
    }
}

/// Moves half-written snapshots out of sled's sight: it takes them for whole ones and then does
/// not open for ever (spacejam/sled#1527). Finished snapshots are never touched.
fn move_aside(dir: &Path) -> io::Result<()> {
    let listing = match dir.join("db").read_dir() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        listing => listing?,
    };
    for entry in listing {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with("snap.") && name.ends_with(".generating")) {
            continue;
        }
        let aside = dir.join("aside");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&aside)?;
        let mut place = aside.join(&*name);
        let mut number = 1_u32;
        while place.exists() {
            place = aside.join(format!("{name}.{number}"));
            number += 1;
        }
        tracing::warn!(snapshot = %entry.path().display(), "moved a half-written snapshot aside");
        std::fs::rename(entry.path(), place)?;
    }
    Ok(())
}
