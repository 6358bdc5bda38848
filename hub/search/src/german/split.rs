//! Compounds taken apart: `Hauptschulabschluss` is `haupt`, `schul`, `abschluss`.

use super::dictionary::Dictionary;
use super::lists::is_stopword;
use super::stem::stem;

/// Shortest part, in bytes of the folded word.
const PART_MIN: usize = 3;
/// Most parts.
const PARTS_MAX: usize = 5;
/// What may stand between two parts.
const LINKS: [&str; 7] = ["", "s", "es", "n", "en", "er", "e"];

/// The stems of the parts of a folded compound; none where it is no compound of known words. The whole word is
/// used up, nothing is left over; the fewest parts win, then the longest first one.
#[must_use]
pub fn split(folded: &str, dictionary: &Dictionary) -> Vec<String> {
    let plain = folded.bytes().all(|b| b.is_ascii_lowercase());
    if !plain || folded.len() < 2 * PART_MIN || Dictionary::keeps_whole(folded) {
        return Vec::new();
    }
    // best[i]: the cuts by which folded[i..] is made of words.
    let length = folded.len();
    let mut best: Vec<Option<Vec<(usize, usize)>>> = vec![None; length + 1];
    for start in (0..=length - PART_MIN).rev() {
        best[start] = from(folded, start, &best, dictionary);
    }
    match best.swap_remove(0) {
        Some(cuts) if cuts.len() > 1 => cuts
            .into_iter()
            .map(|(start, end)| stem(&folded[start..end]))
            .collect(),
        _ => Vec::new(),
    }
}

/// The best way to make `folded[start..]` of words, given the best ways for everything behind.
fn from(
    folded: &str,
    start: usize,
    best: &[Option<Vec<(usize, usize)>>],
    dictionary: &Dictionary,
) -> Option<Vec<(usize, usize)>> {
    let length = folded.len();
    let mut found: Option<Vec<(usize, usize)>> = None;
    for end in (start + PART_MIN..=length).rev() {
        let word = &folded[start..end];
        if end == length {
            if is_last(word, dictionary) {
                return Some(vec![(start, end)]);
            }
            continue;
        }
        if !dictionary.has(word) || is_stopword(word) {
            continue;
        }
        for link in LINKS {
            let next = end + link.len();
            if !folded[end..].starts_with(link) || next > length - PART_MIN {
                continue;
            }
            let Some(rest) = &best[next] else { continue };
            let fewer = found
                .as_ref()
                .is_none_or(|found| rest.len() + 1 < found.len());
            if fewer && rest.len() < PARTS_MAX {
                let mut cuts = vec![(start, end)];
                cuts.extend_from_slice(rest);
                found = Some(cuts);
            }
        }
    }
    found
}

/// The last part may carry an ending: `Kurse`, `Häusern`.
fn is_last(word: &str, dictionary: &Dictionary) -> bool {
    if is_stopword(word) {
        return false;
    }
    dictionary.has(word) || {
        let stem = stem(word);
        stem.len() >= PART_MIN && dictionary.has(&stem)
    }
}
