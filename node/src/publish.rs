//! What `ProviderNode` and the command line ask of the catalogue, without gRPC. Every method blocks.

pub mod changes;
pub mod difference;
mod example;
mod listing;
mod plan;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use calluna_certs::{CertError, NodeKey};
use calluna_model::clock::{Clock, Moment};
use calluna_model::failure::{Failure, Reaction};
use calluna_model::guard::Shrink;
use calluna_model::head::{Head, SignedHead, signing_bytes};
use calluna_model::id::{EpochId, ProviderId, Revision};
use calluna_model::limit;
use calluna_model::receipt::Receipt;

use crate::store::{Current, Store, StoreError};

pub use self::difference::{Difference, Example, FieldChange};
pub use self::listing::Fingerprint;
pub use self::plan::{Candidate, Published, Terms};

/// Most offers that one `FetchOffers` may name.
pub const FETCH_MOST: usize = 1_000;

/// Why the catalogue does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The hub counts in another life of this store.
    #[error(
        "the epoch {asked} is not this node's (it is {ours} now); compare the whole catalogues"
    )]
    OtherEpoch {
        /// The epoch that was asked for.
        asked: EpochId,
        /// The epoch there is.
        ours: EpochId,
    },
    /// The hub knows more than there is.
    #[error(
        "revision {asked} is ahead of this node's, which is {ours}; compare the whole catalogues"
    )]
    Ahead {
        /// The revision that was asked for.
        asked: Revision,
        /// The revision there is.
        ours: Revision,
    },
    /// Tombstones that the hub has not seen are gone.
    #[error(
        "revision {asked} lies before the tombstone horizon {horizon}; compare the whole catalogues"
    )]
    BeforeHorizon {
        /// The revision that was asked for.
        asked: Revision,
        /// The first revision from which changes are complete.
        horizon: Revision,
    },
    /// More ids than one call may name.
    #[error("{got} offers were asked for in one call; at most {FETCH_MOST} are given")]
    TooManyIds {
        /// How many were asked for.
        got: usize,
    },
    /// A complete list in which nothing is.
    #[error(
        "the list holds no offer that could be taken, and as a complete list it would remove all {before}; \
         look at the file, or confirm with --yes"
    )]
    NothingAccepted {
        /// Offers that are there now.
        before: u64,
    },
    /// The guard of invariant 4.
    #[error("{}; look at the file, or confirm with --yes", .0)]
    WouldShrink(Shrink),
    /// More offers than a provider may have.
    #[error(
        "there would be {got} offers, and at most {} are allowed; remove some",
        limit::OFFERS_PER_PROVIDER
    )]
    TooManyOffers {
        /// How many there would be.
        got: u64,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key could not sign.
    #[error("the head could not be signed: {0}")]
    Sign(#[source] CertError),
}

impl Failure for PublishError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::OtherEpoch { .. } | Self::Ahead { .. } | Self::BeforeHorizon { .. } => {
                Reaction::Reconcile
            }
            Self::TooManyIds { .. } | Self::TooManyOffers { .. } => Reaction::TooMuch,
            Self::NothingAccepted { .. } | Self::WouldShrink(_) => Reaction::NotYours,
            Self::Store(error) => error.reaction(),
            Self::Sign(_) => Reaction::AskOperator,
        }
    }
}

impl From<calluna_kv::packed::PackedError> for PublishError {
    fn from(error: calluna_kv::packed::PackedError) -> Self {
        Self::Store(error.into())
    }
}

/// One provider's catalogue, and who answers for it.
#[derive(Debug)]
pub struct Publisher {
    store: Arc<Store>,
    provider: ProviderId,
    clock: Arc<dyn Clock>,
    /// When the hub last asked, in seconds since 1970; 0 as long as it has not.
    asked_at: AtomicI64,
}

impl Publisher {
    /// The catalogue in `store` of `provider`.
    #[must_use]
    pub fn new(store: Arc<Store>, provider: ProviderId, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            provider,
            clock,
            asked_at: AtomicI64::new(0),
        }
    }

    /// The store below.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whose catalogue it is.
    #[must_use]
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// Where the catalogue stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.store.current().head
    }

    /// Where the catalogue stands, signed by `key`: that of the certificate with which the connection
    /// was opened on which the hub asks.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn signed_head(&self, key: &NodeKey) -> Result<SignedHead, PublishError> {
        let head = self.head();
        let signed_at = self.clock.now();
        let bytes = signing_bytes(&self.provider, &head, signed_at);
        let signature = key.sign(&bytes).map_err(PublishError::Sign)?;
        Ok(SignedHead {
            head,
            signed_at,
            signature,
        })
    }

    /// Notes that the hub asks for the head: with that every night begins, also one in which
    /// nothing changed and that leaves no receipt.
    pub fn asked(&self) {
        self.asked_at.store(self.clock.now().0, Ordering::Relaxed);
    }

    /// When the hub last asked since this process started.
    #[must_use]
    pub fn asked_at(&self) -> Option<Moment> {
        Some(Moment(self.asked_at.load(Ordering::Relaxed))).filter(|at| at.0 > 0)
    }

    /// Keeps the hub's receipt. It is on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn acknowledge(&self, receipt: &Receipt) -> Result<(), PublishError> {
        Ok(self.store.keep_receipt(receipt)?)
    }
}

/// Whether changes after `after` can be told, to somebody who counts in `epoch`. No epoch at all
/// means whatever epoch there is, which makes sense only from the beginning.
fn check_start(
    current: &Current,
    epoch: Option<EpochId>,
    after: Revision,
) -> Result<(), PublishError> {
    let ours = current.head.epoch;
    let asked = epoch.unwrap_or(ours);
    if asked != ours || (epoch.is_none() && after != Revision(0)) {
        return Err(PublishError::OtherEpoch {
            asked: epoch.unwrap_or_default(),
            ours,
        });
    }
    if after > current.head.revision {
        return Err(PublishError::Ahead {
            asked: after,
            ours: current.head.revision,
        });
    }
    if after != Revision(0) && after < current.horizon {
        return Err(PublishError::BeforeHorizon {
            asked: after,
            horizon: current.horizon,
        });
    }
    Ok(())
}

fn check_epoch(current: &Current, asked: EpochId) -> Result<(), PublishError> {
    check_start(current, Some(asked), Revision(0))
}

#[cfg(test)]
mod tests;
