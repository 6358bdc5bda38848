//! What lies between "written" and "on disk" in sled, and how much room a write wants.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Free bytes that a write leaves untouched: sled rewrites pages and opens segments besides.
const HEADROOM: u64 = 4 * 1024 * 1024;
/// What a write leaves untouched that uses the reserve: two segments of sled.
const NEEDFUL_HEADROOM: u64 = 1024 * 1024;
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

/// Bytes that must be free before a batch of this size is written.
pub(super) fn needed_bytes(batch: usize, needful: bool) -> u64 {
    let headroom = if needful { NEEDFUL_HEADROOM } else { HEADROOM };
    u64::try_from(batch)
        .unwrap_or(u64::MAX)
        .saturating_mul(AMPLIFICATION)
        .saturating_add(headroom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_bytes_want_more_room_and_a_note_wants_little() {
        assert!(needed_bytes(usize::MAX, false) > needed_bytes(0, false));
        assert!(needed_bytes(1_000, true) < needed_bytes(0, false));
    }
}
