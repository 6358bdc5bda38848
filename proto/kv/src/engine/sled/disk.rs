//! What lies between "written" and "on disk": syncing, free space, the reserve.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// Free bytes that a write leaves untouched: sled rewrites pages and opens segments besides.
const HEADROOM: u64 = 4 * 1024 * 1024;
/// How many bytes sled may write for one byte that it is given, at worst for a moment.
const AMPLIFICATION: u64 = 3;
/// From this many new blob files on, one sync of the file system is cheaper than one for each.
const MANY_BLOBS: usize = 16;

/// Makes what sled has flushed really durable.
#[derive(Debug)]
pub(super) struct Disk {
    log: File,
    blobs: PathBuf,
    /// Blob files that are known to be on disk. They never change once written.
    synced: HashSet<OsString>,
}

impl Disk {
    /// Takes over the files below `db` and brings all of them to disk once: what a process that
    /// was killed has left in the page cache counts as read, so it must stay.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let db = dir.join("db");
        let log = File::open(db.join("db"))?;
        rustix::fs::syncfs(&log)?;
        let blobs = db.join("blobs");
        let synced = names(&blobs)?.into_iter().collect();
        Ok(Self { log, blobs, synced })
    }

    /// Returns when the log and every blob file that it points to are on disk.
    ///
    /// Blobs go first, so that what is complete in the log rarely points to what is not there. A
    /// power cut *between* sled's flush and this can still tear a blob of a batch that nobody was
    /// told of; sled then refuses to open, or the store is behind: neither is silent.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.sync_blobs()?;
        self.log.sync_all()
    }

    fn sync_blobs(&mut self) -> io::Result<()> {
        let now = names(&self.blobs)?;
        let new: Vec<_> = now
            .iter()
            .filter(|name| !self.synced.contains(*name))
            .collect();
        if new.len() >= MANY_BLOBS {
            rustix::fs::syncfs(&self.log)?;
        } else if !new.is_empty() {
            for name in new {
                match File::open(self.blobs.join(name)) {
                    Ok(blob) => blob.sync_data()?,
                    // Already replaced: nothing points to it any more.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => return Err(e),
                }
            }
            File::open(&self.blobs)?.sync_all()?;
        }
        self.synced = now.into_iter().collect();
        Ok(())
    }
}

fn names(dir: &Path) -> io::Result<Vec<OsString>> {
    dir.read_dir()?
        .map(|entry| Ok(entry?.file_name()))
        .collect()
}

/// Bytes that may still be written to the disk of `path`; `None` where the file system does not say.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    (stat.f_blocks > 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Bytes that must be free before a batch of this size is written.
pub(super) fn needed_bytes(batch: usize) -> u64 {
    u64::try_from(batch)
        .unwrap_or(u64::MAX)
        .saturating_mul(AMPLIFICATION)
        .saturating_add(HEADROOM)
}

/// Makes the reserve file unless it is there, or there is too little room to set any aside.
/// A failure is told and no more: the store works without.
pub(super) fn keep_reserve(dir: &Path, bytes: u64) {
    let path = dir.join("RESERVE");
    let there = path
        .metadata()
        .is_ok_and(|meta| meta.blocks() * 512 >= bytes);
    if bytes == 0 || there {
        return;
    }
    let wanted = bytes.saturating_mul(2).saturating_add(HEADROOM);
    if free_bytes(dir).is_some_and(|free| free < wanted) {
        tracing::warn!(dir = %dir.display(), "too little free space to set a reserve aside");
        return;
    }
    if let Err(error) = make_reserve(&path, bytes) {
        release_reserve(dir);
        tracing::warn!(dir = %dir.display(), %error, "no reserve could be set aside");
    }
}

fn make_reserve(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
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
pub(super) fn release_reserve(dir: &Path) -> bool {
    let path = dir.join("RESERVE");
    let held = path.metadata().is_ok_and(|meta| meta.blocks() > 0);
    held && File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_len(0))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_allocated_and_given_back() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!release_reserve(dir.path()), "there is none yet");
        keep_reserve(dir.path(), 1024 * 1024);
        let meta = dir.path().join("RESERVE").metadata().unwrap();
        assert!(meta.blocks() * 512 >= 1024 * 1024);
        assert!(release_reserve(dir.path()));
        assert!(!release_reserve(dir.path()), "it is empty now");
        keep_reserve(dir.path(), 1024 * 1024);
        assert!(release_reserve(dir.path()), "it was set aside again");
    }

    #[test]
    fn free_space_is_known_here() {
        assert!(free_bytes(Path::new("/tmp")).unwrap() > 0);
        assert!(needed_bytes(usize::MAX) > needed_bytes(0));
    }
}
