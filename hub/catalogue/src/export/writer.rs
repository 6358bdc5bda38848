//! Writes a file: rows in, bytes out.

use std::fmt;
use std::sync::Arc;

use super::loss::{Loss, Notes, Tally};
use super::{Body, Edition, ExportError, Format, Row};

/// A file that is being written. Feed it with [`Writer::push`], carry away what is ready with [`Writer::take`]
/// whenever [`Writer::ready`] is large enough, and end it with [`Writer::finish`].
///
/// ```
/// # use calluna_catalogue::export::{Edition, ExportError, Row, Writer, format};
/// # use calluna_model::{clock::Moment, member::Member, offer::OfferDraft};
/// # fn send(_: Vec<u8>) {}
/// # fn export(offers: Vec<(Member, OfferDraft)>) -> Result<(), ExportError> {
/// let mut writer = Writer::new(format("jsonl")?, Edition::new("Heidekreis", Moment(0), Vec::new()))?;
/// for (provider, offer) in &offers {
///     writer.push(&Row { provider, offer })?;
///     if writer.ready() >= 64 * 1024 {
///         send(writer.take());
///     }
/// }
/// let (rest, loss) = writer.finish()?;
/// send(rest);
/// # let _ = loss;
/// # Ok(())
/// # }
/// ```
pub struct Writer {
    body: Box<dyn Body>,
    out: Vec<u8>,
    tally: Tally,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("ready", &self.out.len())
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Begins a file.
    ///
    /// # Errors
    /// When nothing can be written in this format, whatever the rows.
    pub fn new(format: &dyn Format, edition: Edition) -> Result<Self, ExportError> {
        let edition = Arc::new(edition);
        let mut body = format.open(&edition)?;
        let mut out = Vec::new();
        body.begin(&mut out)?;
        Ok(Self {
            body,
            out,
            tally: Tally::new(format, edition.now),
        })
    }

    /// Appends one offer, or refuses it: that stands in the report.
    ///
    /// # Errors
    /// When it cannot be written; the file is of no use then.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        let mut notes = Notes::default();
        self.body.row(row, &mut self.out, &mut notes)?;
        self.tally.take(row, notes);
        Ok(())
    }

    /// How many bytes are ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.out.len()
    }

    /// The bytes that are ready.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The last bytes, and what the file does not say.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<(Vec<u8>, Loss), ExportError> {
        self.body.end(&mut self.out)?;
        Ok((self.out, self.tally.finish()))
    }
}
