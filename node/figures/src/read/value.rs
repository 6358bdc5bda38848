//! Cells into dates, ages and codes. Nothing here keeps or shows the text that it read.

use std::collections::HashMap;
use std::sync::LazyLock;

use calluna_model::code;
use calluna_tabular::mapping::fold;
use jiff::ToSpan as _;
use jiff::civil::Date;
use zeroize::Zeroizing;

use super::columns::lines;

/// A date: `YYYY-MM-DD` (a time after it is left out), `DD.MM.YYYY`, or the number by which
/// spreadsheets count days, where somebody formatted the column as a number.
pub(crate) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Some(date) = serial(text) {
        return Some(date);
    }
    let first = text.split([' ', 'T', ',']).next()?;
    let parts: Vec<&str> = if first.contains('.') {
        first.split('.').rev().collect()
    } else {
        first.split(['-', '/']).collect()
    };
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    // Two digits of a year would be a guess, and of a birth year one that nobody can make.
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse().ok())?
    };
    Date::new(year.parse().ok()?, number(month)?, number(day)?).ok()
}

/// Days since 1899-12-30, as spreadsheets count; only numbers that no year and no age can be.
fn serial(text: &str) -> Option<Date> {
    let whole = text.split(['.', ',']).next()?;
    let days: i32 = whole
        .parse()
        .ok()
        .filter(|days| (2_500..80_000).contains(days))?;
    let rest = text.get(whole.len()..).unwrap_or_default();
    if whole.len() < 4
        || !rest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        || rest.matches(['.', ',']).count() > 1
    {
        return None;
    }
    Date::new(1899, 12, 30).ok()?.checked_add(days.days()).ok()
}

/// A year of birth, from a date or a year of four digits.
pub(crate) fn birth_year(text: &str) -> Option<i16> {
    let text = text.trim();
    let bare = text.strip_suffix(".0").unwrap_or(text);
    if bare.len() == 4 && bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return bare.parse().ok().filter(|year| *year < 2_500);
    }
    date(text).map(Date::year)
}

/// The digits of a text and nothing else: `D-29614` and `29614` are one postal code.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A human age in years.
pub(crate) fn human(age: i16) -> Option<i16> {
    (0..=115).contains(&age).then_some(age)
}

type Words = HashMap<&'static str, HashMap<String, &'static str>>;

/// Folded words by list, from the code lists themselves and from `data/words.csv`.
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::new();
    for list in LISTS {
        for entry in &list.list().entries {
            for word in [&entry.code, &entry.de, &entry.en] {
                words
                    .entry(list.as_str())
                    .or_default()
                    .insert(fold(word), entry.code.as_str());
            }
        }
    }
    for line in lines(include_str!("../../data/words.csv")) {
        let mut cells = line.split(',');
        if let (Some(list), Some(code), Some(word)) = (cells.next(), cells.next(), cells.next()) {
            words.entry(list).or_default().insert(fold(word), code);
        }
    }
    words
});

const LISTS: [code::Name; 5] = [
    code::SEX,
    code::REGISTRATION_STATUS,
    code::PRIOR_QUALIFICATION,
    code::DESTINATION,
    code::FUNDING,
];

/// The code of a list for a word, however it is written.
pub(crate) fn word(list: code::Name, text: &str) -> Option<&'static str> {
    let folded = Zeroizing::new(fold(text));
    if folded.is_empty() {
        return None;
    }
    WORDS.get(list.as_str())?.get(folded.as_str()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_course_software_and_spreadsheets_write_them() {
        for (text, wanted) in [
            ("2026-07-04", "2026-07-04"),
            ("2026-07-04T08:15", "2026-07-04"),
            ("04.07.2026", "2026-07-04"),
            ("4.7.2026 18:30", "2026-07-04"),
            ("46207", "2026-07-04"),
            ("46207.75", "2026-07-04"),
            ("29221", "1980-01-01"),
        ] {
            assert_eq!(
                date(text).map(|date| date.to_string()).as_deref(),
                Some(wanted),
                "{text}"
            );
        }
        for text in [
            "",
            "bald",
            "31.02.2026",
            "3.4.80",
            "80-04-03",
            "1980",
            "17",
            "4.7",
            "46207.x",
            "12345678",
        ] {
            assert!(date(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_year_of_birth_comes_from_a_date_or_from_itself() {
        for (text, year) in [
            ("1980", 1980),
            ("1980.0", 1980),
            ("03.04.1980", 1980),
            ("29221", 1980),
        ] {
            assert_eq!(birth_year(text), Some(year), "{text}");
        }
        for text in ["", "80", "3.4.80", "neunzehnhundert", "9999"] {
            assert_eq!(birth_year(text), None, "{text}");
        }
    }

    #[test]
    fn every_word_leads_to_a_code_of_its_list() {
        for line in lines(include_str!("../../data/words.csv")) {
            let cells: Vec<&str> = line.split(',').collect();
            let [list, code, text] = cells.as_slice() else {
                panic!("{line}")
            };
            let list = LISTS.iter().find(|known| known.as_str() == *list).unwrap();
            assert!(list.has(code) || *code == "_N", "{line}");
            assert_eq!(
                word(*list, text),
                Some(*code),
                "{line}: the word stands for two codes"
            );
        }
        assert_eq!(word(code::SEX, "WEIBLICH"), Some("F"));
        assert_eq!(word(code::SEX, "Anna"), None);
        assert_eq!(
            word(code::REGISTRATION_STATUS, "bestätigt"),
            Some("enrolled")
        );
    }
}
