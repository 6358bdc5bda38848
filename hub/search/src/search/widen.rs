//! Where hardly anything is found: words that begin like the one that was asked for, and words that are written
//! nearly like it (a Levenshtein automaton over the words of titles, subjects, summaries, places and providers).

use std::collections::{BTreeMap, HashSet};

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;

use super::matching::Matches;
use super::plan::{Alternative, Kind, Plan, Unit};
use crate::answer::SearchError;
use crate::german::stem::stem;
use crate::index::state::State;
use crate::index::view::View;
use crate::ranking;

/// Most words that a beginning stands for.
const PREFIX_MAX: usize = 30;
/// Shortest beginning, in letters.
const PREFIX_MIN: usize = 3;
/// Most words that a word may be meant for.
const SIMILAR_MAX: usize = 3;
/// From so many letters on, one letter may be wrong, and two.
const ONE_WRONG: usize = 4;
const TWO_WRONG: usize = 8;
/// A word that is there is only taken for misspelt when another has so many times its offers.
const CLEARLY_MORE: u64 = 10;
/// Most terms that are looked at for one beginning.
const SCANNED_MAX: usize = 20_000;

/// Widens every word that finds hardly anything; answers the question as it may have been meant.
pub(super) fn widen(
    state: &State,
    view: &View,
    plan: &mut Plan,
    matches: &mut Matches,
) -> Result<Option<String>, SearchError> {
    let mut meant = false;
    let mut words = Vec::with_capacity(plan.units.len());
    for (unit, found) in plan.units.iter_mut().zip(&mut matches.found) {
        let having = found.table.docs.count_both(&view.shown);
        words.push(unit.asked.clone());
        if having >= ranking::FEW || unit.folded.is_empty() {
            continue;
        }
        let (ways, instead) = ways(state, unit, having)?;
        found.add_further(state, view, &ways)?;
        unit.alternatives.extend(ways);
        if let (Some(instead), Some(word)) = (instead, words.last_mut()) {
            meant |= *word != instead;
            *word = instead;
        }
    }
    Ok(meant.then(|| words.join(" ")))
}

/// More ways to mean a word, and the word that is most likely meant.
fn ways(
    state: &State,
    unit: &Unit,
    having: u64,
) -> Result<(Vec<Alternative>, Option<String>), SearchError> {
    let way = |kind, factor, folded: &str| Alternative {
        kind,
        factor,
        stems: vec![stem(folded)],
    };
    let beginning = beginning(state, &unit.folded)?;
    if !beginning.is_empty() {
        let ways = beginning
            .iter()
            .map(|word| way(Kind::Prefix, ranking::PREFIX, word));
        // Forms of one word share a stem.
        let mut stems = HashSet::new();
        let ways = ways.filter(|way| stems.insert(way.stems.clone()));
        return Ok((ways.collect(), None));
    }
    let similar = similar(state, &unit.folded)?;
    let more = having.saturating_mul(CLEARLY_MORE);
    let better = similar.first().filter(|(_, offers)| *offers > more);
    let instead = match better {
        Some((folded, _)) => written(state, folded)?,
        None => None,
    };
    // A rare word that is there is what was meant; another spelling is offered, its hits are not mixed in.
    let mixed = if having == 0 { similar.as_slice() } else { &[] };
    let ways = mixed
        .iter()
        .map(|(word, _)| way(Kind::Similar, ranking::SIMILAR, word));
    Ok((ways.collect(), instead))
}

/// Words that begin so, the most frequent first; the word itself is none of them.
fn beginning(state: &State, folded: &str) -> Result<Vec<String>, SearchError> {
    if folded.len() < PREFIX_MIN {
        return Ok(Vec::new());
    }
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for segment in state.searcher.segment_readers() {
        let inverted = segment.inverted_index(state.fields.surface)?;
        let stream = inverted.terms().range().ge(folded.as_bytes()).into_stream();
        let mut stream = stream.map_err(tantivy::TantivyError::from)?;
        let mut scanned = 0;
        while scanned < SCANNED_MAX
            && stream.advance()
            && stream.key().starts_with(folded.as_bytes())
        {
            scanned += 1;
            if let Ok(word) = std::str::from_utf8(stream.key())
                && word != folded
            {
                *found.entry(word.to_owned()).or_default() += u64::from(stream.value().doc_freq);
            }
        }
    }
    Ok(most(found, PREFIX_MAX)
        .into_iter()
        .map(|(word, _)| word)
        .collect())
}

/// Words that are written nearly so: those with the fewest wrong letters, the most frequent first. A first letter
/// is seldom wrong.
fn similar(state: &State, folded: &str) -> Result<Vec<(String, u64)>, SearchError> {
    let letters = folded.chars().count();
    let wrong = usize::from(letters >= ONE_WRONG) + usize::from(letters >= TWO_WRONG);
    if folded.bytes().any(|b| b.is_ascii_digit()) {
        return Ok(Vec::new());
    }
    for distance in 1..=wrong {
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        let term = Term::from_field_text(state.fields.surface, folded);
        let distance = u8::try_from(distance).unwrap_or(1);
        let automaton = FuzzyTermQuery::new(term, distance, true).automaton()?;
        for segment in state.searcher.segment_readers() {
            let inverted = segment.inverted_index(state.fields.surface)?;
            let stream = inverted.terms().search(&automaton).into_stream();
            let mut stream = stream.map_err(tantivy::TantivyError::from)?;
            while stream.advance() {
                if let Ok(word) = std::str::from_utf8(stream.key())
                    && word != folded
                {
                    *found.entry(word.to_owned()).or_default() +=
                        u64::from(stream.value().doc_freq);
                }
            }
        }
        let first = folded.chars().next();
        let same: BTreeMap<String, u64> = found
            .iter()
            .filter(|(word, _)| word.chars().next() == first)
            .map(|(word, offers)| (word.clone(), *offers))
            .collect();
        let best = most(if same.is_empty() { found } else { same }, SIMILAR_MAX);
        if !best.is_empty() {
            return Ok(best);
        }
    }
    Ok(Vec::new())
}

fn most(found: BTreeMap<String, u64>, limit: usize) -> Vec<(String, u64)> {
    let mut found: Vec<(String, u64)> = found.into_iter().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.truncate(limit);
    found
}

/// How a folded word is written most often.
fn written(state: &State, folded: &str) -> Result<Option<String>, SearchError> {
    let start = format!("{folded} ");
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for segment in state.searcher.segment_readers() {
        let inverted = segment.inverted_index(state.fields.written)?;
        let stream = inverted.terms().range().ge(start.as_bytes()).into_stream();
        let mut stream = stream.map_err(tantivy::TantivyError::from)?;
        while stream.advance() && stream.key().starts_with(start.as_bytes()) {
            if let Ok(term) = std::str::from_utf8(stream.key()) {
                let word = term.get(start.len()..).unwrap_or_default();
                *found.entry(word.to_owned()).or_default() += u64::from(stream.value().doc_freq);
            }
        }
    }
    Ok(most(found, 1).into_iter().map(|(word, _)| word).next())
}
