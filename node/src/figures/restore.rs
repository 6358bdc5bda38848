//! What a backup holds of the figures, and what a restore makes of it.
//!
//! Only public parts: no hash, no secret, no waiting proposal. In a restored node every period is therefore
//! sealed, or forgotten where it was.

use std::fs;
use std::path::Path;

use calluna_host::durable::{FileError, make_dir, sync_dir};

use super::book::{Book, ENDING};
use super::decide::Page;
use super::heard::{self, Heard};
use super::{FOLDER, FiguresError, sealed};

/// Files of a backup lie in one folder: this stands before the names of ours.
const BEFORE: &str = "figures-";

/// What of the figures goes into a backup.
#[derive(Debug, Default)]
pub struct Kept {
    /// Name in the backup, and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// What is not taken: damaged files.
    pub left_out: Vec<String>,
}

/// The public parts, as a backup holds them. Blocks.
///
/// # Errors
/// When something cannot be read.
pub fn kept(book: &Book) -> Result<Kept, FiguresError> {
    let mut kept = Kept::default();
    for period in book.periods()? {
        let page = book.look(period);
        let page = page.and_then(|parts| parts.map(|parts| Page::of(period, parts)).transpose());
        let mut page = match page {
            Ok(Some(page)) => page,
            Ok(None) => continue,
            Err(FiguresError::Damaged { .. } | FiguresError::Ledger { .. }) => {
                kept.left_out.push(format!("{FOLDER}/{period}{ENDING}"));
                continue;
            }
            Err(error) => return Err(error),
        };
        page.ledger.settle();
        page.note.mark.clear();
        page.note.proposed_at = None;
        if page.note.sealed.is_empty() {
            sealed::RESTORED.clone_into(&mut page.note.sealed);
        }
        let bytes = page.parts().encode()?;
        kept.files
            .push((format!("{BEFORE}{period}{ENDING}"), bytes.to_vec()));
    }
    let heard = Heard::read(book);
    if !heard.periods().is_empty() {
        let text = serde_json::to_vec_pretty(&heard).map_err(|_| FiguresError::TooLarge)?;
        kept.files.push((format!("{BEFORE}{}", heard::FILE), text));
    }
    Ok(kept)
}

/// Moves what a backup held of figures to its folder in `dir`. Blocks.
///
/// # Errors
/// When it cannot be moved.
pub fn put_in_place(dir: &Path) -> Result<(), FiguresError> {
    let folder = dir.join(FOLDER);
    let mut any = false;
    let entries = fs::read_dir(dir).map_err(FileError::when("read", dir))?;
    for entry in entries {
        let entry = entry.map_err(FileError::when("read", dir))?;
        let name = entry.file_name();
        let Some(own) = name.to_str().and_then(|name| name.strip_prefix(BEFORE)) else {
            continue;
        };
        if !own.ends_with(ENDING) && own != heard::FILE {
            continue;
        }
        make_dir(&folder, 0o700).map_err(FileError::when("make", &folder))?;
        let place = folder.join(own);
        fs::rename(entry.path(), &place).map_err(FileError::when("move", &place))?;
        any = true;
    }
    if any {
        sync_dir(&folder).map_err(FileError::when("flush", &folder))?;
        sync_dir(dir).map_err(FileError::when("flush", dir))?;
    }
    Ok(())
}
