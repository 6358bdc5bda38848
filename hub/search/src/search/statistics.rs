//! The catalogue in figures.

use std::collections::HashSet;

use crate::answer::{Asking, SearchError, Statistics};
use crate::index::state::State;
use crate::query::Query;

pub(crate) fn statistics(state: &State, asking: &Asking) -> Result<Statistics, SearchError> {
    let current = super::answer(
        state,
        &Query {
            limit: 1,
            ..Query::default()
        },
        asking,
    )?;
    let alive = (0..state.docs()).filter(|doc| state.is_alive(*doc));
    let mut offers = 0;
    let mut providers = HashSet::new();
    for row in alive.filter_map(|doc| state.row(doc)) {
        offers += 1;
        providers.insert(row.provider());
    }
    let mut words: HashSet<Vec<u8>> = HashSet::new();
    for segment in state.searcher.segment_readers() {
        let inverted = segment.inverted_index(state.fields.word)?;
        let mut stream = inverted
            .terms()
            .stream()
            .map_err(tantivy::TantivyError::from)?;
        while stream.advance() {
            words.insert(stream.key().to_vec());
        }
    }
    Ok(Statistics {
        offers,
        current: current.total,
        providers: providers.len() as u64,
        facets: current.facets,
        words: words.len() as u64,
    })
}
