//! A value of an indicator, as a table shows it: what it is of, how much, and a bar that says the same.
//!
//! A value, a range, a zero and something hidden look and read differently. Of what is hidden the page knows nothing, so
//! no length or place can tell it.

use calluna_model::text::Language;
use calluna_monitor::Words as Both;
use calluna_monitor::reading::{Said, ValueText};

use crate::format;
use crate::view::cell::Cell;
use crate::words::Words;

/// Length of the longest bar, in units of its drawing.
const LENGTH: u64 = 200;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueView {
    /// What it is of, besides its area.
    pub(crate) of: String,
    /// The value in words.
    pub(crate) value: Cell,
    /// Numerator and denominator, where they say more than the value.
    pub(crate) parts: String,
    /// Where a bar begins and how long it is; nothing where nothing is known, or it is the sum of the others.
    pub(crate) bar: Option<(u64, u64)>,
    /// Whether the bar is a range.
    pub(crate) range: bool,
}

/// The rows of one area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AreaView {
    /// Its name.
    pub(crate) name: String,
    /// Its rows.
    pub(crate) rows: Vec<ValueView>,
}

/// The text of one language.
pub(crate) fn say(both: &Both, words: Words) -> &str {
    match words.0 {
        Language::De => &both.de,
        Language::En => &both.en,
    }
}

/// The values of a period, area by area. `percent`: the scale is 100, whatever the largest.
pub(crate) fn areas(
    values: &[&ValueText],
    percent: bool,
    district: &str,
    words: Words,
) -> Vec<AreaView> {
    let largest = values
        .iter()
        .filter(|value| percent || !is_total(value))
        .filter_map(|value| most(value.value))
        .max();
    let scale = if percent {
        10_000
    } else {
        largest.unwrap_or(0)
    };
    let mut out: Vec<AreaView> = Vec::new();
    for value in values {
        let name = area(value, district);
        if out.last().is_none_or(|last| last.name != name) {
            out.push(AreaView {
                name,
                rows: Vec::new(),
            });
        }
        if let Some(last) = out.last_mut() {
            last.rows.push(ValueView::of(value, scale, words));
        }
    }
    out
}

/// Name of the area; the key of one that the release does not name.
fn area(value: &ValueText, district: &str) -> String {
    if !value.area_name.is_empty() {
        value.area_name.clone()
    } else if value.area.len() == 5 {
        district.to_owned()
    } else {
        value.area.clone()
    }
}

/// Whether it is the whole district without any distinction.
pub(crate) fn is_total(value: &ValueText) -> bool {
    value.area.len() == 5 && value.dimensions.iter().all(|one| one.code == "_T")
}

/// The most that is known of it.
fn most(said: Said) -> Option<u64> {
    match said {
        Said::Value(value) => Some(value),
        Said::Between(_, upper) => upper,
        Said::Hidden => None,
    }
}

/// A value in words.
pub(crate) fn cell(said: Said, words: Words) -> Cell {
    let number = |value| format::hundredths(value, words.0);
    let (text, class) = match said {
        Said::Value(0) => (number(0), "zero"),
        Said::Value(value) => (number(value), "value"),
        Said::Between(low, Some(high)) if low == high => (number(low), "value"),
        Said::Between(low, Some(high)) => {
            let (low, high) = (number(low), number(high));
            let bounds: [(&str, &str); 2] = [("low", &low), ("high", &high)];
            (words.fill("monitoring.between", &bounds), "range")
        }
        Said::Between(low, None) => (
            words.fill("monitoring.at-least", &[("low", &number(low))]),
            "range",
        ),
        Said::Hidden => (words.say("monitoring.hidden").to_owned(), "hidden"),
    };
    Cell { text, class }
}

impl ValueView {
    fn of(value: &ValueText, scale: u64, words: Words) -> Self {
        let codes = value.dimensions.iter();
        let codes: Vec<&str> = codes.map(|one| say(&one.words, words)).collect();
        let of = if codes.is_empty() {
            words.say("monitoring.all").to_owned()
        } else {
            codes.join(" → ")
        };
        let number = |value| format::hundredths(value, words.0);
        let parts = match (value.numerator, value.denominator) {
            (Some(part), Some(all)) => {
                let (part, all) = (number(part), number(all));
                words.fill("monitoring.parts", &[("part", &part), ("all", &all)])
            }
            _ => String::new(),
        };
        let place = |amount: u64| amount.saturating_mul(LENGTH).checked_div(scale);
        let fits = most(value.value).is_some_and(|most| most <= scale);
        let bar = match value.value {
            _ if !fits => None,
            Said::Value(value) => place(value).map(|end| (0, end)),
            Said::Between(low, Some(high)) => place(low)
                .zip(place(high))
                .map(|(low, high)| (low, high - low)),
            Said::Between(_, None) | Said::Hidden => None,
        };
        Self {
            of,
            value: cell(value.value, words),
            parts,
            // A line of no length is not seen; a zero has none.
            bar: bar.map(|(from, length)| match value.value {
                Said::Value(0) => (from, 0),
                _ => (from, length.max(2)),
            }),
            range: matches!(value.value, Said::Between(..)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calluna_monitor::reading::DimensionText;

    fn value(area: &str, code: &str, value: Said) -> ValueText {
        ValueText {
            area: area.into(),
            area_name: if area.len() == 8 {
                "Soltau".into()
            } else {
                String::new()
            },
            period: "2026-Q3".into(),
            dimensions: vec![DimensionText {
                dimension: Both::new("Alter", "Age"),
                code: code.into(),
                words: Both::new(code, code),
            }],
            value,
            numerator: None,
            denominator: None,
            provisional: false,
            source: String::new(),
        }
    }

    #[test]
    fn values_ranges_zeros_and_hidden_ones_differ_in_words_and_bars() {
        let all = [
            value("03358", "_T", Said::Value(100_000)),
            value("03358", "a", Said::Value(5_000)),
            value("03358", "b", Said::Between(1_000, Some(2_000))),
            value("03358", "c", Said::Value(0)),
            value("03358", "d", Said::Hidden),
            value("03358", "e", Said::Between(1_000, None)),
            value("03358021", "a", Said::Value(2_550)),
        ];
        let refs: Vec<&ValueText> = all.iter().collect();
        let areas = areas(&refs, false, "Heidekreis", Words(Language::De));
        let names: Vec<&str> = areas.iter().map(|area| area.name.as_str()).collect();
        assert_eq!(names, ["Heidekreis", "Soltau"]);
        let rows: Vec<_> = areas.iter().flat_map(|area| &area.rows).collect();
        // The total does not shorten the others, and has no bar itself.
        let bars: Vec<_> = rows.iter().map(|row| row.bar).collect();
        assert_eq!(
            bars,
            [
                None,
                Some((0, 200)),
                Some((40, 40)),
                Some((0, 0)),
                None,
                None,
                Some((0, 102))
            ]
        );
        let classes: Vec<_> = rows.iter().map(|row| row.value.class).collect();
        assert_eq!(
            classes,
            [
                "value", "value", "range", "zero", "hidden", "range", "value"
            ]
        );
        assert_eq!(rows[0].value.text, "1.000");
        assert_eq!(rows[6].value.text, "25,5");
        assert_eq!(rows[2].value.text, "10 bis 20");
        let shares = [value("03358", "_T", Said::Value(5_900))];
        let shares = super::areas(&[&shares[0]], true, "Heidekreis", Words(Language::En));
        assert_eq!(shares[0].rows[0].bar, Some((0, 118)), "59 of 100");
    }
}
