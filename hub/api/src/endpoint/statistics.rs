//! The catalogue in figures.

use calluna_model::member::MemberState;
use calluna_search::places;
use calluna_search::query::Facet;
use serde::Serialize;
use utoipa::ToSchema;

use super::Ask;
use super::search::{CountDocument, FacetDocument};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::settings::Settings;

/// Seconds that figures keep.
const KEEP: u32 = 300;

/// The catalogue in figures. A code that no offer has stands there with 0.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StatisticsDocument {
    /// Name of the district.
    pub(crate) district: String,
    /// Offers that are shown, those that are over among them.
    pub(crate) offers: u64,
    /// Offers that are not over; the same offer of several providers counts once.
    pub(crate) current: u64,
    /// Providers that take part.
    pub(crate) providers: u64,
    /// Providers that have offers.
    pub(crate) providers_with_offers: u64,
    /// Current offers by subject area; one offer may be in several.
    pub(crate) subjects: Vec<CountDocument>,
    /// Current offers by municipality of a venue (AGS), `online` and `elsewhere`.
    pub(crate) municipalities: Vec<CountDocument>,
    /// Current offers by format.
    pub(crate) formats: Vec<CountDocument>,
    /// Current offers by kind of provider.
    pub(crate) provider_kinds: Vec<CountDocument>,
    /// How fresh it is.
    pub(crate) freshness: Freshness,
}

/// How fresh the catalogue is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Freshness {
    /// When a provider last agreed with the catalogue.
    #[schema(format = "date-time")]
    pub(crate) newest: Option<String>,
    /// When the one agreed that is longest behind.
    #[schema(format = "date-time")]
    pub(crate) oldest: Option<String>,
    /// Providers that agreed in their last night.
    pub(crate) up_to_date: u64,
    /// Providers that missed at least one night since they last agreed.
    pub(crate) behind: u64,
    /// Providers that have not delivered yet.
    pub(crate) never_delivered: u64,
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
            &ask.api.settings,
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

/// Every value that there may be, in its order, then what else was counted.
fn with_zeros(
    facet: Facet,
    settings: &Settings,
    counted: Vec<CountDocument>,
) -> Vec<CountDocument> {
    let known: Vec<&str> = match facet {
        Facet::Municipality => {
            let here = places::municipalities(&settings.district).into_iter();
            let here = here.map(|place| place.ags.as_str());
            here.chain(["online", "elsewhere"]).collect()
        }
        _ => facet.known().unwrap_or_default(),
    };
    let mut all: Vec<CountDocument> = known
        .into_iter()
        .map(|value| CountDocument::of(facet, value.to_owned(), 0))
        .collect();
    for count in counted {
        match all.iter_mut().find(|known| known.value == count.value) {
            Some(known) => known.offers = count.offers,
            None => all.push(count),
        }
    }
    all
}
