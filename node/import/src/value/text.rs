//! Numbers, and lists inside one text.

/// A count as exports write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Known.
    Known(u32),
    /// Empty, or `-1`, which stands for "not known".
    Unknown,
    /// Something else.
    Bad,
}

impl Count {
    /// The count, where it is known.
    pub(crate) fn known(self) -> Option<u32> {
        if let Self::Known(count) = self {
            Some(count)
        } else {
            None
        }
    }
}

/// Reads a count: `12`, `12.0`, `-1`.
pub(crate) fn count(text: &str) -> Count {
    match hundredths(text) {
        _ if matches!(text.trim(), "" | "-1" | "-1.0") => Count::Unknown,
        Some(value) if value % 100 == 0 => Count::Known(value / 100),
        _ => Count::Bad,
    }
}

/// Reads a number with at most two decimals, in hundredths: `15.0`, `13,33`.
pub(crate) fn hundredths(text: &str) -> Option<u32> {
    let text = text.trim().replace(',', ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let two: String = part.chars().chain("00".chars()).take(2).collect();
    whole
        .parse::<u32>()
        .ok()?
        .checked_mul(100)?
        .checked_add(two.parse().ok()?)
}

/// Longest list; more entries than any list of an offer may have, so that it is refused.
const LIST: usize = 200;

/// The entries of a list in one text, separated by semicolons, vertical bars or lines; commas
/// only where there is none of these.
pub(crate) fn list(text: &str) -> Vec<String> {
    let strong = [';', '|', '\n'];
    let parts: Vec<&str> = if text.contains(strong) {
        text.split(strong).collect()
    } else {
        text.split(',').collect()
    };
    let mut out: Vec<String> = Vec::new();
    for part in parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        if out.len() == LIST {
            break;
        }
        if !out.iter().any(|known| known == part) {
            out.push(part.to_owned());
        }
    }
    out
}

/// At most `most` characters, cut at a word, with an ellipsis when something is missing.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    let at_word = cut
        .rfind(char::is_whitespace)
        .filter(|at| *at > cut.len() / 2);
    format!(
        "{}…",
        at_word
            .and_then(|at| cut.get(..at))
            .unwrap_or(&cut)
            .trim_end()
    )
}

/// The level of the Common European Framework that a text names first: `B1.2` is B1.
pub(crate) fn cefr(text: &str) -> Option<&'static str> {
    let upper = text.trim().to_uppercase();
    let level = ["A1", "A2", "B1", "B2", "C1", "C2"]
        .into_iter()
        .find(|level| upper.starts_with(level))?;
    let after = upper.get(2..)?.chars().next();
    after.is_none_or(|c| !c.is_alphanumeric()).then_some(level)
}

/// The code of a country by its name.
pub(crate) fn country(text: &str) -> String {
    let text = text.trim();
    match text.to_lowercase().as_str() {
        "deutschland" | "germany" | "d" | "de" | "deu" | "brd" => "DE".into(),
        "österreich" | "oesterreich" | "austria" | "a" | "at" => "AT".into(),
        "schweiz" | "switzerland" | "ch" => "CH".into(),
        "niederlande" | "netherlands" | "nl" => "NL".into(),
        "polen" | "poland" | "pl" => "PL".into(),
        "dänemark" | "denmark" | "dk" => "DK".into(),
        "united kingdom" | "uk" | "gb" => "GB".into(),
        _ => text.to_uppercase(),
    }
}

/// A German postal code or municipality code whose leading zero a spreadsheet has eaten.
pub(crate) fn padded(digits: &str, length: usize) -> String {
    let digits = digits.trim();
    if digits.len() + 1 == length && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("0{digits}")
    } else {
        digits.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_one_is_not_known_and_not_an_error() {
        assert_eq!(count("-1"), Count::Unknown);
        assert_eq!(count(""), Count::Unknown);
        assert_eq!(count("12.0"), Count::Known(12));
        assert_eq!(count("12,5"), Count::Bad);
        assert_eq!(count("zwölf"), Count::Bad);
        assert_eq!(hundredths("13,33"), Some(1_333));
        assert_eq!(hundredths("4.5"), Some(450));
    }

    #[test]
    fn levels_keep_their_step_only_as_text() {
        assert_eq!(cefr("B1.2"), Some("B1"));
        assert_eq!(cefr("a2"), Some("A2"));
        assert_eq!(cefr("Einsteiger"), None);
        assert_eq!(cefr("A10"), None);
    }

    #[test]
    fn eaten_zeros_come_back() {
        assert_eq!(padded("1067", 5), "01067");
        assert_eq!(padded("3358024", 8), "03358024");
        assert_eq!(padded("29664", 5), "29664");
    }

    #[test]
    fn lists_split_at_the_strongest_sign() {
        assert_eq!(
            list("Töpfern; Ton, Glasur;;Töpfern"),
            ["Töpfern", "Ton, Glasur"]
        );
        assert_eq!(list("a, b"), ["a", "b"]);
    }
}
