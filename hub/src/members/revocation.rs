//! Putting a member out.

use calluna_audit::{Draft, Event};
use calluna_model::id::ProviderId;
use calluna_store::Change;

use super::{Admission, Figures, MemberError, Revocation, alone, encoded, enrolment};
use crate::hub::Hub;

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
        let change = Change::Withdraw(&member, &bytes, at);
        hub.store.apply(&change, audit).map(|_nothing_held| ())
    })
    .map_err(MemberError::Store)?;
    hub.news.tell();
    tracing::warn!(%provider, offers = revocation.offers, "member revoked; its offers are withdrawn");
    Ok(revocation)
}
