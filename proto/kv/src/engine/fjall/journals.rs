//! Journals that are finished and may not have lost anything.
//!
//! fjall cuts a journal off where it ceases to make sense. For one that is not the newest that would be
//! silent: the newer ones apply on top, and the mark of the last commit is in them. A finished journal
//! was synced when it was finished, so it is whole or it is damaged. Its files are held open while
//! fjall opens the store: afterwards they tell whether they were cut, even if they are deleted by then.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes that are looked at together.
const PIECE: u64 = 64 * 1024;

/// The finished journals, and how far each is filled.
pub(super) struct Sealed(Vec<(PathBuf, File, u64)>);

impl Sealed {
    /// Looks at the journals in `folder`.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let mut journals = numbers(folder)?;
        journals.pop();
        let mut sealed = Vec::new();
        for number in journals {
            let path = path(folder, number);
            let file = File::open(&path)?;
            let filled = filled(&file)?;
            sealed.push((path, file, filled));
        }
        Ok(Self(sealed))
    }

    /// The number of the newest journal.
    pub(super) fn newest(folder: &Path) -> io::Result<Option<u64>> {
        Ok(numbers(folder)?.pop())
    }

    /// Whether none was cut off; else what was.
    pub(super) fn check(self) -> Result<(), String> {
        for (path, file, filled) in self.0 {
            let length = file.metadata().map_or(0, |meta| meta.len());
            if filled == 0 || length < filled {
                return Err(format!(
                    "{} makes no sense from byte {length} on",
                    path.display()
                ));
            }
        }
        Ok(())
    }
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}.jnl"))
}

/// Numbers of the journals, ascending.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".jnl"));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Where the last byte that is not zero ends: journals are made longer than what they hold.
fn filled(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut piece = vec![0; usize::try_from(PIECE).map_err(io::Error::other)?];
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        let length = usize::try_from(end - start).map_err(io::Error::other)?;
        let part = piece.get_mut(..length).unwrap_or_default();
        file.read_exact_at(part, start)?;
        if let Some(last) = part.iter().rposition(|byte| *byte != 0) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_journal_that_was_cut_is_noticed_and_the_newest_is_not_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let content = [vec![1; 200_000], vec![0; 300_000]].concat();
        for number in [3, 20] {
            std::fs::write(path(dir.path(), number), &content).unwrap();
        }
        assert_eq!(Sealed::newest(dir.path()).unwrap(), Some(20));
        let cut = |number: u64, length: u64| {
            let file = File::options().write(true).open(path(dir.path(), number));
            file.unwrap().set_len(length).unwrap();
        };
        let sealed = Sealed::of(dir.path()).unwrap();
        cut(3, 200_000);
        cut(20, 10);
        sealed.check().unwrap();
        let sealed = Sealed::of(dir.path()).unwrap();
        cut(3, 199_999);
        std::fs::remove_file(path(dir.path(), 3)).unwrap();
        assert!(sealed.check().unwrap_err().contains("3.jnl"));
        std::fs::write(path(dir.path(), 4), b"").unwrap();
        let sealed = Sealed::of(dir.path()).unwrap();
        assert!(sealed.check().is_err(), "an emptied one");
    }
}
