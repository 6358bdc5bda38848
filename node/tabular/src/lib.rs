//! Tables from CSV and XLSX, with the address of every cell.
//!
//! This crate knows nothing of offers: it turns bytes that somebody exported somewhere into a
//! header and rows of text, says where each of them stands, and refuses what would cost more
//! memory than its size promises.
//!
//! | module | holds |
//! |---|---|
//! | [`encoding`] | bytes into text: byte order marks, UTF-8, UTF-16, windows-1252 |
//! | [`archive`] | single files out of an archive, the others left packed |
//! | [`cell`] | places: `kurse.csv:17`, `Angebote!C7` |
//! | `csv` | delimiter, quotes, limits |
//! | `xlsx`, `guard` | sheets; the size of an archive is measured before anything reads it |
//! | [`mapping`] | which column holds what: a TOML file, or a guess from the header |
//! | [`error`] | why a whole file was refused, in German and English |

pub mod archive;
pub mod cell;
mod csv;
pub mod encoding;
pub mod error;
mod guard;
pub mod mapping;
mod xlsx;

pub use self::cell::Row;
pub use self::error::TableError;
pub use self::mapping::{InvalidMapping, Mapping};

/// Most rows of a table, without the header.
pub const ROWS: u64 = 200_000;
/// Most columns of a table.
pub const COLUMNS: usize = 200;
/// Longest row of a CSV file and longest cell, in bytes.
pub const ROW_BYTES: usize = 1024 * 1024;
/// Most bytes that an XLSX file may inflate to, all entries together.
pub const INFLATED_BYTES: u64 = 64 * 1024 * 1024;
/// Most entries of an XLSX archive.
pub const ARCHIVE_ENTRIES: u64 = 1_000;

/// A table: a header, and rows that are read when they are asked for.
#[derive(Debug)]
pub struct Table<'a> {
    /// Name of the sheet; nothing for CSV.
    pub sheet: Option<String>,
    /// The names of the columns, outer blanks removed; a column without a name is empty.
    pub header: Vec<String>,
    /// Where the header stands.
    pub header_place: String,
    /// Whether bytes that are no valid UTF-8 were read as windows-1252.
    pub guessed_encoding: bool,
    rows: Source<'a>,
}

#[derive(Debug)]
enum Source<'a> {
    Csv(csv::Csv<'a>),
    Xlsx(xlsx::Sheet),
}

impl<'a> Table<'a> {
    /// Reads CSV. `name` is the file name as people know it, for places.
    ///
    /// # Errors
    /// When there is no header, or it passes a limit, or the file holds NUL bytes.
    pub fn csv(name: &str, bytes: &'a [u8]) -> Result<Self, TableError> {
        let (csv, header, place, guessed) = csv::Csv::open(name, bytes)?;
        Ok(Self {
            sheet: None,
            header,
            header_place: place,
            guessed_encoding: guessed,
            rows: Source::Csv(csv),
        })
    }

    /// Reads one sheet of an XLSX workbook: `sheet`, or the first that holds anything. The header
    /// is the first row with content.
    ///
    /// # Errors
    /// When the file is no workbook, encrypted, larger inside than [`INFLATED_BYTES`], or holds
    /// cells beyond the limits.
    pub fn xlsx(name: &str, bytes: &'a [u8], sheet: Option<&str>) -> Result<Self, TableError> {
        guard::measure(name, bytes)?;
        let (title, header, place, sheet) = xlsx::open(name, bytes, sheet)?;
        Ok(Self {
            sheet: Some(title),
            header,
            header_place: place,
            guessed_encoding: false,
            rows: Source::Xlsx(sheet),
        })
    }

    /// The rows after the header, blank ones left out.
    ///
    /// A row of a sheet always has as many cells as the header; a row of a CSV file may have
    /// another number, which is for the caller to judge.
    pub fn rows(&self) -> Box<dyn Iterator<Item = Result<Row, TableError>> + '_> {
        match &self.rows {
            Source::Csv(csv) => Box::new(csv.rows()),
            Source::Xlsx(sheet) => Box::new(sheet.rows(self.header.len()).map(Ok)),
        }
    }
}

/// Whether `bytes` begin like a workbook: an XLSX archive, or the old binary container that
/// holds `.xls` and encrypted workbooks (which [`Table::xlsx`] refuses with a reason).
#[must_use]
pub fn looks_like_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || guard::is_compound_file(bytes)
}
