//! Room on the disk: how much there is, how much is taken, and the reserve.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// Free bytes that stay untouched when a reserve is set aside.
const HEADROOM: u64 = 4 * 1024 * 1024;

/// Bytes that may still be written to the disk of `path`; `None` where the file system does not say.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    (stat.f_blocks > 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize))
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

/// Bytes that a file, or all files below a folder, take on disk. Files that vanish meanwhile
/// (engines clear up in the background) count nothing.
pub(super) fn allocated(path: &Path) -> io::Result<u64> {
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(e),
    };
    if !meta.is_dir() {
        return Ok(meta.blocks() * 512);
    }
    match path.read_dir() {
        Ok(entries) => entries.map(|entry| allocated(&entry?.path())).sum(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(e) => Err(e),
    }
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
    }
}
