//! One request, as a page sees it: its address, its language, the time, and the catalogue made harmless.

use std::collections::BTreeMap;

use calluna_catalogue::reader::{ProviderCard, Standing};
use calluna_model::clock::Moment;
use calluna_model::id::{OfferId, ProviderId};
use calluna_model::member::MemberState;
use calluna_model::text::Language;
use calluna_search::answer::{Answer, Asking, Hit};
use calluna_search::query::Query;
use jiff::civil::Date;

use crate::ask::{self, Malformed, Pairs};
use crate::fault::Fault;
use crate::format;
use crate::question;
use crate::scrub;
use crate::site::Site;
use crate::words::Words;

/// One request.
#[derive(Debug)]
pub(crate) struct Visit {
    /// What the pages are given.
    pub(crate) site: Site,
    /// Its language.
    pub(crate) words: Words,
    /// The path without the part for the language.
    pub(crate) path: String,
    /// The query as it came.
    pub(crate) query: Option<String>,
    /// The parts of the path that a page has names for.
    pub(crate) params: Vec<(String, String)>,
    /// When it came.
    pub(crate) now: Moment,
    /// Name of the district.
    pub(crate) district: String,
}

/// Every provider that readers may know of.
pub(crate) type Providers = BTreeMap<ProviderId, ProviderCard>;

impl Visit {
    /// A visit to that path.
    pub(crate) fn new(site: &Site, language: Language, path: &str, query: Option<&str>) -> Self {
        let mut district = site.reader.district();
        scrub::text(&mut district);
        Self {
            now: site.clock.now(),
            site: site.clone(),
            words: Words(language),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            params: Vec::new(),
            district,
        }
    }

    /// The query, taken apart.
    pub(crate) fn pairs(&self) -> Result<Pairs, Malformed> {
        ask::pairs(self.query.as_deref())
    }

    /// Today on the wall clock of the district.
    pub(crate) fn today(&self) -> Date {
        format::wall(self.now).date()
    }

    /// A part of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The provider in the path.
    pub(crate) fn provider_id(&self) -> Result<ProviderId, Fault> {
        self.param("provider").parse().map_err(|_| Fault::Missing)
    }

    /// The offer in the path.
    pub(crate) fn offer_id(&self) -> Result<OfferId, Fault> {
        self.param("offer").parse().map_err(|_| Fault::Missing)
    }

    /// Every provider.
    pub(crate) fn providers(&self) -> Result<Providers, Fault> {
        let cards = self.site.reader.providers()?;
        Ok(cards
            .into_iter()
            .filter(|card| is_public(card.state))
            .map(|mut card| {
                scrub::provider(&mut card);
                (card.member.id.clone(), card)
            })
            .collect())
    }

    /// One provider; a fault where readers do not know it.
    pub(crate) fn provider(&self, id: &ProviderId) -> Result<ProviderCard, Fault> {
        let found = self.site.reader.provider(id)?;
        let mut card = found
            .filter(|card| is_public(card.state))
            .ok_or(Fault::Missing)?;
        scrub::provider(&mut card);
        Ok(card)
    }

    /// How an offer stands, harmless.
    pub(crate) fn offer(&self, provider: &ProviderId, offer: &str) -> Result<Standing, Fault> {
        let mut standing = self.site.reader.offer(provider, offer)?;
        match &mut standing {
            Standing::Shown(draft) => scrub::offer(draft),
            Standing::Gone { title, .. } => title.iter_mut().for_each(scrub::text),
            Standing::Unknown => {}
        }
        Ok(standing)
    }

    /// Asks the search.
    pub(crate) fn search(&self, query: &Query) -> Result<Answer, Fault> {
        let asking = Asking::on(self.today());
        let answer = self.site.search.search(query, &asking);
        answer.map_err(|cause| question::failed(cause, self.words))
    }

    /// Offers like that text.
    pub(crate) fn similar(&self, text: &str, limit: usize) -> Result<Vec<Hit>, Fault> {
        let asking = Asking::on(self.today());
        let hits = self.site.search.similar(text, limit, &asking);
        hits.map_err(|cause| question::failed(cause, self.words))
    }
}

/// Whether readers may know of a member in that state.
fn is_public(state: MemberState) -> bool {
    matches!(state, MemberState::Joined | MemberState::Revoked)
}
