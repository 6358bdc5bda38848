//! Opening: lock, guards, and the judgement whether the store may be believed.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::bodies::BodyWriter;
use super::writer::Writer;
use super::{Guarded, caught, entry, is_internal, reserve};
use crate::engine::MARK_KEY;
use crate::engine::kind;
use crate::engine::tree::Tree;
use crate::state::{self, Found, Mark, StateFile};
use crate::{KvError, Opened, Options, Stamp, Trust};

/// Pause between two looks at a lock that is held.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Opens the store: waits for its lock, and gives the reserve back if the disk is full.
pub(in crate::engine) fn open<T: Tree>(
    dir: &Path,
    fresh_epoch: [u8; 16],
    options: &Options,
) -> Result<Opened, KvError> {
    make_dir(dir).or_else(|error| retry_with_reserve(dir, error, || make_dir(dir)))?;
    let mut waited = Duration::ZERO;
    loop {
        let attempt = || attempt::<T>(dir, fresh_epoch, options);
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

fn attempt<T: Tree>(
    dir: &Path,
    fresh_epoch: [u8; 16],
    options: &Options,
) -> Result<Opened, KvError> {
    let io = |e| KvError::io(dir, e);
    let lock = lock(dir)?;
    // Before any file of the tree is touched: is it this engine's store at all?
    kind::claim(dir, T::NAME)?;
    let found = state::read(dir)?;
    let tree = caught::call::<T, _>(dir, "opened the files", || T::open(dir, options))?;
    let held = read_mark(dir, &tree)?;
    let sum = entry::prove(dir, &tree)?;
    let empty = caught::call::<T, _>(dir, "looked for entries", || is_empty(&tree))?;
    let trust = judge(found, held, empty);
    let mark = first_mark(found, held, fresh_epoch);
    let settled = !matches!(trust, Trust::Behind { .. });
    if let Trust::Behind { note, .. } = &trust {
        tracing::error!(dir = %dir.display(), note, "the store is not what its STATE says; it is not authoritative");
    }
    let open = || BodyWriter::open(dir, &tree, settled);
    let bodies = caught::call::<T, _>(dir, "counted its large values", open)?;
    let mut writer = Writer::new(dir, tree.clone(), bodies, mark, settled);
    writer.begin_with(sum.unwrap_or_default());
    if trust == Trust::Fresh {
        // The epoch goes into the store before STATE tells of it.
        writer.mark_fresh()?;
    }
    writer.keep_state(StateFile::open(dir, found, writer.mark(), settled).map_err(io)?);
    sync_folders(dir).map_err(io)?;
    writer.keep_reserve(options.reserve_bytes);
    let engine = Arc::new(Guarded::start(dir, tree, writer, lock)?);
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

fn read_mark<T: Tree>(dir: &Path, tree: &T) -> Result<Option<Mark>, KvError> {
    let Some(bytes) = caught::call::<T, _>(dir, "read its mark", || tree.get(MARK_KEY))? else {
        return Ok(None);
    };
    let why = || KvError::Damaged {
        dir: dir.to_owned(),
        why: "the mark of the last commit cannot be read".to_owned(),
    };
    Mark::from_bytes(bytes.as_ref()).ok_or_else(why).map(Some)
}

/// Whether the store holds nothing of its owner's.
fn is_empty<T: Tree>(tree: &T) -> Result<bool, KvError> {
    for pair in tree.range(Vec::new(), None) {
        if !is_internal(pair?.0.as_ref()) {
            return Ok(false);
        }
    }
    Ok(true)
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

/// What was made in the folder has its name on disk, and so has the folder itself.
fn sync_folders(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()?;
    // The folder above may belong to somebody else and not be ours to open.
    if let Some(above) = dir.parent().and_then(|parent| File::open(parent).ok()) {
        above.sync_all()?;
    }
    Ok(())
}
