//! German as it is written in a catalogue, brought to a form in which words meet.
//!
//! The chain: [`tokens`] finds words and takes gender forms off (`Pflegehelfer*innen`), [`fold`] brings letters
//! together (`ä`, `ae` and `a`; `ß` and `ss`), [`mod@stem`] takes endings off, with a list of words that the stemmer
//! gets wrong (`Kurs`, `Kurse`), [`split`] takes compounds apart with a [`dictionary`] that is normalised in the
//! same way, [`synonyms`] knows what means the same. Everything that is a list of words is a data file with a
//! line about its source.

pub mod dictionary;
pub mod fold;
pub mod lists;
pub mod split;
pub mod stem;
pub mod synonyms;
pub mod tokens;

use self::dictionary::Dictionary;
use self::stem::Stems;

/// Longest word that is looked at, in bytes of its folded form: longer ones are cut.
pub const WORD_MAX: usize = 60;

/// A word as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Folded, not stemmed.
    pub folded: String,
    /// Its stem: what is looked up.
    pub stem: String,
    /// The stems of its parts, where it is a compound of known words.
    pub parts: Vec<String>,
}

/// Analyses one word. `compound` says whether it may be taken apart: in running text only nouns are, which German
/// writes with a capital letter, so that `vereinbart` is no beard of a club.
#[must_use]
pub fn analyse(core: &str, compound: bool, dictionary: &Dictionary) -> Word {
    analyse_with(core, compound, dictionary, &mut Stems::default())
}

/// The same, with stems that were asked for before: for whoever analyses many words.
#[must_use]
pub fn analyse_with(
    core: &str,
    compound: bool,
    dictionary: &Dictionary,
    stems: &mut Stems,
) -> Word {
    let folded = fold::fold(core);
    let stem = stems.of(&folded);
    let parts = if compound {
        split::split_with(&folded, &stem, dictionary, stems)
    } else {
        Vec::new()
    };
    Word {
        folded,
        stem,
        parts,
    }
}

/// Whether a word is written as German writes a noun.
#[must_use]
pub fn is_noun(core: &str) -> bool {
    core.chars().next().is_some_and(char::is_uppercase)
}

#[cfg(test)]
mod tests;
