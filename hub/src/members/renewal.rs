//! The next certificate, for one that is valid or that expired.

use calluna_audit::{Draft, Event};
use calluna_certs::{
    Facts, Given, Peer, RenewDecision, RenewRefused, Renewal, RequestedKey, renew as decision,
};
use calluna_model::id::ProviderId;
use calluna_model::member::Member;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::{Enrolment, MemberError, admitted, alone, grace, save};
use crate::hub::Hub;
use crate::trust::Standing;

/// Gives the next certificate to the node that showed `leaf`. Asking again with the same key gives
/// the same certificate.
///
/// # Errors
/// When its certificate is not good, the request is not acceptable, or it could not be made durable.
pub fn renew(
    hub: &Hub,
    provider: &ProviderId,
    leaf: &CertificateDer<'_>,
    csr: &[u8],
) -> Result<String, MemberError> {
    let key = RequestedKey::from_csr(csr, &Peer::Provider(provider.clone()))?;
    let shown = Facts::of(leaf)?.serial;
    let _one_at_a_time = alone(hub);
    let (member, kept, _) = admitted(hub, provider, &shown)?;
    let standing = hub.trust.now();
    let asked = Renewal {
        shown: &shown,
        key: &key,
        issuer: standing.root(),
    };
    let decision = decision::over_tls(&kept.given, asked, hub.clock.now())?;
    let certificate = follow(
        hub,
        &standing,
        &member,
        kept,
        &key,
        decision,
        Event::Renewed,
    )?;
    tracing::info!(provider = %provider, "certificate renewed");
    Ok(certificate)
}

/// Gives the next certificate for one that has expired, to whoever has its key.
///
/// # Errors
/// When it is not one of ours, was revoked, expired too long ago, or the request is for another key.
pub fn renew_expired(hub: &Hub, expired: &str, csr: &[u8]) -> Result<String, MemberError> {
    let standing = hub.trust.now();
    // Who signed it is not asked: what counts is that it is on record, and that the caller has its key.
    let facts = Facts::of_pem(expired)?;
    let Peer::Provider(provider) = &facts.peer else {
        return Err(RenewRefused::Unknown.into());
    };
    let key = RequestedKey::from_csr(csr, &facts.peer)?;
    let _one_at_a_time = alone(hub);
    // What the caller sent says only which certificate is meant; what counts is on record here.
    let (member, kept, _) = admitted(hub, provider, &facts.serial)?;
    let asked = Renewal {
        shown: &facts.serial,
        key: &key,
        issuer: standing.root(),
    };
    let grace = hub.config.certificates.grace_days;
    let decision = decision::in_grace(&kept.given, asked, hub.clock.now(), grace)?;
    let event = Event::RenewedInGrace;
    let certificate = follow(hub, &standing, &member, kept, &key, decision, event)?;
    tracing::info!(provider = %provider, "expired certificate renewed");
    Ok(certificate)
}

/// Certificates that one member may be given in a day: it needs one in twenty days, and some more where
/// something goes wrong.
pub(super) const ISSUES_A_DAY: usize = 12;

/// Does what was decided; the certificate.
fn follow(
    hub: &Hub,
    standing: &Standing,
    member: &Member,
    mut kept: Enrolment,
    key: &RequestedKey,
    decision: RenewDecision,
    event: Event,
) -> Result<String, MemberError> {
    match decision {
        RenewDecision::Repeat(given) => Ok(given.certificate_pem),
        RenewDecision::Issue => {
            let day_ago = hub.clock.now().plus(-86_400);
            if kept.given.iter().filter(|given| given.at > day_ago).count() >= ISSUES_A_DAY {
                return Err(MemberError::TooOften);
            }
            let given = issue(hub, standing, &member.id, key)?;
            let told = Draft::node(&member.id, event)
                .with("serial", &given.serial)
                .with("not-after", given.not_after);
            let certificate = kept.give(given, hub.clock.now(), grace(hub));
            save(hub, member, &kept, Some(told))?;
            Ok(certificate)
        }
    }
}

pub(super) fn issue(
    hub: &Hub,
    standing: &Standing,
    provider: &ProviderId,
    key: &RequestedKey,
) -> Result<Given, MemberError> {
    let issued = standing.authority()?.issue(
        &Peer::Provider(provider.clone()),
        key,
        hub.config.certificates.node_days,
        hub.clock.as_ref(),
        hub.entropy.as_ref(),
    )?;
    Ok(Given::new(&issued, key, hub.clock.now()))
}
