//! Every provider, and one.

use super::{Ask, provider_id};
use crate::problem::{Kind, Problem};
use crate::reply::Reply;
use crate::shape::{ProviderDocument, ProviderList};

/// Seconds that providers keep.
const KEEP: u32 = 300;

/// Every provider
#[utoipa::path(
    get,
    path = "/api/v1/providers",
    operation_id = "listProviders",
    responses((status = 200, description = "Every provider that takes part or did", body = ProviderList))
)]
pub(crate) fn providers(ask: &Ask) -> Result<Reply, Problem> {
    let [] = ask.values([])?;
    let cards = ask.api.reader.providers()?.into_iter();
    let items = cards
        .map(|card| ProviderDocument::of(&ask.api.settings, card))
        .collect();
    Reply::json(&ProviderList { items }, KEEP)
}

/// One provider
#[utoipa::path(
    get,
    path = "/api/v1/providers/{provider}",
    operation_id = "getProvider",
    params(("provider" = String, Path, description = "Id of the provider", example = "vhs-heidekreis")),
    responses(
        (status = 200, description = "The provider", body = ProviderDocument),
        (status = 404, description = "There is no such provider", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) fn provider(ask: &Ask) -> Result<Reply, Problem> {
    let [] = ask.values([])?;
    let id = provider_id(ask.place(0))?;
    let card = ask.api.reader.provider(&id)?;
    let card = card.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such provider"))?;
    Reply::json(&ProviderDocument::of(&ask.api.settings, card), KEEP)
}
