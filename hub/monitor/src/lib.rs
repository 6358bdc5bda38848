//! The monitoring dataset: from the figures that providers publish to numbered releases that never
//! change.

mod about;
mod audit;
mod catalogue;
mod content;
mod dataset;
mod error;
mod evidence;
mod indicator;
mod input;
mod merge;
mod population;
mod rdf;
mod release;
mod rows;
mod sheet;
#[cfg(test)]
mod tests;

pub use self::about::{About, LICENCE, Words};
pub use self::audit::{Audit, Finding, Rule, audit};
pub use self::catalogue::{CatalogueStatistics, Cell, TOTAL};
pub use self::content::revisions;
pub use self::error::{Error, Result};
pub use self::evidence::{Evidence, Proof};
pub use self::input::{Correction, Figures, Input, Provider, Reason, Standing};
pub use self::merge::{District, Merged, upper_bounds};
pub use self::population::{Population, Residents};
pub use self::release::{
    Built, Changes, Delivered, Difference, Fault, FileEntry, LeftOut, MANIFEST, Manifest, Notes,
    PeriodNote, ReleaseKind, Releases, SUMS, Wrong, build, diff, verify,
};
