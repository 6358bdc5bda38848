//! What is kept of a member beside its public data: how it came in, and every certificate it was
//! given. Whether a certificate is good is asked here, on every connection and every call: a list of
//! what was issued knows more than any revocation list.

use std::str::FromStr;

use calluna_certs::{Fingerprint, Given, Invitation};
use calluna_model::clock::Moment;
use calluna_model::id::Digest;
use calluna_model::member::Stated;
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
    /// Why it was put out (last); nothing once it has joined again.
    #[serde(default)]
    pub revoked: Option<Revocation>,
    /// The roots in that bundle.
    #[serde(default)]
    pub roots: Vec<Fingerprint>,
    /// The root of the certificate that its node last showed.
    #[serde(default)]
    pub shown: Option<Fingerprint>,
    /// The root that the newest invitation pins.
    #[serde(default)]
    pub pinned: Option<Fingerprint>,
    /// What its node states of it, for the public, as long as the operator has not approved it.
    #[serde(default, skip_serializing_if = "Stated::is_empty")]
    pub stated: Stated,
}

/// Why and how a member was put out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// When.
    pub at: Moment,
    /// Why, in the operator's words.
    pub reason: String,
    /// Whether somebody else may have its key.
    pub key_compromised: bool,
    /// What becomes of its figures.
    pub figures: Figures,
    /// Offers that were withdrawn with it.
    pub offers: u64,
}

/// What becomes of the figures of a member that is put out. Releases of the monitoring dataset that
/// were published stay as they are in either case: they are numbered, hashed, and others cite them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Figures {
    /// What it delivered stays, and counts in later releases for the periods that it delivered.
    #[default]
    Keep,
    /// What it delivered is removed, and counts in no later release.
    Remove,
}

impl Figures {
    /// The name used on the command line, in JSON and in the audit log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
        }
    }
}

/// The text is neither `keep` nor `remove`.
#[derive(Debug, thiserror::Error)]
#[error("figures are kept or removed: write keep or remove")]
pub struct UnknownFigures;

impl FromStr for Figures {
    type Err = UnknownFigures;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Keep, Self::Remove]
            .into_iter()
            .find(|figures| figures.as_str() == text)
            .ok_or(UnknownFigures)
    }
}

impl Enrolment {
    /// Of somebody who was invited for the first time.
    pub(super) fn new(invitation: Invitation) -> Self {
        Self {
            v: VERSION,
            invitation,
            given: Vec::new(),
            trusts: None,
            revoked: None,
            roots: Vec::new(),
            shown: None,
            pinned: None,
            stated: Stated::default(),
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

    /// Makes everything void that was given: certificates, and the invitation where it is open.
    pub(super) fn void(&mut self, at: Moment) {
        for given in &mut self.given {
            given.revoked.get_or_insert(at);
        }
        if let Some(used) = &mut self.invitation.used {
            used.revoked.get_or_insert(at);
        } else {
            self.invitation.cancelled.get_or_insert(at);
        }
    }

    /// Adds a certificate, and forgets those that can never become good again: they expired longer ago
    /// than `grace` seconds. Gives the certificate, PEM.
    pub(super) fn give(&mut self, given: Given, now: Moment, grace: i64) -> String {
        self.given.retain(|old| now < old.not_after.plus(grace));
        // Only the newest is ever given again; of the others their names and dates are enough.
        for old in &mut self.given {
            old.certificate_pem.clear();
        }
        let certificate = given.certificate_pem.clone();
        self.given.push(given);
        certificate
    }
}
