//! Inviting providers, turning an invitation into a certificate, renewing it, and saying whose
//! certificate is good.

mod approval;
mod door;
mod invitations;
mod record;

use std::sync::{MutexGuard, PoisonError};

use calluna_audit::{Draft, Event};
use calluna_certs::{
    Decision, EnrolRefused, Facts, Given, Invitation, JoinToken, Peer, RenewDecision, RenewRefused,
    Renewal, RequestError, RequestedKey, TokenError, TokenSecret, decide, renew as renewal,
    secret_hash,
};
use calluna_model::clock::Moment;
use calluna_model::failure::{Failure, Reaction};
use calluna_model::id::{Digest, ProviderId};
use calluna_model::member::{Member, MemberState, ProviderKind, Reach, Stated, WrongPublicData};
use calluna_store::{Change, StoreError};
use tokio_rustls::rustls::pki_types::CertificateDer;

pub use self::approval::{Approved, approve, changes};
pub use self::door::{enrol_from, renew_counted, renew_expired_from};
pub use self::invitations::{InvitationState, cancel};
pub use self::record::{Enrolment, Figures, Revocation};
use crate::hub::Hub;
use crate::trust::{Locked, Standing};

/// A member could not be invited or enrolled.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The decision was no.
    #[error(transparent)]
    Refused(#[from] EnrolRefused),
    /// The certificate request is not acceptable.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The token could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] calluna_certs::CertError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store holds cannot be read.
    #[error("the enrolment of `{provider}` cannot be read; invite it again")]
    Unreadable {
        /// Whose.
        provider: ProviderId,
        /// Why.
        source: serde_json::Error,
    },
    /// The name is empty or too long.
    #[error("a member's name has 1 to 200 characters without control characters")]
    Name,
    /// The member has asked for too many certificates.
    #[error(
        "this member was given {ISSUES_A_DAY} certificates within a day, and gets no more; come back tomorrow"
    )]
    TooOften,
    /// The reason of a revocation is empty or too long.
    #[error(
        "a reason has 1 to 500 characters without control characters; it is kept in the audit log"
    )]
    Reason,
    /// The certificate is not good here.
    #[error(transparent)]
    Admission(#[from] Admission),
    /// There is no next certificate for it.
    #[error(transparent)]
    NoRenewal(#[from] RenewRefused),
    /// The address to dial is not `host:port`.
    #[error("`{0}` is not an address that the hub can dial: write host:port")]
    Address(String),
    /// The authority's key is locked.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// What a node states, or the operator writes, of the public data.
    #[error(transparent)]
    PublicData(#[from] WrongPublicData),
    /// Too many wrong tokens.
    #[error(
        "too many wrong tokens came from here or for this provider; nothing is lost: come back at {until} with \
         the token of the newest letter"
    )]
    TooMany {
        /// When there is another try.
        until: Moment,
    },
    /// There is nothing to take back.
    #[error("the invitation of `{provider}` {why}")]
    NotOpen {
        /// Whose.
        provider: ProviderId,
        /// Why, and what to do instead.
        why: String,
    },
    /// There is nothing to approve yet.
    #[error(
        "`{0}` is invited, but its node has not joined yet: approve it when `calluna-hub members` shows it as waiting"
    )]
    NotJoined(ProviderId),
}

/// Why a certificate that TLS found in order opens no door all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Admission {
    /// There is no such member.
    #[error("`{0}` is not a member of this hub; ask the district office for an invitation")]
    NoMember(ProviderId),
    /// It is none that this hub gave, or one that it has forgotten.
    #[error(
        "this hub does not know the certificate of `{0}`: it may be from before the hub was restored from \
         a backup; ask the district office for a new invitation"
    )]
    Unknown(ProviderId),
    /// It was revoked.
    #[error(
        "the certificate of `{provider}` was revoked on {at}; ask the district office, which can invite again"
    )]
    Revoked {
        /// Whose.
        provider: ProviderId,
        /// When.
        at: Moment,
    },
}

impl Failure for Admission {
    fn reaction(&self) -> Reaction {
        match self {
            Self::NoMember(_) | Self::Unknown(_) => Reaction::Unauthenticated,
            Self::Revoked { .. } => Reaction::NotYours,
        }
    }
}

