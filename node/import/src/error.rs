//! Why a whole file was refused: file, place, reason, way out.

use calluna_model::text::Language;
use calluna_tabular::TableError;

/// A file that is refused as a whole. Nothing of it was taken.
///
/// `Display` is English, for logs; [`ImportError::message`] speaks to people. No text holds the
/// content of a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message(Language::En))]
pub enum ImportError {
    /// The system would not let us read it.
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// There is no such file.
    Missing {
        /// The file.
        file: String,
    },
    /// This user may not read it.
    Forbidden {
        /// The file.
        file: String,
    },
    /// A folder, pipe or device.
    NotAFile {
        /// The file.
        file: String,
    },
    /// Larger than [`crate::FILE_BYTES`].
    TooLarge {
        /// The file.
        file: String,
        /// Its size, in bytes.
        bytes: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Nothing in it.
    Empty {
        /// The file.
        file: String,
    },
    /// The name of the format is not one of ours.
    UnknownFormat {
        /// What was asked for.
        name: String,
        /// The formats that there are.
        known: String,
    },
    /// No format recognises the file.
    NotRecognised {
        /// The file.
        file: String,
        /// The formats that were tried.
        tried: String,
    },
    /// A NUL byte: the file is not text.
    Nul {
        /// Where.
        place: String,
    },
    /// Breaks the rules of XML or JSON, so that nobody knows where a record ends.
    NotWellFormed {
        /// Where.
        place: String,
    },
    /// Ends in the middle.
    Truncated {
        /// Where it ends.
        place: String,
    },
    /// Brings a document type or entities of its own.
    Doctype {
        /// Where.
        place: String,
    },
    /// Nested deeper than the limit.
    TooDeep {
        /// Where.
        place: String,
        /// The limit, in levels.
        limit: usize,
    },
    /// Another document than the format that was asked for.
    WrongRoot {
        /// Where.
        place: String,
        /// What the format begins with.
        expected: &'static str,
    },
    /// More offers than one provider may have.
    TooManyOffers {
        /// The file.
        file: String,
        /// The limit.
        limit: u64,
    },
    /// A required column is missing.
    MissingColumn {
        /// Where the header stands.
        place: String,
        /// The field without a column.
        field: &'static str,
        /// The columns that there are.
        header: String,
    },
    /// The mapping names a field that does not exist.
    UnknownField {
        /// The field.
        field: String,
        /// The fields that there are.
        known: String,
    },
    /// The mapping names a column that the file does not have.
    UnknownColumn {
        /// Where the header stands.
        place: String,
        /// The column.
        column: String,
        /// The columns that there are.
        header: String,
    },
    /// A table that cannot be read.
    Table(#[from] TableError),
}

impl ImportError {
    /// What is wrong and what to do, in words.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        match (self, language) {
            (Self::Table(error), _) => error.message(language),
            (_, Language::De) => self.german(),
            (_, Language::En) => self.english(),
        }
    }

