//! Where a night begins.

use std::cmp::Ordering;
use std::fmt;

use calluna_model::checkpoint::Staged;
use calluna_model::head::Head;
use calluna_model::id::Revision;

/// What the hub holds of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held<'a> {
    /// The head that readers' state was proved equal to.
    pub published: Option<&'a Head>,
    /// How far a night that was broken off had come, beyond what is published.
    pub staged: Option<&'a Staged>,
    /// The hub's own store was found behind its `STATE`: nothing it says counts as proof.
    pub doubtful: bool,
}

/// What the night does for one provider. The driver obeys; it decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Both sides have the same: done after one call.
    Unchanged,
    /// Follow the changes after this revision (0: from the beginning).
    Stream {
        /// The last revision that is committed.
        after: Revision,
        /// What was staged goes on; otherwise it is discarded first.
        resume: bool,
    },
    /// Compare the catalogues as a whole.
    Reconcile {
        /// Why.
        why: Why,
    },
}

/// Why the catalogues have to be compared as a whole. It is printed in the report: a reason is a
/// value, not a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The node's store has begun a new life (rebuilt, or restored).
    NewEpoch,
    /// The node's revision is behind what the hub committed: it was restored from an old backup.
    NodeWentBack,
    /// The same revision, but another catalogue.
    SameRevisionOtherDigest,
    /// A comparison was broken off.
    BrokenOff,
    /// The hub's own store lost something.
    HubStoreBehind,
    /// The node asked for it (its tombstones do not reach back far enough, for instance).
    NodeAsked,
    /// The changes were followed, and the digests differ all the same.
    DigestDiffers,
    /// The operator asked for it.
    Verify,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewEpoch => "the node's store has begun a new life",
            Self::NodeWentBack => "the node's store is older than what the hub holds",
            Self::SameRevisionOtherDigest => "the same revision holds another catalogue",
            Self::BrokenOff => "a comparison was broken off",
            Self::HubStoreBehind => "the hub's own store had lost something",
            Self::NodeAsked => "the node cannot give the changes since the last night",
            Self::DigestDiffers => "the digests differed after following the changes",
            Self::Verify => "the operator asked for it",
        })
    }
}

/// Compares what the node says it has with what the hub holds. No clock, no socket, no store.
#[must_use]
pub fn first_step(held: &Held<'_>, head: &Head) -> Step {
    if held.doubtful {
        return Step::Reconcile {
            why: Why::HubStoreBehind,
        };
    }
    if held.published == Some(head) {
        return Step::Unchanged;
    }
    match held.staged {
        Some(Staged::Reconciling) => {
            return Step::Reconcile {
                why: Why::BrokenOff,
            };
        }
        Some(Staged::Changes(at)) if at.epoch == head.epoch && at.revision <= head.revision => {
            return Step::Stream {
                after: at.revision,
                resume: true,
            };
        }
        Some(Staged::Changes(_)) | None => {}
    }
    let Some(published) = held.published else {
        return Step::Stream {
            after: Revision(0),
            resume: false,
        };
    };
    if published.epoch != head.epoch {
        return Step::Reconcile { why: Why::NewEpoch };
    }
    match head.revision.cmp(&published.revision) {
        Ordering::Less => Step::Reconcile {
            why: Why::NodeWentBack,
        },
        Ordering::Equal => Step::Reconcile {
            why: Why::SameRevisionOtherDigest,
        },
        Ordering::Greater => Step::Stream {
            after: published.revision,
            resume: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::checkpoint::Checkpoint;
    use calluna_model::id::{Digest, EpochId};

    use super::*;

    fn head(epoch: u8, revision: u64, digest: u8) -> Head {
        Head {
            epoch: EpochId([epoch; 16]),
            revision: Revision(revision),
            count: 1,
            digest: Digest([digest; 32]),
        }
    }

    fn at(epoch: u8, revision: u64) -> Staged {
        Staged::Changes(Checkpoint {
            epoch: EpochId([epoch; 16]),
            revision: Revision(revision),
        })
    }

    fn step(published: Option<&Head>, staged: Option<&Staged>, now: &Head) -> Step {
        first_step(
            &Held {
                published,
                staged,
                doubtful: false,
            },
            now,
        )
    }

    #[test]
    fn inv5_only_the_very_same_head_is_unchanged() {
        let published = head(1, 5, 9);
        let p = Some(&published);
        assert_eq!(step(p, None, &head(1, 5, 9)), Step::Unchanged);
        let reconcile = |why| Step::Reconcile { why };
        assert_eq!(
            step(p, None, &head(1, 5, 8)),
            reconcile(Why::SameRevisionOtherDigest)
        );
        assert_eq!(step(p, None, &head(2, 5, 9)), reconcile(Why::NewEpoch));
        assert_eq!(step(p, None, &head(1, 4, 9)), reconcile(Why::NodeWentBack));
        let stream = Step::Stream {
            after: Revision(5),
            resume: false,
        };
        assert_eq!(step(p, None, &head(1, 6, 8)), stream);
    }

    #[test]
    fn a_broken_night_goes_on_where_it_stood() {
        let published = head(1, 5, 9);
        let now = head(1, 20, 1);
        let resume = |after| Step::Stream {
            after: Revision(after),
            resume: true,
        };
        assert_eq!(step(Some(&published), Some(&at(1, 12)), &now), resume(12));
        assert_eq!(step(None, Some(&at(1, 12)), &now), resume(12));
        assert_eq!(step(None, Some(&at(1, 20)), &now), resume(20));
        let again = Step::Stream {
            after: Revision(5),
            resume: false,
        };
        assert_eq!(step(Some(&published), Some(&at(1, 21)), &now), again);
        assert_eq!(
            step(Some(&published), Some(&Staged::Reconciling), &now),
            Step::Reconcile {
                why: Why::BrokenOff
            }
        );
    }

    #[test]
    fn a_doubtful_store_is_never_taken_as_proof() {
        let published = head(1, 5, 9);
        let held = Held {
            published: Some(&published),
            staged: None,
            doubtful: true,
        };
        assert_eq!(
            first_step(&held, &published),
            Step::Reconcile {
                why: Why::HubStoreBehind
            }
        );
    }

    #[test]
    fn the_first_night_follows_the_changes_from_the_beginning() {
        let stream = Step::Stream {
            after: Revision(0),
            resume: false,
        };
        assert_eq!(step(None, None, &head(1, 7, 3)), stream);
        assert_eq!(step(None, None, &head(1, 0, 3)), stream);
    }
}
