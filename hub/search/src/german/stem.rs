//! Endings taken off, so that forms of a word meet.

use std::collections::HashMap;
use std::sync::LazyLock;

use frostem::{Algorithm, Stemmer};

use super::fold::fold;
use super::lists;
use crate::quick::Quick;

/// Fewest letters before a protected last part, and of it.
const START_MIN: usize = 3;
const END_MIN: usize = 4;

/// Form (folded) to stem, for words that the stemmer gets wrong.
static PROTECTED: LazyLock<HashMap<String, &'static str, Quick>> = LazyLock::new(|| {
    let mut forms = HashMap::default();
    for line in lists::lines(lists::PROTECTED) {
        if let Some((stem, words)) = line.split_once(':') {
            for word in words.split_whitespace() {
                forms.insert(fold(word), stem.trim());
            }
        }
    }
    forms
});

/// Length of the longest of them.
static LONGEST: LazyLock<usize> =
    LazyLock::new(|| PROTECTED.keys().map(String::len).max().unwrap_or_default());

/// Longest word whose stem is remembered, in bytes: longer ones hardly come again.
const KEPT_LONGEST: usize = 20;
/// Most stems that are remembered.
const KEPT_MAX: usize = 100_000;

/// Stems that were asked for before: taking a word apart asks for the same few thousand again and again.
#[derive(Clone, Debug, Default)]
pub struct Stems(HashMap<Box<str>, Box<str>, Quick>);

impl Stems {
    /// The stem of a folded word.
    pub fn of(&mut self, folded: &str) -> String {
        if folded.len() > KEPT_LONGEST {
            return stem(folded);
        }
        if let Some(known) = self.0.get(folded) {
            return known.to_string();
        }
        let stem = stem(folded);
        if self.0.len() >= KEPT_MAX {
            self.0.clear();
        }
        self.0.insert(folded.into(), stem.as_str().into());
        stem
    }
}

/// The stem of a folded word.
#[must_use]
pub fn stem(folded: &str) -> String {
    let protected = |word: &str| PROTECTED.get(word).map(|stem| (*stem).to_owned());
    if let Some(stem) = protected(folded) {
        return stem;
    }
    let general = without_feminine(folded);
    if let Some(stem) = protected(general) {
        return stem;
    }
    if let Some((start, stem)) = protected_end(general) {
        return format!("{}{stem}", &general[..start]);
    }
    let stem = Stemmer::new(Algorithm::German).stem(general);
    if stem.len() < 2 {
        general.to_owned()
    } else {
        stem.into_owned()
    }
}

/// A compound whose last part is protected: `Englischkurs` and `Englischkurse` meet, too. Where the last part begins,
/// and its stem.
fn protected_end(folded: &str) -> Option<(usize, &'static str)> {
    let starts = folded
        .char_indices()
        .skip(START_MIN)
        .map(|(start, _)| start);
    let longest = *LONGEST;
    starts
        .skip_while(|start| folded.len() - start > longest)
        .take_while(|start| folded.len() - start >= END_MIN)
        .find_map(|start| Some((start, *PROTECTED.get(&folded[start..])?)))
}

/// `Erzieherin` and `Erzieherinnen` as `Erzieher`: who looks for one means all.
fn without_feminine(folded: &str) -> &str {
    let core = folded
        .strip_suffix("innen")
        .or_else(|| folded.strip_suffix("in"));
    let is_person = |core: &&str| {
        core.len() >= 5
            && ["er", "or", "ist", "ent", "ant"]
                .iter()
                .any(|end| core.ends_with(end))
    };
    core.filter(is_person).unwrap_or(folded)
}
