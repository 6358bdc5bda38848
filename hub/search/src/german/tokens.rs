//! Words in a text, without the endings that address all genders.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A word where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// As it is written, the gender ending with it.
    pub written: &'a str,
    /// Without the gender ending.
    pub core: &'a str,
}

/// A word, or several joined by hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// One word.
    Word(Token<'a>),
    /// `E-Mail`, `Online-Kurs`.
    Joined {
        /// As it is written.
        written: &'a str,
        /// The same without hyphens.
        whole: String,
        /// The words.
        parts: Vec<Token<'a>>,
    },
}

/// Unicode NFC, which everything below expects.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    // Everything before U+0300, whose first byte is 0xCC, is composed; that is nearly every text.
    if text.bytes().all(|byte| byte < 0xcc) || is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The words of a composed text, in order.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = next_word(text, at) {
        let (first, mut end) = word(text, start);
        // Nearly every word stands alone, and asks for no list of its own.
        pieces.push(match joined(text, end) {
            None => Piece::Word(first),
            Some(second) => {
                let mut parts = vec![first];
                let mut next = Some(second);
                while let Some(start) = next {
                    let (part, after) = word(text, start);
                    parts.push(part);
                    end = after;
                    next = joined(text, end);
                }
                Piece::Joined {
                    written: &text[start..end],
                    whole: parts.iter().map(|part| part.core).collect(),
                    parts,
                }
            }
        });
        at = end;
    }
    pieces
}

fn next_word(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.find(char::is_alphanumeric).map(|found| from + found)
}

/// Where the next word begins, when a hyphen and nothing else lies between.
fn joined(text: &str, end: usize) -> Option<usize> {
    let mut rest = text.get(end..)?.char_indices();
    let (_, hyphen) = rest.next()?;
    let (at, first) = rest.next()?;
    (matches!(hyphen, '-' | '\u{2010}' | '\u{2011}') && first.is_alphanumeric()).then_some(end + at)
}

/// The word that begins at `start`, and where it ends, its gender ending passed over.
fn word(text: &str, start: usize) -> (Token<'_>, usize) {
    let rest = &text[start..];
    let mut end = start
        + rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
    if matches!(&text[start..end], "c" | "C") {
        for sign in ["++", "#"] {
            if text[end..].starts_with(sign) {
                end += sign.len();
            }
        }
    }
    let after = end + gender_ending(&text[end..]);
    let core = without_inner_capital(&text[start..end]);
    let token = Token {
        written: &text[start..after],
        core,
    };
    (token, after)
}

/// How long the ending is that makes a word address all genders: `*innen`, `/-in`, `(in)`.
fn gender_ending(rest: &str) -> usize {
    const FORMS: [&str; 26] = [
        "*innen", ":innen", "_innen", "/innen", "/-innen", "·innen", "(innen)", "*in", ":in",
        "_in", "/in", "/-in", "·in", "(in)", "*r", ":r", "/r", "/-r", "(r)", "*n", ":n", "/n",
        "/-n", "(n)", "/-frau", "/-mann",
    ];
    // Behind most words stands a blank.
    if !rest.starts_with(['*', ':', '_', '/', '·', '(']) {
        return 0;
    }
    let ends = |form: &&str| {
        rest.strip_prefix(*form).is_some_and(|after| {
            form.ends_with(')') || !after.starts_with(|c: char| c.is_alphanumeric())
        })
    };
    FORMS
        .iter()
        .find(|form| ends(form))
        .map_or(0, |form| form.len())
}

/// `LehrerInnen` and `LehrerIn` without their ending.
fn without_inner_capital(word: &str) -> &str {
    for ending in ["Innen", "In"] {
        if let Some(core) = word.strip_suffix(ending)
            && core.chars().next_back().is_some_and(char::is_lowercase)
            && core.len() >= 4
        {
            return core;
        }
    }
    word
}
