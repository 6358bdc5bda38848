//! The words of which compounds are made: a data file, and what the catalogue adds.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use super::fold::fold;
use super::split::split_with;
use super::stem::{Stems, stem};
use super::{is_noun, lists};
use crate::quick::Quick;

/// In so many offers a word has to stand by itself before it may take others apart.
pub const SEEN_IN: u32 = 3;
/// Shortest word that the catalogue may add, in letters: short ones tear words apart that are none.
const GROWN_MIN: usize = 5;
/// Most words that the catalogue adds.
const GROWN_MAX: usize = 50_000;

/// The words of the data file: folded forms and stems.
static GIVEN: LazyLock<HashSet<String, Quick>> = LazyLock::new(|| {
    let mut given = HashSet::default();
    for word in lists::words(lists::DICTIONARY) {
        given.insert(stem(&word));
        given.insert(word);
    }
    given
});

/// Stems that are never taken apart.
static WHOLE: LazyLock<HashSet<String, Quick>> = LazyLock::new(|| {
    lists::words(lists::UNSPLIT)
        .flat_map(|word| [stem(&word), word])
        .collect()
});

/// Words of which compounds are made. Normalised as words of offers are, or it would miss them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dictionary {
    /// Folded words that the catalogue added.
    grown: BTreeSet<String>,
    /// The same and their stems, to look up.
    known: HashSet<String, Quick>,
}

impl Dictionary {
    /// A dictionary with words that a catalogue added before.
    pub fn with(words: impl IntoIterator<Item = String>) -> Self {
        let mut dictionary = Self::default();
        for word in words {
            dictionary.add(word);
        }
        dictionary
    }

    /// Whether a folded word or a stem is a word.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        GIVEN.contains(word) || (word.len() >= GROWN_MIN && self.known.contains(word))
    }

    /// Whether a folded word with this stem is never taken apart.
    #[must_use]
    pub fn keeps_whole(folded: &str, stem: &str) -> bool {
        WHOLE.contains(folded) || WHOLE.contains(stem)
    }

    /// What the catalogue added.
    pub fn grown(&self) -> impl Iterator<Item = &str> {
        self.grown.iter().map(String::as_str)
    }

    /// Whether a word of the catalogue, seen often enough, is one to add: a noun of letters alone that is neither
    /// known nor a compound itself.
    #[must_use]
    pub fn wants(&self, written: &str, stems: &mut Stems) -> Option<String> {
        if self.grown.len() >= GROWN_MAX || !is_noun(written) {
            return None;
        }
        let folded = fold(written);
        let plain = folded.len() >= GROWN_MIN && folded.bytes().all(|b| b.is_ascii_lowercase());
        if !plain || folded.len() > 16 || self.has(&folded) {
            return None;
        }
        let stem = stems.of(&folded);
        let fits = !self.has(&stem) && split_with(&folded, &stem, self, stems).is_empty();
        fits.then_some(folded)
    }

    /// Adds a word.
    pub fn add(&mut self, folded: String) {
        self.known.insert(stem(&folded));
        self.known.insert(folded.clone());
        self.grown.insert(folded);
    }
}
