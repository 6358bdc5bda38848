//! Where a backup is unpacked: beside its place, and in its place only when all of it is right.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::data_dir::MODE;
use crate::durable::{self, FileError};

/// A directory that goes away with this value, unless it was put in place.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    /// Where it shall lie.
    place: PathBuf,
    placed: bool,
}

impl Staging {
    /// Makes a directory beside `place`, which must be new or an empty directory.
    ///
    /// # Errors
    /// When something lies there, or nothing can be made beside it.
    pub fn beside(place: &Path) -> Result<Self, BackupError> {
        if place.exists() {
            let mut entries =
                fs::read_dir(place).map_err(FileError::when("read the directory", place))?;
            if let Some(entry) = entries.next() {
                let entry = entry.map_err(FileError::when("read the directory", place))?;
                return Err(BackupError::NotEmpty {
                    path: place.to_owned(),
                    entry: entry.file_name().to_string_lossy().into_owned(),
                });
            }
        }
        Self::make(place, "restore")
    }

    fn make(place: &Path, what: &str) -> Result<Self, BackupError> {
        let mut hidden = OsString::from(".");
        hidden.push(place.file_name().unwrap_or_default());
        hidden.push(format!(".{what}-{}", std::process::id()));
        let path = place.with_file_name(hidden);
        // Left by a killed process of the same number.
        if path.exists() {
            fs::remove_dir_all(&path).map_err(FileError::when("remove", &path))?;
        }
        durable::make_dir(&path, MODE).map_err(FileError::when("make the directory", &path))?;
        Ok(Self {
            path,
            place: place.to_owned(),
            placed: false,
        })
    }

    /// Where it lies for now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place, in one step.
    ///
    /// # Errors
    /// When it cannot be moved; then it is gone.
    pub fn put_in_place(mut self) -> Result<(), BackupError> {
        let place = &self.place;
        durable::sync_dir(&self.path).map_err(FileError::when("flush", &self.path))?;
        fs::rename(&self.path, place).map_err(FileError::when("put in place", place))?;
        self.placed = true;
        let above = place.parent().filter(|at| !at.as_os_str().is_empty());
        let above = above.unwrap_or(Path::new("."));
        Ok(durable::sync_dir(above).map_err(FileError::when("flush", above))?)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.placed {
            let _may_be_gone = fs::remove_dir_all(&self.path);
        }
    }
}

/// A directory to try a restore in: beside the backup, where there is room for large files, or in the
/// system's place for temporary files where nothing can be written there.
///
/// # Errors
/// When neither is possible.
pub fn scratch_beside(backup: &Path) -> Result<Staging, BackupError> {
    let elsewhere = std::env::temp_dir().join(backup.file_name().unwrap_or_default());
    Staging::make(backup, "verify").or_else(|_| Staging::make(&elsewhere, "verify"))
}
