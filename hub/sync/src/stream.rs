//! Whether a stream of changes keeps the contract and the limits.

use calluna_model::failure::{Failure, Reaction};
use calluna_model::id::{EpochId, Revision};
use calluna_model::limit::{Limits, RECORD_KEY_BYTES};

/// A peer broke the contract. It ends this provider's night and costs no other provider anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The batch is of another life of the store than the head.
    #[error("the node answered from another epoch ({got}) than its head ({ours})")]
    OtherEpoch {
        /// The head's.
        ours: EpochId,
        /// The batch's.
        got: EpochId,
    },
    /// The batch does not begin where the last one ended.
    #[error(
        "the node skipped or repeated changes: expected them after revision {ours}, got a batch after {got}"
    )]
    Gap {
        /// Where we stand.
        ours: Revision,
        /// Where the batch begins.
        got: Revision,
    },
    /// The batch ends before it begins, or holds a revision that is not in order or not in it.
    #[error("the node sent revision {got} out of order (after {ours})")]
    OutOfOrder {
        /// The revision before.
        ours: Revision,
        /// The one that came.
        got: Revision,
    },
    /// More bytes than a provider may send in a night.
    #[error("the node sent more than {most} bytes in one night")]
    TooManyBytes {
        /// The limit.
        most: u64,
    },
    /// More offers than a provider may have.
    #[error("the node has more than {most} offers")]
    TooManyOffers {
        /// The limit.
        most: u64,
    },
    /// A key that is too long to be counted.
    #[error("the node sent an offer id of {length} bytes; at most {RECORD_KEY_BYTES} are counted")]
    KeyTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A change that says neither what the offer is nor that it is gone.
    #[error("the node sent a change without a body at revision {at}")]
    NoBody {
        /// Its revision.
        at: Revision,
    },
    /// A content hash of the wrong length.
    #[error("the node sent a content hash of the wrong length at revision {at}")]
    NoHash {
        /// Its revision.
        at: Revision,
    },
    /// The stream ended before the head's revision.
    #[error("the node's changes end at revision {at}, its head says {head}")]
    EndsEarly {
        /// Where the stream ended.
        at: Revision,
        /// What the head says.
        head: Revision,
    },
    /// The listing is not in ascending order, or names an offer twice.
    #[error("the node's listing is not in ascending order of the offer id")]
    ListingOrder,
    /// The listing does not have the count and digest of the head.
    #[error(
        "the node's listing does not match its own head: {count} offers listed, {head} stated, or another digest"
    )]
    ListingDiffers {
        /// Listed.
        count: u64,
        /// Stated.
        head: u64,
    },
    /// The signature of the head is not by the key of the node's certificate.
    #[error("the signature of the node's head is not by the key of its certificate")]
    BadSignature,
}

impl Failure for Violation {
    fn reaction(&self) -> Reaction {
        match self {
            Self::TooManyBytes { .. } | Self::TooManyOffers { .. } | Self::KeyTooLong { .. } => {
                Reaction::TooMuch
            }
            _ => Reaction::FixRequest,
        }
    }
}

/// Follows a stream of batches. Durable state moves only by a batch that begins exactly where we
/// stand, so one that is repeated, skipped or out of order cannot move it.
#[derive(Debug)]
pub struct StreamCheck {
    epoch: EpochId,
    at: Revision,
    upto: Revision,
    bytes: u64,
    limits: Limits,
}

impl StreamCheck {
    /// A check that stands after `after` in the epoch of the head.
    #[must_use]
    pub fn new(epoch: EpochId, after: Revision, limits: Limits) -> Self {
        Self {
            epoch,
            at: after,
            upto: after,
            bytes: 0,
            limits,
        }
    }

