//! The words of a question, and what is looked up for each.

use crate::german::dictionary::Dictionary;
use crate::german::synonyms::{self, PHRASE_MAX};
use crate::german::tokens::{Piece, composed, pieces};
use crate::german::{Word, analyse, lists};
use crate::ranking;

/// Most words that are looked at.
const UNITS_MAX: usize = 16;

/// In what way an alternative means the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is the word.
    Word,
    /// Parts of the word, or a compound of it.
    Part,
    /// It means the same.
    Synonym,
    /// It begins like it.
    Prefix,
    /// It is written nearly like it.
    Similar,
}

/// One way to be found: all of these stems.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    pub(super) kind: Kind,
    pub(super) factor: f32,
    pub(super) stems: Vec<String>,
}

/// A word of the question, or a phrase with a meaning of its own.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// As it is written.
    pub(super) asked: String,
    /// Folded; empty for a phrase.
    pub(super) folded: String,
    /// Whether a hit has to have it.
    pub(super) required: bool,
    pub(super) alternatives: Vec<Alternative>,
}

/// The question.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) units: Vec<Unit>,
}

/// A word of the question before phrases are seen.
#[derive(Debug)]
struct Asked {
    written: String,
    word: Word,
    /// The words of one with hyphens.
    joined: Vec<String>,
}

impl Plan {
    pub(super) fn new(text: &str, dictionary: &Dictionary) -> Self {
        let asked = words(text, dictionary);
        let mut units = Vec::new();
        let mut at = 0;
        while at < asked.len() && units.len() < UNITS_MAX {
            let (unit, taken) = phrase(&asked[at..]).unwrap_or_else(|| (single(&asked[at]), 1));
            units.push(unit);
            at += taken;
        }
        let mut plan = Self { units };
        plan.require();
        plan
    }

    /// Everything that is looked up.
    pub(super) fn stems(&self) -> impl Iterator<Item = &str> {
        let ways = self.units.iter().flat_map(|unit| &unit.alternatives);
        ways.flat_map(|way| &way.stems).map(String::as_str)
    }

    /// Words that nearly every offer could carry need not be there, when there are others.
    fn require(&mut self) {
        let generic = |unit: &Unit| {
            let words = unit
                .alternatives
                .iter()
                .filter(|way| way.kind == Kind::Word);
            let mut stems = words.flat_map(|way| &way.stems);
            stems.all(|stem| lists::is_generic(stem))
        };
        let others = self.units.iter().any(|unit| !generic(unit));
        for unit in &mut self.units {
            unit.required = !others || !generic(unit);
        }
    }
}

fn words(text: &str, dictionary: &Dictionary) -> Vec<Asked> {
    let text = composed(text);
    let mut asked: Vec<Asked> = Vec::new();
    let mut add = |written: &str, core: &str, joined: Vec<String>| {
        // Whoever types a question writes no capitals: every word may be a compound.
        let word = analyse(core, joined.is_empty(), dictionary);
        if !word.folded.is_empty() && !lists::is_stopword(&word.folded) {
            asked.push(Asked {
                written: written.to_owned(),
                word,
                joined,
            });
        }
    };
    for piece in pieces(&text) {
        match piece {
            Piece::Word(token) => add(token.written, token.core, Vec::new()),
            Piece::Joined {
                written,
                whole,
                parts,
            } => {
                let stems = parts
                    .iter()
                    .map(|part| analyse(part.core, false, dictionary).stem);
                add(written, &whole, stems.collect());
            }
        }
    }
    asked
}

/// The longest phrase at the beginning that means the same as something else.
fn phrase(asked: &[Asked]) -> Option<(Unit, usize)> {
    for taken in (2..=PHRASE_MAX.min(asked.len())).rev() {
        let words = &asked[..taken];
        let stems: Vec<String> = words.iter().map(|asked| asked.word.stem.clone()).collect();
        let same = synonyms::of(&stems);
        if same.is_empty() {
            continue;
        }
        let written: Vec<&str> = words.iter().map(|asked| asked.written.as_str()).collect();
        let mut alternatives = vec![Alternative {
            kind: Kind::Word,
            factor: 1.0,
            stems,
        }];
        alternatives.extend(same.iter().map(|stems| synonym(stems.clone())));
        let unit = Unit {
            asked: written.join(" "),
            folded: String::new(),
            required: true,
            alternatives,
        };
        return Some((unit, taken));
    }
    None
}

fn single(asked: &Asked) -> Unit {
    let word = &asked.word;
    let mut alternatives = vec![Alternative {
        kind: Kind::Word,
        factor: 1.0,
        stems: vec![word.stem.clone()],
    }];
    let parts = if asked.joined.is_empty() {
        &word.parts
    } else {
        &asked.joined
    };
    let mut telling: Vec<String> = parts.clone();
    telling.retain(|part| !lists::is_generic(part));
    telling.dedup();
    match telling.as_slice() {
        [] => {}
        // The other part says nothing (`Englischkurs`): the word that is left is the word.
        [left] if telling.len() < parts.len() => {
            alternatives.push(Alternative {
                kind: Kind::Part,
                factor: ranking::BARE,
                stems: vec![left.clone()],
            });
            let same = synonyms::of(&telling).iter().cloned();
            alternatives.extend(same.map(synonym));
        }
        _ => alternatives.push(Alternative {
            kind: if asked.joined.is_empty() {
                Kind::Part
            } else {
                Kind::Word
            },
            factor: if asked.joined.is_empty() {
                ranking::PART
            } else {
                1.0
            },
            stems: telling,
        }),
    }
    let same = synonyms::of(std::slice::from_ref(&word.stem))
        .iter()
        .cloned();
    alternatives.extend(same.map(synonym));
    Unit {
        asked: asked.written.clone(),
        folded: word.folded.clone(),
        required: true,
        alternatives,
    }
}

fn synonym(stems: Vec<String>) -> Alternative {
    Alternative {
        kind: Kind::Synonym,
        factor: ranking::SYNONYM,
        stems,
    }
}
