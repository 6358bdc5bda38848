//! Where keys and certificates lie: private from the first byte, replaced whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;
const PRIVATE_DIR: u32 = 0o700;
/// How many leftovers of crashes are stepped over before giving up.
const TEMP_NAMES: u32 = 100;

/// A file or directory that cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}{}", .path.display(), way_out(.source))]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others can read or change what only the owner may.
    #[error(
        "{} can be read or changed by others (mode {mode:04o}), and it must not; \
         run: chmod {wanted:o} {}", .path.display(), .path.display()
    )]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        wanted: u32,
    },
}

/// Writes a file that only its owner can read (0600 from the first byte on), or leaves the old
/// one untouched. Durable when it returns.
///
/// # Errors
/// When any step fails; the path and the step are named.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace(path, bytes, PRIVATE)
}

/// Writes a file that everybody may read (0644), or leaves the old one untouched. Durable when it
/// returns.
///
/// # Errors
/// When any step fails; the path and the step are named.
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace(path, bytes, PUBLIC)
}

/// Makes a directory that only its owner can enter (0700), with those above it that are missing.
/// One that is there already is closed to others.
///
/// # Errors
/// When it cannot be made or closed, or the path is not a directory.
pub fn make_private_dir(path: &Path) -> Result<(), FileError> {
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_DIR)
        .create(path)
        .map_err(at(path, "make the directory"))?;
    let mode = mode(path)?;
    if mode & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(PRIVATE_DIR))
            .map_err(at(path, "close to others the directory"))?;
    }
    Ok(())
}

/// Checks that nobody but the owner can read or change `path` (a file or a directory).
///
/// # Errors
/// [`FileError::Exposed`] names the command that mends it.
pub fn check_private(path: &Path) -> Result<(), FileError> {
    let mode = mode(path)?;
    if mode & 0o077 != 0 {
        let wanted = if path.is_dir() { PRIVATE_DIR } else { PRIVATE };
        return Err(FileError::Exposed {
            path: path.to_owned(),
            mode,
            wanted,
        });
    }
    Ok(())
}

/// Moves a file over another one in the same directory. Durable when it returns.
///
/// # Errors
/// When it cannot be moved; both paths are as before.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(at(to, "write"))?;
    sync_dir(to)
}

/// Removes a file. Durable when it returns.
///
/// # Errors
/// When it is not there or cannot be removed.
pub fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(at(path, "remove"))?;
    sync_dir(path)
}

/// [`write_private`], and fills the bytes that lay there before with zeros: the secret in them must not
/// stay behind on the disk. What a file system keeps in copies of its own (snapshots, flash) is beyond
/// reach.
///
/// # Errors
/// When any step fails. The old file is untouched unless the new one is in its place.
pub fn replace_secret(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let old = open_to_wipe(path)?;
    write_private(path, bytes)?;
    wipe(old).map_err(at(path, "overwrite what was before in"))
}

/// [`remove`], and fills its bytes with zeros first.
///
/// # Errors
/// When it is not there or cannot be removed.
pub fn remove_secret(path: &Path) -> Result<(), FileError> {
    let old = open_to_wipe(path)?;
    wipe(old).map_err(at(path, "overwrite"))?;
    remove(path)
}

fn open_to_wipe(path: &Path) -> Result<File, FileError> {
    let opened = OpenOptions::new().write(true).open(path);
    opened.map_err(at(path, "open for overwriting"))
}

fn wipe(mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()
}

/// Reads a file as text.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    fs::read_to_string(path).map_err(at(path, "read"))
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let (temp, file) = create_beside(path, mode)?;
    let written = fill(file, bytes, mode)
        .and_then(|()| fs::rename(&temp, path))
        .map_err(at(path, "write"));
    if written.is_err() {
        // The first error is the one to tell; a leftover is stepped over next time.
        drop(fs::remove_file(&temp));
        return written;
    }
    sync_dir(path)
}

