//! Nights that a guard holds back: what they would do, and the operator's word on them.
//!
//! Whoever calls these holds the provider's stage ([`crate::current::Current::stage`]), so that no
//! night writes to it meanwhile.

use anyhow::{Result, bail};
use calluna_audit::{Draft, Event};
use calluna_model::checkpoint::HeldNight;
use calluna_model::finding::shorten;
use calluna_model::id::ProviderId;
use calluna_model::member::Member;
use calluna_store::Change;
use calluna_wire::v1 as pb;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// One held night, as `held --format json` prints it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldDocument {
    /// The provider.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// What is held, and why.
    pub held: HeldNight,
    /// Offers that a release would remove, as readers see them; the first ones.
    pub removals: Vec<HeldOffer>,
    /// How many more it would remove.
    pub more: u64,
}

/// One offer of a held night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOffer {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Offers that the held night removed, or would have removed.
    pub removed: u64,
    /// Offers that readers see now.
    pub offers: u64,
}

/// The held night of a provider with the first `limit` offers that it would remove (0: all);
/// nothing when none is held.
///
/// # Errors
/// When there is no such member, or the store cannot be read.
pub fn show(hub: &Hub, id: &ProviderId, limit: u64) -> Result<Option<HeldDocument>> {
    let member = member(hub, id)?;
    let Some(held) = hub.store.provider(id)?.held else {
        return Ok(None);
    };
    let most = if limit == 0 { u64::MAX } else { limit };
    let (mut removals, mut more) = (Vec::new(), 0);
    hub.store.stage(id, true)?.removals(&mut |id, record| {
        if removals.len() as u64 >= most {
            more += 1;
        } else {
            let title = pb::Offer::decode(record).map(|offer| shorten(&offer.title));
            removals.push(HeldOffer {
                id: shorten(id),
                title: title.unwrap_or_default(),
            });
        }
        Ok(())
    })?;
    Ok(Some(HeldDocument {
        provider: id.to_string(),
        name: member.name,
        held,
        removals,
        more,
    }))
}

fn member(hub: &Hub, id: &ProviderId) -> Result<Member> {
    let Some(member) = hub.store.member(id)? else {
        bail!("there is no member `{id}`; `calluna-hub members` lists them");
    };
    Ok(member)
}

/// Shows a held night to readers.
///
/// # Errors
/// When there is no such member, nothing is held, or it could not be made durable.
pub fn release(hub: &Hub, id: &ProviderId) -> Result<Decided> {
    member(hub, id)?;
    let waiting = hub.store.provider(id)?.held;
    let draft = draft(Event::Released, id, waiting.as_ref());
    let held = hub.audited([draft], |audit| {
        hub.store
            .apply(&Change::Release(id, hub.clock.now()), audit)
    })?;
    let Some(held) = held else {
        bail!("no night of `{id}` is held any more");
    };
    hub.news.tell();
    tracing::info!(provider = %id, removed = held.removed, "held night released");
    decided(hub, id, held)
}

/// Forgets a held night: readers go on seeing what they see, and the next night asks the node again.
///
/// # Errors
/// When there is no such member, nothing is held, or it could not be made durable.
pub fn discard(hub: &Hub, id: &ProviderId) -> Result<Decided> {
    member(hub, id)?;
    let Some(waiting) = hub.store.provider(id)?.held else {
        bail!("no night of `{id}` is held; `calluna-hub held` lists those that are");
    };
    let draft = draft(Event::Discarded, id, Some(&waiting));
    let held = hub.audited([draft], |audit| {
        hub.store.apply(&Change::Discard(id), audit)
    })?;
    let Some(held) = held else {
        bail!("no night of `{id}` is held any more");
    };
    tracing::info!(provider = %id, removed = held.removed, "held night discarded");
    decided(hub, id, held)
}

/// What the audit log says of the operator's word on a held night.
fn draft(event: Event, id: &ProviderId, held: Option<&HeldNight>) -> Draft {
    let draft = Draft::operator(event).about(id);
    match held {
        Some(held) => with_night(draft, held),
        None => draft,
    }
}

/// Adds what a held night would do.
pub(crate) fn with_night(draft: Draft, held: &HeldNight) -> Draft {
    draft
        .with("night", held.night)
        .with("removed", held.removed)
        .with("before", held.before)
        .with("revision", held.head.revision)
        .with("digest", held.head.digest)
}

fn decided(hub: &Hub, id: &ProviderId, held: HeldNight) -> Result<Decided> {
    let published = hub.store.provider(id)?.published;
    Ok(Decided {
        removed: held.removed,
        offers: published.map_or(0, |published| published.offers),
    })
}
