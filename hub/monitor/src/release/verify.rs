//! Whether a release is still what it was.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{FileEntry, MANIFEST, Releases, SUMS};
use crate::dataset::Hasher;
use crate::error::{Result, at};

/// Something wrong with a file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, below the release's folder.
    pub file: String,
    /// What is wrong.
    pub what: Wrong,
}

/// What can be wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not there.
    Missing,
    /// Size or a hash is another.
    Changed,
    /// Nothing says that it belongs here.
    Unknown,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.what {
            Wrong::Missing => "is missing",
            Wrong::Changed => "is not what it was: size or hash differ",
            Wrong::Unknown => "belongs to no release",
        };
        write!(f, "{} {what}", self.file)
    }
}

/// Compares every file of a release with what `release.json` and `SHA256SUMS` say. Empty means whole.
///
/// # Errors
/// When there is no such release, or the disk fails.
pub fn verify(releases: &Releases, number: u64) -> Result<Vec<Fault>> {
    verify_with(releases, number, &mut Known::default())
}

/// Hashes of files by device and inode: a file that many releases share is read once.
#[derive(Debug, Default)]
pub(crate) struct Known(HashMap<(u64, u64), FileEntry>);

impl Known {
    fn of_file(&mut self, path: &Path, name: &str) -> io::Result<FileEntry> {
        let about = fs::metadata(path)?;
        let place = (about.dev(), about.ino());
        if let Some(known) = self.0.get(&place) {
            return Ok(FileEntry {
                name: name.to_owned(),
                ..known.clone()
            });
        }
        let entry = Hasher::of_file(path, name)?;
        self.0.insert(place, entry.clone());
        Ok(entry)
    }
}

/// As [`verify`], for several releases one after the other.
pub(crate) fn verify_with(
    releases: &Releases,
    number: u64,
    hashes: &mut Known,
) -> Result<Vec<Fault>> {
    let manifest = releases.show(number)?;
    let folder = &releases.folder(number);
    let files = &manifest.files;
    let mut faults = Vec::new();
    let mut fault = |file: &str, what| {
        faults.push(Fault {
            file: file.to_owned(),
            what,
        });
    };
    for known in files {
        let path = folder.join(&known.name);
        match hashes.of_file(&path, &known.name) {
            Ok(found) if found == *known => {}
            Ok(_) => fault(&known.name, Wrong::Changed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fault(&known.name, Wrong::Missing);
            }
            Err(error) => return Err(at(&path)(error)),
        }
    }
    // The sums hold what `release.json` cannot say of itself.
    let sums = folder.join(SUMS);
    let path = folder.join(MANIFEST);
    let own = Hasher::of_file(&path, MANIFEST).map_err(at(&path))?;
    match fs::read_to_string(&sums) {
        Ok(text) => {
            let mut said: BTreeSet<&str> = text.lines().collect();
            for known in files.iter().chain([&own]) {
                if !said.remove(format!("{}  {}", known.sha256, known.name).as_str()) {
                    fault(&known.name, Wrong::Changed);
                }
            }
            if !said.is_empty() {
                fault(SUMS, Wrong::Changed);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => fault(SUMS, Wrong::Missing),
        Err(error) => return Err(at(&sums)(error)),
    }
    let mut there = Vec::new();
    walk(folder, "", &mut there)?;
    let expected: BTreeSet<&str> = files
        .iter()
        .map(|file| file.name.as_str())
        .chain([MANIFEST, SUMS])
        .collect();
    for name in there
        .iter()
        .filter(|name| !expected.contains(name.as_str()))
    {
        fault(name, Wrong::Unknown);
    }
    Ok(faults)
}

/// The names of all files below a folder.
fn walk(folder: &Path, below: &str, out: &mut Vec<String>) -> Result<()> {
    let here = folder.join(below);
    for entry in fs::read_dir(&here).map_err(at(&here))? {
        let entry = entry.map_err(at(&here))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let name = if below.is_empty() {
            name.into_owned()
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type().map_err(at(&here))?.is_dir() {
            walk(folder, &name, out)?;
        } else {
            out.push(name);
        }
    }
    Ok(())
}
