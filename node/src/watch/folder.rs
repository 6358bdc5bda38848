//! Which files of a folder are ready, and where they may go.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use calluna_model::clock::Moment;

/// Endings of names that programs give to files they are still writing.
const UNFINISHED: [&str; 5] = [".tmp", ".part", ".partial", ".crdownload", ".filepart"];

/// What a look saw of a file.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    size: u64,
    changed: Option<SystemTime>,
    /// Looks for which it is let alone; `u32::MAX` until it changes.
    rest: u32,
}

/// The regular files of a folder whose names are finished. Links are not followed.
pub(super) fn candidates(folder: &Path) -> io::Result<Vec<(PathBuf, u64, Option<SystemTime>)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A file that went away between two lines is no error.
        let Ok(data) = entry.metadata() else { continue };
        if data.is_file() && is_finished(&entry.file_name()) {
            found.push((entry.path(), data.len(), data.modified().ok()));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

fn is_finished(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let unfinished = name.starts_with(['.', '~']) || name.ends_with('~');
    !unfinished && !UNFINISHED.iter().any(|ending| name.ends_with(ending))
}

/// The files that look as they did at the last look, and are not let alone.
pub(super) fn settled(
    seen: &mut HashMap<PathBuf, Seen>,
    found: Vec<(PathBuf, u64, Option<SystemTime>)>,
) -> Vec<PathBuf> {
    seen.retain(|path, _| found.iter().any(|(there, ..)| there == path));
    let mut ready = Vec::new();
    for (path, size, changed) in found {
        match seen.get_mut(&path) {
            Some(before) if before.size == size && before.changed == changed => {
                if before.rest == 0 {
                    ready.push(path);
                } else if before.rest != u32::MAX {
                    before.rest -= 1;
                }
            }
            _ => drop(seen.insert(
                path,
                Seen {
                    size,
                    changed,
                    rest: 0,
                },
            )),
        }
    }
    ready
}

/// Lets a file alone for some looks.
pub(super) fn leave(seen: &mut HashMap<PathBuf, Seen>, path: &Path, looks: u32) {
    if let Some(seen) = seen.get_mut(path) {
        seen.rest = looks;
    }
}

/// A path in `folder` that nothing has: the file's own name, or the name with the time before its
/// ending, or that and a number. Reports beside it are looked at too.
pub(super) fn free_name(folder: &Path, name: &OsStr, now: Moment) -> PathBuf {
    let own = folder.join(name);
    let stamp: String = now
        .to_string()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let stem = Path::new(name)
        .file_stem()
        .unwrap_or(name)
        .to_string_lossy()
        .into_owned();
    let ending = Path::new(name)
        .extension()
        .map(|e| format!(".{}", e.to_string_lossy()))
        .unwrap_or_default();
    let mut path = own;
    let mut number = 0_u32;
    while path.symlink_metadata().is_ok() || beside(&path, "report.txt").exists() {
        let count = if number == 0 {
            String::new()
        } else {
            format!("-{number}")
        };
        path = folder.join(format!("{stem}-{stamp}{count}{ending}"));
        number += 1;
    }
    path
}

/// The path of a report beside a file.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}
