//! The file STATE: what was durable at the last commit. The crate's page says what it is for.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::{KvError, Stamp};

/// Opens a slot; a file without it in both slots is no STATE.
const MAGIC: &[u8; 8] = b"CALLSTAT";
/// The newest format that this program reads, and the one it writes.
const FORMAT: u32 = 1;
/// Where the second slot begins: in another page and sector than the first.
const SLOT_DISTANCE: u64 = 4096;
/// Bytes that the checksum covers.
const BODY_LEN: usize = 8 + 4 + 8 + 16 + 8 + MARK_TAIL + 1;
/// Bytes of a slot.
const SLOT_LEN: usize = BODY_LEN + 32;
/// Bytes of a stamp.
const MARK_TAIL: usize = 8 + 8 + 32;

/// What a commit leaves behind, in the store and in STATE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Identity of one life of the store.
    pub(crate) epoch: [u8; 16],
    /// Number of the commit, counting up by one.
    pub(crate) commit: u64,
    /// What the owner said about its content.
    pub(crate) stamp: Stamp,
}

impl Mark {
    /// The form in which it lies in the store.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + 8 + MARK_TAIL);
        bytes.extend_from_slice(&self.epoch);
        bytes.extend_from_slice(&self.commit.to_le_bytes());
        bytes.extend_from_slice(&self.stamp.revision.to_le_bytes());
        bytes.extend_from_slice(&self.stamp.count.to_le_bytes());
        bytes.extend_from_slice(&self.stamp.digest);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let epoch = take(&mut bytes)?;
        let commit = u64::from_le_bytes(take(&mut bytes)?);
        let revision = u64::from_le_bytes(take(&mut bytes)?);
        let count = u64::from_le_bytes(take(&mut bytes)?);
        let digest = take(&mut bytes)?;
        let mark = Self {
            epoch,
            commit,
            stamp: Stamp {
                revision,
                count,
                digest,
            },
        };
        bytes.is_empty().then_some(mark)
    }
}

/// One slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Counts up with every write of STATE; the highest valid one counts.
    generation: u64,
    /// The last commit that was durable.
    pub(crate) mark: Mark,
    /// False while the store may not be believed although its number fits.
    pub(crate) settled: bool,
}

/// What was found at open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is no file.
    Missing,
    /// There is one, and no slot of it is valid.
    Unreadable,
    /// The newest valid slot.
    Valid(State),
}

/// Reads STATE.
pub(crate) fn read(dir: &Path) -> Result<Found, KvError> {
    let bytes = match std::fs::read(path(dir)) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Found::Missing),
        Err(e) => return Err(KvError::io(dir, e)),
    };
    let second = usize::try_from(SLOT_DISTANCE)
        .ok()
        .and_then(|at| bytes.get(at..));
    let mut newest: Option<State> = None;
    for slot in [Some(bytes.as_slice()), second].into_iter().flatten() {
        let state = match parse(slot) {
            Slot::Valid(state) => state,
            Slot::Newer(found) => {
                return Err(KvError::Newer {
                    dir: dir.to_owned(),
                    found,
                    known: FORMAT,
                });
            }
            Slot::Broken => continue,
        };
        if newest.is_none_or(|known| known.generation < state.generation) {
            newest = Some(state);
        }
    }
    Ok(newest.map_or(Found::Unreadable, Found::Valid))
}

fn path(dir: &Path) -> PathBuf {
    dir.join("STATE")
}

enum Slot {
    Valid(State),
    Newer(u32),
    Broken,
}

fn parse(slot: &[u8]) -> Slot {
    parse_slot(slot).unwrap_or(Slot::Broken)
}

