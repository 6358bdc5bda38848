//! Telephone numbers in free text.

use super::REMOVED;

/// Words before a number that make it a telephone number.
const LABELS: &[&str] = &[
    "tel",
    "telefon",
    "telefonnr",
    "telefonnummer",
    "telephone",
    "phone",
    "fon",
    "mobil",
    "mobile",
    "mobilnummer",
    "handy",
    "handynummer",
    "fax",
    "telefax",
    "ruf",
    "rufnummer",
    "durchwahl",
    "whatsapp",
];

/// Words that may stand between such a word and the number: `Fax-Nr.: 94888`.
const AFTER_LABEL: &[&str] = &["nr", "no", "nummer", "number"];

/// Words between two numbers of the same place: `05161 948880 oder 94 88 81`.
const BETWEEN: &[&str] = &["oder", "und", "u", "o", "bzw", "or", "and"];

/// Most digits of a telephone number, with the code of the country.
const PHONE_DIGITS: usize = 16;

/// Most separators between two groups of digits.
const GAP: usize = 3;

/// The text without telephone numbers, or nothing when there was none.
pub(super) fn scrub(text: &str) -> Option<String> {
    if text.bytes().filter(u8::is_ascii_digit).count() < 5 {
        return None;
    }
    let mut out = String::new();
    let mut from = 0;
    let mut labelled = false;
    let mut was_labelled = false;
    let mut word = String::new();
    let mut previous = None;
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        let begins = c.is_ascii_digit() || matches!(c, '+' | '(');
        if begins
            && (labelled || boundary(previous) || (from > 0 && joined(text.get(from..at)?)))
            && let Some(length) = length_of(text.get(at..)?, labelled)
            && !is_book_number(text.get(..at)?)
        {
            out.push_str(text.get(from..at)?);
            out.push_str(REMOVED);
            from = at + length;
            skip_to = from;
            // What follows after "oder" is one more of the same kind.
            (labelled, was_labelled) = (false, true);
            word.clear();
            previous = Some('…');
            continue;
        }
        if c.is_alphabetic() {
            if word.is_empty() {
                was_labelled |= labelled;
            }
            word.extend(c.to_lowercase());
            labelled = false;
        } else {
            if !word.is_empty() {
                labelled = is_label(&word) || (was_labelled && goes_on(&word));
                was_labelled = false;
                word.clear();
            }
            labelled = labelled && !c.is_ascii_digit() && c != '\n';
            was_labelled = was_labelled && !c.is_ascii_digit() && !matches!(c, '\n' | ',' | ';');
        }
        previous = Some(c);
    }
    (from > 0).then(|| out + text.get(from..).unwrap_or_default())
}

fn is_label(word: &str) -> bool {
    LABELS.contains(&word) || word.ends_with("telefon") || word.ends_with("handy")
}

fn goes_on(word: &str) -> bool {
    AFTER_LABEL.contains(&word) || BETWEEN.contains(&word)
}

/// Whether a number may begin after this character: not inside a word, number or address.
fn boundary(previous: Option<char>) -> bool {
    previous.is_none_or(|c| c.is_whitespace() || "(:,;.>|[\"'„“–…·•".contains(c))
}

/// Whether only a stroke lies between a number that was removed and the next one.
fn joined(between: &str) -> bool {
    matches!(between.trim(), "/" | "//" | "+" | "&")
}

/// Length in bytes of the telephone number at the beginning of `text`.
fn length_of(text: &str, labelled: bool) -> Option<usize> {
    // Whether what follows is a number of its own is asked once, not again within the answer.
    let starts = |rest: &str| {
        groups(rest, false, &|_| false)
            .is_some_and(|found| length_in(rest, &found, false).is_some())
    };
    length_in(text, &groups(text, labelled, &starts)?, labelled)
}

