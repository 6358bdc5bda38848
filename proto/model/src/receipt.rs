//! What the hub answers after a night: taken, refused, why.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::finding::Finding;
use crate::head::Head;
use crate::outcome::Outcome;

/// The hub's answer to one provider's night; the only thing that flows back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Number of the hub's night; counts up.
    pub night: u64,
    /// When the hub finished with this provider.
    pub at: Moment,
    /// How it ended.
    pub outcome: Outcome,
    /// The head that the hub proved itself equal to, or that it was given and could not reach.
    pub head: Head,
    /// Offers that the hub did not have before.
    pub added: u64,
    /// Offers that the hub had in another version.
    pub changed: u64,
    /// Offers that are gone.
    pub removed: u64,
    /// Records that are refused at present, this night's and earlier ones.
    pub quarantined: u64,
    /// Why records are refused; at most [`crate::limit::FINDINGS_PER_RECEIPT`].
    pub findings: Vec<Finding>,
    /// What a person should know, in plain words; empty when all is well.
    #[serde(default)]
    pub note: String,
}
