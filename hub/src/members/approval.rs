//! Approving what the public reads of a provider, where the operator requires it: a node that joins for
//! the first time, or comes back after a revocation, waits until then. Its nights are not held, so
//! nothing of it is shown.

use calluna_audit::{Draft, Event};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, PublicData, Stated};
use serde::{Deserialize, Serialize};

use super::{Admission, Enrolment, MemberError, alone, enrolment, save};
use crate::hub::Hub;

/// What was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// Who.
    pub provider: String,
    /// What stood there before.
    pub before: PublicData,
    /// What the public reads from now on.
    pub after: PublicData,
    /// Whether it waited for this.
    pub waited: bool,
}

/// Notes that a node joins now, and what it states; whether it has to wait for the operator. A member
/// that takes part already goes on: what it states anew is kept for the operator.
pub(super) fn joins(
    hub: &Hub,
    member: &mut Member,
    kept: &mut Enrolment,
    stated: &Stated,
    now: Moment,
) {
    let goes_on = member.takes_part();
    member.joined_at = Some(now);
    member.revoked_at = None;
    member.waiting = !goes_on && hub.config.membership.approve;
    if !stated.is_empty() {
        kept.stated = stated.clone();
    }
}

/// Approves the public data of `provider`: what its node stated, and over it what the operator says. A
/// member that waits takes part from now on.
///
/// # Errors
/// When there is no such member, it has not joined, what is said breaks a rule, or it could not be made
/// durable.
pub fn approve(hub: &Hub, provider: &ProviderId, word: Stated) -> Result<Approved, MemberError> {
    let word = word.checked()?;
    let _one_at_a_time = alone(hub);
    let none = || Admission::NoMember(provider.clone());
    let mut member = hub.store.member(provider)?.ok_or_else(none)?;
    let mut kept = enrolment(hub, provider)?.ok_or_else(none)?;
    if let Some(at) = member.revoked_at {
        let provider = provider.clone();
        return Err(Admission::Revoked { provider, at }.into());
    }
    if member.joined_at.is_none() {
        return Err(MemberError::NotJoined(provider.clone()));
    }
    let before = member.public();
    let stated = std::mem::take(&mut kept.stated);
    let after = word.or(stated).over(before.clone());
    let done = Approved {
        provider: provider.to_string(),
        before: before.clone(),
        after: after.clone(),
        waited: member.waiting,
    };
    if after == before && !member.waiting {
        return Ok(done);
    }
    let told = Draft::operator(Event::Approved)
        .about(provider)
        .with("waited", member.waiting);
    let told = changes(&before, &after)
        .into_iter()
        .fold(told, |told, (field, _, after)| told.with(field, after));
    member.waiting = false;
    member.name = after.name;
    member.kind = after.kind;
    member.address = after.address;
    member.website = after.website;
    save(hub, &member, &kept, Some(told))?;
    hub.news.tell();
    tracing::info!(%provider, "public data approved");
    Ok(done)
}

/// The fields that differ, with the text before and after.
#[must_use]
pub fn changes(before: &PublicData, after: &PublicData) -> Vec<(&'static str, String, String)> {
    let texts = |data: &PublicData| {
        let PublicData {
            name,
            kind,
            address,
            website,
        } = data.clone();
        [name, kind.to_string(), address, website]
    };
    ["name", "kind", "address", "website"]
        .into_iter()
        .zip(texts(before).into_iter().zip(texts(after)))
        .filter(|(_, (before, after))| before != after)
        .map(|(field, (before, after))| (field, before, after))
        .collect()
}
