//! What providers have, read into offers and findings.
//!
//! Bytes go in; [`Offer`]s that passed every rule come out, with a [`Finding`] for each record
//! that did not and for whatever was changed on the way. One bad record costs its neighbours
//! nothing; a file that cannot be read to its end is refused as a whole and changes nothing.
//!
//! Only known fields are taken, and what names a person is dropped always: lecturers, planners,
//! contact persons, counts of registrations. Telephone numbers and personal mail addresses inside
//! free text are replaced (see [`personal`]).
//!
//! | module | holds |
//! |---|---|
//! | [`format`](mod@format) | the formats; adding one is a file and a line |
//! | [`sink`] | where formats put what they read |
//! | [`error`] | why a whole file was refused |
//! | [`html`] | the safe subset of HTML, shared with whoever shows it |
//! | [`personal`] | what points to a person in free text |
//! | `split` | an offer at more sites than a record can carry, as several |
//! | `terms` | terms of other vocabularies and our codes for them |
//! | `record` | one record while it is read, with what is wrong in it |
//! | `json` | documents of JSON and JSON-LD, within limits |
//! | `xml` | records of an XML file, one at a time, within limits |
//! | `value` | dates, prices, truth values, numbers as people write them |

mod columns;
pub mod error;
pub mod format;
pub mod html;
mod json;
pub mod personal;
mod record;
pub mod sink;
mod split;
mod terms;
mod value;
mod xml;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use calluna_model::finding::Finding;
use calluna_model::offer::Offer;
pub use calluna_tabular::Mapping;

pub use self::error::ImportError;
pub use self::format::{ALL, Format};
pub use self::html::clean_html;
pub use self::sink::Sink;

/// Largest file, in bytes.
pub const FILE_BYTES: u64 = 256 * 1024 * 1024;

/// A file that is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file name as people know it; places begin with it.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// How a file is to be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Which column holds what (CSV and XLSX); without it, the header is guessed.
    pub mapping: Option<&'a Mapping>,
    /// The provider's name, to compare with the one in the file. All offers are taken as the
    /// node's own whatever the file says (who speaks is in the certificate); another name is
    /// worth a warning, because somebody may have dropped the wrong file.
    pub provider_name: Option<&'a str>,
}

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Name of the format that read it.
    pub format: &'static str,
    /// The offers, in the order of the file.
    pub offers: Vec<Offer>,
    /// Why records were refused: each with place, record, field, value and rule. The first 10,000;
    /// [`Imported::refused_records`] counts all.
    pub refused: Vec<Finding>,
    /// How many records were refused; one record may break several rules.
    pub refused_records: u64,
    /// What was taken, but changed or doubtful. The first 10,000.
    pub warnings: Vec<Finding>,
    /// Records or rows that the file holds.
    pub read: u64,
}

/// Reads a file. `format` is a name of [`ALL`], or nothing (or `auto`) to find it out.
///
/// # Errors
/// When the format is not known or not recognised, or the file is refused as a whole.
pub fn read(
    source: &Source<'_>,
    format: Option<&str>,
    options: &Options<'_>,
) -> Result<Imported, ImportError> {
    let bytes = source.bytes.len() as u64;
    if bytes > FILE_BYTES {
        return Err(ImportError::TooLarge {
            file: source.name.to_owned(),
            bytes,
            limit: FILE_BYTES,
        });
    }
    let format = format::choose(source, format)?;
    let mut sink = Sink::new(source.name);
    format.read(source, options, &mut sink)?;
    Ok(sink.finish(format.name()))
}

/// Reads a file from disk: a regular file only, its size looked at before a byte is read. A folder
/// with the files of a OneRoster bundle is read like the archive that they usually come in.
///
/// # Errors
/// As [`read`], and when the file cannot be read or is not a regular file.
pub fn read_file(
    path: &Path,
    format: Option<&str>,
    options: &Options<'_>,
) -> Result<Imported, ImportError> {
    let name = path
        .file_name()
        .map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let bundle = if path.is_dir() {
        format::bundle(path, &name)?
    } else {
        None
    };
    let bytes = match bundle {
        Some(bytes) => bytes,
        None => bytes_of(path, &name)?,
    };
    read(
        &Source {
            name: &name,
            bytes: &bytes,
        },
        format,
        options,
    )
}

fn bytes_of(path: &Path, name: &str) -> Result<Vec<u8>, ImportError> {
    let file = || name.to_owned();
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => ImportError::Missing { file: file() },
        ErrorKind::PermissionDenied => ImportError::Forbidden { file: file() },
        _ => ImportError::Unreadable {
            file: file(),
            reason: error.to_string(),
        },
    };
    // Looked at before it is opened: opening a pipe or a device can wait for ever.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ImportError::NotAFile { file: file() });
    }
    let opened = File::open(path).map_err(failed)?;
    let found = opened.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(ImportError::NotAFile { file: file() });
    }
    let too_large = |bytes| ImportError::TooLarge {
        file: file(),
        bytes,
        limit: FILE_BYTES,
    };
    if found.len() > FILE_BYTES {
        return Err(too_large(found.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or_default());
    opened
        .take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}
