//! Export formats. A new one is one file and one line in [`ALL`].
//!
//! A file is written by a [`Writer`]: it is fed row after row and gives bytes away as they are ready, so that a
//! million offers need no more memory than a few. What a format cannot carry, and what it refuses because a
//! mandatory field is missing, stands in the [`Loss`] report: a record is refused, never padded.

mod csv;
mod csvw;
mod dcat;
mod edition;
mod elm;
pub mod fields;
mod jsonl;
mod loss;
pub mod openqcat;
mod openvhs;
mod parquet;
pub mod schemaorg;
pub mod sheet;
mod table;
mod text;
mod writer;
mod xcri;
mod xml;

use std::fmt;
use std::sync::Arc;

use calluna_model::member::Member;
use calluna_model::offer::OfferDraft;

pub use self::edition::{Edition, LICENCE, Publisher};
pub use self::jsonl::line;
pub use self::loss::{FieldLoss, LISTED, Loss, Notes, Refusal, RefusedField};
pub use self::writer::Writer;

/// One offer of one provider.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Whose it is.
    pub provider: &'a Member,
    /// The offer, as it passed every rule.
    pub offer: &'a OfferDraft,
}

/// The same words in German and English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// German.
    pub de: &'static str,
    /// English.
    pub en: &'static str,
}

/// Which fields of an offer a format has a place for; names as in [`fields::FIELDS`].
#[derive(Clone, Copy, Debug)]
pub enum Carries {
    /// Every field there is.
    Everything,
    /// These.
    These(&'static [&'static str]),
}

/// A file format that the catalogue can be written in.
pub trait Format: Sync + fmt::Debug {
    /// Its name on the command line and in addresses.
    fn name(&self) -> &'static str;

    /// What people call it, for a page that lists downloads.
    fn title(&self) -> Words;

    /// Ending of its files, without the dot in front.
    fn extension(&self) -> &'static str;

    /// Media type of its files.
    fn media_type(&self) -> &'static str;

    /// Whether everybody may fetch it. What names persons is made by the operator alone.
    fn is_public(&self) -> bool {
        true
    }

    /// Which fields it carries.
    fn carries(&self) -> Carries;

    /// Begins a file.
    ///
    /// # Errors
    /// When nothing could be written in this format, whatever the rows.
    fn open(&self, edition: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError>;
}

/// A file that is being written. What is ready is appended to `out`.
pub trait Body: Send {
    /// What stands before the first row.
    ///
    /// # Errors
    /// When it cannot be written.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let _nothing = out;
        Ok(())
    }

    /// Appends one offer; says in `notes` what is lost or refused.
    ///
    /// # Errors
    /// When it cannot be written.
    fn row(
        &mut self,
        row: &Row<'_>,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(), ExportError>;

    /// What stands after the last row.
    ///
    /// # Errors
    /// When it cannot be written.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let _nothing = out;
        Ok(())
    }
}

/// Every format.
pub static ALL: &[&dyn Format] = &[
    &jsonl::JsonLines,
    &csv::Csv,
    &csvw::Csvw,
    &parquet::Parquet,
    &schemaorg::SchemaOrg,
    &openqcat::OpenQCat,
    &openvhs::OpenVhs,
    &xcri::Xcri,
    &elm::Elm,
    &dcat::Dcat,
];

/// The format of that name.
///
/// # Errors
/// When there is none; the text lists the known ones.
pub fn format(name: &str) -> Result<&'static dyn Format, ExportError> {
    ALL.iter()
        .copied()
        .find(|format| format.name() == name)
        .ok_or_else(|| ExportError::Unknown {
            name: name.chars().take(40).collect(),
            known: ALL
                .iter()
                .map(|format| format.name())
                .collect::<Vec<_>>()
                .join(", "),
        })
}

/// An export could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No format has that name.
    #[error("there is no export format `{name}`; known are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The known ones.
        known: String,
    },
    /// A row could not be written.
    #[error("offer `{offer}` cannot be written as {format}")]
    Row {
        /// Its id.
        offer: String,
        /// Name of the format.
        format: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something around the rows could not be written.
    #[error("the file cannot be written as {format}")]
    File {
        /// Name of the format.
        format: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The format needs something that this catalogue does not have.
    #[error("a file in {format} cannot be made: {needs}")]
    Needs {
        /// Name of the format.
        format: &'static str,
        /// What it needs, and where that is given.
        needs: String,
    },
    /// The data that KURSNET asks of providers cannot be read.
    #[error("the profiles of providers for openQ-cat, line {line}: {rule}")]
    Profiles {
        /// The line, from 1.
        line: usize,
        /// What it must hold.
        rule: String,
    },
}

#[cfg(test)]
mod tests;
