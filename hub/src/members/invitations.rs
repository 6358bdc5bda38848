//! The invitations: how each stands, and how an open one is taken back.

use calluna_audit::{Draft, Event};
use calluna_certs::Invitation;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

use super::{Admission, MemberError, alone, enrolment, save};
use crate::hub::Hub;

/// How an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvitationState {
    /// A node can join with its token.
    Open,
    /// A node has joined with its token.
    Used,
    /// The token ran out before anybody used it.
    Expired,
    /// It was taken back before anybody used it.
    Cancelled,
}

impl InvitationState {
    /// How `invitation` stands.
    #[must_use]
    pub fn of(invitation: &Invitation, now: Moment) -> Self {
        match invitation {
            Invitation { used: Some(_), .. } => Self::Used,
            Invitation {
                cancelled: Some(_), ..
            } => Self::Cancelled,
            open if open.is_open(now) => Self::Open,
            _ => Self::Expired,
        }
    }

    /// The name used in lists and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Takes the open invitation of `provider` back, and gives it as it is now. Again for one that was taken
/// back already: nothing changes. A member that has joined before stays joined.
///
/// # Errors
/// When there is none, it was used or has expired, or it could not be made durable.
pub fn cancel(hub: &Hub, provider: &ProviderId) -> Result<Invitation, MemberError> {
    let _one_at_a_time = alone(hub);
    let none = || Admission::NoMember(provider.clone());
    let member = hub.store.member(provider)?.ok_or_else(none)?;
    let mut kept = enrolment(hub, provider)?.ok_or_else(none)?;
    let now = hub.clock.now();
    match InvitationState::of(&kept.invitation, now) {
        InvitationState::Cancelled => return Ok(kept.invitation),
        InvitationState::Used => {
            return Err(MemberError::NotOpen {
                provider: provider.clone(),
                why: "was used: to put the provider out, `calluna-hub revoke` it".to_owned(),
            });
        }
        InvitationState::Expired => {
            let at = kept.invitation.expires;
            return Err(MemberError::NotOpen {
                provider: provider.clone(),
                why: format!("expired on {at}: there is nothing to take back"),
            });
        }
        InvitationState::Open => {}
    }
    kept.invitation.cancelled = Some(now);
    let told = Draft::operator(Event::InvitationCancelled)
        .about(provider)
        .with("expires", kept.invitation.expires);
    save(hub, &member, &kept, Some(told))?;
    tracing::info!(%provider, "invitation cancelled");
    Ok(kept.invitation)
}
