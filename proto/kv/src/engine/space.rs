//! Room on the disk: how much there is, and how much is taken.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// With fewer free bytes than this a disk counts as full, whatever is to be written.
pub(crate) const HEADROOM: u64 = 4 * 1024 * 1024;

/// Bytes that may still be written to the disk of `path`; `None` where the file system does not say.
pub(crate) fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    (stat.f_blocks > 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize))
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
    fn free_space_is_known_here() {
        assert!(free_bytes(Path::new("/tmp")).unwrap() > 0);
    }
}