fn length_in(text: &str, groups: &[Group<'_>], labelled: bool) -> Option<usize> {
    let count: usize = groups.iter().map(|group| group.digits.len()).sum();
    let (first, last) = (groups.first()?, groups.last()?);
    let second = groups.get(1).map_or(0, |group| group.digits.len());
    let abroad = text.starts_with('+') || first.digits.starts_with("00");
    let known = if abroad {
        count >= 8
    } else if labelled {
        count >= 5
    } else if first.digits == "0" {
        // The trunk zero apart: 0 51 61 / 94 88 80.
        second >= 2 && (8..=13).contains(&count)
    } else {
        // A trunk zero, an area code of two digits or more: 0511/…, (05161) …, 0171-…, 01711234567.
        first.digits.starts_with('0')
            && first.digits.len() >= 3
            && (7..=PHONE_DIGITS).contains(&count)
    };
    known.then_some(last.end)
}

/// Digits that stand together.
struct Group<'a> {
    digits: &'a str,
    /// Where they end in the text.
    end: usize,
}

/// The groups of the number at the beginning of `text`: up to a letter, another number, a date or
/// a time, and as many as a number can have.
fn groups<'a>(
    text: &'a str,
    labelled: bool,
    starts: &dyn Fn(&str) -> bool,
) -> Option<Vec<Group<'a>>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut count = 0;
    let mut at = text.len() - text.strip_prefix('+').unwrap_or(text).len();
    loop {
        let rest = text.get(at..)?;
        // Never further than a number goes: the text may be megabytes of blanks or digits.
        let gap: usize = rest
            .chars()
            .take(GAP + 1)
            .take_while(|c| separates(*c))
            .map(char::len_utf8)
            .sum();
        let wide = rest.get(..gap)?.chars().count() > GAP;
        let rest = rest.get(gap..)?;
        let digits = rest.bytes().take(PHONE_DIGITS + 1);
        let length = digits.take_while(u8::is_ascii_digit).count();
        if length == 0 || wide {
            break;
        }
        // What follows at once is a word or a number of something else: 0512345x.
        let glued = rest.get(length..)?.starts_with(|c: char| c.is_alphabetic());
        let other = count >= 7 && rest.starts_with('0') && starts(rest);
        if count + length > PHONE_DIGITS || other || (count >= 5 && is_moment(rest)) {
            break;
        }
        if glued {
            // Only where it is a number without it.
            if groups.is_empty() || !labelled && count < 7 {
                return None;
            }
            break;
        }
        count += length;
        at += gap + length;
        groups.push(Group {
            digits: rest.get(..length)?,
            end: at,
        });
    }
    Some(groups)
}

fn separates(c: char) -> bool {
    " ()/-–‑.·\u{a0}\u{2009}\u{202f}".contains(c)
}

/// Whether a date or a time begins here: `12.01.2027`, `17.30 Uhr`, `17:30`.
fn is_moment(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let hour = digits(text);
    if !(1..=2).contains(&hour) {
        return false;
    }
    let rest = text.get(hour..).unwrap_or_default();
    if rest.starts_with(" Uhr") {
        return true;
    }
    let (colon, Some(rest)) = (rest.starts_with(':'), rest.strip_prefix(['.', ':'])) else {
        return false;
    };
    let minute = digits(rest);
    let rest = rest.get(minute..).unwrap_or_default();
    (1..=2).contains(&minute)
        && (rest.starts_with('.') && (colon || digits(rest.get(1..).unwrap_or_default()) != 1)
            || (minute == 2 && (colon || (rest.starts_with("Uhr") || rest.starts_with(" Uhr")))))
}

/// ISBN and ISSN look like telephone numbers.
fn is_book_number(before: &str) -> bool {
    let tail: String = before.chars().rev().take(12).collect();
    let tail: String = tail.chars().rev().collect::<String>().to_uppercase();
    tail.contains("ISBN") || tail.contains("ISSN") || tail.contains("IBAN")
}
