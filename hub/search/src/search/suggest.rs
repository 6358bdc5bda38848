//! Completes the last word of what is being typed.

use std::collections::BTreeMap;

use crate::answer::{SearchError, Suggestion};
use crate::german::fold::fold;
use crate::german::tokens::composed;
use crate::index::state::State;
use crate::query::TEXT_MAX;

/// Shortest beginning, in letters.
const LETTERS_MIN: usize = 2;
/// Most suggestions.
const LIMIT_MAX: usize = 20;
/// Most terms that are looked at in a segment.
const SCANNED_MAX: usize = 20_000;

pub(crate) fn suggest(
    state: &State,
    typed: &str,
    limit: usize,
) -> Result<Vec<Suggestion>, SearchError> {
    if typed.len() > 4 * TEXT_MAX {
        return Ok(Vec::new());
    }
    let typed = composed(typed);
    let (head, last) = last_word(&typed);
    let folded = fold(last);
    if last.chars().count() < LETTERS_MIN || folded.is_empty() {
        return Ok(Vec::new());
    }
    // Folded word to how it is written, and in how many offers.
    let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for segment in state.searcher.segment_readers() {
        let inverted = segment.inverted_index(state.fields.written)?;
        let stream = inverted.terms().range().ge(folded.as_bytes()).into_stream();
        let mut stream = stream.map_err(tantivy::TantivyError::from)?;
        let mut scanned = 0;
        while scanned < SCANNED_MAX
            && stream.advance()
            && stream.key().starts_with(folded.as_bytes())
        {
            scanned += 1;
            let term = std::str::from_utf8(stream.key()).unwrap_or_default();
            if let Some((word, written)) = term.split_once(' ') {
                let forms = found.entry(word.to_owned()).or_default();
                *forms.entry(written.to_owned()).or_default() += u64::from(stream.value().doc_freq);
            }
        }
    }
    let best = found.into_values().filter_map(|forms| {
        let offers = forms.values().sum();
        let (written, _) = forms.into_iter().max_by_key(|(_, offers)| *offers)?;
        Some(Suggestion {
            text: format!("{head}{written}"),
            offers,
        })
    });
    let mut best: Vec<Suggestion> = best.collect();
    best.sort_by(|a, b| b.offers.cmp(&a.offers).then_with(|| a.text.cmp(&b.text)));
    best.truncate(limit.min(LIMIT_MAX));
    Ok(best)
}

/// What stands before the last word, and the word; none where the last sign is no letter.
fn last_word(typed: &str) -> (&str, &str) {
    let start = typed
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric())
        .last()
        .map_or(typed.len(), |(at, _)| at);
    typed.split_at(start)
}