impl Failure for MemberError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::TooOften => Reaction::ComeBackLater,
            Self::Admission(refused) => refused.reaction(),
            Self::NoRenewal(refused) => refused.reaction(),
            Self::Locked(locked) => locked.reaction(),
            Self::Refused(refused) => refused.reaction(),
            Self::Request(_)
            | Self::Name
            | Self::Address(_)
            | Self::Reason
            | Self::PublicData(_)
            | Self::NotOpen { .. }
            | Self::NotJoined(_) => Reaction::FixRequest,
            Self::TooMany { .. } => Reaction::TooMuch,
            Self::Store(error) => error.reaction(),
            Self::Certificate(calluna_certs::CertError::Damaged { .. }) => Reaction::FixRequest,
            Self::Token(_) | Self::Certificate(_) | Self::Unreadable { .. } => {
                Reaction::AskOperator
            }
        }
    }
}

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
    let decision = renewal::over_tls(&kept.given, asked, hub.clock.now())?;
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
    let decision = renewal::in_grace(&kept.given, asked, hub.clock.now(), grace)?;
    let event = Event::RenewedInGrace;
    let certificate = follow(hub, &standing, &member, kept, &key, decision, event)?;
    tracing::info!(provider = %provider, "expired certificate renewed");
    Ok(certificate)
}

/// Certificates that one member may be given in a day: it needs one in twenty days, and some more where
/// something goes wrong.
const ISSUES_A_DAY: usize = 12;

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

fn issue(
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

/// Why a member is put out.
#[derive(Clone, Debug)]
pub struct Why {
    /// In the operator's words.
    pub reason: String,
    /// Whether somebody else may have its key.
    pub key_compromised: bool,
    /// What becomes of its figures.
    pub figures: Figures,
}

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// Puts a member out: its certificates and its invitation are void and its offers are withdrawn, in one
/// write together with what the audit log says of it. Whoever calls this holds the provider's stage,
/// and cuts its connections. Again for one that is out already: nothing changes.
///
/// # Errors
/// When there is no such member, or it could not be made durable; nothing has changed then.
pub fn revoke(hub: &Hub, provider: &ProviderId, why: &Why) -> Result<Revocation, MemberError> {
    let reason = why.reason.trim();
    if reason.is_empty()
        || reason.chars().count() > REASON_MAX
        || reason.chars().any(char::is_control)
    {
        return Err(MemberError::Reason);
    }
    let _one_at_a_time = alone(hub);
    let none = || Admission::NoMember(provider.clone());
    let mut member = hub.store.member(provider)?.ok_or_else(none)?;
    let mut kept = enrolment(hub, provider)?.ok_or_else(none)?;
    let now = hub.clock.now();
    let published = hub.store.provider(provider)?.published;
    // Said again without anything new, nothing changes; whatever is still there goes in any case.
    let before = kept.revoked.clone();
    if let Some(before) = &before
        && before.figures == why.figures
        && before.key_compromised >= why.key_compromised
        && published.is_none()
        && !kept.invitation.is_open(now)
    {
        return Ok(before.clone());
    }
    let at = before.as_ref().map_or(now, |before| before.at);
    let revocation = Revocation {
        at,
        reason: reason.to_owned(),
        key_compromised: why.key_compromised
            || before.as_ref().is_some_and(|before| before.key_compromised),
        figures: why.figures,
        offers: published.map_or(0, |published| published.offers)
            + before.map_or(0, |before| before.offers),
    };
    kept.void(now);
    kept.revoked = Some(revocation.clone());
    member.revoked_at = Some(at);
    let bytes = encoded(&member, &kept)?;
    let told = [
        Draft::operator(Event::Revoked)
            .about(provider)
            .with("reason", reason)
            .with("key-compromised", why.key_compromised)
            .with("figures", why.figures.as_str()),
        Draft::operator(Event::OffersWithdrawn)
            .about(provider)
            .with("offers", revocation.offers),
    ];
    hub.audited(told, |audit| {
        let change = Change::Withdraw(&member, &bytes, now);
        hub.store.apply(&change, audit).map(|_nothing_held| ())
    })
    .map_err(MemberError::Store)?;
    tracing::warn!(%provider, offers = revocation.offers, "member revoked; its offers are withdrawn");
    Ok(revocation)
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
