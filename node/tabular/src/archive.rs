//! Single files out of an archive: only those that are asked for are ever inflated.
//!
//! An export can hold a list of persons beside what is wanted. Its bytes stay packed; nobody looks
//! at them, so nothing of them can come out.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::TableError;
use crate::guard::stated_entries;
use crate::{ARCHIVE_ENTRIES, INFLATED_BYTES};

/// A file out of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name without folders, in lower case.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The names of the files in an archive, without folders and in lower case; none when it is no
/// archive or lists too many.
#[must_use]
pub fn names(bytes: &[u8]) -> Vec<String> {
    if !bytes.starts_with(b"PK\x03\x04")
        || stated_entries(bytes).is_none_or(|count| count > ARCHIVE_ENTRIES)
    {
        return Vec::new();
    }
    ZipArchive::new(Cursor::new(bytes))
        .map(|archive| {
            let names = archive.file_names().filter_map(Result::ok);
            names.map(|name| base(&name)).collect()
        })
        .unwrap_or_default()
}

/// The files of these names (without folders, lower case), the first of each name.
///
/// # Errors
/// When the archive cannot be read, is encrypted, has more than [`ARCHIVE_ENTRIES`] entries, or
/// the wanted files inflate to more than [`INFLATED_BYTES`] together, as counted while inflating.
pub fn parts(file: &str, bytes: &[u8], wanted: &[&str]) -> Result<Vec<Part>, TableError> {
    let broken = |error: ZipError| match error {
        ZipError::UnsupportedArchive(why) if why == ZipError::PASSWORD_REQUIRED => {
            TableError::Encrypted { file: file.into() }
        }
        _ => TableError::NotAnArchive { file: file.into() },
    };
    match stated_entries(bytes) {
        Some(count) if count <= ARCHIVE_ENTRIES => {}
        Some(_) => {
            return Err(TableError::TooManyEntries {
                file: file.into(),
                limit: ARCHIVE_ENTRIES,
            });
        }
        None => return Err(TableError::NotAnArchive { file: file.into() }),
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let listed: Vec<(usize, String)> = (0..archive.len())
        .filter_map(|index| Some((index, base(&archive.name_for_index(index)?.ok()?))))
        .collect();
    let mut left = INFLATED_BYTES;
    let mut out: Vec<Part> = Vec::new();
    for (index, name) in listed {
        if !wanted.contains(&name.as_str()) || out.iter().any(|part| part.name == name) {
            continue;
        }
        let entry = archive.by_index(index).map_err(broken)?;
        let mut content = Vec::new();
        entry
            .take(left + 1)
            .read_to_end(&mut content)
            .map_err(|_| TableError::NotAnArchive { file: file.into() })?;
        left = left
            .checked_sub(content.len() as u64)
            .ok_or_else(|| TableError::ZipBomb {
                file: file.into(),
                limit: INFLATED_BYTES,
            })?;
        out.push(Part {
            name,
            bytes: content,
        });
    }
    Ok(out)
}

/// The beginning of the file of that name, at most `most` bytes; empty when there is none.
#[must_use]
pub fn beginning(bytes: &[u8], wanted: &str, most: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if !names(bytes).iter().any(|name| name == wanted) {
        return out;
    }
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        return out;
    };
    let at = (0..archive.len()).find(|index| {
        archive
            .name_for_index(*index)
            .and_then(Result::ok)
            .is_some_and(|name| base(&name) == wanted)
    });
    if let Some(entry) = at.and_then(|index| archive.by_index(index).ok()) {
        // What is broken further on is for the reader to say.
        drop(entry.take(most).read_to_end(&mut out));
    }
    out
}

/// An archive that holds these files as they are.
///
/// # Errors
/// When they are too large to be put into one.
pub fn pack(file: &str, parts: &[Part]) -> Result<Vec<u8>, TableError> {
    let broken = |_| TableError::NotAnArchive { file: file.into() };
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for part in parts {
        writer.start_file(&part.name, plain).map_err(broken)?;
        std::io::Write::write_all(&mut writer, &part.bytes)
            .map_err(|_| TableError::NotAnArchive { file: file.into() })?;
    }
    Ok(writer.finish().map_err(broken)?.into_inner())
}

fn base(name: &str) -> String {
    name.rsplit(['/', '\\'])
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, bytes: Vec<u8>) -> Part {
        Part {
            name: name.into(),
            bytes,
        }
    }

    #[test]
    fn only_wanted_files_come_out_whatever_folder_they_lie_in() {
        let packed = pack(
            "a.zip",
            &[
                part("export/Classes.CSV", b"a".to_vec()),
                part("users.csv", b"b".to_vec()),
            ],
        )
        .unwrap();
        assert_eq!(names(&packed), ["classes.csv", "users.csv"]);
        let found = parts("a.zip", &packed, &["classes.csv"]).unwrap();
        assert_eq!(found, [part("classes.csv", b"a".to_vec())]);
    }

    #[test]
    fn inv1_a_file_that_nobody_asked_for_is_not_even_inflated() {
        let mut packed = pack(
            "a.zip",
            &[
                part("users.csv", b"Kanarienvogel".to_vec()),
                part("classes.csv", b"a".to_vec()),
            ],
        )
        .unwrap();
        // Broken in the middle: inflating it would fail on its checksum.
        let at = packed.windows(6).position(|w| w == b"Kanari").unwrap();
        packed[at] = b'X';
        assert!(parts("a.zip", &packed, &["users.csv"]).is_err());
        assert_eq!(parts("a.zip", &packed, &["classes.csv"]).unwrap().len(), 1);
    }

    #[test]
    fn a_bomb_is_stopped_by_what_it_really_inflates_to() {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let zeros = vec![0_u8; 1024 * 1024];
        for name in ["classes.csv", "courses.csv"] {
            writer.start_file(name, options).unwrap();
            for _ in 0..40 {
                std::io::Write::write_all(&mut writer, &zeros).unwrap();
            }
        }
        let bomb = writer.finish().unwrap().into_inner();
        assert!(bomb.len() < 200_000);
        assert!(matches!(
            parts("a.zip", &bomb, &["classes.csv", "courses.csv"]),
            Err(TableError::ZipBomb { .. })
        ));
        assert!(parts("a.zip", &bomb, &["classes.csv"]).is_ok());
    }

    #[test]
    fn what_is_cut_off_is_no_archive() {
        let packed = pack("a.zip", &[part("classes.csv", b"a".to_vec())]).unwrap();
        for cut in 0..packed.len() {
            assert!(parts("a.zip", &packed[..cut], &["classes.csv"]).is_err());
            assert!(names(&packed[..cut]).is_empty());
        }
    }
}
