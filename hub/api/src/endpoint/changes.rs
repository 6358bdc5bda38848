//! What changed since somebody last asked.

use calluna_catalogue::reader::ChangedOffer;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Ask, address, limit};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::shape::OfferLinks;

/// Seconds that changes keep.
const KEEP: u32 = 60;

/// An offer that changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    /// Id of its provider.
    pub(crate) provider: String,
    /// Its id.
    pub(crate) offer: String,
    /// `shown`: it is new, or in another version; `gone`: it is not in the catalogue any more.
    pub(crate) change: &'static str,
    /// When the catalogue changed.
    #[schema(format = "date-time")]
    pub(crate) at: String,
    /// Where it is to be found.
    pub(crate) links: OfferLinks,
}

/// A stretch of changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChangePage {
    /// In the order in which the catalogue changed; of one offer the newest only. It may be empty while there is more.
    pub(crate) items: Vec<Change>,
    /// Keep it, and ask with it the next time: at once while there is more, else after the next night.
    pub(crate) cursor: String,
    /// Whether there is more at once.
    pub(crate) more: bool,
    /// Address to go on at.
    #[schema(format = "uri-reference")]
    pub(crate) next: String,
}

/// What changed since a place; without one every offer that is shown
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    operation_id = "listChanges",
    params(
        ("cursor" = Option<String>, Query, description = "Where to go on, as the last answer said it"),
        ("limit" = Option<u32>, Query, description = "Most items on a page; 50 where nothing is said", minimum = 1, maximum = 200)
    ),
    responses(
        (status = 200, description = "Changes, and where to go on", body = ChangePage),
        (status = 410, description = "The place is too old, or of another life of the catalogue: begin again", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) fn changes(ask: &Ask) -> Result<Reply, Problem> {
    let [cursor, most] = ask.values(["cursor", "limit"])?;
    let settings = &ask.api.settings;
    let found = ask.api.reader.changes(cursor, limit(most)?)?;
    let items = found.items.into_iter();
    let items = items.map(|item| {
        let ChangedOffer {
            provider,
            offer,
            shown,
            at,
        } = item;
        Change {
            links: OfferLinks::of(settings, provider.as_str(), &offer),
            provider: provider.to_string(),
            offer,
            change: if shown { "shown" } else { "gone" },
            at: at.to_string(),
        }
    });
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    pairs.extend(most.map(|most| ("limit", most)));
    pairs.push(("cursor", &found.next));
    let page = ChangePage {
        items: items.collect(),
        next: settings.absolute(&address("/api/v1/changes", &pairs)),
        more: found.more,
        cursor: found.next,
    };
    let next = page.more.then(|| page.next.clone());
    Ok(Reply::json(&page, KEEP)?.followed_by(next.as_deref()))
}
