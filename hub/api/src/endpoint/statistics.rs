//! The catalogue in figures.

use calluna_model::member::{MemberState, ProviderKind};
use calluna_search::query::Facet;
use serde::Serialize;
use utoipa::ToSchema;

use super::Ask;
use super::search::{CountDocument, FacetDocument};
use crate::problem::Problem;
use crate::reply::Reply;

/// Seconds that figures keep.
const KEEP: u32 = 300;

/// The catalogue in figures. A code that no offer has stands there with 0.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatisticsDocument {
    /// Name of the district.
    pub district: String,
    /// Offers that are shown, those that are over among them.
    pub offers: u64,
    /// Offers that are not over; the same offer of several providers counts once.
    pub current: u64,
    /// Providers that take part.
    pub providers: u64,
    /// Providers that have offers.
    pub providers_with_offers: u64,
    /// Current offers by subject area; one offer may be in several.
    pub subjects: Vec<CountDocument>,
    /// Current offers by municipality of a venue (AGS), `online` and `elsewhere`.
    pub municipalities: Vec<CountDocument>,
    /// Current offers by format.
    pub formats: Vec<CountDocument>,
    /// Current offers by kind of provider.
    pub provider_kinds: Vec<CountDocument>,
    /// How fresh it is.
    pub freshness: Freshness,
}

/// How fresh the catalogue is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Freshness {
    /// When a provider last agreed with the catalogue.
    #[schema(format = "date-time")]
    pub newest: Option<String>,
    /// When the one agreed that is longest behind.
    #[schema(format = "date-time")]
    pub oldest: Option<String>,
    /// Providers that agreed in their last night.
    pub up_to_date: u64,
    /// Providers that missed at least one night since they last agreed.
    pub behind: u64,
    /// Providers that have not delivered yet.
    pub never_delivered: u64,
}

/// The catalogue in figures
#[utoipa::path(
    get,
    path = "/api/v1/statistics",
    operation_id = "statistics",
    responses((status = 200, description = "Offers by subject area, municipality, format and kind of provider", body = StatisticsDocument))
)]
pub(crate) fn statistics(ask: &Ask) -> Result<Reply, Problem> {
    let [] = ask.values([])?;
    let figures = ask.api.find.statistics(ask.now)?;
    let mut cards = ask.api.reader.providers()?;
    cards.retain(|card| card.state == MemberState::Joined);
    let agreed = || cards.iter().filter_map(|card| card.agreed_at);
    let count = |which: &dyn Fn(bool, u64) -> bool| {
        let counted = cards
            .iter()
            .filter(|card| which(card.agreed_at.is_some(), card.nights_missed));
        counted.count() as u64
    };
    let by = |facet: Facet| {
        let counts = figures.facets.iter().find(|(of, _)| *of == facet);
        let counts = counts.map(|(_, counts)| counts.clone());
        with_zeros(
            facet,
            FacetDocument::of(facet, counts.unwrap_or_default()).values,
        )
    };
    let document = StatisticsDocument {
        district: ask.api.reader.district(),
        offers: figures.offers,
        current: figures.current,
        providers: cards.len() as u64,
        providers_with_offers: cards.iter().filter(|card| card.offers > 0).count() as u64,
        subjects: by(Facet::Subject),
        municipalities: by(Facet::Municipality),
        formats: by(Facet::Format),
        provider_kinds: by(Facet::ProviderKind),
        freshness: Freshness {
            newest: agreed().max().map(|at| at.to_string()),
            oldest: agreed().min().map(|at| at.to_string()),
            up_to_date: count(&|agreed, missed| agreed && missed == 0),
            behind: count(&|agreed, missed| agreed && missed > 0),
            never_delivered: count(&|agreed, _| !agreed),
        },
    };
    Reply::json(&document, KEEP)
}

/// Every code of the list, in its order, then what is no code.
fn with_zeros(facet: Facet, counted: Vec<CountDocument>) -> Vec<CountDocument> {
    let known: Vec<&str> = match facet {
        Facet::ProviderKind => ProviderKind::ALL.iter().map(|kind| kind.as_str()).collect(),
        _ => facet.known().unwrap_or_default(),
    };
    let list = super::search::list_of(facet);
    let mut all: Vec<CountDocument> = known
        .into_iter()
        .map(|value| {
            let entry = list.and_then(|list| list.get(value));
            CountDocument {
                value: value.to_owned(),
                de: entry.map(|entry| entry.de.as_str()),
                en: entry.map(|entry| entry.en.as_str()),
                offers: 0,
            }
        })
        .collect();
    for count in counted {
        match all.iter_mut().find(|known| known.value == count.value) {
            Some(known) => known.offers = count.offers,
            None => all.push(count),
        }
    }
    all
}
