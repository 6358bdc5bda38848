//! Large values, beside the tree.
//!
//! A tree writes what it holds more than once, and keeps what it wrote lately in memory. So a value
//! that is large for its tree ([`Tree::LARGE`]) goes, once, to the end of a file below `bodies/`, and
//! the tree holds its place.
//!
//! * **Order.** The bodies of a group are on disk before the first batch that points to them is
//!   applied. What a crash leaves at the end of a file, or a whole file, is pointed to by nothing.
//! * **Removal.** How many values of a file are still needed stands in the tree, changed in the same
//!   atomic batch as the values. A file that nothing needs is deleted once that batch is durable.
//! * **Reading.** A place holds a checksum. A reader whose value was replaced meanwhile finds the file
//!   gone, and asks the tree again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::entry::{Held, Place, held, inline, last_of_each, placed};
use crate::KvError;
use crate::engine::after_prefix;
use crate::engine::tree::{Encoded, Tree};

/// Keys of the counters: this, and the number of the file (8 bytes, big-endian).
pub(super) const COUNTERS: &[u8] = b"\0bodies/";
/// A file takes no further value once it has this many bytes: small enough that one needed value
/// does not keep much that is not.
const FILE_BYTES: u64 = 8 * 1024 * 1024;
/// How every file begins.
const MAGIC: &[u8; 8] = b"CALBODY1";

/// The folder of the large values, for reading.
#[derive(Clone, Debug)]
pub(super) struct Bodies(PathBuf);

impl Bodies {
    pub(super) fn of(dir: &Path) -> Self {
        Self(dir.join("bodies"))
    }

    fn path(&self, file: u64) -> PathBuf {
        self.0.join(format!("{file:016x}"))
    }

    /// Reads the value at a place; `None` when its file is gone.
    pub(super) fn read(&self, place: &Place) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.path(place.file)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut value = vec![0; place.length as usize];
        let whole = file.read_exact_at(&mut value, place.offset);
        if whole.is_err() || check(&value) != place.check {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "{} is cut off or changed at byte {}",
                    self.path(place.file).display(),
                    place.offset
                ),
            ));
        }
        Ok(Some(value))
    }
}

fn check(value: &[u8]) -> [u8; 16] {
    let hash = blake3::hash(value);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The writer's side.
#[derive(Debug)]
pub(in crate::engine) struct BodyWriter {
    bodies: Bodies,
    /// How many values of each file are needed.
    needed: BTreeMap<u64, u64>,
    /// The file that is being filled, and its length.
    open: Option<(u64, File, u64)>,
    next: u64,
    /// Files that something was written to since the last sync.
    unsynced: Vec<File>,
    new_files: bool,
    /// Files that nothing needs any more, once the batch is durable.
    doomed: BTreeSet<u64>,
}

impl BodyWriter {
    /// Takes over the folder. With `clear` files that nothing points to are deleted: what a crash
    /// left behind. They stay where the tree itself is in doubt.
    pub(in crate::engine) fn open<T: Tree>(
        dir: &Path,
        tree: &T,
        clear: bool,
    ) -> Result<Self, KvError> {
        let io = |e| KvError::io(dir, e);
        let bodies = Bodies::of(dir);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&bodies.0)
            .map_err(io)?;
        let needed = counted(tree)?;
        let mut last = needed.keys().next_back().copied().unwrap_or(0);
        let mut there = BTreeSet::new();
        for entry in bodies.0.read_dir().map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let number = name
                .to_str()
                .and_then(|name| u64::from_str_radix(name, 16).ok());
            let Some(file) = number else { continue };
            last = last.max(file);
            there.insert(file);
            if clear && !needed.contains_key(&file) {
                fs::remove_file(bodies.path(file)).map_err(io)?;
            }
        }
        if let Some(missing) = needed.keys().find(|file| !there.contains(file)) {
            let path = bodies.path(*missing);
            return Err(KvError::Damaged {
                dir: dir.to_owned(),
                why: format!("the file {} of its large values is missing", path.display()),
            });
        }
        Ok(Self {
            bodies,
            needed,
            open: None,
            next: last + 1,
            unsynced: Vec::new(),
            new_files: false,
            doomed: BTreeSet::new(),
        })
    }

    /// Encodes the writes of a batch; values from `large` bytes on go to their file. Nothing points
    /// to them yet.
    pub(super) fn encode(
        &mut self,
        writes: Vec<crate::batch::Write>,
        large: usize,
    ) -> io::Result<Encoded> {
        let last = last_of_each(writes);
        let mut encoded = Vec::with_capacity(last.len());
        for (key, value) in last {
            let stored = match value {
                Some(value) if value.len() >= large => Some(placed(&key, &self.append(&value)?)),
                Some(value) => Some(inline(&key, &value)),
                None => None,
            };
            encoded.push((key, stored));
        }
        Ok(encoded)
    }

    fn append(&mut self, value: &[u8]) -> io::Result<Place> {
        if self
            .open
            .as_ref()
            .is_none_or(|(_, _, length)| *length >= FILE_BYTES)
        {
            self.begin_file()?;
        }
        let Some((file, handle, length)) = self.open.as_mut() else {
            return Err(io::Error::other("no file for large values is open"));
        };
        let (file, offset) = (*file, *length);
        let written = handle.write_all(value);
        *length += value.len() as u64;
        if written.is_err() {
            // What lies at its end is nobody's; the next value begins a new file.
            self.open = None;
        }
        written?;
        let length = u32::try_from(value.len()).map_err(io::Error::other)?;
        Ok(Place {
            file,
            offset,
            length,
            check: check(value),
        })
    }

    fn begin_file(&mut self) -> io::Result<()> {
        let number = self.next;
        let mut file = File::options()
            .create_new(true)
            .append(true)
            .mode(0o600)
            .open(self.bodies.path(number))?;
        self.next += 1;
        file.write_all(MAGIC)?;
        self.unsynced.push(file.try_clone()?);
        self.new_files = true;
        self.open = Some((number, file, MAGIC.len() as u64));
        Ok(())
    }

    /// Returns when everything that was appended is on disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        for file in self.unsynced.drain(..) {
            file.sync_data()?;
        }
        if std::mem::take(&mut self.new_files) {
            File::open(&self.bodies.0)?.sync_all()?;
        }
        // The open file goes on to be written: it has to be synced again next time.
        if let Some((_, file, length)) = &self.open
            && *length < FILE_BYTES
        {
            self.unsynced.push(file.try_clone()?);
        }
        Ok(())
    }

    /// Counts what a batch is about to replace and to add; returns the counters to be written with
    /// it.
    pub(super) fn count<T: Tree>(
        &mut self,
        tree: &T,
        writes: &Encoded,
    ) -> Result<Encoded, KvError> {
        if T::LARGE == usize::MAX {
            return Ok(Vec::new());
        }
        let mut touched = BTreeSet::new();
        for (key, stored) in writes {
            let before = tree.get(key)?;
            if let Some(Held::Placed(place)) = before.as_ref().and_then(|b| held(key, b.as_ref())) {
                let needed = self.needed.entry(place.file).or_insert(0);
                *needed = needed.saturating_sub(1);
                touched.insert(place.file);
            }
            if let Some(Held::Placed(place)) = stored.as_deref().and_then(|s| held(key, s)) {
                *self.needed.entry(place.file).or_insert(0) += 1;
                touched.insert(place.file);
            }
        }
        let counters = touched
            .into_iter()
            .map(|file| (counter_key(file), self.counter(file)));
        Ok(counters.collect::<Vec<_>>())
    }
}

