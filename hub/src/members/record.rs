//! What is kept of a member beside its public data: how it came in, and every certificate it was
//! given. Whether a certificate is good is asked here, on every connection and every call: a list of
//! what was issued knows more than any revocation list.

use calluna_certs::{Fingerprint, Given, Invitation};
use calluna_model::clock::Moment;
use calluna_model::id::Digest;
use serde::{Deserialize, Serialize};

/// Version of this document's shape.
pub(super) const VERSION: u32 = 2;

/// What is kept of a member's way in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// Version of this document's shape.
    pub v: u32,
    /// The newest invitation.
    pub invitation: Invitation,
    /// Every certificate that is or could still become good, the oldest first.
    #[serde(default)]
    pub given: Vec<Given>,
    /// The trust bundle that its node last said it has, as [`calluna_certs::trust::trust_digest`].
    #[serde(default)]
    pub trusts: Option<Digest>,
    /// The roots in that bundle.
    #[serde(default)]
    pub roots: Vec<Fingerprint>,
    /// The root of the certificate that its node last showed.
    #[serde(default)]
    pub shown: Option<Fingerprint>,
    /// The root that the newest invitation pins.
    #[serde(default)]
    pub pinned: Option<Fingerprint>,
}

impl Enrolment {
    /// Of somebody who was invited for the first time.
    pub(super) fn new(invitation: Invitation) -> Self {
        Self {
            v: VERSION,
            invitation,
            given: Vec::new(),
            trusts: None,
            roots: Vec::new(),
            shown: None,
            pinned: None,
        }
    }

    /// The certificate with this serial number.
    #[must_use]
    pub fn given(&self, serial: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.serial == serial)
    }

    /// The newest certificate: the one that the node uses, or will use.
    #[must_use]
    pub fn newest(&self) -> Option<&Given> {
        self.given.last()
    }

    /// Adds a certificate, and forgets those that can never become good again: they expired longer ago
    /// than `grace` seconds. Gives the certificate, PEM.
    pub(super) fn give(&mut self, given: Given, now: Moment, grace: i64) -> String {
        self.given.retain(|old| now < old.not_after.plus(grace));
        let certificate = given.certificate_pem.clone();
        self.given.push(given);
        certificate
    }
}
