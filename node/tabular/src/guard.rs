//! What an archive costs is measured before anything reads it.
//!
//! A workbook of half a megabyte can inflate to half a gigabyte, and what its directory says about
//! sizes is only a claim. So every entry is inflated once into nothing, and the bytes are counted.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::TableError;
use crate::{ARCHIVE_ENTRIES, INFLATED_BYTES};

/// Begins the container of `.xls` files and of encrypted workbooks.
const COMPOUND_FILE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// Length of an end record without its comment, and the longest comment.
const END_RECORD_BYTES: usize = 22;
const COMMENT_BYTES: usize = 0xFFFF;

pub(crate) fn is_compound_file(bytes: &[u8]) -> bool {
    bytes.starts_with(COMPOUND_FILE)
}

/// Refuses what is no workbook, cannot be opened, or is larger inside than it may be.
pub(crate) fn measure(file: &str, bytes: &[u8]) -> Result<(), TableError> {
    let file = || file.to_owned();
    if is_compound_file(bytes) {
        return Err(if names_encryption(bytes) {
            TableError::Encrypted { file: file() }
        } else {
            TableError::OldWorkbook { file: file() }
        });
    }
    if stated_entries(bytes).is_none_or(|count| count > ARCHIVE_ENTRIES) {
        // Without an end record the file is cut off; with too many entries even the list is dear.
        return Err(match stated_entries(bytes) {
            None => TableError::NotAWorkbook { file: file() },
            Some(_) => TableError::TooManyEntries {
                file: file(),
                limit: ARCHIVE_ENTRIES,
            },
        });
    }
    let broken = |error: ZipError| match error {
        ZipError::UnsupportedArchive(why) if why == ZipError::PASSWORD_REQUIRED => {
            TableError::Encrypted { file: file() }
        }
        _ => TableError::NotAWorkbook { file: file() },
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut left = INFLATED_BYTES;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(broken)?;
        let mut measured = entry.take(left + 1);
        let inflated = std::io::copy(&mut measured, &mut std::io::sink())
            .map_err(|_| TableError::NotAWorkbook { file: file() })?;
        left = left
            .checked_sub(inflated)
            .ok_or_else(|| TableError::ZipBomb {
                file: file(),
                limit: INFLATED_BYTES,
            })?;
    }
    Ok(())
}

/// The number of entries that the end record states; 65,535 also stands for "more".
pub(crate) fn stated_entries(bytes: &[u8]) -> Option<u64> {
    let from = bytes.len().saturating_sub(END_RECORD_BYTES + COMMENT_BYTES);
    let tail = bytes.get(from..)?;
    let at = tail
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")?;
    let count = tail.get(at + 10..at + 12)?;
    Some(u64::from(u16::from_le_bytes(count.try_into().ok()?)))
}

/// An encrypted workbook keeps its content in a stream of this name, written in UTF-16.
fn names_encryption(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    bytes.windows(name.len()).any(|window| window == name)
}
