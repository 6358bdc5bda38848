//! How one provider's night ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The closed set of outcomes (DESIGN invariant 5). Exit codes, reports and metrics are derived
/// from this one value and from nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The node has nothing that the hub does not have.
    Unchanged,
    /// Everything was taken over, and both sides agree on count and digest.
    Ok,
    /// As [`Outcome::Ok`], but single records were refused; their last good version stays.
    OkWithQuarantine,
    /// A guard holds the night back until the operator releases it.
    Held,
    /// Broken off on the way; what was committed stays, and the next night goes on from there.
    Partial,
    /// The node could not be reached.
    Unreachable,
    /// The node broke the contract, or may not do what it tried.
    Refused,
    /// Something failed on the hub's side.
    Failed,
}

impl Outcome {
    /// Every outcome, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Unchanged,
        Self::Ok,
        Self::OkWithQuarantine,
        Self::Held,
        Self::Partial,
        Self::Unreachable,
        Self::Refused,
        Self::Failed,
    ];

    /// Whether both sides are proved to agree after this night.
    #[must_use]
    pub fn agreed(self) -> bool {
        matches!(self, Self::Unchanged | Self::Ok | Self::OkWithQuarantine)
    }

    /// Whether the night counts as done without anything to look at: exit code 0 of `sync`.
    #[must_use]
    pub fn clean(self) -> bool {
        matches!(self, Self::Unchanged | Self::Ok)
    }

    /// The name used on the wire, in JSON and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Ok => "ok",
            Self::OkWithQuarantine => "ok-with-quarantine",
            Self::Held => "held",
            Self::Partial => "partial",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is not one of the eight outcomes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown outcome `{0}`")]
pub struct UnknownOutcome(String);

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| UnknownOutcome(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_survives_its_own_name() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
        assert!("fine".parse::<Outcome>().is_err());
    }

    #[test]
    fn only_proved_agreement_counts_as_agreed() {
        let agreed: Vec<_> = Outcome::ALL.into_iter().filter(|o| o.agreed()).collect();
        assert_eq!(
            agreed,
            [Outcome::Unchanged, Outcome::Ok, Outcome::OkWithQuarantine]
        );
    }
}
