//! Registration lists about synthetic persons.

use calluna_host::clock::SystemClock;
use calluna_model::clock::{Clock, Moment};

/// Column names of [`rows`].
pub const HEADER: [&str; 6] = [
    "Kursnummer",
    "Teilnehmernummer",
    "Geburtsjahr",
    "Geschlecht",
    "PLZ",
    "Status",
];

/// `many` synthetic persons from number `first` on, in the offers `K-00000` and `K-00001`.
#[must_use]
pub fn rows(first: usize, many: usize) -> Vec<[String; 6]> {
    let row = |n: usize| {
        let sex = if n.is_multiple_of(3) { "m" } else { "w" };
        let place = if n.is_multiple_of(4) {
            "29664"
        } else {
            "29614"
        };
        [
            format!("K-{:05}", n % 2),
            format!("4711{n:05}"),
            (1960 + n % 40).to_string(),
            sex.to_owned(),
            place.to_owned(),
            "angemeldet".to_owned(),
        ]
    };
    (first..first + many).map(row).collect()
}

/// As CSV with semicolons.
#[must_use]
pub fn csv(rows: &[[String; 6]]) -> String {
    let lines = rows.iter().map(|row| row.join(";"));
    let mut text = HEADER.join(";") + "\n";
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The quarter that runs now, and the one before it. Whoever asks at the very moment in which a quarter
/// ends in Berlin may get the other answer.
#[must_use]
pub fn quarters() -> (String, String) {
    quarters_at(SystemClock.now())
}

fn quarters_at(now: Moment) -> (String, String) {
    // 2026-11-25T…, an hour later as in Berlin.
    let text = now.plus(3_600).to_string();
    let number = |from: usize, to: usize| -> u32 {
        let digits = text.get(from..to).and_then(|digits| digits.parse().ok());
        digits.expect("a moment begins with its date")
    };
    let (year, quarter) = (number(0, 4), number(5, 7).div_ceil(3));
    let before = match quarter {
        1 => format!("{}-Q4", year - 1),
        _ => format!("{year}-Q{}", quarter - 1),
    };
    (format!("{year}-Q{quarter}"), before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_follow_each_other() {
        let told = |now: i64| quarters_at(Moment(now));
        let pair = |now: &str, before: &str| (now.to_owned(), before.to_owned());
        assert_eq!(told(1_767_222_000), pair("2026-Q1", "2025-Q4"));
        assert_eq!(told(1_795_600_000), pair("2026-Q4", "2026-Q3"));
    }
}
