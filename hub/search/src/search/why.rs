//! The reason of each hit, in the words of the offer: "Gefunden wegen ...".

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tantivy::schema::Value as _;
use tantivy::{DocAddress, TantivyDocument};

use super::likely::Likely;
use super::plan::{Kind, Plan, Unit};
use super::runs::Asked;
use crate::answer::{Hit, Why};
use crate::german::stem::Stems;
use crate::german::tokens::{Piece, Token, composed, pieces};
use crate::german::{Word, analyse_with, fold, is_noun};
use crate::index::row::Texts;
use crate::index::state::State;
use crate::index::view::View;
use crate::query::Query;
use crate::quick::Quick;

use super::order::keys_of;

/// Finds reasons.
#[derive(Debug)]
pub(super) struct Reasons<'a> {
    pub(super) state: &'a State,
    pub(super) view: &'a View,
    pub(super) plan: &'a Plan,
    pub(super) query: &'a Query,
    pub(super) asked: &'a Asked<'a>,
    pub(super) likely: &'a Likely,
    pub(super) memo: RefCell<Memo>,
}

/// Words that were analysed for hits before: such that may not be taken apart, and such that may.
#[derive(Debug, Default)]
pub(super) struct Memo {
    words: [HashMap<Box<str>, Rc<Word>, Quick>; 2],
    stems: Stems,
}

/// The best reason so far for a word of the question: smaller ranks are better.
type Best = Option<(u8, Why)>;

impl Reasons<'_> {
    /// The hit, with its reasons and what was folded into it.
    pub(super) fn hit(&self, doc: usize, same: Option<&Vec<usize>>) -> Option<Hit> {
        let row = self.state.row(doc)?;
        let km = self.asked.nearest(doc);
        Some(Hit {
            provider: row.provider.parse().ok()?,
            offer: row.offer.to_string(),
            why: self.of(doc),
            distance_km: km.map(|(km, _)| km),
            run: self.asked.run(doc),
            same: keys_of(self.state, same, doc),
        })
    }

    fn of(&self, doc: usize) -> Vec<Why> {
        let mut why = self.words(doc);
        if let Some((km, town)) = self.asked.nearest(doc) {
            why.push(Why::Near {
                place: self.state.interner.name(town),
                km,
            });
        }
        for place in self.view.values.of(doc) {
            if let Some(known) = self.view.known.get(*place as usize)
                && self.query.has(known.facet, &known.value)
            {
                why.push(Why::Chosen {
                    facet: known.facet,
                    value: known.value.clone(),
                });
            }
        }
        why
    }

    fn words(&self, doc: usize) -> Vec<Why> {
        let Some(texts) = self.texts(doc).filter(|_| !self.plan.units.is_empty()) else {
            return Vec::new();
        };
        let fields: [(&'static str, &[String]); 8] = [
            ("title", &texts.title),
            ("subject", &texts.subject),
            ("keyword", &texts.keyword),
            ("place", &texts.place),
            ("provider", &texts.provider),
            ("summary", &texts.summary),
            ("description", &texts.description),
            ("fact", &texts.fact),
        ];
        let mut best: Vec<Best> = vec![None; self.plan.units.len()];
        for (field, texts) in fields {
            for text in texts {
                if best.iter().all(|best| matches!(best, Some((0, _)))) {
                    break;
                }
                self.look(field, text, &mut best);
            }
        }
        best.into_iter().flatten().map(|(_, why)| why).collect()
    }

    fn look(&self, field: &'static str, text: &str, best: &mut [Best]) {
        let text = composed(text);
        for piece in pieces(&text) {
            match piece {
                Piece::Word(token) => self.weigh(field, token, is_noun(token.core), best),
                Piece::Joined {
                    written,
                    whole,
                    parts,
                } => {
                    let joined = Token {
                        written,
                        core: &whole,
                    };
                    self.weigh(field, joined, false, best);
                    for part in parts {
                        self.weigh(field, part, is_noun(part.core), best);
                    }
                }
            }
        }
    }

    fn weigh(&self, field: &'static str, token: Token<'_>, noun: bool, best: &mut [Best]) {
        if !self.likely.may_be(&fold::fold(token.core)) {
            return;
        }
        let word = self.analysed(token.core, noun);
        for (unit, best) in self.plan.units.iter().zip(best) {
            let found = reason(unit, field, token.written, &word.stem, &word.parts);
            if let Some((rank, why)) = found
                && best.as_ref().is_none_or(|(before, _)| rank < *before)
            {
                *best = Some((rank, why));
            }
        }
    }

    /// The same words stand in many hits.
    fn analysed(&self, core: &str, noun: bool) -> Rc<Word> {
        let mut memo = self.memo.borrow_mut();
        let Memo { words, stems } = &mut *memo;
        let words = &mut words[usize::from(noun)];
        if let Some(word) = words.get(core) {
            return Rc::clone(word);
        }
        let word = Rc::new(analyse_with(core, noun, &self.state.dictionary, stems));
        words.insert(core.into(), Rc::clone(&word));
        word
    }

    fn texts(&self, doc: usize) -> Option<Texts> {
        let (part, at) = self.state.place(doc);
        let address = DocAddress::new(u32::try_from(part).ok()?, u32::try_from(at).ok()?);
        let document: TantivyDocument = self.state.searcher.doc(address).ok()?;
        let text = document.get_first(self.state.fields.texts)?.as_str()?;
        serde_json::from_str(text).ok()
    }
}

/// Why a word of an offer is there for a word of the question, and how good a reason that is.
fn reason(
    unit: &Unit,
    field: &'static str,
    written: &str,
    stem: &str,
    parts: &[String],
) -> Option<(u8, Why)> {
    let mut best: Best = None;
    for way in &unit.alternatives {
        let whole = way.stems.iter().any(|wanted| wanted == stem);
        let part = || way.stems.iter().any(|wanted| parts.contains(wanted));
        if !whole && !part() {
            continue;
        }
        let word = written.to_owned();
        let asked = unit.asked.clone();
        let (rank, why) = match way.kind {
            Kind::Word if whole => (0, Why::Word { field, word }),
            Kind::Word | Kind::Part | Kind::Prefix => (1, Why::Part { word }),
            Kind::Synonym => (2, Why::Synonym { asked, word }),
            Kind::Similar => (3, Why::Similar { asked, word }),
        };
        if best.as_ref().is_none_or(|(before, _)| rank < *before) {
            best = Some((rank, why));
        }
    }
    best
}
