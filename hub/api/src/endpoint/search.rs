//! The search, with the same filters as the pages.

use calluna_catalogue::reader::Standing;
use calluna_model::code;
use calluna_search::answer::{Answer, Count, Hit, Why};
use calluna_search::places;
use calluna_search::query::{Facet, OFFSET_MAX, Query};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Ask, address};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shape::{OfferDocument, OfferLinks, ProviderBrief};

/// Seconds that an answer keeps.
const KEEP: u32 = 60;

/// The answer to a question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SearchDocument {
    /// How many hits in all; the same offer of several providers is one.
    pub(crate) total: u64,
    /// Which page this is; the first is 1.
    pub(crate) page: usize,
    /// The hits of this page, in the order that was asked for.
    pub(crate) hits: Vec<HitDocument>,
    /// Every filter with counts: of each as if nothing were chosen in it.
    pub(crate) facets: Vec<FacetDocument>,
    /// A better spelling, where hardly anything was found.
    pub(crate) did_you_mean: Option<String>,
    /// Address of the next page; nothing on the last one.
    #[schema(format = "uri-reference")]
    pub(crate) next: Option<String>,
}

/// One hit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HitDocument {
    /// The offer with its provider.
    #[serde(flatten)]
    pub(crate) document: OfferDocument,
    /// Why it is here.
    pub(crate) why: Vec<Reason>,
    /// Kilometres to the nearest venue, where a place was asked for.
    pub(crate) distance_km: Option<f64>,
    /// The same offer of other providers.
    pub(crate) same: Vec<SameOffer>,
}

/// The same offer of another provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SameOffer {
    /// Id of the provider.
    pub(crate) provider: String,
    /// Id of the offer there.
    pub(crate) offer: String,
    /// Where it is to be found.
    pub(crate) links: OfferLinks,
}

/// Why an offer is among the hits.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Reason {
    /// `word`: a word of the question stands there; `synonym`: one that means the same; `part`: one that it is a part
    /// of, or the other way round; `similar`: one written nearly alike; `near`: a venue is near; `chosen`: it is
    /// what was chosen in a filter.
    pub(crate) kind: &'static str,
    /// Where the word stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<&'static str>,
    /// The word of the question, where the offer has another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<String>,
    /// The word, as the offer writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) word: Option<String>,
    /// Town of the venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// Kilometres, as the crow flies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) km: Option<f64>,
    /// The filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<&'static str>,
    /// What was chosen in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        let of = |kind| Self {
            kind,
            ..Self::default()
        };
        match why {
            Why::Word { field, word } => Self {
                field: Some(field),
                word: Some(word),
                ..of("word")
            },
            Why::Synonym { asked, word } => Self {
                asked: Some(asked),
                word: Some(word),
                ..of("synonym")
            },
            Why::Part { word } => Self {
                word: Some(word),
                ..of("part")
            },
            Why::Similar { asked, word } => Self {
                asked: Some(asked),
                word: Some(word),
                ..of("similar")
            },
            Why::Near { place, km } => Self {
                place: Some(place),
                km: Some(tenths(km)),
                ..of("near")
            },
            Why::Chosen { facet, value } => Self {
                filter: Some(facet.key()),
                value: Some(value),
                ..of("chosen")
            },
        }
    }
}

/// A filter with its counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FacetDocument {
    /// Its name: the parameter of the search.
    #[schema(example = "format")]
    pub(crate) name: &'static str,
    /// Its values.
    pub(crate) values: Vec<CountDocument>,
}

/// How many offers have a value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CountDocument {
    /// The value.
    pub(crate) value: String,
    /// German words for it, where a code list has them, or the name of the municipality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) de: Option<&'static str>,
    /// English words for it, where a code list has them, or the name of the municipality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) en: Option<&'static str>,
    /// How many offers.
    pub(crate) offers: u64,
}

impl CountDocument {
    pub(crate) fn of(facet: Facet, value: String, offers: u64) -> Self {
        let entry = list_of(facet).and_then(|list| list.get(&value));
        let place = match facet {
            Facet::Municipality => places::municipality(&value),
            _ => None,
        };
        let name = place.map(|place| place.name.as_str());
        Self {
            de: entry.map(|entry| entry.de.as_str()).or(name),
            en: entry.map(|entry| entry.en.as_str()).or(name),
            value,
            offers,
        }
    }
}

impl FacetDocument {
    pub(crate) fn of(facet: Facet, counts: Vec<Count>) -> Self {
        let values = counts
            .into_iter()
            .map(|count| CountDocument::of(facet, count.value, count.offers));
        Self {
            name: facet.key(),
            values: values.collect(),
        }
    }
}

/// The code list that the values of a filter come from.
fn list_of(facet: Facet) -> Option<code::Name> {
    Some(match facet {
        Facet::Subject => code::DVV_AREA,
        Facet::Format => code::FORMAT,
        Facet::Entry | Facet::Award => code::QUALIFICATION,
        Facet::Cefr => code::CEFR,
        Facet::Accessibility => code::ACCESSIBILITY,
        Facet::Funding => code::FUNDING,
        _ => return None,
    })
}

/// Search in the catalogue, with counts for every filter
#[utoipa::path(
    get,
    path = "/api/v1/search",
    operation_id = "search",
    responses((status = 200, description = "A page of hits, and counts for every filter", body = SearchDocument))
)]
pub(crate) fn search(ask: &Ask) -> Result<Reply, Problem> {
    let query = Query::read(ask.pairs.iter().map(|(name, value)| (name, value)))?;
    let Answer {
        total,
        hits,
        facets,
        did_you_mean,
    } = ask.api.find.search(&query, ask.now)?;
    let shown = hits.len();
    let mut found = Vec::with_capacity(shown);
    for hit in hits {
        // A night may have taken it away since the search was brought up to date.
        found.extend(document(ask, hit)?);
    }
    let behind = query.offset + shown;
    let more = shown > 0 && (behind as u64) < total && behind <= OFFSET_MAX;
    let next = more.then(|| {
        let next = query.at_page(query.page() + 1).pairs();
        let pairs: Vec<(&str, &str)> = next
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        ask.api
            .settings
            .absolute(&address("/api/v1/search", &pairs))
    });
    let facets = facets.into_iter();
    let answer = SearchDocument {
        total,
        page: query.page(),
        hits: found,
        facets: facets
            .map(|(facet, counts)| FacetDocument::of(facet, counts))
            .collect(),
        did_you_mean,
        next: next.clone(),
    };
    Ok(Reply::json(&answer, KEEP)?.followed_by(next.as_deref()))
}

fn document(ask: &Ask, hit: Hit) -> Result<Option<HitDocument>, Problem> {
    let settings = &ask.api.settings;
    let Some(card) = ask.api.reader.provider(&hit.provider)? else {
        return Ok(None);
    };
    let Standing::Shown(offer) = ask.api.reader.offer(&hit.provider, &hit.offer)? else {
        return Ok(None);
    };
    let brief = ProviderBrief::of(&card.member);
    let same = hit.same.into_iter().map(|(provider, offer)| SameOffer {
        links: OfferLinks::of(settings, provider.as_str(), &offer),
        provider: provider.to_string(),
        offer,
    });
    Ok(Some(HitDocument {
        document: OfferDocument::of(settings, &brief, *offer),
        why: hit.why.into_iter().map(Reason::from).collect(),
        distance_km: hit.distance_km.map(tenths),
        same: same.collect(),
    }))
}

fn tenths(km: f64) -> f64 {
    (km * 10.0).round() / 10.0
}
