//! Looks up what a plan says, and weighs it.

use tantivy::Term;
use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};

use super::plan::{Alternative, Plan};
use super::table::{Sink, Table};
use super::together::{Together, Word};
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
    /// How much of the word stands in each field of each document: the whole word is 255.
    pub(super) table: Table,
    /// Whether a hit has to have it.
    required: bool,
    /// How rare it is, see [`crate::ranking`].
    rare: f32,
}

/// What the words of a question found.
#[derive(Debug)]
pub(super) struct Matches {
    pub(super) found: Vec<Found>,
    /// Documents that have every word that is required.
    hits: Bits,
}

impl Found {
    fn none(docs: usize, required: bool) -> Self {
        Self {
            table: Table::none(docs),
            required,
            rare: 0.0,
        }
    }

    /// The `x` of [`crate::ranking`].
    #[inline]
    fn x(&self, view: &View, doc: usize) -> f32 {
        let (values, norms) = (self.table.values[doc], view.norms[doc]);
        // Four at a time, then added one by one.
        let mut of_field = [0.0; FIELDS];
        for field in 0..FIELDS {
            of_field[field] = WEIGHTS[field] * norms[field] * f32::from(values[field]) / WHOLE;
        }
        of_field.iter().fold(0.0, |x, of_field| x + of_field)
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
        for doc in further.table.docs.iter() {
            if !self.table.docs.has(doc) {
                self.table.put(doc, further.table.values[doc]);
            }
        }
        Ok(())
    }

    /// Adds what another way of meaning the word finds.
    fn add(&mut self, state: &State, view: &View, way: &Alternative) -> Result<(), SearchError> {
        if let [stem] = way.stems.as_slice() {
            return look_up(state, stem, way.factor, &mut self.table);
        }
        let mut together = Together::default();
        for stem in &way.stems {
            let mut word = Word::none(view.docs);
            look_up(state, stem, way.factor, &mut word)?;
            if !together.and(word) {
                return Ok(());
            }
        }
        together.means(&mut self.table);
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
        })
    }

    /// The documents that have every word that is required.
    pub(super) fn all(&self) -> Bits {
        let mut required = self.found.iter().filter(|word| word.required);
        let Some(first) = required.next() else {
            return Bits::default();
        };
        let mut docs = first.table.docs.clone();
        required.for_each(|word| docs.and(&word.table.docs));
        docs
    }

    /// Decides what is found, and how good it is. Where no offer has every word, those that have the most are
    /// found.
    pub(super) fn settle(&mut self, view: &View) {
        self.hits = self.all();
        if self.hits.count_both(&view.shown) == 0 {
            self.hits = self.most(view);
        }
        self.weigh(view);
    }

    /// Whatever has any of the words is found.
    pub(super) fn settle_any(&mut self, view: &View) {
        self.hits = Bits::none(view.docs);
        for word in &self.found {
            self.hits.or(&word.table.docs);
        }
        self.weigh(view);
    }

    fn weigh(&mut self, view: &View) {
        let all = view.docs as f32;
        for word in &mut self.found {
            let having = word.table.docs.count() as f32;
            word.rare = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
        }
    }

    /// The documents that have as many of the required words as any has.
    fn most(&self, view: &View) -> Bits {
        let mut counts = vec![0_u8; view.docs];
        for word in self.found.iter().filter(|word| word.required) {
            word.table.docs.iter().for_each(|doc| counts[doc] += 1);
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

    /// How good a hit is. Worked out for those that are asked for: filters leave few of what the words find.
    #[inline]
    pub(super) fn score(&self, view: &View, doc: usize) -> f32 {
        let mut score = 0.0;
        for word in self.found.iter().filter(|word| word.table.docs.has(doc)) {
            let x = word.x(view, doc);
            score += word.rare * x / (ranking::K1 + x);
        }
        score
    }
}

/// Adds the offers that have a stem: as a word, as a part of one, or in the names of places and providers.
fn look_up(
    state: &State,
    stem: &str,
    factor: f32,
    found: &mut impl Sink,
) -> Result<(), SearchError> {
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
        docs.for_each(|doc| found.put(base + *doc as usize, [0; FIELDS]));
    })
}

fn weighed(
    state: &State,
    field: Field,
    stem: &str,
    factor: f32,
    found: &mut impl Sink,
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
