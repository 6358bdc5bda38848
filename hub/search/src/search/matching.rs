//! Looks up what a plan says, and weighs it.

use tantivy::Term;
use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};

use super::plan::{Alternative, Plan};
use crate::answer::SearchError;
use crate::bits::Bits;
use crate::index::schema::{DESCRIPTION, FIELDS, MASKS, SUBJECT, SUMMARY, TITLE};
use crate::index::state::State;
use crate::index::view::View;
use crate::ranking;

/// Weights, in the order of [`MASKS`].
const WEIGHTS: [f32; FIELDS] = {
    let mut weights = [0.0; FIELDS];
    weights[DESCRIPTION] = ranking::DESCRIPTION;
    weights[SUMMARY] = ranking::SUMMARY;
    weights[TITLE] = ranking::TITLE;
    weights[SUBJECT] = ranking::SUBJECT;
    weights
};

/// A whole word in [`Found::values`].
const WHOLE: f32 = 255.0;
/// Sets of fields.
const SETS: usize = 1 << FIELDS;

/// What one word of the question found.
#[derive(Debug)]
pub(super) struct Found {
    /// The documents.
    pub(super) docs: Bits,
    /// How much of the word stands in each field of each document: the whole word is 255.
    values: Vec<[u8; FIELDS]>,
    /// Whether a hit has to have it.
    required: bool,
}

/// What the words of a question found.
#[derive(Debug)]
pub(super) struct Matches {
    pub(super) found: Vec<Found>,
    /// Documents that have every word that is required.
    hits: Bits,
    /// Their scores.
    scores: Vec<f32>,
}

impl Found {
    fn none(docs: usize, required: bool) -> Self {
        Self {
            docs: Bits::none(docs),
            values: vec![[0; FIELDS]; docs],
            required,
        }
    }

    /// Of several ways that stand in a field, the best one counts.
    fn put(&mut self, doc: usize, value: [u8; FIELDS]) {
        self.docs.set(doc);
        if let Some(before) = self.values.get_mut(doc) {
            for (before, now) in before.iter_mut().zip(value) {
                *before = (*before).max(now);
            }
        }
    }

    /// The `x` of [`crate::ranking`].
    fn x(&self, view: &View, doc: usize) -> f32 {
        let mut x = 0.0;
        for (field, value) in self.values[doc].iter().enumerate() {
            x += WEIGHTS[field] * view.norms[doc][field] * f32::from(*value) / WHOLE;
        }
        x
    }

    /// Adds the offers that another way of meaning the word finds besides those that are found: it lifts none of
    /// them.
    pub(super) fn add_further(
        &mut self,
        state: &State,
        view: &View,
        ways: &[Alternative],
    ) -> Result<(), SearchError> {
        let mut further = Self::none(view.docs, self.required);
        for way in ways {
            further.add(state, view, way)?;
        }
        for doc in further.docs.iter() {
            if !self.docs.has(doc) {
                self.put(doc, further.values[doc]);
            }
        }
        Ok(())
    }

    /// Adds what another way of meaning the word finds.
    pub(super) fn add(
        &mut self,
        state: &State,
        view: &View,
        way: &Alternative,
    ) -> Result<(), SearchError> {
        if let [stem] = way.stems.as_slice() {
            return look_up(state, stem, way.factor, self);
        }
        let mut parts = Vec::with_capacity(way.stems.len());
        for stem in &way.stems {
            let mut part = Self::none(view.docs, true);
            look_up(state, stem, way.factor, &mut part)?;
            parts.push(part);
        }
        let Some((first, rest)) = parts.split_first() else {
            return Ok(());
        };
        let mut docs = first.docs.clone();
        rest.iter().for_each(|part| docs.and(&part.docs));
        for doc in docs.iter() {
            let mut mean = [0; FIELDS];
            for (field, mean) in mean.iter_mut().enumerate() {
                let sum: usize = parts
                    .iter()
                    .map(|part| usize::from(part.values[doc][field]))
                    .sum();
                *mean = u8::try_from(sum / parts.len()).unwrap_or(u8::MAX);
            }
            self.put(doc, mean);
        }
        Ok(())
    }
}

impl Matches {
    /// Looks up a plan.
    pub(super) fn new(state: &State, view: &View, plan: &Plan) -> Result<Self, SearchError> {
        let mut found = Vec::with_capacity(plan.units.len());
        for unit in &plan.units {
            let mut word = Found::none(view.docs, unit.required);
            for way in &unit.alternatives {
                word.add(state, view, way)?;
            }
            found.push(word);
        }
        Ok(Self {
            found,
            hits: Bits::none(view.docs),
            scores: Vec::new(),
        })
    }

