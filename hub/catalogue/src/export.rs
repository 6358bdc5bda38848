//! Export formats. A new one is one file and one line in [`ALL`].

mod csv;
mod jsonl;
pub mod sheet;

use calluna_model::member::Member;
use calluna_model::offer::OfferDraft;

/// One offer of one provider.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Whose it is.
    pub provider: &'a Member,
    /// The offer, as it passed every rule.
    pub offer: &'a OfferDraft,
}

/// A file format that the catalogue can be written in, row by row.
pub trait Format: Sync {
    /// Its name on the command line and in addresses.
    fn name(&self) -> &'static str;

    /// What stands before the first row.
    ///
    /// # Errors
    /// When it cannot be written.
    fn begin(&self, out: &mut Vec<u8>) -> Result<(), ExportError>;

    /// Appends one offer.
    ///
    /// # Errors
    /// When it cannot be written.
    fn row(&self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), ExportError>;
}

/// Every format.
pub static ALL: &[&dyn Format] = &[&jsonl::JsonLines, &csv::Csv];

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
}