    /// A batch begins: `(after, up_to]` of `epoch`, `bytes` long.
    ///
    /// # Errors
    /// When it does not follow, or too much came.
    pub fn batch(
        &mut self,
        epoch: EpochId,
        after: Revision,
        up_to: Revision,
        bytes: u64,
    ) -> Result<(), Violation> {
        if epoch != self.epoch {
            return Err(Violation::OtherEpoch {
                ours: self.epoch,
                got: epoch,
            });
        }
        if after != self.upto {
            return Err(Violation::Gap {
                ours: self.upto,
                got: after,
            });
        }
        if up_to <= after {
            // A batch without progress, sent for ever, would hold the night up to its deadline.
            return Err(Violation::OutOfOrder {
                ours: after,
                got: up_to,
            });
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.night_bytes {
            return Err(Violation::TooManyBytes {
                most: self.limits.night_bytes,
            });
        }
        self.at = after;
        self.upto = up_to;
        Ok(())
    }

    /// The next change within the batch.
    ///
    /// # Errors
    /// When its revision is not greater than the one before, or beyond the batch, or its key is
    /// too long.
    pub fn change(&mut self, revision: Revision, key: &str) -> Result<(), Violation> {
        if revision <= self.at || revision > self.upto {
            return Err(Violation::OutOfOrder {
                ours: self.at,
                got: revision,
            });
        }
        key_fits(key)?;
        self.at = revision;
        Ok(())
    }

    /// Whether a provider may have `count` offers.
    ///
    /// # Errors
    /// When it may not.
    pub fn offers(&self, count: u64) -> Result<(), Violation> {
        if count > self.limits.offers_per_provider {
            return Err(Violation::TooManyOffers {
                most: self.limits.offers_per_provider,
            });
        }
        Ok(())
    }

    /// The stream ended; it has to reach the head.
    ///
    /// # Errors
    /// When it does not.
    pub fn end(&self, head: Revision) -> Result<(), Violation> {
        if self.upto < head {
            return Err(Violation::EndsEarly {
                at: self.upto,
                head,
            });
        }
        Ok(())
    }

    /// Where we stand: the end of the last batch.
    #[must_use]
    pub fn reached(&self) -> Revision {
        self.upto
    }

    /// Bytes that came so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

pub(crate) fn key_fits(key: &str) -> Result<(), Violation> {
    if key.is_empty() || key.len() > RECORD_KEY_BYTES {
        return Err(Violation::KeyTooLong { length: key.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EPOCH: EpochId = EpochId([1; 16]);

    fn check() -> StreamCheck {
        StreamCheck::new(
            EPOCH,
            Revision(10),
            Limits {
                night_bytes: 100,
                ..Limits::default()
            },
        )
    }

    #[test]
    fn inv6_a_stream_that_breaks_the_contract_is_named() {
        let r = Revision;
        let mut c = check();
        assert!(matches!(
            c.batch(EpochId([2; 16]), r(10), r(12), 1),
            Err(Violation::OtherEpoch { .. })
        ));
        assert!(matches!(
            c.batch(EPOCH, r(9), r(12), 1),
            Err(Violation::Gap { .. })
        ));
        assert!(matches!(
            c.batch(EPOCH, r(11), r(12), 1),
            Err(Violation::Gap { .. })
        ));
        assert!(matches!(
            c.batch(EPOCH, r(10), r(9), 1),
            Err(Violation::OutOfOrder { .. })
        ));
        assert_eq!(c.reached(), r(10), "a refused batch moves nothing");
        c.batch(EPOCH, r(10), r(12), 60).unwrap();
        assert!(matches!(
            c.change(r(10), "a"),
            Err(Violation::OutOfOrder { .. })
        ));
        c.change(r(11), "a").unwrap();
        assert!(matches!(
            c.change(r(11), "b"),
            Err(Violation::OutOfOrder { .. })
        ));
        assert!(matches!(
            c.change(r(13), "b"),
            Err(Violation::OutOfOrder { .. })
        ));
        assert!(matches!(
            c.change(r(12), &"x".repeat(257)),
            Err(Violation::KeyTooLong { .. })
        ));
        assert!(matches!(c.end(r(13)), Err(Violation::EndsEarly { .. })));
        assert!(matches!(
            c.batch(EPOCH, r(12), r(13), 60),
            Err(Violation::TooManyBytes { .. })
        ));
    }

    proptest! {
        /// Whatever comes, the place only ever moves forward, batch by batch without a gap.
        #[test]
        fn the_place_moves_only_by_batches_that_fit(spans in prop::collection::vec((0_u64..40, 0_u64..40), 0..30)) {
            let mut c = check();
            for (after, up_to) in spans {
                let before = c.reached();
                match c.batch(EPOCH, Revision(after), Revision(up_to), 0) {
                    Ok(()) => prop_assert!(after == before.0 && c.reached().0 == up_to && up_to > after),
                    Err(_) => prop_assert_eq!(c.reached(), before),
                }
            }
        }
    }
}
