//! Inviting providers, turning an invitation into a certificate, renewing it, and saying whose
//! certificate is good.

mod approval;
mod door;
mod error;
mod invitations;
mod record;
mod renewal;
mod revocation;

use std::sync::{MutexGuard, PoisonError};

use calluna_audit::{Draft, Event};
use calluna_certs::{
    Decision, EnrolRefused, Facts, Given, Invitation, JoinToken, Peer, RequestedKey, TokenSecret,
    decide, secret_hash,
};
use calluna_model::id::{Digest, ProviderId};
use calluna_model::member::{Member, MemberState, ProviderKind, Reach, Stated};
use calluna_store::Change;
use tokio_rustls::rustls::pki_types::CertificateDer;

pub use self::approval::{Approved, approve, changes};
pub use self::door::{enrol_from, renew_counted, renew_expired_from};
pub use self::error::{Admission, MemberError};
pub use self::invitations::{InvitationState, cancel};
pub use self::record::{Enrolment, Figures, Revocation};
use self::renewal::issue;
pub use self::renewal::{renew, renew_expired};
pub use self::revocation::{Why, revoke};
use crate::hub::Hub;

/// Invites `provider`, or invites it again: then the older token is void, and a member that has
/// joined stays joined until the new token is used.
///
/// # Errors
/// When the name is no name, or it could not be made durable.
pub fn invite(
    hub: &Hub,
    provider: &ProviderId,
    name: &str,
    kind: ProviderKind,
    seconds: i64,
) -> Result<JoinToken, MemberError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(MemberError::Name);
    }
    let _one_at_a_time = alone(hub);
    let now = hub.clock.now();
    let root = hub.trust.now().root();
    let token = JoinToken::mint(
        &hub.config.address,
        root,
        provider.clone(),
        now.plus(seconds),
        hub.entropy.as_ref(),
    )?;
    let before = hub.store.member(provider)?;
    let old = match enrolment(hub, provider) {
        // The way out of a record that cannot be read is this invitation.
        Err(MemberError::Unreadable { provider, source }) => {
            tracing::error!(%provider, %source, "the enrolment cannot be read; it begins anew");
            None
        }
        other => other?,
    };
    let member = Member {
        id: provider.clone(),
        name: name.to_owned(),
        kind,
        invited_at: now,
        joined_at: before.as_ref().and_then(|member| member.joined_at),
        reach: before
            .as_ref()
            .map(|member| member.reach.clone())
            .unwrap_or_default(),
        revoked_at: before.as_ref().and_then(|member| member.revoked_at),
        waiting: before.as_ref().is_some_and(|member| member.waiting),
        address: before
            .as_ref()
            .map(|member| member.address.clone())
            .unwrap_or_default(),
        website: before.map(|member| member.website).unwrap_or_default(),
    };
    let invitation = Invitation {
        provider: provider.clone(),
        secret_hash: secret_hash(&token.secret),
        expires: token.expires,
        used: None,
        cancelled: None,
    };
    let mut kept = match old {
        Some(old) => Enrolment { invitation, ..old },
        None => Enrolment::new(invitation),
    };
    kept.pinned = Some(root);
    let told = Draft::operator(Event::Invited)
        .about(provider)
        .with("expires", token.expires);
    save(hub, &member, &kept, Some(told))?;
    tracing::info!(provider = %provider, expires = %token.expires, "invited");
    Ok(token)
}

/// What a joining node asks for.
#[derive(Debug)]
pub struct JoinRequest<'a> {
    /// The provider that the token names.
    pub provider: &'a ProviderId,
    /// The token's secret.
    pub secret: &'a TokenSecret,
    /// The certificate request.
    pub csr: &'a [u8],
    /// Where the hub shall dial; empty when the node dials out.
    pub listen_address: &'a str,
    /// What the provider says of itself.
    pub stated: Stated,
}

