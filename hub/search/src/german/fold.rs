//! Letters brought together: whoever writes `Haeuser`, `Hauser` or `HÄUSER` means the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::WORD_MAX;

/// Small letters, no accents, `ß` as `ss`, `ae`, `oe`, `ue` as the vowel alone; at most [`WORD_MAX`] bytes.
#[must_use]
pub fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            'a'..='z' | '0'..='9' => folded.push(c),
            'A'..='Z' => folded.push(c.to_ascii_lowercase()),
            'ä' | 'Ä' => folded.push('a'),
            'ö' | 'Ö' => folded.push('o'),
            'ü' | 'Ü' => folded.push('u'),
            'ß' | 'ẞ' => folded.push_str("ss"),
            _ => {
                let small = c.to_lowercase().nfd().filter(|c| !is_combining_mark(*c));
                folded.extend(small);
            }
        }
        if folded.len() >= WORD_MAX {
            break;
        }
    }
    without_e(folded)
}

/// `ae`, `oe` and `ue` become the vowel, unless a vowel or `q` stands before: `neue`, `Frauen`, `Quelle` keep theirs.
fn without_e(folded: String) -> String {
    if !["ae", "oe", "ue"].iter().any(|pair| folded.contains(pair)) {
        return folded;
    }
    let mut short = String::with_capacity(folded.len());
    let mut before = ' ';
    let mut umlaut = false;
    for c in folded.chars() {
        if umlaut && c == 'e' {
            umlaut = false;
            before = c;
            continue;
        }
        let guarded = matches!(before, 'a' | 'e' | 'i' | 'o' | 'u' | 'q');
        umlaut = matches!(c, 'a' | 'o' | 'u') && !guarded;
        short.push(c);
        before = c;
    }
    short
}
