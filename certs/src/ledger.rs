//! What the hub keeps of an invitation and of the certificates it gave. The secret itself is not
//! kept, only its hash.

use std::error::Error;

use calluna_model::clock::Moment;
use calluna_model::failure::{Failure, Reaction};
use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

use crate::authority::Issued;
use crate::fingerprint::{Fingerprint, hex32};
use crate::request::RequestedKey;

/// Where invitations are kept. The hub's store implements it.
pub trait Ledger {
    /// The newest invitation of `provider`; `None` when it was never invited.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn invitation(&self, provider: &ProviderId) -> Result<Option<Invitation>, LedgerError>;
}

/// The store behind a [`Ledger`] could not answer.
#[derive(Debug, thiserror::Error)]
#[error("the list of invitations cannot be read: {0}")]
pub struct LedgerError(#[source] pub Box<dyn Error + Send + Sync>);

impl LedgerError {
    /// Wraps what the store says.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl Failure for LedgerError {
    fn reaction(&self) -> Reaction {
        Reaction::AskOperator
    }
}

/// One provider may join until a moment, with one secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Who is invited.
    pub provider: ProviderId,
    /// [`crate::token::secret_hash`] of the secret in the token.
    #[serde(with = "hex32")]
    pub secret_hash: [u8; 32],
    /// Until when the token opens the door.
    pub expires: Moment,
    /// What it was used for; `None` while it is open.
    pub used: Option<Given>,
    /// When it was withdrawn; `None` while it was not.
    #[serde(default)]
    pub cancelled: Option<Moment>,
}

impl Invitation {
    /// Whether a node can still join with it.
    #[must_use]
    pub fn is_open(&self, now: Moment) -> bool {
        self.used.is_none() && self.cancelled.is_none() && now < self.expires
    }
}

/// One certificate that was given to a member. It is kept whole, so that a lost answer can be
/// given again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// When it was issued.
    pub at: Moment,
    /// SHA-256 of the public key (SPKI) that it was issued to.
    #[serde(with = "hex32")]
    pub key: [u8; 32],
    /// The certificate, PEM, with what leads from it to the root.
    pub certificate_pem: String,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Until when it is valid.
    pub not_after: Moment,
    /// The root that vouches for it; `None` in what was written down before this was kept.
    #[serde(default)]
    pub issuer: Option<Fingerprint>,
    /// Since when it is void; `None` while it is not.
    #[serde(default)]
    pub revoked: Option<Moment>,
}

impl Given {
    /// What to keep of a certificate that was issued for `key` just now.
    #[must_use]
    pub fn new(issued: &Issued, key: &RequestedKey, at: Moment) -> Self {
        Self {
            at,
            key: key.fingerprint(),
            certificate_pem: issued.certificate_pem.clone(),
            serial: issued.serial.clone(),
            not_after: issued.not_after,
            issuer: Some(issued.root),
            revoked: None,
        }
    }
}
