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

/// The way of taking part that words name, empty where they name none.
pub(crate) fn format_in(words: &str) -> &'static str {
    let words = words.to_lowercase();
    let names = |known: &[&str]| known.iter().any(|word| words.contains(word));
    if names(&["workplace", "am arbeitsplatz"]) {
        "workplace"
    } else if names(&["blended", "hybrid", "kombiniert", "combined", "mixed"]) {
        "hybrid"
    } else if names(&[
        "selbstlern",
        "self-study",
        "self study",
        "self-paced",
        "e-learning",
    ]) {
        "self-study"
    } else if names(&["fernunterricht", "fernlehrgang", "fernstudium", "distance"]) {
        "distance"
    } else if names(&["online", "virtuell", "webinar", "virtual"]) {
        if names(&["präsenz", "onsite", "in-person"]) {
            "hybrid"
        } else {
            "online"
        }
    } else if names(&[
        "präsenz",
        "onsite",
        "on-site",
        "in-person",
        "face-to-face",
        "offline",
    ]) {
        "in-person"
    } else {
        ""
    }
}

/// Teaching units that words state, in hundredths: `Modul 1 (10 UE)`, `120 Unterrichtsstunden`.
/// Nothing where they state several.
pub(crate) fn teaching_units_in(words: &str) -> Option<u32> {
    const UNITS: [&str; 7] = [
        "ue",
        "ustd",
        "unterrichtseinheiten",
        "unterrichtsstunden",
        "unterrichtsstd",
        "u-std",
        "u.-std",
    ];
    let signs = |c: char| c.is_whitespace() || "()[];/".contains(c);
    let mut found = None;
    let mut before = "";
    let words = words.split(signs).map(|word| word.trim_matches([',', ':']));
    for word in words.filter(|word| !word.is_empty()) {
        // A name of a unit may follow its number at once: 10UE.
        let digits = word
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(word.len());
        let (number, unit) = match word.split_at_checked(digits) {
            Some((number, unit)) if !number.is_empty() && !unit.is_empty() => (number, unit),
            _ => (before, word),
        };
        let unit = unit.trim_end_matches('.').to_lowercase();
        if UNITS.contains(&unit.as_str())
            && let Some(units) = hundredths(number)
        {
            if found.is_some_and(|other| other != units) {
                return None;
            }
            found = Some(units);
        }
        before = word;
    }
    found
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
    fn teaching_units_are_found_where_words_state_them() {
        for (words, units) in [
            ("Modul_1 (10 UE): Canvas", Some(1_000)),
            ("120 Unterrichtsstunden", Some(12_000)),
            ("ca. 40UE, 5 Tage", Some(4_000)),
            ("7,5 UE", Some(750)),
            ("40 UE Theorie, 20 UE Praxis", None),
            ("UE", None),
            ("Neues aus der UE", None),
            ("3 Monate", None),
        ] {
            assert_eq!(teaching_units_in(words), units, "{words}");
        }
    }

    #[test]
    fn words_name_a_way_of_taking_part() {
        for (words, format) in [
            ("Präsenzveranstaltung", "in-person"),
            ("Online in Echtzeit", "online"),
            ("online und in Präsenz", "hybrid"),
            ("Blended Learning", "hybrid"),
            ("Fernunterricht", "distance"),
            ("Vollzeit", ""),
        ] {
            assert_eq!(format_in(words), format, "{words}");
        }
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
