//! The data files of the analysis.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::fold::fold;
use super::stem::stem;
use crate::quick::Quick;

/// Forms of words that the stemmer gets wrong.
pub const PROTECTED: &str = include_str!("../../data/protected.txt");
/// Words that say nothing about an offer.
pub const STOPWORDS: &str = include_str!("../../data/stopwords.txt");
/// Words that nearly every offer could carry.
pub const GENERIC: &str = include_str!("../../data/generic.txt");
/// Words that are never taken apart.
pub const UNSPLIT: &str = include_str!("../../data/unsplit.txt");
/// Simple words of which compounds are made.
pub const DICTIONARY: &str = include_str!("../../data/dictionary.txt");
/// What means the same.
pub const SYNONYMS: &str = include_str!("../../data/synonyms.txt");

/// The lines of a data file that are no comment.
pub fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    let content = |line: &&str| !line.is_empty() && !line.starts_with('#');
    text.lines().map(str::trim).filter(content)
}

/// The words of a data file, folded.
pub fn words(text: &'static str) -> impl Iterator<Item = String> {
    lines(text).flat_map(str::split_whitespace).map(fold)
}

static STOP: LazyLock<HashSet<String, Quick>> = LazyLock::new(|| words(STOPWORDS).collect());
static COMMON: LazyLock<HashSet<String, Quick>> =
    LazyLock::new(|| words(GENERIC).map(|word| stem(&word)).collect());

/// Whether a folded word says nothing.
#[must_use]
pub fn is_stopword(folded: &str) -> bool {
    STOP.contains(folded)
}

/// Whether a stem is of a word that nearly every offer could carry.
#[must_use]
pub fn is_generic(stem: &str) -> bool {
    COMMON.contains(stem)
}
