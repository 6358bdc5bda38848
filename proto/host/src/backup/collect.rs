//! The files of a data directory, as they lie there at one moment.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{BackupError, MOST_FILE_BYTES, Secret, sealed};
use crate::durable::FileError;

/// How often the directory is read until two readings are the same.
const READINGS: usize = 20;

/// The files of a data directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Name, mode and content, by name.
    pub files: Vec<(String, u32, Vec<u8>)>,
    /// Names of what is not taken: folders, and files that are far too large to be ours.
    pub left_out: Vec<String>,
}

impl Collected {
    /// The files that must stay secret: keys, and what its name calls a password or a token.
    #[must_use]
    pub fn secrets(&self) -> Vec<Secret> {
        // `node.key`, and those beside it that wait or were: `node.key.next`, `node.key.old`.
        let key = |name: &str| name.ends_with(".key") || name.contains(".key.");
        let named = |name: &str| {
            let words = ["pass", "token", "secret"];
            key(name) || words.iter().any(|word| name.contains(word))
        };
        let secret = self.files.iter().filter(|(name, ..)| named(name));
        secret
            .map(|(name, _, bytes)| Secret {
                name: name.clone(),
                encrypted: key(name) && !is_plain_key(bytes),
            })
            .collect()
    }
}

fn is_plain_key(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    [
        "BEGIN PRIVATE KEY",
        "BEGIN EC PRIVATE KEY",
        "BEGIN RSA PRIVATE KEY",
    ]
    .iter()
    .any(|label| text.contains(label))
}

/// Reads every file of `dir`, whatever its name: what is not known yet is in the next backup too.
/// Not taken: names in `skip`, sockets, and temporary files (those begin with a dot).
///
/// A certificate and its key are two files. So the directory is read until two readings in a row
/// give the same.
///
/// # Errors
/// When something cannot be read.
pub fn collect(dir: &Path, skip: &[&str]) -> Result<Collected, BackupError> {
    let mut before = once(dir, skip)?;
    for _ in 0..READINGS {
        let now = once(dir, skip)?;
        if now == before {
            break;
        }
        before = now;
    }
    Ok(before)
}

fn once(dir: &Path, skip: &[&str]) -> Result<Collected, BackupError> {
    let mut collected = Collected::default();
    let entries = fs::read_dir(dir).map_err(FileError::when("read the directory", dir))?;
    for entry in entries {
        let entry = entry.map_err(FileError::when("read the directory", dir))?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            collected.left_out.push(path.to_string_lossy().into_owned());
            continue;
        };
        if name.starts_with('.') || skip.contains(&name.as_str()) {
            continue;
        }
        // Links are followed: what counts is what the program reads.
        let meta = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            meta => meta.map_err(FileError::when("read", &path))?,
        };
        if meta.is_dir() || (meta.is_file() && meta.len() > MOST_FILE_BYTES) {
            collected.left_out.push(name);
            continue;
        }
        if !meta.is_file() {
            continue;
        }
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => {
                let bytes = read.map_err(FileError::when("read", &path))?;
                // A backup within a backup would grow and grow.
                if sealed::is_one(&bytes) {
                    collected.left_out.push(name);
                    continue;
                }
                let mode = meta.permissions().mode() & 0o777;
                collected.files.push((name, mode, bytes));
            }
        }
    }
    collected.files.sort();
    collected.left_out.sort();
    Ok(collected)
}
