//! Small releases, written as lines. Everything in them is synthetic.

use calluna_tests::attack::release::{Code, Release, Row};

/// The codes of all tests: dimension, parent, children.
const CODES: &[(&str, &str, &[&str])] = &[
    ("SUBJECT", "", &["_T"]),
    ("SUBJECT", "_T", &["1", "2", "3", "4"]),
    ("AGE", "", &["_T"]),
    ("AGE", "_T", &["Y", "O"]),
    ("AGE", "Y", &["Y1", "Y2"]),
    ("AGE", "O", &["O1", "O2"]),
    ("SEX", "", &["_T"]),
    ("SEX", "_T", &["F", "M"]),
    ("STATUS", "", &["_T"]),
    ("STATUS", "_T", &["enrolments", "cancelled", "waiting"]),
    (
        "STATUS",
        "enrolments",
        &["enrolled", "not-completed", "completed"],
    ),
];

/// A provisional release from lines such as `subject haus SUBJECT=1,AGE=_T PERSONS 12`; `?` is
/// hidden, `?3-9` hidden with bounds. The measure may be left out: enrolments.
pub(crate) fn release(number: u64, lines: &str) -> Release {
    let codes = CODES.iter().flat_map(|(dimension, parent, children)| {
        children.iter().map(|code| Code {
            dimension: (*dimension).to_owned(),
            code: (*code).to_owned(),
            parent: (*parent).to_owned(),
        })
    });
    Release {
        number,
        rows: lines
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(row)
            .collect(),
        codes: codes.collect(),
        left_out: Vec::new(),
    }
}

fn row(line: &str) -> Row {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (table, provider, codes, measure, value) = match words.as_slice() {
        [table, provider, codes, value] => (table, provider, codes, "ENROLMENTS", value),
        [table, provider, codes, measure, value] => (table, provider, codes, *measure, value),
        _ => panic!("{line}"),
    };
    let pair = |text: &str| {
        let (dimension, code) = text.split_once('=').unwrap();
        (dimension.to_owned(), code.to_owned())
    };
    let bounds = value.strip_prefix('?').filter(|rest| !rest.is_empty());
    Row {
        table: (*table).to_owned(),
        period: "2026-Q3".to_owned(),
        provider: (*provider).to_owned(),
        codes: codes.split(',').map(pair).collect(),
        measure: measure.to_owned(),
        value: value.parse().ok(),
        bounds: bounds.map(|bounds| {
            let (low, high) = bounds.split_once('-').unwrap();
            (low.parse().unwrap(), high.parse().unwrap())
        }),
        provisional: true,
    }
}
