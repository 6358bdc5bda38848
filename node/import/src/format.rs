//! The formats. Adding one is a file and a line in [`ALL`].

mod berlin;
mod jsonl;
mod kufer;
mod openvhs;
mod table;
mod xcri;

use calluna_tabular::encoding;

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
    &table::Xlsx,
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
