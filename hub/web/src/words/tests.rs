//! The files of texts are whole, alike, used, and plain.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn keys(language: Language) -> BTreeSet<&'static str> {
    texts(language).keys().map(String::as_str).collect()
}

/// Every file of ours in which a key can stand.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            out.push(path);
        }
    }
    out
}

fn placeholders(text: &str) -> BTreeSet<String> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Addresses in `[text](address)`, and how many headings and points there are.
fn shape(text: &str) -> (BTreeSet<String>, usize, usize) {
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(to, _)| to.to_owned())
        .collect();
    let count = |mark: &str| text.lines().filter(|line| line.starts_with(mark)).count();
    (links, count("## "), count("- "))
}

#[test]
fn both_languages_say_the_same_things() {
    assert_eq!(keys(Language::De), keys(Language::En));
    for (key, german) in texts(Language::De) {
        let english = &texts(Language::En)[key];
        assert!(!german.is_empty() && !english.is_empty(), "{key}");
        assert_eq!(placeholders(german), placeholders(english), "{key}");
        assert_eq!(shape(german), shape(english), "{key}");
    }
}

#[test]
fn every_key_that_is_used_exists() {
    let mut used = 0;
    for file in sources("templates").into_iter().chain(sources("src")) {
        if file.ends_with("words/tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (call, forms) in [
            (".say(\"", &[""][..]),
            (".t(\"", &[""][..]),
            (".fill(\"", &[""][..]),
            (".count(\"", &[".one", ".many"][..]),
        ] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                used += 1;
                for form in forms {
                    let key = format!("{key}{form}");
                    assert!(
                        texts(Language::De).contains_key(&key),
                        "{}: no text {key}",
                        file.display()
                    );
                }
            }
        }
    }
    assert!(used > 100, "the search for keys finds nothing: {used}");
}

/// Sentences end at `.`, `!`, `?`, `:` followed by a blank or the end, and at the end of a line.
fn sentences(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut sentence = String::new();
        for word in line.split_whitespace() {
            sentence.push_str(word);
            sentence.push(' ');
            let abbreviation = matches!(word, "z." | "Nr." | "Abs." | "bzw." | "usw.");
            if word.ends_with(['.', '!', '?', ':']) && !abbreviation {
                out.push(std::mem::take(&mut sentence));
            }
        }
        out.push(sentence);
    }
    out
}

#[test]
fn german_sentences_are_short() {
    for (key, text) in texts(Language::De) {
        for sentence in sentences(text) {
            let words = sentence
                .split_whitespace()
                .filter(|word| word.chars().any(char::is_alphanumeric))
                .count();
            assert!(words <= 20, "{key}: {words} words: {sentence}");
        }
    }
}

#[test]
fn easy_language_is_easier_still() {
    for (key, text) in texts(Language::De) {
        if !key.starts_with("prose.easy") {
            continue;
        }
        for sentence in sentences(text) {
            let words = sentence.split_whitespace().count();
            assert!(words <= 12, "{key}: {words} words: {sentence}");
        }
        for word in [
            "Genitiv",
            "bzw.",
            "z. B.",
            "Gemäß",
            "Navigation",
            "Filteroption",
        ] {
            assert!(!text.contains(word), "{key}: {word}");
        }
    }
}

#[test]
fn a_code_is_said_in_words() {
    let words = Words(Language::De);
    assert_eq!(words.code(code::FORMAT, "in-person"), "In Präsenz");
    assert_eq!(words.code(code::FORMAT, "by-post"), "by-post");
    assert_eq!(words.tongue("en-GB"), "Englisch");
    assert_eq!(words.tongue("tlh"), "tlh");
}
