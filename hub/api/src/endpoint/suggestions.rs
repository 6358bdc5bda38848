//! Completions of what is being typed.

use calluna_search::query::TEXT_MAX;
use serde::Serialize;
use utoipa::ToSchema;

use super::Ask;
use crate::problem::Problem;
use crate::reply::Reply;

/// Most suggestions.
const MOST: usize = 10;
/// Seconds that suggestions keep.
const KEEP: u32 = 300;

/// A completion.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SuggestionDocument {
    /// The whole line, with its last word completed.
    pub(crate) text: String,
    /// In how many offers the completed word stands.
    pub(crate) offers: u64,
}

/// Completions of what is being typed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Suggestions {
    /// The best first.
    pub(crate) items: Vec<SuggestionDocument>,
}

/// How what is being typed may go on
#[utoipa::path(
    get,
    path = "/api/v1/suggestions",
    operation_id = "suggest",
    params(("q" = String, Query, description = "What was typed so far; at most 200 characters", example = "engl")),
    responses((status = 200, description = "At most ten completions", body = Suggestions))
)]
pub(crate) fn suggestions(ask: &Ask) -> Result<Reply, Problem> {
    let [typed] = ask.values(["q"])?;
    let typed = typed.unwrap_or_default();
    if typed.chars().count() > TEXT_MAX {
        let said = format!("`q` takes at most {TEXT_MAX} characters");
        return Err(Problem::bad_value("q", said));
    }
    let found = ask.api.find.suggest(typed, MOST)?.into_iter();
    let items = found
        .map(|suggestion| SuggestionDocument {
            text: suggestion.text,
            offers: suggestion.offers,
        })
        .collect();
    Reply::json(&Suggestions { items }, KEEP)
}
