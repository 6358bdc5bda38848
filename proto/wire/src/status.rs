//! Failure → gRPC status and back. No other file makes a `Status`.
//!
//! The code says what the caller can do, `google.rpc.ErrorInfo` repeats it as a closed word (so
//! that a later version can tell rows apart that share a code), the message is for people.

use calluna_model::failure::{Failure, Reaction};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

const DOMAIN: &str = "calluna";

/// The rows: reaction, code, word. Reading takes the first row that fits.
const ROWS: [(Reaction, Code, &str); 8] = [
    (Reaction::FixRequest, Code::InvalidArgument, "FIX_REQUEST"),
    (Reaction::Reconcile, Code::FailedPrecondition, "RECONCILE"),
    (
        Reaction::ComeBackLater,
        Code::Unavailable,
        "COME_BACK_LATER",
    ),
    (
        Reaction::Unauthenticated,
        Code::Unauthenticated,
        "UNAUTHENTICATED",
    ),
    (Reaction::NotYours, Code::PermissionDenied, "NOT_YOURS"),
    (Reaction::TooMuch, Code::ResourceExhausted, "TOO_MUCH"),
    (Reaction::NotThere, Code::NotFound, "NOT_THERE"),
    (Reaction::AskOperator, Code::Internal, "ASK_OPERATOR"),
];

/// The status for a failure.
#[must_use]
pub fn to_status(failure: &dyn Failure) -> Status {
    status_of(failure.reaction(), chain(failure))
}

/// The status for a reaction with a text of one's own.
#[must_use]
pub fn status_of(reaction: Reaction, text: impl Into<String>) -> Status {
    let row = ROWS.iter().find(|(of, ..)| *of == reaction);
    let (code, word) = row.map_or((Code::Internal, "ASK_OPERATOR"), |(_, code, word)| {
        (*code, *word)
    });
    let details = ErrorDetails::with_error_info(word, DOMAIN, []);
    Status::with_error_details(code, text, details)
}

/// What the other side answered, or that it did not.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct PeerFailure {
    /// What can be done about it.
    pub reaction: Reaction,
    /// For people.
    pub text: String,
}

impl Failure for PeerFailure {
    fn reaction(&self) -> Reaction {
        self.reaction
    }
}

/// Reads a status. An unknown word counts by its code, an unknown code as passing trouble.
impl From<Status> for PeerFailure {
    fn from(status: Status) -> Self {
        let said = status.get_details_error_info();
        let word = said
            .filter(|info| info.domain == DOMAIN)
            .map(|info| info.reason);
        let by_word = |word: &String| ROWS.iter().find(|(_, _, known)| known == word);
        let row = word.as_ref().and_then(by_word);
        let row = row.or_else(|| ROWS.iter().find(|(_, code, _)| *code == status.code()));
        let reaction = row.map_or(Reaction::ComeBackLater, |(reaction, ..)| *reaction);
        let mut text: String = status.message().chars().take(1_000).collect();
        if text.is_empty() {
            text = format!("{:?}", status.code());
        }
        Self { reaction, text }
    }
}

/// The failure and what caused it, on one line.
fn chain(failure: &dyn Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text.push_str(": ");
            text.push_str(&next_text);
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reaction_survives_the_wire() {
        for (reaction, ..) in ROWS {
            let back = PeerFailure::from(status_of(reaction, "x"));
            assert_eq!(back.reaction, reaction);
            assert_eq!(back.text, "x");
        }
    }

    #[test]
    fn a_status_of_somebody_else_counts_by_its_code() {
        let plain = Status::from_error("broken pipe".into());
        assert_eq!(PeerFailure::from(plain).reaction, Reaction::ComeBackLater);
    }
}
