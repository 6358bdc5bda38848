//! What readers of the catalogue see: [`Reader`] over the store.
//!
//! # Members
//! Readers know the members that have joined, and those that were put out later. Of one that is only invited, or
//! that still waits for the operator, they know nothing.
//!
//! # Changes
//! The store keeps a journal of what readers saw change (see its page); `changes` reads it with a cursor. A
//! reader that begins gets every offer that is shown, by provider and id, and then whatever has changed since it
//! began. An item that a later one contradicts is left out, so whoever stops reading anywhere knows nothing that
//! is wrong now.

mod changes;
mod cursor;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;

use calluna_catalogue::reader::{Changes, ProviderCard, ReadError, Reader, Standing, VisitOffer};
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, MemberState};
use calluna_model::offer::OfferDraft;
use calluna_store::{Found, HubStore, ProviderState, StoreError};
use calluna_wire::v1 as pb;
use prost::Message;

/// The title in a record; the store keeps it in the tombstone of an offer that goes.
#[must_use]
pub fn title_of(record: &[u8]) -> Option<String> {
    Some(pb::Offer::decode(record).ok()?.title)
}

/// [`Reader`] over the store.
#[derive(Debug)]
pub struct StoreReader {
    store: Arc<dyn HubStore>,
    district: String,
}

impl StoreReader {
    /// Readers of the catalogue of this district.
    #[must_use]
    pub fn new(store: Arc<dyn HubStore>, district: String) -> Self {
        Self { store, district }
    }

    fn card(&self, member: Member) -> Result<Option<ProviderCard>, ReadError> {
        let Some(state) = standing(&member) else {
            return Ok(None);
        };
        let kept = self.store.provider(&member.id).map_err(source)?;
        Ok(Some(ProviderCard {
            state,
            offers: kept.published.map_or(0, |published| published.offers),
            agreed_at: kept.agreed_at,
            nights_missed: kept.nights_missed,
            version: version(&member, state, &kept),
            member,
        }))
    }
}

/// How readers see a member; nothing when they know nothing of it.
fn standing(member: &Member) -> Option<MemberState> {
    match member.revoked_at {
        Some(_) if member.joined_at.is_some() => Some(MemberState::Revoked),
        None if member.takes_part() => Some(MemberState::Joined),
        _ => None,
    }
}

/// Another number whenever something changed that readers see.
fn version(member: &Member, state: MemberState, kept: &ProviderState) -> u64 {
    let digest = kept.published.map(|published| published.head.digest);
    let seen = (
        member.public(),
        state.as_str(),
        member.revoked_at,
        kept.position(),
        digest,
        kept.withdrawn,
    );
    // Plain data; were it no JSON, every provider would look alike and a rebuild would mend it.
    let bytes = serde_json::to_vec(&seen).unwrap_or_default();
    let hash = blake3::hash(&bytes);
    let first = hash.as_bytes().first_chunk();
    first.map_or(0, |first| u64::from_be_bytes(*first))
}

/// A failure of the store, for readers.
fn source(error: StoreError) -> ReadError {
    ReadError::Source(Box::new(error))
}

fn decoded(id: &str, record: &[u8]) -> Result<OfferDraft, StoreError> {
    pb::Offer::decode(record)
        .map(OfferDraft::from)
        .map_err(|_| StoreError::Stopped(format!("the record of offer {id} cannot be read")))
}

impl Reader for StoreReader {
    fn district(&self) -> String {
        self.district.clone()
    }

    fn providers(&self) -> Result<Vec<ProviderCard>, ReadError> {
        let members = self.store.members().map_err(source)?;
        let cards = members.into_iter().map(|member| self.card(member));
        cards.filter_map(Result::transpose).collect()
    }

    fn provider(&self, id: &ProviderId) -> Result<Option<ProviderCard>, ReadError> {
        match self.store.member(id).map_err(source)? {
            Some(member) => self.card(member),
            None => Ok(None),
        }
    }

    fn offer(&self, provider: &ProviderId, offer: &str) -> Result<Standing, ReadError> {
        let found = self.store.look_up(provider, offer).map_err(source)?;
        Ok(match found {
            Found::Shown(record) => {
                Standing::Shown(Box::new(decoded(offer, &record).map_err(source)?))
            }
            Found::Gone { since, title } => Standing::Gone { since, title },
            Found::Unknown => Standing::Unknown,
        })
    }

    fn offers(&self, provider: &ProviderId, visit: &mut VisitOffer<'_>) -> Result<(), ReadError> {
        self.each_after(provider, "", visit)
    }

    fn offers_after(
        &self,
        provider: &ProviderId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<OfferDraft>, ReadError> {
        let mut page = Vec::new();
        if limit == 0 {
            return Ok(page);
        }
        self.each_after(provider, after, &mut |offer| {
            page.push(offer);
            match page.len() < limit {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })?;
        Ok(page)
    }

    fn changes(&self, cursor: Option<&str>, limit: usize) -> Result<Changes, ReadError> {
        changes::read(self, cursor, limit)
    }
}

impl StoreReader {
    fn each_after(
        &self,
        provider: &ProviderId,
        after: &str,
        visit: &mut VisitOffer<'_>,
    ) -> Result<(), ReadError> {
        let mut stopped = false;
        let read = self.store.offers_after(provider, after, &mut |id, record| {
            if visit(decoded(id, record)?).is_break() {
                stopped = true;
                return Err(StoreError::Stopped("enough was read".to_owned()));
            }
            Ok(())
        });
        match read {
            Err(_) if stopped => Ok(()),
            read => read.map_err(source),
        }
    }
}
