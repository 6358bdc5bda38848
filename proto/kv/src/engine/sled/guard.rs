//! Opening: lock, guards, and the judgement whether the store may be believed.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::bodies::BodyWriter;
use super::disk::Disk;
use super::writer::Writer;
use super::{MARK_KEY, Sled, caught, entry, is_internal, reserve};
use crate::state::{self, Found, Mark, StateFile};
use crate::{KvError, Opened, Options, Stamp, Trust};

/// Pause between two looks at a lock that is held.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Opens the store: waits for its lock, and gives the reserve back if the disk is full.
pub(in crate::engine) fn open(
    dir: &Path,
    fresh_epoch: [u8; 16],
    options: &Options,
) -> Result<Opened, KvError> {
    make_dir(dir).or_else(|error| retry_with_reserve(dir, error, || make_dir(dir)))?;
    let mut waited = Duration::ZERO;
    loop {
        let attempt = || attempt(dir, fresh_epoch, options);
        match attempt().or_else(|error| retry_with_reserve(dir, error, attempt)) {
            Err(KvError::Locked { .. }) if waited < options.lock_wait => {
                std::thread::sleep(LOCK_PAUSE);
                waited += LOCK_PAUSE;
            }
            done => return done,
        }
    }
}

fn retry_with_reserve<T>(
    dir: &Path,
    error: KvError,
    again: impl FnOnce() -> Result<T, KvError>,
) -> Result<T, KvError> {
    if matches!(error, KvError::Full { .. }) && reserve::release(dir) {
        tracing::warn!(dir = %dir.display(), "the disk is full: the reserve was given back to open the store");
        return again();
    }
    Err(error)
}

fn make_dir(dir: &Path) -> Result<(), KvError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| KvError::io(dir, e))
}

fn attempt(dir: &Path, fresh_epoch: [u8; 16], options: &Options) -> Result<Opened, KvError> {
    let io = |e| KvError::io(dir, e);
    let lock = lock(dir)?;
    move_aside(dir).map_err(io)?;
    let found = state::read(dir)?;
    make_dir(&dir.join("db"))?;
    let db = open_db(dir, options)?;
    let held = read_mark(dir, &db)?;
    let sum = entry::prove(dir, &db)?;
    let empty = is_empty(dir, &db)?;
    let trust = judge(found, held, empty);
    let disk = Disk::open(dir).map_err(io)?;
    let mark = first_mark(found, held, fresh_epoch);
    let settled = !matches!(trust, Trust::Behind { .. });
    if let Trust::Behind { note, .. } = &trust {
        tracing::error!(dir = %dir.display(), note, "the store is not what its STATE says; it is not authoritative");
    }
    let bodies = BodyWriter::open(dir, &db, settled)?;
    let mut writer = Writer::new(dir, db.clone(), disk, bodies, mark, settled);
    if trust == Trust::Fresh {
        // The epoch goes into the store before STATE tells of it.
        writer.mark_fresh()?;
    }
    writer.begin_with(sum.unwrap_or_default());
    writer.keep_state(StateFile::open(dir, found, writer.mark(), settled).map_err(io)?);
    sync_folders(dir).map_err(io)?;
    writer.keep_reserve(options.reserve_bytes);
    let engine = Arc::new(Sled::start(dir, db, writer, lock)?);
    Ok(Opened {
        engine,
        trust,
        epoch: mark.epoch,
        stamp: held.map_or_else(Stamp::default, |held| held.stamp),
    })
}

fn lock(dir: &Path) -> Result<File, KvError> {
    let open = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join("LOCK"));
    let lock = open.map_err(|e| KvError::io(dir, e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(KvError::Locked {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(e)) => Err(KvError::io(dir, e)),
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

fn open_db(dir: &Path, options: &Options) -> Result<::sled::Db, KvError> {
    let config = ::sled::Config::new()
        .path(dir.join("db"))
        .cache_capacity(options.cache_bytes)
        .flush_every_ms(None);
    caught::call(dir, "opened the files", || config.open())
}

fn read_mark(dir: &Path, db: &::sled::Db) -> Result<Option<Mark>, KvError> {
    let Some(bytes) = caught::call(dir, "read its mark", || db.get(MARK_KEY))? else {
        return Ok(None);
    };
    let why = || KvError::Damaged {
        dir: dir.to_owned(),
        why: "the mark of the last commit cannot be read".to_owned(),
    };
    Mark::from_bytes(&bytes).ok_or_else(why).map(Some)
}

/// Whether the store holds nothing of its owner's.
fn is_empty(dir: &Path, db: &::sled::Db) -> Result<bool, KvError> {
    let look = || {
        let mut keys = db.iter().keys();
        keys.find(|key| !matches!(key, Ok(key) if is_internal(key)))
            .transpose()
    };
    Ok(caught::call(dir, "looked for entries", look)?.is_none())
}

/// Compares the store with its STATE.
fn judge(found: Found, held: Option<Mark>, empty: bool) -> Trust {
    let behind = |state: Stamp, note: String| Trust::Behind { state, note };
    let state = match found {
        Found::Missing if empty => return Trust::Fresh,
        Found::Missing => {
            return behind(
                Stamp::default(),
                "the store holds data but its file STATE is missing".to_owned(),
            );
        }
        Found::Unreadable => {
            return behind(
                Stamp::default(),
                "no part of the file STATE is readable".to_owned(),
            );
        }
        Found::Valid(state) => state,
    };
    let stamp = state.mark.stamp;
    let commit = state.mark.commit;
    match held {
        None if empty => behind(
            stamp,
            format!("the store is empty, STATE tells of commit {commit}"),
        ),
        None => behind(
            stamp,
            format!("the store has lost the mark of its commits, STATE tells of commit {commit}"),
        ),
        Some(held) if held.epoch != state.mark.epoch => behind(
            stamp,
            "the store and its STATE belong to different epochs".to_owned(),
        ),
        Some(held) if held.commit < commit => behind(
            stamp,
            format!(
                "the store is at commit {}, STATE tells of commit {commit}",
                held.commit
            ),
        ),
        Some(_) if !state.settled => behind(
            stamp,
            "a write failed half-way, or the store was behind and was not renewed since".to_owned(),
        ),
        Some(_) => Trust::Whole,
    }
}

/// What the next commit counts on from: the store's own number, the epoch that STATE tells of.
fn first_mark(found: Found, held: Option<Mark>, fresh_epoch: [u8; 16]) -> Mark {
    let told = match found {
        Found::Valid(state) => Some(state.mark),
        Found::Missing | Found::Unreadable => None,
    };
    // A store that was cut off before STATE was made is still fresh: the new epoch counts.
    let epoch = told.map_or(fresh_epoch, |told| told.epoch);
    let commit = held.map_or(0, |held| held.commit);
    let stamp = held.or(told).map_or_else(Stamp::default, |mark| mark.stamp);
    Mark {
        epoch,
        commit,
        stamp,
    }
}

/// sled syncs neither the folders that it makes nor the file with its settings.
fn sync_folders(dir: &Path) -> io::Result<()> {
    let db = dir.join("db");
    for path in [db.join("conf"), db.join("blobs"), db, dir.to_owned()] {
        File::open(path)?.sync_all()?;
    }
    // The folder above may belong to somebody else and not be ours to open.
    if let Some(above) = dir.parent().and_then(|parent| File::open(parent).ok()) {
        above.sync_all()?;
    }
    Ok(())
}
