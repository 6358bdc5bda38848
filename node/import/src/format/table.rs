//! To be written.
use super::Format;
use crate::error::ImportError;
use crate::sink::Sink;
use crate::{Options, Source};
pub(super) struct Csv;
pub(super) struct Xlsx;
impl Format for Csv {
    fn name(&self) -> &'static str { "csv" }
    fn looks_like(&self, _: &Source<'_>) -> bool { false }
    fn read(&self, _: &Source<'_>, _: &Options<'_>, _: &mut Sink) -> Result<(), ImportError> { Ok(()) }
}
impl Format for Xlsx {
    fn name(&self) -> &'static str { "xlsx" }
    fn looks_like(&self, _: &Source<'_>) -> bool { false }
    fn read(&self, _: &Source<'_>, _: &Options<'_>, _: &mut Sink) -> Result<(), ImportError> { Ok(()) }
}
