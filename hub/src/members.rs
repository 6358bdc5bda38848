//! Inviting providers, and turning an invitation into a certificate.

use std::sync::PoisonError;

use calluna_certs::{
    Decision, EnrolRefused, Invitation, Issued, JoinToken, Peer, RequestError, RequestedKey,
    TokenError, TokenSecret, Used, decide, secret_hash,
};
use calluna_model::failure::{Failure, Reaction};
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, MemberState, ProviderKind, Reach};
use calluna_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// What is kept of a member's way in: the newest invitation and every certificate ever given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// Version of this document: 2, see the layout of `calluna-store`.
    #[serde(default)]
    pub v: u32,
    /// The newest invitation.
    pub invitation: Invitation,
    /// Certificates that earlier invitations were exchanged for.
    #[serde(default)]
    pub earlier: Vec<Used>,
}

/// The version of [`Enrolment`] that is written.
const VERSION: u32 = 2;

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
    /// The address to dial is not `host:port`.
    #[error("`{0}` is not an address that the hub can dial: write host:port")]
    Address(String),
}

impl Failure for MemberError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Refused(refused) => refused.reaction(),
            Self::Request(_) | Self::Name | Self::Address(_) => Reaction::FixRequest,
            Self::Store(error) => error.reaction(),
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
    let _one_at_a_time = hub.enrolling.lock().unwrap_or_else(PoisonError::into_inner);
    let now = hub.clock.now();
    let token = JoinToken::mint(
        &hub.config.address,
        hub.authority.fingerprint(),
        provider.clone(),
        now.plus(seconds),
        hub.entropy.as_ref(),
    )?;
    let before = hub.store.member(provider)?;
    let mut earlier = Vec::new();
    if let Some(old) = enrolment(hub, provider)? {
        earlier = old.earlier;
        earlier.extend(old.invitation.used);
    }
    let member = Member {
        id: provider.clone(),
        name: name.to_owned(),
        kind,
        invited_at: now,
        joined_at: before.as_ref().and_then(|member| member.joined_at),
        reach: before.map(|member| member.reach).unwrap_or_default(),
    };
    let invitation = Invitation {
        provider: provider.clone(),
        secret_hash: secret_hash(&token.secret),
        expires: token.expires,
        used: None,
    };
    save(
        hub,
        &member,
        &Enrolment {
            v: VERSION,
            invitation,
            earlier,
        },
    )?;
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
}

/// Exchanges an invitation for a certificate (PEM). Asking again with the same token and key gives
/// the same certificate.
///
/// # Errors
/// When the decision is no, or it could not be made durable; no certificate has left then.
pub fn enrol(hub: &Hub, ask: &JoinRequest<'_>) -> Result<(Member, String), MemberError> {
    let key = RequestedKey::from_csr(ask.csr, &Peer::Provider(ask.provider.clone()))?;
    let reach = reach_of(ask.listen_address)?;
    let _one_at_a_time = hub.enrolling.lock().unwrap_or_else(PoisonError::into_inner);
    let now = hub.clock.now();
    let kept = enrolment(hub, ask.provider)?;
    let invitation = kept.as_ref().map(|kept| &kept.invitation);
    let decision = decide(invitation, ask.secret, &key, now)?;
    // `decide` refuses an unknown invitation, so both are there.
    let (Some(mut kept), Some(mut member)) = (kept, hub.store.member(ask.provider)?) else {
        return Err(EnrolRefused::Unknown.into());
    };
    let certificate = match decision {
        Decision::Repeat(used) => used.certificate_pem,
        Decision::Issue => {
            let days = hub.config.certificates.node_days;
            let peer = Peer::Provider(ask.provider.clone());
            let issued =
                hub.authority
                    .issue(&peer, &key, days, hub.clock.as_ref(), hub.entropy.as_ref())?;
            let Issued {
                certificate_pem,
                serial,
                not_after,
                ..
            } = issued;
            kept.invitation.used = Some(Used {
                at: now,
                key: key.fingerprint(),
                certificate_pem: certificate_pem.clone(),
                serial,
                not_after,
            });
            certificate_pem
        }
    };
    member.joined_at = Some(now);
    member.reach = reach;
    save(hub, &member, &kept)?;
    tracing::info!(provider = %ask.provider, "joined");
    Ok((member, certificate))
}

/// How far a member is on its way in.
///
/// # Errors
/// When the store cannot be read.
pub fn state(hub: &Hub, member: &Member) -> Result<MemberState, MemberError> {
    if member.joined_at.is_some() {
        return Ok(MemberState::Joined);
    }
    let expires = enrolment(hub, &member.id)?.map(|kept| kept.invitation.expires);
    let open = expires.is_some_and(|expires| hub.clock.now() < expires);
    Ok(if open {
        MemberState::Invited
    } else {
        MemberState::Expired
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

fn save(hub: &Hub, member: &Member, kept: &Enrolment) -> Result<(), MemberError> {
    let bytes = serde_json::to_vec(kept).map_err(|source| MemberError::Unreadable {
        provider: member.id.clone(),
        source,
    })?;
    Ok(hub.store.save_member(member, &bytes)?)
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
