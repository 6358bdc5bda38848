//! Files that are whole or not there, also after a power cut.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Something could not be done with a file or directory; says what, where, why and the way out.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {}", path.display(), sentence(source))]
pub struct FileError {
    /// What was tried, such as `write`.
    pub doing: &'static str,
    /// With which file or directory.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`: `.map_err(FileError::when("write", path))`.
    pub fn when(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

/// The cause in words, with the way out for those that a person can mend.
fn sentence(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "the disk is full; free some space and try again".to_owned(),
        ErrorKind::QuotaExceeded => {
            "the disk quota of this user is used up; free some space and try again".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "permission is missing; run as the user who owns it, or give that right to this user"
                .to_owned()
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is mounted read-only; choose another place".to_owned()
        }
        ErrorKind::NotFound => "it does not exist; check the path".to_owned(),
        _ => error.to_string(),
    }
}

/// Writes a file that is either wholly there or not at all: into a temporary file of the same
/// directory that has `mode` from its first byte, flushed, renamed over `path`, directory flushed.
/// After success the content survives a power cut; after failure an older file is untouched.
///
/// # Errors
/// What the operating system says; the temporary file is removed.
pub fn write_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let directory = parent(path);
    let (temporary, mut file) = create_temporary(path, mode)?;
    let written = file
        .set_permissions(Permissions::from_mode(mode)) // the umask may have taken bits away
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The first error is the one that counts; a leftover is only untidy.
        drop(fs::remove_file(&temporary));
        return Err(error);
    }
    sync_dir(directory)
}

/// Makes a directory with `mode` (its parents with the mode of the umask) and flushes its parent.
/// One that exists is left as it is.
///
/// # Errors
/// What the operating system says; also when `path` is something else than a directory.
pub fn make_dir(path: &Path, mode: u32) -> io::Result<()> {
    let above = parent(path);
    fs::create_dir_all(above)?;
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => sync_dir(above),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a directory holds nothing at all.
///
/// # Errors
/// It does not exist, is no directory, or cannot be read.
pub fn is_empty_dir(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path)?.next() {
        None => Ok(true),
        Some(entry) => entry.map(|_| false),
    }
}

/// Flushes a directory: what was created, renamed or removed in it survives a power cut.
///
/// # Errors
/// What the operating system says.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    }
}

/// A new file beside `path`. Its name is taken by nobody else: process id and a counter.
fn create_temporary(path: &Path, mode: u32) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "the path names no file",
        ));
    };
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{count}.tmp", std::process::id()));
        let temporary = path.with_file_name(hidden);
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary);
        match opened {
            Ok(file) => return Ok((temporary, file)),
            // Left behind by a process that was killed and had the same id.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_written_file_has_its_content_and_mode_and_replaces_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.key");
        write_file(&path, b"old", 0o644).unwrap();
        write_file(&path, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode_of(&path), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_leaves_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(write_file(&path, b"x", 0o600).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(is_empty_dir(&path).unwrap());
    }

    #[test]
    fn a_directory_is_made_with_its_mode_and_then_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        make_dir(&path, 0o700).unwrap();
        assert_eq!(mode_of(&path), 0o700);
        assert!(is_empty_dir(&path).unwrap());
        make_dir(&path, 0o755).unwrap();
        assert_eq!(mode_of(&path), 0o700);
        fs::write(path.join("f"), b"").unwrap();
        assert!(!is_empty_dir(&path).unwrap());
        assert!(make_dir(&path.join("f"), 0o700).is_err());
    }

    #[test]
    fn a_full_disk_and_a_missing_permission_are_sentences() {
        let told = |kind: ErrorKind| {
            FileError::when("write", Path::new("/data/hub.toml"))(kind.into()).to_string()
        };
        assert_eq!(
            told(ErrorKind::StorageFull),
            "cannot write /data/hub.toml: the disk is full; free some space and try again"
        );
        assert!(told(ErrorKind::PermissionDenied).contains("run as the user who owns it"));
    }
}
