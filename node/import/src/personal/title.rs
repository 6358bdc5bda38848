//! Titles that can hold no name, because every word in them is known.
//!
//! A name cannot be told from other words ("Mathe 7b Müller"), so it is asked the other way round:
//! only what consists of subjects, kinds of courses and numbers of classes passes.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Words by what they are: `subject`, `kind` or `join`.
static WORDS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/subjects.csv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .flat_map(|(kind, words)| words.split(' ').map(move |word| (word, kind)))
        .collect()
});

/// Whether a title names a subject, and nothing but subjects and classes.
pub(crate) fn names_only_a_subject(title: &str) -> bool {
    let lower = title.to_lowercase();
    let mut subjects = 0;
    for word in lower.split(|c: char| !c.is_alphanumeric()) {
        match WORDS.get(word) {
            Some(&"subject") => subjects += 1,
            Some(_) => {}
            None if word.is_empty() || is_class(word) => {}
            None => return false,
        }
    }
    subjects > 0
}

/// `7`, `7b`, `b`, `q1`, `101`, `2027`: too short for a name, and not the letters of one.
fn is_class(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    letters <= 1 && digits <= 4 && digits + letters == word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv1_a_title_with_an_unknown_word_may_hold_a_name() {
        for title in [
            "Mathe 7b Müller",
            "Mathe 7b MUE",
            "Mathe 7b Mü",
            "Informatik bei Frau Mustermann",
            "Sport (Özdemir)",
            "Mathe_Müller",
            "MatheMüller",
            "Mathe Müller7",
            "Klasse 9a",
            "9a",
            "Erika Mustermann",
            "Mathe 01711234567",
            "",
        ] {
            assert!(!names_only_a_subject(title), "{title}");
        }
    }

    #[test]
    fn titles_of_subjects_pass() {
        for title in [
            "Mathe 7b",
            "Math - Algebra 1",
            "Intro to Agriculture 101",
            "SCHACH-AG",
            "Grundkurs Französisch Q1",
            "Deutsch für Anfänger 2026/27",
        ] {
            assert!(names_only_a_subject(title), "{title}");
        }
    }

    #[test]
    fn no_word_is_there_twice_or_empty() {
        let lines = include_str!("../../data/subjects.csv").lines();
        let words = lines
            .filter(|line| !line.starts_with('#'))
            .skip(1)
            .filter_map(|line| line.split_once(','))
            .flat_map(|(_, words)| words.split(' '));
        assert_eq!(words.count(), WORDS.len());
        assert!(WORDS.len() > 150 && !WORDS.contains_key(""));
    }
}
