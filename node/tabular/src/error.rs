//! Why a whole file was refused, with the place and the way out.

use calluna_model::text::Language;

/// A file that is refused as a whole.
///
/// `Display` is English, for logs; [`TableError::message`] speaks to people. No text holds the
/// content of a cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message(Language::En))]
pub enum TableError {
    /// There is no row at all.
    Empty {
        /// The file.
        file: String,
    },
    /// A NUL byte: the file is not text.
    Nul {
        /// Where.
        place: String,
    },
    /// More columns than [`crate::COLUMNS`].
    TooManyColumns {
        /// Where: a line, or the cell.
        place: String,
        /// The limit.
        limit: usize,
    },
    /// More rows than [`crate::ROWS`].
    TooManyRows {
        /// Where: a line, or the cell.
        place: String,
        /// The limit.
        limit: u64,
    },
    /// A row or cell longer than [`crate::ROW_BYTES`].
    RowTooLong {
        /// Where it begins.
        place: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A quotation mark that is never closed.
    OpenQuote {
        /// Where the row with it begins.
        place: String,
    },
    /// Not an archive that can be read, or cut off.
    NotAWorkbook {
        /// The file.
        file: String,
    },
    /// An archive that cannot be read, or is cut off.
    NotAnArchive {
        /// The file.
        file: String,
    },
    /// The old binary format `.xls`, whatever its name says.
    OldWorkbook {
        /// The file.
        file: String,
    },
    /// Protected with a password.
    Encrypted {
        /// The file.
        file: String,
    },
    /// Inflates to more than [`crate::INFLATED_BYTES`].
    ZipBomb {
        /// The file.
        file: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// More entries than [`crate::ARCHIVE_ENTRIES`].
    TooManyEntries {
        /// The file.
        file: String,
        /// The limit.
        limit: u64,
    },
    /// The sheet that the mapping names is not there.
    NoSuchSheet {
        /// The file.
        file: String,
        /// The name that was asked for.
        sheet: String,
        /// The sheets that there are.
        known: String,
    },
}

impl TableError {
    /// What is wrong and what to do, in words.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        match language {
            Language::De => self.german(),
            Language::En => self.english(),
        }
    }

    fn german(&self) -> String {
        match self {
            Self::Empty { file } => {
                format!("{file}: enthält keine Tabelle → bitte mit Kopfzeile neu exportieren")
            }
            Self::Nul { place } => format!(
                "{place}: enthält NUL-Bytes, ist also keine Textdatei → bitte als CSV oder XLSX neu exportieren"
            ),
            Self::TooManyColumns { place, limit } => {
                format!("{place}: mehr als {limit} Spalten → bitte überzählige Spalten löschen")
            }
            Self::TooManyRows { place, limit } => {
                format!("{place}: mehr als {limit} Zeilen → bitte auf mehrere Dateien verteilen")
            }
            Self::RowTooLong { place, limit } => format!(
                "{place}: die Zeile, die hier beginnt, ist länger als {limit} Byte → bitte prüfen, ob ein Anführungszeichen nicht geschlossen ist"
            ),
            Self::OpenQuote { place } => format!(
                "{place}: ein Anführungszeichen wird bis zum Ende der Datei nicht geschlossen → bitte diese Zeile prüfen"
            ),
            Self::NotAWorkbook { file } => format!(
                "{file}: ist keine lesbare XLSX-Datei oder abgeschnitten → bitte neu speichern und ganz übertragen"
            ),
            Self::NotAnArchive { file } => format!(
                "{file}: ist kein lesbares ZIP-Archiv oder abgeschnitten → bitte neu exportieren und ganz übertragen"
            ),
            Self::OldWorkbook { file } => format!(
                "{file}: ist das alte Excel-Format (.xls) → bitte in Excel oder LibreOffice als XLSX speichern"
            ),
            Self::Encrypted { file } => {
                format!("{file}: ist mit einem Kennwort geschützt → bitte ohne Kennwort speichern")
            }
            Self::ZipBomb { file, limit } => format!(
                "{file}: ist entpackt größer als {limit} Byte → bitte nur die Angebote speichern"
            ),
            Self::TooManyEntries { file, limit } => {
                format!("{file}: enthält mehr als {limit} Teile → bitte nur die Angebote speichern")
            }
            Self::NoSuchSheet { file, sheet, known } => {
                format!("{file}: hat kein Blatt `{sheet}` → vorhanden sind: {known}")
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Empty { file } => {
                format!("{file}: holds no table → export it again with a header row")
            }
            Self::Nul { place } => format!(
                "{place}: holds NUL bytes, so it is not a text file → export it again as CSV or XLSX"
            ),
            Self::TooManyColumns { place, limit } => format!(
                "{place}: more than {limit} columns → delete the columns that are not needed"
            ),
            Self::TooManyRows { place, limit } => {
                format!("{place}: more than {limit} rows → split it into several files")
            }
            Self::RowTooLong { place, limit } => format!(
                "{place}: the row that begins here is longer than {limit} bytes → check for a quotation mark that is not closed"
            ),
            Self::OpenQuote { place } => format!(
                "{place}: a quotation mark is not closed until the end of the file → check this row"
            ),
            Self::NotAWorkbook { file } => format!(
                "{file}: is not a readable XLSX file, or cut off → save it again and transfer all of it"
            ),
            Self::NotAnArchive { file } => format!(
                "{file}: is not a readable ZIP archive, or cut off → export it again and transfer all of it"
            ),
            Self::OldWorkbook { file } => format!(
                "{file}: is the old Excel format (.xls) → save it as XLSX in Excel or LibreOffice"
            ),
            Self::Encrypted { file } => {
                format!("{file}: is protected by a password → save it without one")
            }
            Self::ZipBomb { file, limit } => {
                format!("{file}: inflates to more than {limit} bytes → save only the offers")
            }
            Self::TooManyEntries { file, limit } => {
                format!("{file}: holds more than {limit} parts → save only the offers")
            }
            Self::NoSuchSheet { file, sheet, known } => {
                format!("{file}: has no sheet `{sheet}` → there are: {known}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_thing_and_the_way_out_in_both_languages() {
        let error = TableError::OpenQuote {
            place: "kurse.csv:3".into(),
        };
        for language in Language::ALL {
            let text = error.message(language);
            assert!(
                text.starts_with("kurse.csv:3: ") && text.contains(" → "),
                "{text}"
            );
        }
        assert_ne!(error.message(Language::De), error.to_string());
    }
}
