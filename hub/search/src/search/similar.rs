//! Offers like a text.

use std::cell::RefCell;

use super::likely::Likely;
use super::matching::Matches;
use super::order::Ordering;
use super::plan::Plan;
use super::runs::Asked;
use super::why::Reasons;
use crate::answer::{Asking, Hit, SearchError};
use crate::index::row::day_number;
use crate::index::state::State;
use crate::query::{LIMIT_MAX, Query, Sort, TEXT_MAX};

pub(crate) fn similar(
    state: &State,
    text: &str,
    limit: usize,
    asking: &Asking,
) -> Result<Vec<Hit>, SearchError> {
    let text: String = text.chars().take(TEXT_MAX).collect();
    let view = state.view(Some(day_number(asking.today)));
    let plan = Plan::new(&text, &state.dictionary);
    let mut matches = Matches::new(state, &view, &plan)?;
    matches.settle_any(&view);
    let mut hits = matches.hits().clone();
    hits.and(&view.shown);
    // A place alone makes no offer like another.
    let alike: Vec<usize> = hits
        .iter()
        .filter(|doc| matches.score(&view, *doc) <= 0.0)
        .collect();
    alike.into_iter().for_each(|doc| hits.unset(doc));
    let ordering = Ordering {
        view: &view,
        scores: Some(&matches),
        near: None,
        asked: None,
        shuffle: asking.shuffle,
        sort: Sort::Relevance,
    };
    let (hits, same) = ordering.folded(&hits);
    let query = Query::default();
    let asked = Asked::new(state, &view, &query, None);
    let reasons = Reasons {
        state,
        view: &view,
        plan: &plan,
        query: &query,
        asked: &asked,
        likely: &Likely::new(plan.stems()),
        memo: RefCell::default(),
    };
    let top = ordering.top(&hits, 0, limit.min(LIMIT_MAX));
    let hits = top
        .into_iter()
        .filter_map(|doc| reasons.hit(doc, same.get(&doc)));
    Ok(hits.collect())
}