/// Exchanges an invitation for a certificate (PEM). Asking again with the same token and key gives
/// the same certificate.
///
/// # Errors
/// When the decision is no, or it could not be made durable; no certificate has left then.
pub fn enrol(hub: &Hub, ask: &JoinRequest<'_>) -> Result<(Member, String), MemberError> {
    let key = RequestedKey::from_csr(ask.csr, &Peer::Provider(ask.provider.clone()))?;
    let reach = reach_of(ask.listen_address)?;
    let _one_at_a_time = alone(hub);
    let now = hub.clock.now();
    let kept = enrolment(hub, ask.provider)?;
    let invitation = kept.as_ref().map(|kept| &kept.invitation);
    let decision = decide(invitation, ask.secret, &key, now)?;
    // A key that was revoked once never comes back: somebody else may have it.
    let void = |given: &Given| given.revoked.filter(|_| given.key == key.fingerprint());
    if let Some(at) = kept.iter().flat_map(|kept| &kept.given).find_map(void) {
        return Err(EnrolRefused::CertificateRevoked { at }.into());
    }
    // `decide` refuses an unknown invitation, so both are there.
    let (Some(mut kept), Some(mut member)) = (kept, hub.store.member(ask.provider)?) else {
        return Err(EnrolRefused::Unknown.into());
    };
    let mut told = None;
    let certificate = match decision {
        Decision::Repeat(used) => used.certificate_pem,
        Decision::Issue => {
            approval::joins(hub, &mut member, &mut kept, &ask.stated, now);
            let given = issue(hub, &hub.trust.now(), ask.provider, &key)?;
            let draft = Draft::node(ask.provider, Event::Enrolled).with("serial", &given.serial);
            told = Some(draft.with("not-after", given.not_after));
            kept.invitation.used = Some(given.clone());
            kept.give(given, now, grace(hub))
        }
    };
    member.reach = reach;
    kept.revoked = None;
    save(hub, &member, &kept, told)?;
    tracing::info!(provider = %ask.provider, "joined");
    Ok((member, certificate))
}

/// Whether the certificate `leaf` of `provider` opens the doors of this hub. Asked on every connection
/// and every call: whoever was put out stays out.
///
/// # Errors
/// [`Admission`] says why not.
pub fn admit(
    hub: &Hub,
    provider: &ProviderId,
    leaf: &CertificateDer<'_>,
) -> Result<(), MemberError> {
    let facts = Facts::of(leaf)?;
    admitted(hub, provider, &facts.serial).map(|_| ())
}

/// Whether a connection that was opened with `leaf` may stay. It was admitted then; a certificate that has
/// been followed and forgotten since is no reason to end it, one that is void is.
///
/// # Errors
/// [`Admission`] says why not.
pub fn may_stay(
    hub: &Hub,
    provider: &ProviderId,
    leaf: &CertificateDer<'_>,
) -> Result<(), MemberError> {
    match admit(hub, provider, leaf) {
        Err(MemberError::Admission(Admission::Unknown(_))) => Ok(()),
        asked => asked,
    }
}

/// The member and what is kept of it, if the certificate with this serial number is one of its own
/// and was not revoked. Whether it has expired is not looked at.
fn admitted(
    hub: &Hub,
    provider: &ProviderId,
    serial: &str,
) -> Result<(Member, Enrolment, Given), MemberError> {
    let no_member = || Admission::NoMember(provider.clone());
    let member = hub.store.member(provider)?.ok_or_else(no_member)?;
    let kept = enrolment(hub, provider)?.ok_or_else(no_member)?;
    if let Some(Revocation { at, .. }) = kept.revoked {
        let provider = provider.clone();
        return Err(Admission::Revoked { provider, at }.into());
    }
    let given = kept.given(serial).cloned();
    let given = given.ok_or_else(|| Admission::Unknown(provider.clone()))?;
    if let Some(at) = given.revoked {
        let provider = provider.clone();
        return Err(Admission::Revoked { provider, at }.into());
    }
    Ok((member, kept, given))
}

