//! What means the same: a data file of words and short phrases.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold::fold;
use super::lists;
use super::stem::stem;
use super::tokens::{Piece, composed, pieces};

/// Most words of a phrase.
pub const PHRASE_MAX: usize = 4;

/// A word or phrase: the stems of its words, stopwords left out.
pub type Phrase = Vec<String>;

static TABLE: LazyLock<HashMap<Phrase, Vec<Phrase>>> = LazyLock::new(table);

/// What means the same as this phrase.
#[must_use]
pub fn of(phrase: &[String]) -> &'static [Phrase] {
    TABLE.get(phrase).map_or(&[], Vec::as_slice)
}

fn table() -> HashMap<Phrase, Vec<Phrase>> {
    let mut table: HashMap<Phrase, Vec<Phrase>> = HashMap::new();
    let mut add = |from: &Phrase, to: &Phrase| {
        let entry = table.entry(from.clone()).or_default();
        if from != to && !entry.contains(to) {
            entry.push(to.clone());
        }
    };
    for line in lists::lines(lists::SYNONYMS) {
        if let Some((from, to)) = line.split_once('>') {
            add(&phrase(from), &phrase(to));
            continue;
        }
        let group: Vec<Phrase> = line.split('|').map(phrase).collect();
        for from in &group {
            group.iter().for_each(|to| add(from, to));
        }
    }
    table
}

fn phrase(text: &str) -> Phrase {
    let text = composed(text);
    let mut stems = Vec::new();
    for piece in pieces(&text) {
        let parts = match piece {
            Piece::Word(token) => vec![token],
            Piece::Joined { parts, .. } => parts,
        };
        let folded = parts.iter().map(|token| fold(token.core));
        stems.extend(
            folded
                .filter(|word| !lists::is_stopword(word))
                .map(|word| stem(&word)),
        );
    }
    stems
}
