//! Strangers at the door: whoever has no valid certificate may try, but not without end.

use std::sync::PoisonError;

use calluna_audit::Event;
use calluna_certs::{EnrolRefused, Facts, Peer};
use calluna_model::id::ProviderId;
use calluna_model::member::Member;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{JoinRequest, MemberError, enrol, renew, renew_expired};
use crate::hub::Hub;
use crate::tries::{Source, Tries};

/// As [`enrol`], for somebody at `source`. Wrong tokens are counted and limited; see [`crate::tries`].
///
/// # Errors
/// As [`enrol`], and [`MemberError::TooMany`].
pub fn enrol_from(
    hub: &Hub,
    source: Source,
    ask: &JoinRequest<'_>,
) -> Result<(Member, String), MemberError> {
    let now = hub.clock.now();
    // Held until the answer is known: tries in parallel are tries.
    let mut tries = hub.tries.lock().unwrap_or_else(PoisonError::into_inner);
    wait(&tries, hub, source)?;
    let done = enrol(hub, ask);
    let Err(refused) = &done else {
        return done;
    };
    let Some(why) = reason(refused) else {
        return done;
    };
    tries.wrong_from(source, now);
    let known = hub.store.member(ask.provider)?.map(|member| member.id);
    let full = known
        .as_ref()
        .and_then(|provider| tries.wrong_for(provider, now));
    tries.count(Event::EnrolRefused, known, why, now);
    match full {
        Some(until) => Err(MemberError::TooMany { until }),
        None => done,
    }
}

/// As [`renew_expired`], for somebody at `source`; limited in the same way.
///
/// # Errors
/// As [`renew_expired`], and [`MemberError::TooMany`].
pub fn renew_expired_from(
    hub: &Hub,
    source: Source,
    expired: &str,
    csr: &[u8],
) -> Result<String, MemberError> {
    let now = hub.clock.now();
    let mut tries = hub.tries.lock().unwrap_or_else(PoisonError::into_inner);
    wait(&tries, hub, source)?;
    let done = renew_expired(hub, expired, csr);
    if let Err(refused) = &done
        && let Some(why) = reason(refused)
    {
        tries.wrong_from(source, now);
        let known = whose(hub, expired);
        tries.count(Event::RenewalRefused, known, why, now);
    }
    done
}

/// As [`renew`], and a refusal is counted.
///
/// # Errors
/// As [`renew`].
pub fn renew_counted(
    hub: &Hub,
    provider: &ProviderId,
    leaf: &CertificateDer<'_>,
    csr: &[u8],
) -> Result<String, MemberError> {
    let done = renew(hub, provider, leaf, csr);
    if let Err(refused) = &done
        && let Some(why) = reason(refused)
    {
        let known = hub.store.member(provider)?.map(|member| member.id);
        let mut tries = hub.tries.lock().unwrap_or_else(PoisonError::into_inner);
        tries.count(Event::RenewalRefused, known, why, hub.clock.now());
    }
    done
}

fn wait(tries: &Tries, hub: &Hub, source: Source) -> Result<(), MemberError> {
    match tries.source_waits(source, hub.clock.now()) {
        Some(until) => Err(MemberError::TooMany { until }),
        None => Ok(()),
    }
}

/// Whose certificate somebody shows, where it is one of ours.
fn whose(hub: &Hub, certificate: &str) -> Option<ProviderId> {
    let standing = hub.trust.now();
    standing.identity.bundle().issuer_of_pem(certificate).ok()?;
    let Peer::Provider(provider) = Facts::of_pem(certificate).ok()?.peer else {
        return None;
    };
    Some(hub.store.member(&provider).ok()??.id)
}

/// The name of a refusal in the audit log; nothing where it was no attempt on the door: a mistake in
/// what was stated, or trouble of our own.
fn reason(refused: &MemberError) -> Option<&'static str> {
    Some(match refused {
        MemberError::Refused(refused) => match refused {
            EnrolRefused::Unknown => "not-invited",
            EnrolRefused::WrongSecret => "wrong-token",
            EnrolRefused::Expired { .. } => "expired-token",
            EnrolRefused::AlreadyUsed { .. } => "used-token",
            EnrolRefused::Cancelled { .. } => "cancelled-token",
            EnrolRefused::CertificateRevoked { .. } => "revoked",
            EnrolRefused::CertificateExpired { .. } => "expired-certificate",
        },
        MemberError::Request(_) => "wrong-request",
        MemberError::Admission(_) => "not-admitted",
        MemberError::NoRenewal(_) => "not-renewable",
        MemberError::Certificate(_) => "wrong-certificate",
        _ => return None,
    })
}
