//! The one data directory of a process: everything in it, nobody else in it.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::durable::{self, FileError};

/// Mode of a data directory: only its owner enters.
pub const MODE: u32 = 0o700;

/// A data directory that exists and that only its owner can enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    path: PathBuf,
}

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// There is none.
    #[error("the data directory {} does not exist; check the path given with --data, or make it with `{make}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// The command that makes one, such as `calluna-hub init`.
        make: &'static str,
    },
    /// The path leads to something else.
    #[error("{} is not a directory; give another path with --data", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// A new one is to be made where something lies already.
    #[error("the directory {} is not empty (it holds `{entry}`); give the path of a new or an empty directory with --data", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// One of the things in it.
        entry: String,
    },
    /// Others could read or change what is in it.
    #[error("other users can enter the data directory {} (mode {mode:04o}), but keys lie in it; run: chmod 700 '{}'", path.display(), path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

impl DataDir {
    /// Opens a data directory that exists. `make` is the command that would make one; it is named
    /// when there is none.
    ///
    /// # Errors
    /// It is missing, is no directory, or others can enter it.
    pub fn open(path: &Path, make: &'static str) -> Result<Self, DataDirError> {
        let data = match fs::metadata(path) {
            Ok(data) => data,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let path = path.to_owned();
                return Err(DataDirError::Missing { path, make });
            }
            Err(error) => {
                return Err(FileError::when("open the data directory", path)(error).into());
            }
        };
        let path = path.to_owned();
        if !data.is_dir() {
            return Err(DataDirError::NotADirectory { path });
        }
        let mode = data.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(DataDirError::Open { path, mode });
        }
        // Whoever may not enter would find nothing in it, and be told to make what is there.
        fs::read_dir(&path).map_err(FileError::when("enter the data directory", &path))?;
        Ok(Self { path })
    }

    /// Makes a new data directory, mode 0700. An empty directory is taken over (and closed to
    /// others: nothing lies in it yet); one that holds something is refused.
    ///
    /// # Errors
    /// It is not empty, is no directory, or cannot be made.
    pub fn create_new(path: &Path) -> Result<Self, DataDirError> {
        if path.exists() && !path.is_dir() {
            let path = path.to_owned();
            return Err(DataDirError::NotADirectory { path });
        }
        durable::make_dir(path, MODE).map_err(FileError::when("make the data directory", path))?;
        let mut entries =
            fs::read_dir(path).map_err(FileError::when("read the data directory", path))?;
        if let Some(entry) = entries.next() {
            let entry = entry.map_err(FileError::when("read the data directory", path))?;
            return Err(DataDirError::NotEmpty {
                path: path.to_owned(),
                entry: entry.file_name().to_string_lossy().into_owned(),
            });
        }
        fs::set_permissions(path, Permissions::from_mode(MODE))
            .map_err(FileError::when("close to other users", path))?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Opens the directory, or makes it where there is none.
    ///
    /// # Errors
    /// As [`DataDir::open`] and [`DataDir::create_new`].
    pub fn open_or_create(path: &Path) -> Result<Self, DataDirError> {
        match Self::open(path, "") {
            Err(DataDirError::Missing { .. }) => Self::create_new(path),
            other => other,
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something in it.
    #[must_use]
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The control socket of the daemon that serves this directory.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.path.join("control.sock")
    }

    /// Makes (or finds) a directory in it, mode 0700.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_dir(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let path = self.path.join(name);
        durable::make_dir(&path, MODE).map_err(FileError::when("make the directory", &path))?;
        Ok(path)
    }

    /// Writes a file in it, whole or not at all; see [`durable::write_file`].
    ///
    /// # Errors
    /// It cannot be written; an older file is untouched.
    pub fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<PathBuf, DataDirError> {
        let path = self.path.join(name);
        durable::write_file(&path, bytes, mode).map_err(FileError::when("write", &path))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_new_directory_is_closed_to_others_and_opens_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub");
        let made = DataDir::create_new(&path).unwrap();
        assert_eq!(mode_of(&path), 0o700);
        assert_eq!(DataDir::open(&path, "init").unwrap(), made);
        assert_eq!(made.make_dir("tls").unwrap(), path.join("tls"));
        assert_eq!(mode_of(&path.join("tls")), 0o700);
    }

    #[test]
    fn an_empty_directory_is_taken_over_and_closed() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        DataDir::create_new(dir.path()).unwrap();
        assert_eq!(mode_of(dir.path()), 0o700);
    }

    #[test]
    fn a_directory_that_is_not_empty_is_refused_untouched() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("letter.txt"), b"").unwrap();
        let error = DataDir::create_new(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("letter.txt") && error.contains("--data"),
            "{error}"
        );
        assert_eq!(mode_of(dir.path()), 0o755);
    }

    #[test]
    fn an_open_directory_is_refused_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o750)).unwrap();
        let error = DataDir::open(dir.path(), "init").unwrap_err().to_string();
        let command = format!("chmod 700 '{}'", dir.path().display());
        assert!(
            error.contains("0750") && error.ends_with(&command),
            "{error}"
        );
    }

    #[test]
    fn a_directory_of_somebody_else_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub");
        DataDir::create_new(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
        // Root enters everywhere.
        let root = fs::read_dir(&path).is_ok();
        let opened = DataDir::open(&path, "init");
        assert_eq!(opened.is_ok(), root);
        if let Err(error) = opened {
            assert!(
                error.to_string().contains("permission is missing"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_missing_directory_and_a_file_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let none = DataDir::open(&dir.path().join("none"), "calluna-hub init").unwrap_err();
        assert!(none.to_string().contains("`calluna-hub init`"));
        let file = dir.path().join("file");
        fs::write(&file, b"").unwrap();
        for refused in [DataDir::open(&file, "init"), DataDir::create_new(&file)] {
            assert!(matches!(refused, Err(DataDirError::NotADirectory { .. })));
        }
    }
}