/// How many values of each file the tree still points to.
fn counted<T: Tree>(tree: &T) -> Result<BTreeMap<u64, u64>, KvError> {
    let mut needed = BTreeMap::new();
    for pair in tree.range(COUNTERS.to_vec(), after_prefix(COUNTERS)) {
        let (key, stored) = pair?;
        let number = key.as_ref().get(COUNTERS.len()..);
        let number = number.and_then(|n| n.try_into().ok());
        let Some(Held::Inline(count)) = held(key.as_ref(), stored.as_ref()) else {
            continue;
        };
        if let (Some(file), Ok(count)) = (number, count.try_into()) {
            needed.insert(u64::from_be_bytes(file), u64::from_be_bytes(count));
        }
    }
    Ok(needed)
}

fn counter_key(file: u64) -> Vec<u8> {
    [COUNTERS, &file.to_be_bytes()].concat()
}

impl BodyWriter {
    /// The counter's value, or `None` to remove it: then the file goes too.
    fn counter(&self, file: u64) -> Option<Vec<u8>> {
        let needed = self.needed.get(&file).copied().unwrap_or(0);
        (needed > 0).then(|| inline(&counter_key(file), &needed.to_be_bytes()))
    }

    /// Notes which files nothing needs after a batch that was applied.
    pub(super) fn applied(&mut self) {
        let empty: Vec<u64> = self
            .needed
            .iter()
            .filter(|(_, needed)| **needed == 0)
            .map(|(file, _)| *file)
            .collect();
        for file in empty {
            self.needed.remove(&file);
            self.doomed.insert(file);
        }
    }

    /// Deletes the files that nothing needs, now that the batch that says so is durable.
    pub(super) fn clear(&mut self) {
        for file in std::mem::take(&mut self.doomed) {
            if self.needed.contains_key(&file) {
                // The file is still being filled, and has got another value meanwhile.
                continue;
            }
            if self.open.as_ref().is_some_and(|(open, ..)| *open == file) {
                self.open = None;
                self.unsynced.clear();
            }
            if let Err(error) = fs::remove_file(self.bodies.path(file)) {
                tracing::warn!(file = %self.bodies.path(file).display(), %error, "a file that nothing needs could not be deleted; the next start tries again");
            }
        }
    }
}