    /// The documents that have every word that is required.
    pub(super) fn all(&self) -> Bits {
        let mut required = self.found.iter().filter(|word| word.required);
        let Some(first) = required.next() else {
            return Bits::default();
        };
        let mut docs = first.docs.clone();
        required.for_each(|word| docs.and(&word.docs));
        docs
    }

    /// Decides what is found, and how good it is. Where no offer has every word, those that have the most are
    /// found.
    pub(super) fn settle(&mut self, view: &View) {
        self.hits = self.all();
        if self.hits.count_both(&view.shown) == 0 {
            self.hits = self.most(view);
        }
        self.score_all(view);
    }

    /// Whatever has any of the words is found.
    pub(super) fn settle_any(&mut self, view: &View) {
        self.hits = Bits::none(view.docs);
        for word in &self.found {
            self.hits.or(&word.docs);
        }
        self.score_all(view);
    }

    fn score_all(&mut self, view: &View) {
        let mut scores = vec![0.0; view.docs];
        let all = view.docs as f32;
        for word in &self.found {
            let having = word.docs.count() as f32;
            let rare = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
            for doc in word.docs.iter() {
                let x = word.x(view, doc);
                scores[doc] += rare * x / (ranking::K1 + x);
            }
        }
        self.scores = scores;
    }

    /// The documents that have as many of the required words as any has.
    fn most(&self, view: &View) -> Bits {
        let mut counts = vec![0_u8; view.docs];
        for word in self.found.iter().filter(|word| word.required) {
            word.docs.iter().for_each(|doc| counts[doc] += 1);
        }
        let best = view
            .shown
            .iter()
            .map(|doc| counts[doc])
            .max()
            .unwrap_or_default();
        let mut docs = Bits::none(view.docs);
        if best > 0 {
            let having = (0..view.docs).filter(|doc| counts[*doc] == best);
            having.for_each(|doc| docs.set(doc));
        }
        docs
    }

    pub(super) fn hits(&self) -> &Bits {
        &self.hits
    }

    pub(super) fn score(&self, doc: usize) -> f32 {
        self.scores.get(doc).copied().unwrap_or_default()
    }
}

/// Adds the offers that have a stem: as a word, as a part of one, or in the names of places and providers.
fn look_up(state: &State, stem: &str, factor: f32, found: &mut Found) -> Result<(), SearchError> {
    let fields = &state.fields;
    let part = factor * ranking::PART;
    weighed(state, fields.word, stem, factor, found)?;
    weighed(state, fields.part, stem, part, found)?;
    if let Some(late) = state.memory.late.get(stem) {
        for compound in late {
            weighed(state, fields.word, compound, part, found)?;
        }
    }
    let option = IndexRecordOption::Basic;
    each(state, fields.fact, stem, option, |base, block| {
        let docs = block.docs().iter();
        docs.for_each(|doc| found.docs.set(base + *doc as usize));
    })
}

fn weighed(
    state: &State,
    field: Field,
    stem: &str,
    factor: f32,
    found: &mut Found,
) -> Result<(), SearchError> {
    let values = values(factor);
    let option = IndexRecordOption::WithFreqs;
    each(state, field, stem, option, |base, block| {
        for (doc, mask) in block.docs().iter().zip(block.freqs()) {
            found.put(base + *doc as usize, values[*mask as usize % SETS]);
        }
    })
}

/// What each set of fields is worth.
fn values(factor: f32) -> [[u8; FIELDS]; SETS] {
    let value = (factor * WHOLE).round() as u8;
    let mut values = [[0; FIELDS]; SETS];
    for (set, values) in values.iter_mut().enumerate() {
        for (field, mask) in MASKS.iter().enumerate() {
            if set & usize::from(*mask) != 0 {
                values[field] = value;
            }
        }
    }
    values
}

/// Hands over the offers of a term, a block at a time.
fn each(
    state: &State,
    field: Field,
    term: &str,
    option: IndexRecordOption,
    mut visit: impl FnMut(usize, &BlockSegmentPostings),
) -> Result<(), SearchError> {
    let term = Term::from_field_text(field, term);
    for (segment, (base, _)) in state.searcher.segment_readers().iter().zip(&state.parts) {
        let inverted = segment.inverted_index(field)?;
        let read = inverted.read_block_postings(&term, option);
        let Some(mut block) = read.map_err(tantivy::TantivyError::from)? else {
            continue;
        };
        while block.block_len() > 0 {
            visit(*base, &block);
            block.advance();
        }
    }
    Ok(())
}
