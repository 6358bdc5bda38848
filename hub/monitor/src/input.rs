//! Everything that a release is made from. The caller reads it from wherever it lies.

use std::collections::{BTreeMap, BTreeSet};

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_tables::{Layout, Period, Revision, Rules, Web};

use crate::about::{About, Words};
use crate::catalogue::CatalogueStatistics;
use crate::evidence::Evidence;
use crate::population::Population;

/// What a release is made from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The time now: it stands in the release and decides nothing else.
    pub now: Moment,
    /// Who publishes, and where.
    pub about: &'a About,
    /// Where the cells stand.
    pub layout: &'a Layout,
    /// The numbers and what ties them; must be made of `layout`.
    pub web: &'a Web,
    /// The least strict rules that the district accepts.
    pub least: &'a Rules,
    /// Every provider, whether it delivers or not.
    pub providers: &'a [Provider],
    /// The newest accepted revision of each provider and period.
    pub figures: &'a dyn Figures,
    /// Denominators.
    pub population: &'a Population,
    /// What the proof of protection found.
    pub evidence: &'a Evidence,
    /// What the hub knows to be limited, for the quality notes.
    pub limits: &'a [Words],
    /// Set where the operator puts something right that is not a figure.
    pub correction: Option<&'a Correction>,
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("now", &self.now)
            .field("providers", &self.providers.len())
            .finish_non_exhaustive()
    }
}

/// A provider as the dataset knows it.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its id; it stands in the column `PROVIDER`.
    pub id: ProviderId,
    /// Its public name.
    pub name: String,
    /// When the hub last agreed with its node; nothing when it never did.
    pub agreed: Option<Moment>,
    /// Whether it is still there.
    pub standing: Standing,
    /// What its node told persons apart by, in words, such as `customer number`; nothing when not known.
    pub told_apart: Option<String>,
    /// What it offers.
    pub catalogue: CatalogueStatistics,
}

/// Whether a provider is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Member,
    /// Put out, or gone. Figures that were accepted before stay.
    Revoked,
    /// Gone, and its figures are taken out of every new release. Older releases stay as they are.
    Withdrawn,
}

impl Standing {
    /// Its word in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Why figures could not be handed in.
pub type Reason = Box<dyn std::error::Error + Send + Sync>;

/// Hands in figures, one revision at a time: a district's years do not have to lie in memory.
pub trait Figures {
    /// Every period of which any provider has a revision.
    ///
    /// # Errors
    /// When they cannot be read.
    fn periods(&self) -> Result<BTreeSet<Period>, Reason>;

    /// The newest accepted revision; nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn revision(&self, provider: &ProviderId, period: Period) -> Result<Option<Revision>, Reason>;

    /// Every accepted revision, in order; the last is [`Self::revision`].
    ///
    /// # Errors
    /// When they cannot be read.
    fn history(&self, provider: &ProviderId, period: Period) -> Result<Vec<Revision>, Reason> {
        Ok(self.revision(provider, period)?.into_iter().collect())
    }
}

/// Figures that lie in memory.
impl Figures for BTreeMap<(Period, ProviderId), Revision> {
    fn periods(&self) -> Result<BTreeSet<Period>, Reason> {
        Ok(self.keys().map(|(period, _)| *period).collect())
    }

    fn revision(&self, provider: &ProviderId, period: Period) -> Result<Option<Revision>, Reason> {
        Ok(self.get(&(period, provider.clone())).cloned())
    }
}

/// Something that the operator puts right with this release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The release that it corrects.
    pub corrects: u64,
    /// What was wrong.
    pub reason: Words,
}
