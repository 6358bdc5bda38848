//! The pure decision of the hub about a renewal. It reads no clock and writes nothing: the caller
//! commits the outcome before it answers.
//!
//! There are two doors:
//!
//! * **Mutual TLS** ([`over_tls`]): the certificate is valid and was shown in the handshake, so
//!   whoever asks holds its key. The key for the new one may be the same or another.
//! * **Grace** ([`in_grace`]): the certificate has expired, so no handshake can prove anything,
//!   and it comes over the door for enrolment. The request (CSR) is signed by its own key; only
//!   when that is the key of the newest certificate on record is it the same node that asks.
//!
//! Both begin with the record: a certificate that this hub did not write down is none, whoever
//! signed it. And both answer a repeated question with the certificate that was given already, so
//! that a lost answer costs nothing and a node that asks in a loop fills no store.

use calluna_model::clock::Moment;
use calluna_model::failure::{Failure, Reaction};

use crate::authority::DAY;
use crate::facts::renew_at;
use crate::fingerprint::Fingerprint;
use crate::ledger::Given;
use crate::request::RequestedKey;

/// Days after the expiry of its certificate in which a node may still renew by itself, where the
/// settings say nothing else: longer than any holidays, and only the newest certificate counts.
pub const GRACE_DAYS: u32 = 180;

/// A request to renew, checked so far that its key is known.
#[derive(Clone, Copy, Debug)]
pub struct Renewal<'a> {
    /// Serial number of the certificate that was shown, hexadecimal.
    pub shown: &'a str,
    /// The key that a certificate is asked for ([`RequestedKey::from_csr`]).
    pub key: &'a RequestedKey,
    /// The root of the authority that issues now: a certificate of another one is replaced
    /// before its time.
    pub issuer: Fingerprint,
}

/// What to do with an admissible request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenewDecision {
    /// Issue a certificate, and append it to the record in the same write.
    Issue,
    /// It was given already: give the same one again.
    Repeat(Given),
}

/// Why a renewal is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenewRefused {
    /// This hub never gave the certificate to this member.
    #[error(
        "this hub has no record of the certificate: it is another member's or another hub's, or the hub was restored \
         from a backup that is older; ask the district office for a new invitation and join again"
    )]
    Unknown,
    /// The certificate, its key, or the one that followed it was revoked.
    #[error(
        "the certificate was revoked on {at}; ask the district office why, and for a new invitation"
    )]
    Revoked {
        /// When.
        at: Moment,
    },
    /// A newer certificate was given for another key.
    #[error(
        "a newer certificate was given to this member on {at}, for another key: this installation is an old copy, or another one \
         renewed in its name; stop the copy that is not needed, and if there is none, tell the district office at once; \
         to go on here, ask it for a new invitation and join again"
    )]
    Superseded {
        /// When the newer one was given.
        at: Moment,
    },
    /// An expired certificate is renewed for its own key only.
    #[error(
        "the certificate has expired, and then it is renewed for its own key only, but the request holds another key; \
         restore the key that belongs to it, or ask the district office for a new invitation and join again"
    )]
    OtherKey,
    /// The certificate expired too long ago.
    #[error(
        "the certificate expired on {at}, and it could be renewed without the district office until {until}; \
         ask the district office for a new invitation and join again"
    )]
    TooLate {
        /// When it expired.
        at: Moment,
        /// Until when it could have been renewed.
        until: Moment,
    },
    /// The certificate has expired, and it was shown over mutual TLS all the same.
    #[error(
        "the certificate expired on {at}; look whether the clocks of both machines are right; the node renews it \
         over the door for joining by itself, or join again with a new invitation of the district office"
    )]
    Expired {
        /// When it expired.
        at: Moment,
    },
}

impl Failure for RenewRefused {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Unknown => Reaction::Unauthenticated,
            Self::Revoked { .. }
            | Self::Superseded { .. }
            | Self::OtherKey
            | Self::TooLate { .. }
            | Self::Expired { .. } => Reaction::NotYours,
        }
    }
}

/// Decides about a renewal over mutual TLS. `record` is every certificate that the member was ever
/// given, the newest last.
///
/// # Errors
/// [`RenewRefused`] says why not.
pub fn over_tls(
    record: &[Given],
    asked: Renewal<'_>,
    now: Moment,
) -> Result<RenewDecision, RenewRefused> {
    let (shown, newest) = on_record(record, asked)?;
    // The handshake refuses it too; here it is the hub's clock of this moment that counts.
    if now >= shown.not_after {
        let at = shown.not_after;
        return Err(RenewRefused::Expired { at });
    }
    // An older certificate that is still valid renews too: it is a node that was restored from a
    // backup, and there are few weeks in which it can be. Once expired, only the newest counts.
    Ok(again_or_new(newest, asked, now))
}

/// Decides about a renewal of an expired certificate over the door for enrolment. That one of our
/// authorities issued it was asked before ([`crate::TrustBundle::issuer_of`]).
///
/// A certificate that has *not* expired by the hub's clock is taken as well: the node's clock may
/// be fast, and its own key is what it proves either way.
///
/// # Errors
/// [`RenewRefused`] says why not.
pub fn in_grace(
    record: &[Given],
    asked: Renewal<'_>,
    now: Moment,
    grace_days: u32,
) -> Result<RenewDecision, RenewRefused> {
    let (shown, newest) = on_record(record, asked)?;
    // The key of the newest certificate is as good as that of the shown one: the request proves that
    // the caller holds it, and only over a connection of the shown one can it have come on record. It
    // is a node that never heard the answer, and was away until its old certificate had expired.
    if asked.key.fingerprint() != newest.key {
        return Err(if asked.key.fingerprint() == shown.key {
            RenewRefused::Superseded { at: newest.at }
        } else {
            RenewRefused::OtherKey
        });
    }
    // The newest one may be the answer that was lost: its days count.
    let until = newest.not_after.plus(i64::from(grace_days) * DAY);
    if now >= until {
        let at = newest.not_after;
        return Err(RenewRefused::TooLate { at, until });
    }
    Ok(again_or_new(newest, asked, now))
}

/// The certificate that was shown, and the newest one; neither they nor the key are revoked.
fn on_record<'a>(
    record: &'a [Given],
    asked: Renewal<'_>,
) -> Result<(&'a Given, &'a Given), RenewRefused> {
    let shown = record.iter().find(|given| given.serial == asked.shown);
    let (Some(shown), Some(newest)) = (shown, record.last()) else {
        return Err(RenewRefused::Unknown);
    };
    // A key that is revoked once never comes back, in whatever certificate.
    let void = |given: &&Given| {
        given.serial == shown.serial
            || given.serial == newest.serial
            || given.key == shown.key
            || given.key == asked.key.fingerprint()
    };
    match record.iter().filter(void).find_map(|given| given.revoked) {
        Some(at) => Err(RenewRefused::Revoked { at }),
        None => Ok((shown, newest)),
    }
}

/// The newest certificate again while it is for this key, by the present authority, and not due;
/// otherwise a new one. One that was given while this clock ran ahead is not valid yet: giving it
/// again would leave the node outside until the clock has caught up.
fn again_or_new(newest: &Given, asked: Renewal<'_>, now: Moment) -> RenewDecision {
    let fresh = newest.key == asked.key.fingerprint()
        && newest.issuer == Some(asked.issuer)
        && newest.at <= now
        && now < renew_at(newest.at, newest.not_after);
    if fresh {
        RenewDecision::Repeat(newest.clone())
    } else {
        RenewDecision::Issue
    }
}

#[cfg(test)]
mod tests;
