//! Answering a question.
//!
//! | module | does |
//! |---|---|
//! | [`plan`] | words of the question to what is looked up for each |
//! | [`matching`] | looks it up and weighs it |
//! | [`table`], [`few`] | what one word found |
//! | [`together`] | what has each of several words |
//! | [`widen`] | words that begin like it or are nearly like it, where hardly anything is found |
//! | [`filter`] | what was chosen, days, prices, the place |
//! | [`runs`] | of several things that are asked of a run, one run has all |
//! | [`facets`] | counts |
//! | [`order`] | the best hits in order |
//! | [`why`] | the reason of each |
//! | [`likely`] | which words of an offer may be such a reason |
//! | [`suggest`], [`similar`], [`statistics`] | the smaller questions |

mod facets;
mod few;
mod filter;
mod likely;
mod matching;
mod order;
mod plan;
mod runs;
pub(crate) mod similar;
pub(crate) mod statistics;
pub(crate) mod suggest;
mod table;
mod together;
mod why;
mod widen;

use std::cell::RefCell;

use crate::answer::{Answer, Asking, SearchError};
use crate::index::row::day_number;
use crate::index::state::State;
use crate::query::{LIMIT_MAX, OFFSET_MAX, Query, QueryFault, TEXT_MAX};
use crate::ranking;

use self::likely::Likely;
use self::matching::Matches;
use self::plan::Plan;

/// Answers a question from one state.
pub(crate) fn answer(state: &State, query: &Query, asking: &Asking) -> Result<Answer, SearchError> {
    check(query)?;
    let today = (!query.past).then(|| day_number(asking.today));
    let view = state.view(today);
    let near = filter::near(state, &view, query)?;
    let (plan, matches, did_you_mean) = matched(state, &view, &query.text)?;
    let asked = runs::Asked::new(state, &view, query, near.as_ref());
    let filtered = filter::filtered(state, &view, query, near.as_ref(), matches.as_ref(), &asked);
    let ordering = order::Ordering {
        view: &view,
        scores: matches.as_ref(),
        near: near.as_ref(),
        asked: (asked.things(None) > 0).then_some(&asked),
        shuffle: asking.shuffle,
        sort: query.sort,
    };
    let (hits, same) = ordering.folded(&filtered.hits);
    let total = hits.count();
    let top = ordering.top(&hits, query.offset, query.limit.clamp(1, LIMIT_MAX));
    let facets = facets::counts(&view, &filtered, &asked);
    let reasons = why::Reasons {
        state,
        view: &view,
        plan: &plan,
        query,
        asked: &asked,
        likely: &Likely::new(plan.stems()),
        memo: RefCell::default(),
    };
    let hits = top
        .into_iter()
        .filter_map(|doc| reasons.hit(doc, same.get(&doc)));
    Ok(Answer {
        total,
        hits: hits.collect(),
        facets,
        did_you_mean,
    })
}

/// What the words find, widened where that is hardly anything; nothing where there are no words.
fn matched(
    state: &State,
    view: &crate::index::view::View,
    text: &str,
) -> Result<(Plan, Option<Matches>, Option<String>), SearchError> {
    let mut plan = Plan::new(text, &state.dictionary);
    if plan.units.is_empty() {
        return Ok((plan, None, None));
    }
    let mut matches = Matches::new(state, view, &plan)?;
    let mut did_you_mean = None;
    if matches.all().count_both(&view.shown) < ranking::FEW {
        did_you_mean = widen::widen(state, view, &mut plan, &mut matches)?;
    }
    matches.settle(view);
    Ok((plan, Some(matches), did_you_mean))
}

/// The limits that [`Query::read`] holds, for whoever made a query in another way.
fn check(query: &Query) -> Result<(), QueryFault> {
    if query.offset > OFFSET_MAX {
        return Err(QueryFault::TooDeep);
    }
    if query.text.len() > 4 * TEXT_MAX || query.text.chars().count() > TEXT_MAX {
        return Err(QueryFault::TooLong {
            filter: "q",
            max: TEXT_MAX,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
