//! Throw-away authorities and identities for tests of this and other crates. Never for use.
//!
//! Everything is made on one fixed day ([`NOW`]) and valid for nine years or so; the identities
//! read dates against [`clock`], so that no test depends on the day it runs.

#![expect(
    clippy::unwrap_used,
    reason = "only tests call this; a panic is how they fail"
)]

use std::sync::Arc;

use calluna_model::clock::{HandClock, Moment};
use calluna_model::entropy::SeededEntropy;

use crate::authority::Authority;
use crate::peer::Peer;
use crate::request::NodeKey;
use crate::tls::Identity;

/// The day on which everything is made: 2026-01-01T00:00:00Z.
pub const NOW: Moment = Moment(1_767_225_600);

const DAY: i64 = 86_400;
const DAYS: u32 = 3_300;

/// A certificate and its key, PEM, as they lie in files.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate.
    pub certificate_pem: String,
    /// Its private key, good for nothing outside a test.
    pub key_pem: String,
}

/// A clock that stands at [`NOW`].
#[must_use]
pub fn clock() -> HandClock {
    HandClock::at(NOW)
}

/// Repeatable chance.
#[must_use]
pub fn entropy() -> SeededEntropy {
    SeededEntropy::new(20_260_101)
}

/// A district's authority. Each call makes another one, with the same name and another key.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn district() -> Authority {
    let earlier = HandClock::at(NOW.plus(-30 * DAY));
    Authority::create("Landkreis Musterheide", &earlier, &entropy()).unwrap()
}

/// An intermediate authority below `root`.
///
/// # Panics
/// When `root` is none.
#[must_use]
pub fn issuing(root: &Authority) -> Authority {
    root.intermediate(None, DAYS, &clock(), &entropy()).unwrap()
}

/// The authority that takes the place of `authority`: the same name for people, another subject.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn successor(authority: &Authority) -> Authority {
    Authority::create(&authority.name(), &clock(), &SeededEntropy::new(20_260_102)).unwrap()
}

/// The hub's identity.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn hub(authority: &Authority) -> Identity {
    identity(&leaf(authority, &Peer::Hub), authority)
}

/// The identity of the node of provider `id`.
///
/// # Panics
/// When `id` is not a provider id.
#[must_use]
pub fn node(authority: &Authority, id: &str) -> Identity {
    identity(&leaf(authority, &provider(id)), authority)
}

/// A node whose certificate ran out a day ago.
///
/// # Panics
/// When `id` is not a provider id.
#[must_use]
pub fn expired(authority: &Authority, peer: &Peer) -> Identity {
    let past = HandClock::at(NOW.plus(-2 * DAY));
    identity(&leaf_at(authority, peer, &past, 1), authority)
}

/// A certificate that will be valid from tomorrow on.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn not_yet_valid(authority: &Authority, peer: &Peer) -> Identity {
    let future = HandClock::at(NOW.plus(DAY));
    identity(&leaf_at(authority, peer, &future, 1), authority)
}

/// A certificate of `issuer` held by somebody who trusts `trusted`: another authority's
/// certificate with the same names.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn foreign(issuer: &Authority, peer: &Peer, trusted: &Authority) -> Identity {
    identity(&leaf(issuer, peer), trusted)
}

/// A provider as a peer.
///
/// # Panics
/// When `id` is not a provider id.
#[must_use]
pub fn provider(id: &str) -> Peer {
    Peer::Provider(id.parse().unwrap())
}

/// A new key with a certificate for `peer`.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn leaf(authority: &Authority, peer: &Peer) -> Leaf {
    leaf_at(authority, peer, &clock(), DAYS)
}

/// [`leaf`] of another day, valid `days` days from then. Each has a serial number of its own.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn leaf_at(authority: &Authority, peer: &Peer, clock: &HandClock, days: u32) -> Leaf {
    let key = NodeKey::generate().unwrap();
    let public = key.public_key().unwrap();
    // Two leaves never have one key, so they never have one serial number either.
    let [a, b, c, d, e, f, g, h, ..] = public.fingerprint();
    let chance = SeededEntropy::new(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
    let issued = authority
        .issue(peer, &public, days, clock, &chance)
        .unwrap();
    Leaf {
        certificate_pem: issued.certificate_pem,
        key_pem: key.pem().to_string(),
    }
}

fn identity(leaf: &Leaf, trusted: &Authority) -> Identity {
    Identity::from_pem(&leaf.certificate_pem, &leaf.key_pem, &trusted.root_pem())
        .unwrap()
        .timed_by(Arc::new(clock()))
}
