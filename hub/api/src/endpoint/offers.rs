//! Every offer, and one.

use calluna_catalogue::reader::Standing;
use calluna_model::id::{OfferId, ProviderId};
use calluna_model::member::MemberState;

use super::{Ask, address, limit, provider_id};
use crate::problem::{Kind, Problem};
use crate::reply::Reply;
use crate::shape::{OfferDocument, OfferPage, ProviderBrief};

/// Seconds that offers keep: they change once a night.
const KEEP: u32 = 300;

/// Every offer, page by page
#[utoipa::path(
    get,
    path = "/api/v1/offers",
    operation_id = "listOffers",
    params(
        ("provider" = Option<String>, Query, description = "Only offers of this provider", example = "vhs-heidekreis"),
        ("limit" = Option<u32>, Query, description = "Most items on a page; 50 where nothing is said", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "Where to go on, as `next` says it")
    ),
    responses((status = 200, description = "A page of offers; every offer comes once", body = OfferPage))
)]
pub(crate) fn offers(ask: &Ask) -> Result<Reply, Problem> {
    let [only, most, cursor] = ask.values(["provider", "limit", "cursor"])?;
    let limit = limit(most)?;
    let (from, after) = match cursor {
        Some(cursor) => {
            let (provider, offer) = place(cursor)?;
            (Some(provider), offer)
        }
        None => (None, String::new()),
    };
    let settings = &ask.api.settings;
    let mut cards = ask.api.reader.providers()?;
    if let Some(only) = only {
        cards.retain(|card| card.member.id.as_str() == only);
        if cards.is_empty() {
            return Err(Problem::bad_value("provider", "there is no such provider"));
        }
    }
    cards.retain(|card| card.state == MemberState::Joined);
    cards.retain(|card| from.as_ref().is_none_or(|from| card.member.id >= *from));
    let mut items = Vec::new();
    for card in &cards {
        let here = from.as_ref() == Some(&card.member.id);
        let after = if here { after.as_str() } else { "" };
        // One more than fits: whether there is a next page.
        let room = limit + 1 - items.len();
        let some = ask.api.reader.offers_after(&card.member.id, after, room)?;
        let brief = ProviderBrief::of(&card.member);
        items.extend(
            some.into_iter()
                .map(|offer| OfferDocument::of(settings, &brief, offer)),
        );
        if items.len() > limit {
            break;
        }
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| {
        let cursor = format!("{}.{}", last.provider.id, last.offer.id);
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        pairs.extend(only.map(|only| ("provider", only)));
        pairs.extend(most.map(|most| ("limit", most)));
        pairs.push(("cursor", &cursor));
        settings.absolute(&address("/api/v1/offers", &pairs))
    });
    let reply = Reply::json(
        &OfferPage {
            items,
            next: next.clone(),
        },
        KEEP,
    )?;
    Ok(reply.followed_by(next.as_deref()))
}

/// The provider and the offer that a cursor stands behind.
fn place(cursor: &str) -> Result<(ProviderId, String), Problem> {
    let read = || {
        let (provider, offer) = cursor.split_once('.')?;
        let offer: OfferId = offer.parse().ok()?;
        Some((provider.parse().ok()?, offer.to_string()))
    };
    read().ok_or_else(|| Problem::bad_value("cursor", "`cursor` takes what `next` said"))
}

/// One offer
#[utoipa::path(
    get,
    path = "/api/v1/offers/{provider}/{offer}",
    operation_id = "getOffer",
    params(
        ("provider" = String, Path, description = "Id of the provider", example = "vhs-heidekreis"),
        ("offer" = String, Path, description = "Id of the offer, as its provider gave it", example = "A-1")
    ),
    responses(
        (status = 200, description = "The offer", body = OfferDocument),
        (status = 404, description = "There was never such an offer, or so long ago that nothing is known of it", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The offer was withdrawn: since when, and what it was called", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) fn offer(ask: &Ask) -> Result<Reply, Problem> {
    let [] = ask.values([])?;
    let (provider, id) = (provider_id(ask.place(0))?, ask.place(1));
    let missing = || Problem::new(Kind::NotFound, "there is no such offer");
    match ask.api.reader.offer(&provider, id)? {
        Standing::Unknown => Err(missing()),
        Standing::Gone { since, title } => Err(Problem {
            since: Some(since.to_string()),
            last_title: title,
            ..Problem::new(Kind::Gone, "the offer is not in the catalogue any more")
        }),
        Standing::Shown(offer) => {
            let card = ask.api.reader.provider(&provider)?.ok_or_else(missing)?;
            let brief = ProviderBrief::of(&card.member);
            Reply::json(&OfferDocument::of(&ask.api.settings, &brief, *offer), KEEP)
        }
    }
}
