//! What a node's catalogue is now, and the bytes with which a node answers for it.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::id::{Digest, EpochId, ProviderId, Revision};

/// The state of a node's catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Identity of the life of the node's store.
    pub epoch: EpochId,
    /// Number of the last change; 0 when nothing was ever published.
    pub revision: Revision,
    /// How many offers there are, refused ones included.
    pub count: u64,
    /// Digest over all of them.
    pub digest: Digest,
}

impl Head {
    /// The head of a store in which nothing ever was.
    #[must_use]
    pub fn empty(epoch: EpochId) -> Self {
        Self {
            epoch,
            revision: Revision(0),
            count: 0,
            digest: crate::fingerprint::empty_digest(),
        }
    }
}

/// A head, the time of the answer, and the signature over both by the node's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// What is signed.
    pub head: Head,
    /// When the node signed it, by the node's own clock.
    pub signed_at: Moment,
    /// ECDSA P-256 with SHA-256 over [`signing_bytes`], ASN.1 DER.
    pub signature: Vec<u8>,
}

/// The bytes that a node signs for its head (`proto/CONTRACT.md`, "Signed head").
#[must_use]
pub fn signing_bytes(provider: &ProviderId, head: &Head, signed_at: Moment) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    out.extend_from_slice(b"calluna-head-v1\n");
    out.extend_from_slice(&(provider.as_str().len() as u64).to_be_bytes());
    out.extend_from_slice(provider.as_str().as_bytes());
    out.extend_from_slice(&head.epoch.0);
    out.extend_from_slice(&head.revision.0.to_be_bytes());
    out.extend_from_slice(&head.count.to_be_bytes());
    out.extend_from_slice(&head.digest.0);
    out.extend_from_slice(&signed_at.0.to_be_bytes());
    out
}
