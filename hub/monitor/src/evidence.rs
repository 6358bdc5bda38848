//! What the proof of protection found. Somebody else ran it; a release carries it along.

use calluna_model::id::ProviderId;
use calluna_tables::revision::RevisionDigest;
use calluna_tables::{Period, Rules};
use serde::Serialize;

/// The findings of the proof for everything that a release shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Who proved: name and version of the attacker program.
    pub prover: String,
    /// The rules that it held against the figures.
    pub rules: Rules,
    /// Width that every hidden number must keep, in persons: threshold minus one.
    pub width: u32,
    /// One for each provider and period.
    pub proofs: Vec<Proof>,
}

/// What was found about one provider's figures of one period, all revisions together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whose figures.
    pub provider: ProviderId,
    /// Of which period.
    pub period: Period,
    /// The newest revision that was looked at, by its digest: it stands for those before it too.
    pub digest: RevisionDigest,
    /// Numbers that were judged, shown ones and hidden ones.
    pub numbers: u64,
    /// How many of them are hidden.
    pub hidden: u64,
    /// The narrowest interval of a hidden number, in persons; nothing where nothing is hidden.
    pub minimum_width: Option<u32>,
    /// Hidden numbers that can be worked out exactly. Must be 0.
    pub exact: u64,
    /// Hidden numbers with an interval narrower than [`Evidence::width`]. Must be 0.
    pub narrower: u64,
    /// How long the proof took, in milliseconds.
    pub milliseconds: u64,
}

/// A proof as it stands in `audit.json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) provider: String,
    pub(crate) period: String,
    pub(crate) digest: String,
    pub(crate) numbers: u64,
    pub(crate) hidden: u64,
    pub(crate) minimum_width: Option<u32>,
    pub(crate) exact: u64,
    pub(crate) narrower: u64,
    pub(crate) milliseconds: u64,
}

impl From<&Proof> for Line {
    fn from(proof: &Proof) -> Self {
        Self {
            provider: proof.provider.to_string(),
            period: proof.period.to_string(),
            digest: proof.digest.to_string(),
            numbers: proof.numbers,
            hidden: proof.hidden,
            minimum_width: proof.minimum_width,
            exact: proof.exact,
            narrower: proof.narrower,
            milliseconds: proof.milliseconds,
        }
    }
}
