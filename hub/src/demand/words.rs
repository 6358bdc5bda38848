//! Which words of a question may be counted: never what may point to a person.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

/// Names that are frequent in Germany.
static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/names.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

/// What stands before a name.
const BEFORE_NAMES: &[&str] = &[
    "herr",
    "herrn",
    "frau",
    "familie",
    "fam",
    "dr",
    "prof",
    "professor",
    "dipl",
    "ing",
    "doktor",
];

/// Shortest and longest word that is counted, in letters.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=40;
/// Digits in a row, blanks and signs of telephone numbers between them not counted, from which on a question is taken
/// for one with a number in it that points to somebody.
const LONG_NUMBER: usize = 6;

/// The words of a question that may be counted, in small letters, each once.
pub(super) fn countable(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    if text.contains('@') || text.contains("://") || has_long_number(text) {
        return words;
    }
    let mut behind_a_name = false;
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
        let word = word.trim_matches('-').to_lowercase();
        if word.is_empty() {
            continue;
        }
        let parts: Vec<&str> = word.split('-').collect();
        let is_name = parts.iter().any(|part| NAMES.contains(part));
        let leads = BEFORE_NAMES.contains(&word.as_str());
        let fits = LETTERS.contains(&word.chars().count())
            && word.chars().all(|c| c.is_alphabetic() || c == '-');
        if fits && !is_name && !leads && !behind_a_name {
            words.insert(word);
        }
        behind_a_name = is_name || leads;
    }
    words
}

fn has_long_number(text: &str) -> bool {
    let mut digits = 0;
    for c in text.chars() {
        match c {
            '0'..='9' => digits += 1,
            ' ' | '-' | '/' | '+' | '(' | ')' | '.' => {}
            _ => digits = 0,
        }
        if digits >= LONG_NUMBER {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> Vec<String> {
        countable(text).into_iter().collect()
    }

    #[test]
    fn words_are_counted_one_by_one_in_small_letters() {
        assert_eq!(
            counted("Imkern für Anfänger, Imkern"),
            ["anfänger", "für", "imkern"]
        );
        assert_eq!(counted("Excel-Kurs B1 2027"), ["excel-kurs"]);
        assert_eq!(
            counted("Müller Ausbildung"),
            ["ausbildung", "müller"],
            "a trade, too"
        );
    }

    #[test]
    fn what_may_point_to_a_person_is_not_counted() {
        for text in [
            "erika@example.org",
            "Tischler erika (at) x 05191 970970",
            "0170/1234567",
            "https://x.example/erika",
            "Erika Beispielfrau",
            "Frau Beispielfrau",
            "Dr. Beispielmann",
            "anna-lena",
            "29614 1",
            "ab",
        ] {
            let found = counted(text);
            let harmless = found
                .iter()
                .all(|word| word == "lena" || word == "tischler");
            assert!(harmless, "{text}: {found:?}");
        }
        assert_eq!(
            counted("Kurs bei Frau Beispielfrau Töpfern"),
            ["bei", "kurs", "töpfern"]
        );
        assert_eq!(counted("x".repeat(41).as_str()), Vec::<String>::new());
    }
}
