//! A catalogue in memory, for tests and benchmarks. Everything made here is synthetic.

pub mod questions;
pub mod relevance;
pub mod synthetic;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use calluna_catalogue::reader::{Changes, ProviderCard, ReadError, Reader, Standing, VisitOffer};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, MemberState, ProviderKind, Reach};
use calluna_model::offer::OfferDraft;

/// A catalogue in memory.
#[derive(Debug, Default)]
pub struct Shelf {
    providers: BTreeMap<ProviderId, (ProviderCard, BTreeMap<String, OfferDraft>)>,
    /// How often the offers of a provider were read.
    pub reads: AtomicUsize,
    /// A provider whose offers cannot be read.
    pub broken: Option<ProviderId>,
}

/// The card of a provider.
#[must_use]
pub fn card(id: &ProviderId, name: &str, kind: ProviderKind, version: u64) -> ProviderCard {
    ProviderCard {
        member: Member {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            invited_at: Moment(0),
            joined_at: Some(Moment(0)),
            reach: Reach::default(),
            revoked_at: None,
            address: String::new(),
            website: String::new(),
            waiting: false,
        },
        state: MemberState::Joined,
        offers: 0,
        agreed_at: Some(Moment(0)),
        nights_missed: 0,
        version,
    }
}

impl Shelf {
    /// Puts a provider's offers in the place of those before; its version changes.
    pub fn put(
        &mut self,
        id: &ProviderId,
        name: &str,
        kind: ProviderKind,
        offers: impl IntoIterator<Item = OfferDraft>,
    ) {
        let before = self.providers.get(id).map_or(0, |(card, _)| card.version);
        let offers: BTreeMap<String, OfferDraft> = offers
            .into_iter()
            .map(|offer| (offer.id.clone(), offer))
            .collect();
        let mut card = card(id, name, kind, before + 1);
        card.offers = offers.len() as u64;
        self.providers.insert(id.clone(), (card, offers));
    }

    /// Takes a provider away.
    pub fn drop_provider(&mut self, id: &ProviderId) {
        self.providers.remove(id);
    }

    fn missing() -> ReadError {
        ReadError::Source("the shelf is broken".into())
    }
}

impl Reader for Shelf {
    fn district(&self) -> String {
        "Landkreis Heidekreis".into()
    }

    fn providers(&self) -> Result<Vec<ProviderCard>, ReadError> {
        Ok(self
            .providers
            .values()
            .map(|(card, _)| card.clone())
            .collect())
    }

    fn provider(&self, id: &ProviderId) -> Result<Option<ProviderCard>, ReadError> {
        Ok(self.providers.get(id).map(|(card, _)| card.clone()))
    }

    fn offer(&self, provider: &ProviderId, offer: &str) -> Result<Standing, ReadError> {
        let found = self
            .providers
            .get(provider)
            .and_then(|(_, offers)| offers.get(offer));
        Ok(found.map_or(Standing::Unknown, |draft| {
            Standing::Shown(Box::new(draft.clone()))
        }))
    }

    fn offers(&self, provider: &ProviderId, visit: &mut VisitOffer<'_>) -> Result<(), ReadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let offers = self.providers.get(provider).map(|(_, offers)| offers);
        for draft in offers.into_iter().flat_map(BTreeMap::values) {
            if visit(draft.clone()).is_break() {
                break;
            }
        }
        match &self.broken {
            Some(broken) if broken == provider => Err(Self::missing()),
            _ => Ok(()),
        }
    }

    fn changes(&self, _: Option<&str>, _: usize) -> Result<Changes, ReadError> {
        Err(ReadError::Cursor)
    }
}
