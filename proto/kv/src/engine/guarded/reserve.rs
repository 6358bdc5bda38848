//! Disk space that is kept in reserve: with it a store on a full disk opens, and notes why it
//! stored no more.
//!
//! While the disk has room the reserve is a file that takes up its size. On a full disk it is given
//! back, and what it leaves is for batches that may use it ([`crate::Batch::use_reserve`]) alone:
//! for all others the space counts as taken. Once there is room again it is set aside again.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::KvError;
use crate::engine::space::{HEADROOM, free_bytes};

/// The reserve of one open store.
#[derive(Debug)]
pub(super) struct Reserve {
    dir: PathBuf,
    bytes: u64,
    /// Bytes of it that are given back and not yet set aside again.
    spent: u64,
}

impl Reserve {
    /// A reserve of this size, of which nothing is set aside yet. There may be one from before.
    pub(super) fn new(dir: &Path, bytes: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            bytes,
            spent: bytes,
        }
    }

    /// Sets the reserve aside unless it is there, or there is too little room for it. A failure is
    /// told and no more: the store works without.
    pub(super) fn keep(&mut self) {
        if self.bytes == 0 || held(&self.dir) >= self.bytes {
            self.spent = 0;
            return;
        }
        let wanted = self.bytes.saturating_mul(2).saturating_add(HEADROOM);
        if free_bytes(&self.dir).is_some_and(|free| free < wanted) {
            tracing::warn!(dir = %self.dir.display(), "too little free space to set a reserve aside");
            return;
        }
        match make(&self.dir, self.bytes) {
            Ok(()) => self.spent = 0,
            Err(error) => {
                release(&self.dir);
                tracing::warn!(dir = %self.dir.display(), %error, "no reserve could be set aside");
            }
        }
    }

    /// Refuses a write that wants `needed` free bytes before the tree sees it when the disk could not
    /// take it: a batch that fails inside the tree cannot be undone. A `needful` write may use the
    /// reserve.
    pub(super) fn room(&mut self, mut needed: u64, needful: bool) -> Result<(), KvError> {
        let Some(mut free) = free_bytes(&self.dir) else {
            return Ok(());
        };
        if self.spent > 0 && free > needed.saturating_add(self.bytes.saturating_mul(2)) {
            self.keep();
            free = free_bytes(&self.dir).unwrap_or(free);
        }
        if !needful {
            needed = needed.saturating_add(self.spent);
        } else if free < needed && release(&self.dir) {
            self.spent = self.bytes;
            free = free_bytes(&self.dir).unwrap_or(free);
            tracing::warn!(dir = %self.dir.display(), "the disk is full: the reserve was given back to note what happens");
        }
        if free < needed {
            return Err(KvError::Full {
                dir: self.dir.clone(),
                needed,
                free,
            });
        }
        Ok(())
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("RESERVE")
}

/// Bytes that the file takes up.
fn held(dir: &Path) -> u64 {
    path(dir).metadata().map_or(0, |meta| meta.blocks() * 512)
}

fn make(dir: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(path(dir))?;
    match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let zeros = vec![0_u8; 64 * 1024];
            let mut left = bytes;
            while left > 0 {
                let part = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
                file.write_all(zeros.get(..part).unwrap_or_default())?;
                left -= u64::try_from(part).unwrap_or(left);
            }
            file.sync_all()
        }
        Err(e) => Err(e.into()),
    }
}

/// Gives the reserve back; true if that made room.
pub(super) fn release(dir: &Path) -> bool {
    held(dir) > 0
        && File::options()
            .write(true)
            .open(path(dir))
            .and_then(|file| file.set_len(0))
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_allocated_and_given_back() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!release(dir.path()), "there is none yet");
        let mut reserve = Reserve::new(dir.path(), 1 << 20);
        reserve.keep();
        assert!(held(dir.path()) >= 1 << 20);
        assert!(release(dir.path()));
        assert!(!release(dir.path()), "it is empty now");
        reserve.keep();
        assert!(release(dir.path()), "it was set aside again");
    }

    #[test]
    fn there_is_no_room_for_what_no_disk_could_take() {
        let dir = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::new(dir.path(), 0);
        assert!(reserve.room(1_000, false).is_ok());
        let full = reserve.room(u64::MAX / 8, false).unwrap_err();
        assert!(matches!(full, KvError::Full { .. }), "{full}");
    }
}
