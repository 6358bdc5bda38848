//! Compounds taken apart: `Hauptschulabschluss` is `haupt`, `schul`, `abschluss`.

use super::dictionary::Dictionary;
use super::lists::is_stopword;
use super::stem::Stems;

/// Shortest part, in bytes of the folded word.
const PART_MIN: usize = 3;
/// Longest simple word, in bytes.
const WORD_MAX: usize = 20;
/// Most parts.
const PARTS_MAX: usize = 5;
/// What may stand between two parts.
const LINKS: [&str; 7] = ["", "s", "es", "n", "en", "er", "e"];

/// The stems of the parts of a folded compound; none where it is no compound of known words. The whole word is
/// used up, nothing is left over; the fewest parts win, then the longest first one.
#[must_use]
pub fn split(folded: &str, dictionary: &Dictionary) -> Vec<String> {
    let mut stems = Stems::default();
    let stem = stems.of(folded);
    split_with(folded, &stem, dictionary, &mut stems)
}

/// The same, where the stem of the word is known, with stems that were asked for before.
#[must_use]
pub fn split_with(
    folded: &str,
    stem: &str,
    dictionary: &Dictionary,
    stems: &mut Stems,
) -> Vec<String> {
    let plain = folded.bytes().all(|b| b.is_ascii_lowercase());
    if !plain || folded.len() < 2 * PART_MIN || Dictionary::keeps_whole(folded, stem) {
        return Vec::new();
    }
    // What is a word itself is one part, and no compound.
    if is_last(folded, dictionary, |_| stem.to_owned()) {
        return Vec::new();
    }
    let mut search = Search {
        folded,
        dictionary,
        stems,
        best: vec![None; folded.len()],
    };
    match search.from(0, PARTS_MAX) {
        Some(ends) if ends.len() > 1 => {
            let starts = std::iter::once(0).chain(ends.iter().map(|(_, next)| *next));
            let parts = starts
                .zip(&ends)
                .map(|(start, (end, _))| search.stems.of(&folded[start..*end]));
            parts.collect()
        }
        _ => Vec::new(),
    }
}

/// Where each part ends, and where the next one begins.
type Cuts = Vec<(usize, usize)>;

/// Looks only at places that a chain of words leads to.
#[derive(Debug)]
struct Search<'a> {
    folded: &'a str,
    dictionary: &'a Dictionary,
    stems: &'a mut Stems,
    /// The best way to make the rest from here of words, where that was looked for.
    best: Vec<Option<Option<Cuts>>>,
}

impl Search<'_> {
    fn from(&mut self, start: usize, parts: usize) -> Option<Cuts> {
        if let Some(known) = self.best.get(start).and_then(Option::as_ref) {
            return known.clone();
        }
        let found = self.look(start, parts);
        if let Some(best) = self.best.get_mut(start) {
            *best = Some(found.clone());
        }
        found
    }

    fn look(&mut self, start: usize, parts: usize) -> Option<Cuts> {
        let (folded, length) = (self.folded, self.folded.len());
        if parts == 0 || start + PART_MIN > length {
            return None;
        }
        if start > 0
            && is_last(&folded[start..], self.dictionary, |word| {
                self.stems.of(word)
            })
        {
            return Some(vec![(length, length)]);
        }
        let mut found: Option<Cuts> = None;
        let longest = (length - PART_MIN).min(start + WORD_MAX);
        for end in (start + PART_MIN..=longest).rev() {
            let word = &folded[start..end];
            if !self.dictionary.has(word) || is_stopword(word) {
                continue;
            }
            for link in LINKS {
                let next = end + link.len();
                if !folded[end..].starts_with(link) || next > length - PART_MIN {
                    continue;
                }
                let Some(rest) = self.from(next, parts - 1) else {
                    continue;
                };
                if found
                    .as_ref()
                    .is_none_or(|found| rest.len() + 1 < found.len())
                {
                    let mut cuts = vec![(end, next)];
                    cuts.extend(rest);
                    found = Some(cuts);
                }
            }
        }
        found
    }
}

/// The last part may carry an ending: `Kurse`, `Häusern`.
fn is_last(word: &str, dictionary: &Dictionary, stem: impl FnOnce(&str) -> String) -> bool {
    if is_stopword(word) {
        return false;
    }
    dictionary.has(word)
        || word.len() <= WORD_MAX && {
            let stem = stem(word);
            stem.len() >= PART_MIN && dictionary.has(&stem)
        }
}