/// What a node is told when it asks whom to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// It should renew its certificate, because another authority issues now.
    pub renew: bool,
    /// The operator still has to approve it.
    pub waiting: bool,
}

/// Notes whether the node that showed `leaf` has the present trust bundle, and says what it should know.
///
/// # Errors
/// When its certificate is not good, or it could not be made durable.
pub fn hears_trust(
    hub: &Hub,
    provider: &ProviderId,
    leaf: &CertificateDer<'_>,
    has_it: bool,
) -> Result<Heard, MemberError> {
    let serial = Facts::of(leaf)?.serial;
    let _one_at_a_time = alone(hub);
    let (member, mut kept, given) = admitted(hub, provider, &serial)?;
    let standing = hub.trust.now();
    let digest = has_it.then(|| Digest(standing.digest()));
    // A node that is told a new one says so with its next question; until then it has the old one.
    let news = digest.is_some() && kept.trusts != digest;
    if news || kept.shown != given.issuer {
        kept.shown = given.issuer;
        if news {
            kept.trusts = digest;
            kept.roots = standing.identity.bundle().fingerprints();
        }
        save(hub, &member, &kept, None)?;
    }
    Ok(Heard {
        renew: given.issuer != Some(standing.root()),
        waiting: member.waiting,
    })
}

/// How long an expired certificate can be renewed by its key, in seconds.
fn grace(hub: &Hub) -> i64 {
    i64::from(hub.config.certificates.grace_days) * 86_400
}

/// One decision about members at a time: one certificate per token.
fn alone(hub: &Hub) -> MutexGuard<'_, ()> {
    hub.enrolling.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far a member is on its way in.
///
/// # Errors
/// When the store cannot be read.
pub fn state(hub: &Hub, member: &Member) -> Result<MemberState, MemberError> {
    if member.takes_part() {
        return Ok(MemberState::Joined);
    }
    let now = hub.clock.now();
    let kept = enrolment(hub, &member.id)?;
    let invitation = kept.map(|kept| InvitationState::of(&kept.invitation, now));
    Ok(match (invitation, member.revoked_at) {
        (Some(InvitationState::Open), _) if !member.waiting => MemberState::Invited,
        (_, Some(_)) => MemberState::Revoked,
        _ if member.waiting => MemberState::Waiting,
        (Some(InvitationState::Cancelled), None) => MemberState::Cancelled,
        _ => MemberState::Expired,
    })
}

/// What is kept of a member's way in.
///
/// # Errors
/// When the store cannot be read.
pub fn enrolment(hub: &Hub, provider: &ProviderId) -> Result<Option<Enrolment>, MemberError> {
    let Some(bytes) = hub.store.enrolment(provider)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| MemberError::Unreadable {
            provider: provider.clone(),
            source,
        })
}

fn encoded(member: &Member, kept: &Enrolment) -> Result<Vec<u8>, MemberError> {
    serde_json::to_vec(kept).map_err(|source| MemberError::Unreadable {
        provider: member.id.clone(),
        source,
    })
}

fn save(
    hub: &Hub,
    member: &Member,
    kept: &Enrolment,
    told: Option<Draft>,
) -> Result<(), MemberError> {
    let bytes = encoded(member, kept)?;
    hub.audited(told, |audit| {
        let change = Change::Member(member, &bytes);
        hub.store.apply(&change, audit).map(|_nothing_held| ())
    })
    .map_err(MemberError::Store)
}

fn reach_of(address: &str) -> Result<Reach, MemberError> {
    if address.is_empty() {
        return Ok(Reach::DialsOut);
    }
    let port_ok = address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if !port_ok || address.len() > 300 || address.contains(char::is_whitespace) {
        return Err(MemberError::Address(calluna_model::finding::shorten(
            address,
        )));
    }
    Ok(Reach::Listens(address.to_owned()))
}