fn create_beside(path: &Path, mode: u32) -> Result<(PathBuf, File), FileError> {
    let name = path.file_name().ok_or_else(|| FileError::Io {
        doing: "write",
        path: path.to_owned(),
        source: io::Error::new(
            ErrorKind::InvalidInput,
            "the path does not end in a file name",
        ),
    })?;
    let mut number = 0;
    loop {
        let mut temp = std::ffi::OsString::from(".");
        temp.push(name);
        temp.push(format!(".{}.{number}.tmp", std::process::id()));
        let temp = path.with_file_name(temp);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temp)
        {
            Ok(file) => return Ok((temp, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < TEMP_NAMES => {
                number += 1
            }
            Err(error) => return Err(at(path, "write")(error)),
        }
    }
}

fn fill(mut file: File, bytes: &[u8], mode: u32) -> io::Result<()> {
    // The umask may have taken bits away; it can never have added any.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A rename is durable only when its directory is.
fn sync_dir(path: &Path) -> Result<(), FileError> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(at(dir, "make durable what is in"))
}

fn mode(path: &Path) -> Result<u32, FileError> {
    let meta = fs::metadata(path).map_err(at(path, "look at"))?;
    Ok(meta.permissions().mode() & 0o7777)
}

fn at(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io {
        doing,
        path,
        source,
    }
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            "; run the program as the user who owns the data directory, or give it to that user (chown)"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; make room on the disk; what was there before is untouched"
        }
        ErrorKind::ReadOnlyFilesystem => "; the file system is mounted read-only",
        ErrorKind::NotFound => "; look whether --data names the right directory",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_0600_and_a_public_one_0644_when_they_replace_others_too() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key.pem");
        fs::write(&key, "old").unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o666)).unwrap();
        write_private(&key, b"new").unwrap();
        assert_eq!(
            (mode(&key).unwrap(), fs::read(&key).unwrap()),
            (0o600, b"new".to_vec())
        );
        let cert = dir.path().join("cert.pem");
        write_public(&cert, b"c").unwrap();
        assert_eq!(mode(&cert).unwrap(), 0o644);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            2,
            "nothing else is left behind"
        );
    }

    #[test]
    fn it_is_private_before_the_first_byte() {
        let dir = tempfile::tempdir().unwrap();
        let (temp, file) = create_beside(&dir.path().join("key.pem"), PRIVATE).unwrap();
        assert_eq!(mode(&temp).unwrap() & 0o077, 0);
        assert_eq!(file.metadata().unwrap().len(), 0);
    }

    #[test]
    fn leftovers_of_a_crash_are_stepped_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        let (left, _) = create_beside(&path, PRIVATE).unwrap();
        write_private(&path, b"x").unwrap();
        assert!(left.exists() && path.exists());
    }

    #[test]
    fn a_failure_leaves_the_old_one_and_names_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).unwrap();
        let error = write_private(&taken, b"x").unwrap_err().to_string();
        assert!(error.contains("taken"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let missing = dir.path().join("missing/key.pem");
        let error = write_private(&missing, b"x").unwrap_err().to_string();
        assert!(
            error.contains("missing/key.pem") && error.contains("--data"),
            "{error}"
        );
        assert!(write_private(Path::new("/"), b"x").is_err());
    }

    #[test]
    fn a_private_directory_is_0700_with_those_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        make_private_dir(&deep).unwrap();
        assert_eq!(mode(&deep).unwrap(), 0o700);
        assert_eq!(mode(&dir.path().join("a")).unwrap(), 0o700);
        fs::set_permissions(&deep, Permissions::from_mode(0o755)).unwrap();
        make_private_dir(&deep).unwrap();
        assert_eq!(mode(&deep).unwrap(), 0o700);
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(make_private_dir(&file).is_err());
    }

    #[test]
    fn what_others_can_read_is_refused_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key.pem");
        write_private(&key, b"x").unwrap();
        check_private(&key).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
            let error = check_private(&key).unwrap_err().to_string();
            assert!(
                error.contains(&format!("chmod 600 {}", key.display())),
                "{error}"
            );
        }
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let error = check_private(dir.path()).unwrap_err().to_string();
        assert!(error.contains("chmod 700 "), "{error}");
        assert!(check_private(&dir.path().join("none")).is_err());
    }
}
