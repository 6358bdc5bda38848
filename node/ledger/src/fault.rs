//! Why a ledger does not do what it was asked. Nothing here holds a number of persons, a person or a value.

/// Why no decision was made or no proposal taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The ledger was sealed.
    #[error(
        "the ledger of this period is sealed ({reason}): what was published stays, nothing new can be decided"
    )]
    Sealed {
        /// Why.
        reason: String,
    },
    /// The persons were forgotten.
    #[error(
        "the period is settled: who was counted is forgotten, so nothing can be corrected any more"
    )]
    Settled,
    /// Region, subjects or code lists are not those that the period began with.
    #[error(
        "the tables are not those that the period began with: bring back the region and subjects of its \
         first revision, or seal the period"
    )]
    Layout,
    /// Rules below the floor.
    #[error("the rules cannot be used: {0}")]
    Rules(&'static str),
    /// Rules that are not those of the period.
    #[error(
        "the rules of a period stay as they were at its first revision; new ones hold from the next period on"
    )]
    RulesChanged,
    /// Figures or structural zeros of another web.
    #[error("{0} belong to other tables: count them with the tables of this node")]
    Foreign(&'static str),
    /// A night after the close, a close after the close, a correction before it.
    #[error("{asked} cannot follow {last}: nights come first, then one close, then corrections")]
    Order {
        /// What was asked for.
        asked: &'static str,
        /// What the period has come to.
        last: &'static str,
    },
    /// A proposal that was made before something else was published.
    #[error("the proposal does not follow the newest revision: decide again")]
    Stale,
    /// A proposal waits for a person.
    #[error("a proposal waits to be released: publish it or withdraw it first")]
    Waiting,
    /// This program decided something that breaks its own rules, so nothing is proposed.
    #[error("internal fault, nothing is proposed: {0}; please report it")]
    Internal(&'static str),
}

/// Bytes that are no ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    /// Another kind of file, or another version of this one.
    #[error("not a ledger that this program can read")]
    Unknown,
    /// The checksum does not fit.
    #[error("the ledger is damaged: its checksum does not fit; restore it from a backup")]
    Checksum,
    /// The checksum fits and the content does not.
    #[error("the ledger is damaged: {0}; restore it from a backup")]
    Content(&'static str),
}
