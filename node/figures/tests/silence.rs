//! No text of an import holds anything of the list that it read.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use calluna_figures::{Fault, Import, Mapping, Offers, PostalCodes, Secret};
use calluna_model::id::OfferId;
use calluna_model::text::Language;
use calluna_tables::{Layout, OfferFacts, Region, Subjects};
use proptest::prelude::*;

struct Nothing;

impl Offers for Nothing {
    fn facts(&self, _: &OfferId) -> Option<OfferFacts> {
        None
    }
}

const HEADER: [&str; 14] = [
    "Kursnummer",
    "Nachname",
    "Vorname",
    "Geburtsdatum",
    "Geschlecht",
    "PLZ",
    "Ort",
    "AGS",
    "Status",
    "Anmeldedatum",
    "Stornodatum",
    "Schulabschluss",
    "Verbleib",
    "Förderung",
];

/// Values that can be told from our own words: unmistakable, some of them nearly right.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "Zq[a-zäöüß]{4,12}",
        2 => "[3-9][0-9]\\.[0-9]{2}\\.[0-9]{4}",
        2 => "[0-9]{2}\\.0[1-9]\\.19[0-9]{2}",
        2 => "2026-0[789]-[12][0-9]",
        2 => "[1-9][0-9]{4,7}",
        1 => "Zq[;,\"a-z]{3,9}",
        2 => Just(String::new()),
    ]
}

/// Everything that an import can say, in every form.
fn said(bytes: &[u8], mapping: Option<&Mapping>) -> String {
    let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
    let postal = PostalCodes::heidekreis().unwrap();
    let mut import = Import::new(
        &layout,
        &postal,
        &Nothing,
        "2026-Q3".parse().unwrap(),
        &Secret::new([1; 32]),
    );
    let mut all = String::new();
    let mut say = |fault: &Fault| {
        all.push_str(&format!("{fault} {fault:?} {}\n", fault.line(Language::De)));
    };
    if let Err(fault) = import.read("liste.csv", bytes, mapping) {
        say(&fault);
    }
    let (figures, report) = import.finish(&calluna_tables::Web::new(&layout));
    for fault in report.refused.iter().chain(&report.notices) {
        say(fault);
    }
    all.push_str(&format!("{report:?}"));
    for person in figures.persons() {
        all.push_str(&format!("{:?}", person.hash));
    }
    all
}

fn leaked<'a>(said: &str, values: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    // The numbers of touches are ours; five digits and more of a value are unlike them.
    let mut long = values.filter(|value| value.chars().count() >= 5);
    long.find(|value| said.contains(value.as_str()))
}

fn quoted(rows: &[Vec<String>]) -> String {
    let cell = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(";");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inv1_no_error_holds_a_value(
        rows in prop::collection::vec(prop::collection::vec(value(), HEADER.len() - 1..=HEADER.len() + 1), 1..12),
        identity in prop::sample::select(vec!["name", "attributes"]),
    ) {
        let text = format!("{}\n{}\n", HEADER.join(";"), quoted(&rows));
        let mapping = Mapping::from_toml(&format!("[defaults]\nidentity = '{identity}'\n")).unwrap();
        let said = said(text.as_bytes(), Some(&mapping));
        prop_assert!(said.contains("registration-") || said.contains("rows"), "nothing was said");
        prop_assert_eq!(leaked(&said, rows.iter().flatten()), None);
    }

    #[test]
    fn inv1_a_header_that_is_data_stays_unsaid(
        rows in prop::collection::vec(prop::collection::vec(value(), 3..6), 1..6),
        tail in "(\"Zqoffen[a-z]{3})?",
    ) {
        let text = format!("{}\n{tail}", quoted(&rows));
        let said = said(text.as_bytes(), None);
        prop_assert_eq!(leaked(&said, rows.iter().flatten()), None);
        prop_assert!(!said.contains("Zqoffen"));
    }
}