fn parse_slot(slot: &[u8]) -> Option<Slot> {
    let mut rest = slot.strip_prefix(MAGIC)?;
    let format = u32::from_le_bytes(take(&mut rest)?);
    if format > FORMAT {
        // A later format may be laid out in any way, so its checksum cannot be looked at. A damaged
        // version number also ends here: refusing to open is the safe side.
        return Some(Slot::Newer(format));
    }
    let body = slot.get(..BODY_LEN)?;
    let sum: [u8; 32] = take(&mut slot.get(BODY_LEN..)?)?;
    if *blake3::hash(body).as_bytes() != sum {
        return None;
    }
    let mut rest = body.get(MAGIC.len() + 4..)?;
    let generation = u64::from_le_bytes(take(&mut rest)?);
    let (settled, mark) = rest.split_last()?;
    Some(Slot::Valid(State {
        generation,
        mark: Mark::from_bytes(mark)?,
        settled: *settled == 1,
    }))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

/// STATE, open for writing.
#[derive(Debug)]
pub(crate) struct StateFile {
    file: File,
    generation: u64,
    /// The mark that was last written.
    told: Mark,
}

impl StateFile {
    /// Opens STATE, or makes it with what is known now. `found` is what [`read`] returned.
    pub(crate) fn open(dir: &Path, found: Found, mark: Mark, settled: bool) -> io::Result<Self> {
        if let Found::Valid(state) = found {
            let file = File::options().write(true).open(path(dir))?;
            return Ok(Self {
                file,
                generation: state.generation,
                told: state.mark,
            });
        }
        Self::create(dir, mark, settled)
    }

    /// STATE in any file, to see what happens when it cannot be written.
    #[cfg(test)]
    pub(crate) fn over(file: File) -> Self {
        Self {
            file,
            generation: 0,
            told: Mark::default(),
        }
    }

    /// Written beside, synced, then renamed: STATE never exists half-made. A STATE that could not
    /// be read is moved aside, for whoever wants to look at it.
    fn create(dir: &Path, mark: Mark, settled: bool) -> io::Result<Self> {
        let made = dir.join("STATE.new");
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&made)?;
        let mut new = Self {
            file,
            generation: 0,
            told: mark,
        };
        // Both slots are written once, so that the file has its full size, on disk, from now on:
        // later writes in place need no space.
        new.write(mark, settled)?;
        new.write(mark, settled)?;
        new.file.sync_all()?;
        let place = path(dir);
        if place.exists() {
            std::fs::rename(&place, dir.join("STATE.unreadable"))?;
        }
        std::fs::rename(&made, &place)?;
        File::open(dir)?.sync_all()?;
        Ok(new)
    }

    /// Writes the slot that is not the newest, and returns when it is on disk.
    pub(crate) fn write(&mut self, mark: Mark, settled: bool) -> io::Result<()> {
        let generation = self.generation + 1;
        let slot = render(State {
            generation,
            mark,
            settled,
        });
        self.file
            .write_all_at(&slot, (generation % 2) * SLOT_DISTANCE)?;
        self.file.sync_data()?;
        self.generation = generation;
        self.told = mark;
        Ok(())
    }

    /// Says that the store may not be believed, and leaves the rest as it was told before.
    pub(crate) fn unsettle(&mut self) -> io::Result<()> {
        self.write(self.told, false)
    }
}

fn render(state: State) -> Vec<u8> {
    let mut slot = Vec::with_capacity(SLOT_LEN);
    slot.extend_from_slice(MAGIC);
    slot.extend_from_slice(&FORMAT.to_le_bytes());
    slot.extend_from_slice(&state.generation.to_le_bytes());
    slot.extend_from_slice(&state.mark.to_bytes());
    slot.push(u8::from(state.settled));
    let sum = blake3::hash(&slot);
    slot.extend_from_slice(sum.as_bytes());
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(commit: u64) -> Mark {
        Mark {
            epoch: [7; 16],
            commit,
            stamp: Stamp {
                revision: commit,
                count: 2,
                digest: [9; 32],
            },
        }
    }

    fn newest(dir: &Path) -> Option<u64> {
        match read(dir).unwrap() {
            Found::Valid(state) => Some(state.mark.commit),
            _ => None,
        }
    }

    #[test]
    fn a_slot_has_the_length_that_the_layout_says() {
        assert_eq!(
            render(State {
                generation: 1,
                mark: mark(1),
                settled: true
            })
            .len(),
            SLOT_LEN
        );
    }

    #[test]
    fn the_newest_valid_slot_counts_also_when_the_other_is_torn() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), Found::Missing);
        let mut file = StateFile::open(dir.path(), Found::Missing, mark(1), true).unwrap();
        for commit in 2..=5 {
            file.write(mark(commit), true).unwrap();
            assert_eq!(newest(dir.path()), Some(commit));
        }
        // The newest slot is torn: the one before counts, and writing goes on behind it.
        let place = path(dir.path());
        let mut bytes = std::fs::read(&place).unwrap();
        let at = usize::try_from((file.generation % 2) * SLOT_DISTANCE).unwrap() + 40;
        bytes[at] ^= 1;
        std::fs::write(&place, &bytes).unwrap();
        assert_eq!(newest(dir.path()), Some(4));
        let found = read(dir.path()).unwrap();
        let mut file = StateFile::open(dir.path(), found, mark(0), true).unwrap();
        file.write(mark(6), false).unwrap();
        assert_eq!(newest(dir.path()), Some(6));
    }

    #[test]
    fn an_unreadable_file_is_not_taken_for_a_missing_one_and_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(path(dir.path()), b"rubbish").unwrap();
        assert_eq!(read(dir.path()).unwrap(), Found::Unreadable);
        StateFile::open(dir.path(), Found::Unreadable, mark(3), false).unwrap();
        assert_eq!(newest(dir.path()), Some(3));
        assert_eq!(
            std::fs::read(dir.path().join("STATE.unreadable")).unwrap(),
            b"rubbish"
        );
    }

    #[test]
    fn a_newer_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut slot = render(State {
            generation: 1,
            mark: mark(1),
            settled: true,
        });
        slot[8] = 2;
        std::fs::write(path(dir.path()), slot).unwrap();
        assert!(matches!(
            read(dir.path()),
            Err(KvError::Newer {
                found: 2,
                known: 1,
                ..
            })
        ));
    }
}
