//! What the files of a release say: one file here for each of them, and how it is made from the input.

mod audit_file;
mod catalogue;
mod change;
mod dcat;
mod dictionary;
mod figures;
mod indicators;
mod lists;
mod population;
mod quality;
mod revisions;

pub(crate) use self::audit_file::{audit_file, proofs};
pub(crate) use self::catalogue::write_catalogue;
pub(crate) use self::change::change_note;
pub(crate) use self::dcat::describe;
pub(crate) use self::dictionary::{dictionary_text, write_dictionary};
pub(crate) use self::figures::{Period as PeriodFigures, write_period};
pub(crate) use self::indicators::write_indicators;
pub(crate) use self::lists::{list_columns, write_lists};
pub(crate) use self::population::write_population;
pub(crate) use self::quality::{Quality, quality};
pub use self::revisions::revisions;
pub(crate) use self::revisions::write_revisions;

use crate::input::Provider;

/// Providers by id: the order of every file.
pub(crate) fn sorted(providers: &[Provider]) -> Vec<&Provider> {
    let mut out: Vec<&Provider> = providers.iter().collect();
    out.sort_by(|a, b| a.id.cmp(&b.id));
    out
}
