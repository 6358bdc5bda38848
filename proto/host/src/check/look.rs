//! A look at the disk: room, modes, owners, rights. Nothing is changed.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

/// Bytes that may still be written to the disk of `path`; `None` where the file system does not say.
#[must_use]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    (stat.f_blocks > 0).then(|| stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Whether this process may read what lies at `path` and, with `write`, change it. For a folder:
/// enter it as well.
#[must_use]
pub fn may(path: &Path, write: bool) -> bool {
    let mut access = Access::READ_OK;
    if write {
        access |= Access::WRITE_OK;
    }
    if path.is_dir() {
        access |= Access::EXEC_OK;
    }
    rustix::fs::access(path, access).is_ok()
}

/// The user as whom this process runs. Who opens a store of somebody else may leave files in it that
/// its owner cannot write.
#[must_use]
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// A file or directory as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMode {
    /// Where.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// Whose it is.
    pub owner: u32,
    /// Whether it is a directory.
    pub directory: bool,
}

/// What is wrong with a file that must be private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Others can read or change it.
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        wanted: u32,
    },
    /// It belongs to somebody else than the directory in which it lies.
    Foreign {
        /// Which.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The directory's owner.
        expected: u32,
    },
}

impl FileMode {
    /// Looks at `path`; `None` where nothing lies.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        let meta = match path.symlink_metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Self {
            path: path.to_owned(),
            mode: meta.permissions().mode() & 0o7777,
            owner: meta.uid(),
            directory: meta.is_dir(),
        }))
    }

    /// What is wrong with it, as something that only its owner may enter, read or change.
    #[must_use]
    pub fn exposed(&self) -> Option<Fault> {
        (self.mode & 0o077 != 0).then(|| Fault::Exposed {
            path: self.path.clone(),
            mode: self.mode,
            wanted: if self.directory { 0o700 } else { 0o600 },
        })
    }

    /// What is wrong with its owner, as part of a directory of `expected`.
    #[must_use]
    pub fn foreign(&self, expected: u32) -> Option<Fault> {
        (self.owner != expected).then(|| Fault::Foreign {
            path: self.path.clone(),
            owner: self.owner,
            expected,
        })
    }
}

/// A directory and everything that lies directly in it, the directory first.
///
/// # Errors
/// When it cannot be read.
pub fn files_in(directory: &Path) -> io::Result<Vec<FileMode>> {
    let mut all: Vec<FileMode> = FileMode::of(directory)?.into_iter().collect();
    let mut inside = Vec::new();
    for entry in directory.read_dir()? {
        // What vanishes meanwhile (a temporary file of the daemon) is no finding.
        inside.extend(FileMode::of(&entry?.path())?);
    }
    inside.sort_by(|a, b| a.path.cmp(&b.path));
    all.append(&mut inside);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn modes_and_owners_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("a.key");
        fs::write(&key, "x").unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let all = files_in(dir.path()).unwrap();
        let [own, inside] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!((own.exposed(), own.directory), (None, true));
        let (path, mode, wanted) = (key.clone(), 0o640, 0o600);
        assert_eq!(
            inside.exposed(),
            Some(Fault::Exposed { path, mode, wanted })
        );
        assert_eq!(own.owner, own_user());
        assert_eq!(inside.foreign(own.owner), None);
        assert!(inside.foreign(own.owner + 1).is_some());
        assert_eq!(FileMode::of(&dir.path().join("none")).unwrap(), None);
    }

    #[test]
    fn rights_and_room_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_bytes(dir.path()).unwrap() > 0);
        assert!(may(dir.path(), true));
        assert!(!may(&dir.path().join("none"), false));
    }
}
