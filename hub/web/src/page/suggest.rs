//! Typing ahead: `/vorschlaege?q=` answers a list of texts as JSON. Pages work without it.

use crate::ask;
use crate::fault::Fault;
use crate::question;
use crate::reply::Reply;
use crate::visit::Visit;

/// Most suggestions.
const MOST: usize = 8;
/// Longest text that is looked at, in characters.
const LONGEST: usize = 60;
/// Seconds for which an answer may be kept.
const KEEP: u32 = 300;

/// `/vorschlaege`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let pairs = visit.pairs()?;
    let typed = ask::values(&pairs, "q")
        .first()
        .copied()
        .unwrap_or_default();
    let typed: String = typed.chars().take(LONGEST).collect();
    let texts: Vec<String> = if typed.trim().chars().count() < 2 {
        Vec::new()
    } else {
        let found = visit.site.search.suggest(&typed, MOST);
        found
            .map_err(|cause| question::failed(cause, visit.words))?
            .into_iter()
            .map(|mut suggestion| {
                crate::scrub::text(&mut suggestion.text);
                suggestion.text
            })
            .collect()
    };
    let body = serde_json::to_vec(&texts).map_err(|cause| Fault::Internal(Box::new(cause)))?;
    Ok(Reply {
        keep: Some(KEEP),
        ..Reply::of("application/json", body)
    })
}