    fn german(&self) -> String {
        match self {
            Self::Unreadable { file, reason } => {
                format!("{file}: lässt sich nicht lesen ({reason}) → bitte Pfad und Rechte prüfen")
            }
            Self::Missing { file } => {
                format!("{file}: diese Datei gibt es nicht → bitte Namen und Ordner prüfen")
            }
            Self::Forbidden { file } => format!(
                "{file}: dieser Benutzer darf die Datei nicht lesen → bitte ihm das Leserecht geben"
            ),
            Self::NotAFile { file } => format!(
                "{file}: ist keine gewöhnliche Datei → bitte die Exportdatei selbst angeben"
            ),
            Self::TooLarge { file, bytes, limit } => format!(
                "{file}: ist mit {bytes} Byte zu groß (höchstens {limit}) → bitte auf mehrere Dateien verteilen"
            ),
            Self::Empty { file } => format!("{file}: ist leer → bitte neu exportieren"),
            Self::UnknownFormat { name, known } => {
                format!("Format `{name}` ist nicht bekannt → bekannt sind: auto, {known}")
            }
            Self::NotRecognised { file, tried } => format!(
                "{file}: passt zu keinem Format (versucht: {tried}) → bitte das Format mit --format nennen oder neu exportieren"
            ),
            Self::Nul { place } => format!(
                "{place}: enthält NUL-Bytes, ist also keine Textdatei → bitte neu exportieren"
            ),
            Self::NotWellFormed { place } => format!(
                "{place}: ist nicht regelgerecht aufgebaut → bitte im Quellsystem neu exportieren"
            ),
            Self::Truncated { place } => format!(
                "{place}: die Datei endet mittendrin → bitte ganz übertragen; nichts wurde geändert"
            ),
            Self::Doctype { place } => format!(
                "{place}: eigene Dokumenttypen und Entitäten (DOCTYPE) werden nicht gelesen → bitte ohne DOCTYPE exportieren"
            ),
            Self::TooDeep { place, limit } => format!(
                "{place}: ist tiefer als {limit} Ebenen geschachtelt → bitte im Quellsystem neu exportieren"
            ),
            Self::WrongRoot { place, expected } => format!(
                "{place}: beginnt nicht mit `{expected}` → bitte ein anderes Format wählen (--format)"
            ),
            Self::TooManyOffers { file, limit } => format!(
                "{file}: enthält mehr als {limit} Angebote → so viele nimmt der Austausch von einem Anbieter nicht an"
            ),
            Self::MissingColumn {
                place,
                field,
                header,
            } => format!(
                "{place}: keine Spalte für `{field}` ({}) → bitte ergänzen oder in der Zuordnungsdatei (--mapping) nennen; vorhanden sind: {header}",
                if *field == "id" {
                    "eine Nummer, die jedes Angebot behält"
                } else {
                    "der Name des Angebots"
                }
            ),
            Self::UnknownField { field, known } => {
                format!("Zuordnungsdatei: das Feld `{field}` gibt es nicht → bekannt sind: {known}")
            }
            Self::UnknownColumn {
                place,
                column,
                header,
            } => format!(
                "{place}: die Spalte `{column}` aus der Zuordnungsdatei gibt es nicht → vorhanden sind: {header}"
            ),
            Self::Table(error) => error.message(Language::De),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Unreadable { file, reason } => {
                format!("{file}: cannot be read ({reason}) → check path and permissions")
            }
            Self::Missing { file } => {
                format!("{file}: there is no such file → check its name and folder")
            }
            Self::Forbidden { file } => {
                format!("{file}: this user may not read the file → give this user that right")
            }
            Self::NotAFile { file } => {
                format!("{file}: is not a regular file → name the export file itself")
            }
            Self::TooLarge { file, bytes, limit } => format!(
                "{file}: is too large with {bytes} bytes (at most {limit}) → split it into several files"
            ),
            Self::Empty { file } => format!("{file}: is empty → export it again"),
            Self::UnknownFormat { name, known } => {
                format!("format `{name}` is not known → known are: auto, {known}")
            }
            Self::NotRecognised { file, tried } => format!(
                "{file}: fits no format (tried: {tried}) → name the format with --format, or export it again"
            ),
            Self::Nul { place } => {
                format!("{place}: holds NUL bytes, so it is not a text file → export it again")
            }
            Self::NotWellFormed { place } => {
                format!("{place}: is not well formed → export it from the source system again")
            }
            Self::Truncated { place } => format!(
                "{place}: the file ends in the middle → transfer all of it; nothing was changed"
            ),
            Self::Doctype { place } => format!(
                "{place}: document types and entities of its own (DOCTYPE) are not read → export it without a DOCTYPE"
            ),
            Self::TooDeep { place, limit } => format!(
                "{place}: is nested deeper than {limit} levels → export it from the source system again"
            ),
            Self::WrongRoot { place, expected } => format!(
                "{place}: does not begin with `{expected}` → choose another format (--format)"
            ),
            Self::TooManyOffers { file, limit } => format!(
                "{file}: holds more than {limit} offers → the exchange takes no more from one provider"
            ),
            Self::MissingColumn {
                place,
                field,
                header,
            } => format!(
                "{place}: no column for `{field}` ({}) → add one, or name it in the mapping file (--mapping); there are: {header}",
                if *field == "id" {
                    "a number that an offer keeps"
                } else {
                    "the name of the offer"
                }
            ),
            Self::UnknownField { field, known } => {
                format!("mapping file: there is no field `{field}` → known are: {known}")
            }
            Self::UnknownColumn {
                place,
                column,
                header,
            } => format!(
                "{place}: the column `{column}` of the mapping file is not there → there are: {header}"
            ),
            Self::Table(error) => error.message(Language::En),
        }
    }
}
