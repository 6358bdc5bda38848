//! The monitoring dataset of a district: from the figures that providers publish to numbered releases
//! that never change.
//!
//! Everything is handed in ([`Input`]): there is no store, no network and no clock here. Only what
//! providers have published goes in, so nothing that comes out can say more than that: district
//! numbers are sums or intervals that anybody can work out from the providers' rows ([`District`]),
//! indicators are worked out from published numbers or not shown.
//!
//! | module | holds |
//! |---|---|
//! | `about`, `input`, `evidence` | what is handed in |
//! | `catalogue`, `population` | counts of public offers; denominators with their base |
//! | `merge` | providers' numbers to the district's |
//! | `indicator` | indicators, one file each with formula, unit and source |
//! | `sheet`, `dataset` | a table, and the formats it is written in, one file each |
//! | `content`, `rdf` | what each file of a release says |
//! | `release` | folders: build, list, verify, compare |
//! | [`reading`] | a release read again for people |
//! | `rows`, `audit` | public files read again, and what anybody can check with them |
//!
//! # Files of a release
//! `releases/<number, 6 digits>/`: `release.json` ([`Manifest`]), `SHA256SUMS`;
//! `figures/<period>.csv`, `.parquet`, `.json`; `indicators` and `catalogue` in the same formats;
//! `population.csv`, `dimensions.csv`, `tables.csv`, `codes/<NAME>.csv`, `dictionary.csv` and `.md`;
//! `quality.json` and `.md`, `audit.json`, `change.json` and `.md`, `dcat.ttl` and `.jsonld`. Beside
//! each CSV lies its CSVW description `<file>.csv-metadata.json`.
//!
//! A folder is written beside the others and renamed when all of it is on disk, so a crash leaves
//! either the whole release or none. Files are read-only. A file that is the same as in the release
//! before is a hard link to it. A night that brings nothing but new dates makes no release.
//!
//! # Example
//! ```
//! use std::collections::BTreeMap;
//!
//! use calluna_model::clock::Moment;
//! use calluna_model::id::ProviderId;
//! use calluna_monitor::{
//!     About, Built, CatalogueStatistics, Evidence, Input, Population, Provider, Releases, Standing,
//!     audit, build, verify,
//! };
//! use calluna_tables::{Layout, Period, Region, Revision, Rules, Subjects, Web};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let layout = Layout::new(Region::heidekreis()?, Subjects::areas());
//! let web = Web::new(&layout);
//! // Offer by offer, as the store hands them out: `catalogue.feed(&offer, layout.region())`.
//! let catalogue = CatalogueStatistics::default();
//! let providers = [Provider {
//!     id: "vhs-heide".parse()?,
//!     name: "VHS Heide".to_owned(),
//!     agreed: Some(Moment(1_790_000_000)),
//!     standing: Standing::Member,
//!     told_apart: None,
//!     catalogue,
//! }];
//! // The newest accepted revision of each period and provider. A hub with years of figures
//! // implements `Figures` on its store instead, and hands out one at a time.
//! let figures: BTreeMap<(Period, ProviderId), Revision> = BTreeMap::new();
//! let input = Input {
//!     now: Moment(1_790_000_500),
//!     about: &About::heidekreis(),
//!     layout: &layout,
//!     web: &web,
//!     least: &Rules::default(),
//!     providers: &providers,
//!     figures: &figures,
//!     population: &Population::heidekreis()?,
//!     evidence: &Evidence::default(),
//!     limits: &[],
//!     correction: None,
//! };
//!
//! let releases = Releases::open(folder.path())?;
//! let Built::New(release) = build(&input, &releases)? else {
//!     return Err("the first release is always new".into());
//! };
//! assert_eq!(release.number, 1);
//! // The next night brings nothing.
//! assert_eq!(build(&input, &releases)?, Built::Unchanged(1));
//! assert!(verify(&releases, 1)?.is_empty());
//! assert!(audit(folder.path())?.is_clean());
//! # Ok(())
//! # }
//! ```

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
pub mod reading;
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
