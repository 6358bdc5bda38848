//! How far the hub has come with a provider.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::head::Head;
use crate::id::{EpochId, Revision};

/// How far the hub has committed a provider's changes: everything up to `revision` of `epoch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The life of the node's store that the revision counts in.
    pub epoch: EpochId,
    /// The last committed revision.
    pub revision: Revision,
}

/// How a night that was broken off may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Staged {
    /// It followed the changes up to here.
    Changes(Checkpoint),
    /// It was comparing; a new comparison fetches only what still differs.
    Reconciling,
}

/// What readers see of a provider, and the proof it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The node's head that the hub proved itself equal to.
    pub head: Head,
    /// The night in which that was.
    pub night: u64,
    /// When that was.
    pub at: Moment,
    /// Offers that readers see.
    pub offers: u64,
    /// Records that are refused at present.
    pub quarantined: u64,
}

/// Why a guard holds a night back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldReason {
    /// It removes too much at once.
    #[default]
    Shrinks,
    /// Many offers would go and come back under other ids.
    ReKeyed,
    /// It removes something that was never withdrawn: the catalogues were compared as a whole.
    OtherLife,
    /// An earlier night was held, and what it would remove is still gone.
    StillHeld,
}

/// A night that a guard holds back: complete, verified, and not shown to readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldNight {
    /// The node's head that the staged state was proved equal to.
    pub head: Head,
    /// The night in which that was.
    pub night: u64,
    /// When that was.
    pub at: Moment,
    /// Offers that a release would remove.
    pub removed: u64,
    /// Offers that readers see now.
    pub before: u64,
    /// Why it is held.
    #[serde(default)]
    pub reason: HoldReason,
    /// Offers that a release would add.
    #[serde(default)]
    pub added: u64,
    /// Offers that a release would change.
    #[serde(default)]
    pub changed: u64,
    /// Of those removed, how many come back under another id with the same content.
    #[serde(default)]
    pub rekeyed: u64,
}
