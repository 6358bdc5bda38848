//! Whether both sides agree at the end (invariant 5), and how the night ended.

use calluna_model::head::Head;
use calluna_model::id::Digest;
use calluna_model::outcome::Outcome;

/// Whether the hub's count and digest (refused records counted by their fingerprint) equal the
/// node's signed head.
#[must_use]
pub fn verify(count: u64, digest: &Digest, head: &Head) -> bool {
    count == head.count && *digest == head.digest
}

/// How a night ended in which both sides were proved to agree.
#[must_use]
pub fn outcome(quarantined: u64) -> Outcome {
    if quarantined == 0 {
        Outcome::Ok
    } else {
        Outcome::OkWithQuarantine
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::id::{EpochId, Revision};

    use super::*;

    #[test]
    fn inv5_agreement_needs_count_and_digest() {
        let head = Head {
            epoch: EpochId([0; 16]),
            revision: Revision(3),
            count: 2,
            digest: Digest([7; 32]),
        };
        assert!(verify(2, &Digest([7; 32]), &head));
        assert!(!verify(3, &Digest([7; 32]), &head));
        assert!(!verify(2, &Digest([8; 32]), &head));
    }

    #[test]
    fn a_night_with_refused_records_is_never_plainly_ok() {
        assert_eq!(outcome(0), Outcome::Ok);
        assert_eq!(outcome(1), Outcome::OkWithQuarantine);
    }
}
