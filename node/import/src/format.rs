//! The formats. Adding one is a file and a line in [`ALL`].
//!
//! | name | what | an offer is | a run is |
//! |---|---|---|---|
//! | `openvhs` | Open-vhs 0.9 to 1.2, XML and the Berlin JSON | `veranstaltung` | the same |
//! | `kufer` | Kufer Internet-XML | `kurs` | the same |
//! | `xcri` | XCRI-CAP 1.2 | `course` | `presentation` |
//! | `openqcat` | openQ-cat 1.1 (KURSNET) | `SERVICE` with `EDUCATION/@type` true | every `SERVICE` with dates |
//! | `elm` | ELM 3 (Europass), XML and JSON-LD | `learningOpportunity` | its period and place |
//! | `oneroster` | OneRoster 1.1 and 1.2, School Data Sync; ZIP or folder | row of `courses.csv` | row of `classes.csv` |
//! | `kursnet` | the provider spreadsheet of KURSNET, XLSX or CSV | `PRODUCT ID` | row (a site) |
//! | `xlsx`, `csv` | a table of one's own | rows with the same id | row |
//! | `moochub` | MOOChub 3 | entry of `data` | each `startDate` |
//! | `schemaorg` | schema.org JSON-LD, or a page of HTML with it | `Course` | `CourseInstance` |
//! | `jsonl` | Calluna's own lines | line | entry of `runs` |

mod berlin;
mod elm;
mod jsonl;
mod kufer;
mod kursnet;
mod moochub;
mod oneroster;
mod openqcat;
mod openvhs;
mod schemaorg;
mod table;
mod xcri;

use calluna_tabular::encoding;

pub(crate) use self::oneroster::bundle;

use crate::error::ImportError;
use crate::sink::Sink;
use crate::{Options, Source};

/// How much of a file a format is recognised by, in bytes.
const SNIFF_BYTES: usize = 16 * 1024;

/// A format that providers export.
pub trait Format: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Whether `source` looks like it; cheap, never an error.
    fn looks_like(&self, source: &Source<'_>) -> bool;

    /// Reads every record into `sink`.
    ///
    /// # Errors
    /// When the file has to be refused as a whole.
    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError>;
}

/// Every format, the most certain first.
pub static ALL: &[&dyn Format] = &[
    &openvhs::OpenVhs,
    &kufer::Kufer,
    &xcri::Xcri,
    &openqcat::OpenQcat,
    &elm::Elm,
    &oneroster::OneRoster,
    &kursnet::KursNet,
    &table::Xlsx,
    &moochub::MoocHub,
    &schemaorg::SchemaOrg,
    &jsonl::JsonLines,
    &table::Csv,
];

/// The format of that name, or the first that recognises the file.
pub(crate) fn choose(
    source: &Source<'_>,
    name: Option<&str>,
) -> Result<&'static dyn Format, ImportError> {
    let names = || {
        ALL.iter()
            .map(|format| format.name())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(name) = name.filter(|name| *name != "auto") {
        let known = ALL.iter().find(|format| format.name() == name);
        return known.copied().ok_or_else(|| ImportError::UnknownFormat {
            name: name.to_owned(),
            known: names(),
        });
    }
    if source.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError::Empty {
            file: source.name.to_owned(),
        });
    }
    let found = ALL.iter().find(|format| format.looks_like(source));
    found.copied().ok_or_else(|| ImportError::NotRecognised {
        file: source.name.to_owned(),
        tried: names(),
    })
}

/// The beginning of a file as text, in lower case, for [`Format::looks_like`].
fn beginning(source: &Source<'_>) -> String {
    let head = source.bytes.get(..SNIFF_BYTES).unwrap_or(source.bytes);
    let wide = head
        .iter()
        .take(4)
        .any(|byte| matches!(byte, 0 | 0xFE | 0xFF));
    // Cut at a line or tag, so that a character is not torn and taken for another encoding; the
    // whole length is even, which is right for UTF-16.
    let cut = if wide || head.len() < SNIFF_BYTES {
        head.len()
    } else {
        let end = |byte: &u8| matches!(byte, b'\n' | b'>' | b';');
        head.iter().rposition(end).map_or(head.len(), |at| at + 1)
    };
    let decoded = encoding::decode(head.get(..cut).unwrap_or_default());
    decoded.text.trim_start().to_lowercase()
}
