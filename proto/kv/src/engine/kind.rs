//! Which engine a folder holds: the one place that decides.
//!
//! A store opened by an engine that did not write it would look empty, and an empty store is the
//! worst that a hub can be told. So the file `ENGINE` says whose it is, written and synced before any
//! other file of the store, and each engine keeps its tree in a folder of its own.
//! Stores from before there was that file are sled's.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::tree::Tree;
use super::{fjall, sled};
use crate::KvError;

/// Name of the file.
const FILE: &str = "ENGINE";

/// Engines on disk, with the folder of each.
const ON_DISK: [(&str, &str); 2] = [
    (sled::Sled::NAME, sled::Sled::FOLDER),
    (fjall::Fjall::NAME, fjall::Fjall::FOLDER),
];

/// The engine whose store lies in `dir`; `None` when there is no store.
///
/// # Errors
/// When the files contradict each other, or cannot be read.
pub fn holds(dir: &Path) -> Result<Option<&'static str>, KvError> {
    let there = |name: &str| dir.join(name).exists();
    let mut by_folder = ON_DISK.iter().filter(|(_, folder)| there(folder));
    let first = by_folder.next().map(|(engine, _)| *engine);
    let damaged = |why| KvError::Damaged {
        dir: dir.to_owned(),
        why,
    };
    if by_folder.next().is_some() {
        return Err(damaged("it holds the files of two engines".to_owned()));
    }
    match (written(dir)?, first) {
        (None, None) if there("STATE") => Ok(Some(sled::Sled::NAME)),
        (None, first) => Ok(first),
        (Some(word), first) => {
            let known = ON_DISK.iter().find(|(engine, _)| *engine == word);
            let Some((engine, _)) = known else {
                let word = word.escape_debug();
                return Err(damaged(format!(
                    "its file {FILE} names no engine: \"{word}\""
                )));
            };
            match first {
                Some(other) if other != *engine => Err(damaged(format!(
                    "its file {FILE} says {engine}, its files are those of {other}"
                ))),
                // Cut off before anything was stored: it may still become any.
                None if !there("STATE") => Ok(None),
                _ => Ok(Some(engine)),
            }
        }
    }
}

/// Makes sure that the store in `dir` is, or becomes, that of `engine`.
pub(super) fn claim(dir: &Path, engine: &'static str) -> Result<(), KvError> {
    match holds(dir)? {
        Some(held) if held != engine => Err(KvError::OtherEngine {
            dir: dir.to_owned(),
            held: held.to_owned(),
            asked: engine.to_owned(),
        }),
        _ if written(dir)?.as_deref() == Some(engine) => Ok(()),
        _ => write(dir, engine).map_err(|e| KvError::io(dir, e)),
    }
}

fn written(dir: &Path) -> Result<Option<String>, KvError> {
    match fs::read(dir.join(FILE)) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(KvError::io(dir, e)),
    }
}

/// Beside, synced, then renamed: the file never exists half-written.
fn write(dir: &Path, engine: &str) -> io::Result<()> {
    let made = dir.join("ENGINE.new");
    let mut file = File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&made)?;
    writeln!(file, "{engine}")?;
    file.sync_all()?;
    fs::rename(made, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_the_one_engines_that_wrote_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        assert_eq!(holds(dir).unwrap(), None);
        claim(dir, "fjall").unwrap();
        assert_eq!(holds(dir).unwrap(), None, "nothing is stored yet");
        claim(dir, "sled").unwrap();
        fs::create_dir(dir.join("db")).unwrap();
        assert_eq!(holds(dir).unwrap(), Some("sled"));
        let error = claim(dir, "fjall").unwrap_err();
        assert!(matches!(error, KvError::OtherEngine { .. }), "{error}");
        fs::write(dir.join(FILE), "rocks").unwrap();
        assert!(holds(dir).unwrap_err().to_string().contains("rocks"));
        fs::write(dir.join(FILE), "fjall\n").unwrap();
        assert!(holds(dir).unwrap_err().to_string().contains("says fjall"));
        fs::create_dir(dir.join("fjall")).unwrap();
        assert!(holds(dir).unwrap_err().to_string().contains("two engines"));
    }

    #[test]
    fn a_store_from_before_the_file_is_sleds() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        fs::write(dir.join("STATE"), "x").unwrap();
        assert_eq!(holds(dir).unwrap(), Some("sled"));
        assert!(claim(dir, "fjall").is_err());
        claim(dir, "sled").unwrap();
        assert_eq!(fs::read(dir.join(FILE)).unwrap(), b"sled\n");
    }
}
