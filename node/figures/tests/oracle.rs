//! Every number of every table, counted a second time by code that shares nothing with the first.

#![expect(clippy::panic, reason = "helpers of tests may fail loudly")]

use std::collections::HashSet;
use std::fmt::Write as _;

use calluna_figures::{Import, Offers, PostalCodes, Secret};
use calluna_model::id::OfferId;
use calluna_tables::{Dim, Layout, Measure, OfferFacts, Region, Subjects, Web};
use proptest::prelude::*;

/// A registration as the test knows it; each number stands for a choice.
#[derive(Clone, Debug)]
struct Made {
    person: u8,
    offer: usize,
    status: usize,
    age: i16,
    sex: usize,
    place: usize,
    before: usize,
    after: usize,
}

/// Course, subject area, format, level group, funding.
const OFFERS: [(&str, &str, &str, &str, &str); 4] = [
    ("K1", "4", "online", "CEFR_A", "bamf"),
    ("K2", "4", "in-person", "CEFR_B", "_N"),
    ("K3", "7", "hybrid", "DQR_1_2", "_M"),
    ("K9", "_X", "_X", "_X", "_X"),
];
/// Word, code, and whether it is an enrolment.
const STATES: [(&str, &str, bool); 5] = [
    ("angemeldet", "enrolled", true),
    ("bestanden", "completed", true),
    ("abgebrochen", "not-completed", true),
    ("storniert", "cancelled", false),
    ("Warteliste", "waiting", false),
];
const SEXES: [(&str, &str); 3] = [("w", "F"), ("Herr", "M"), ("divers", "_O")];
const PLACES: [(&str, &str); 5] = [
    ("29614;", "03358021"),
    ("29690;Essel", "03358007"),
    ("29690;", "03358_X"),
    ("20095;", "_O"),
    (";", "_X"),
];
const BEFORE: [(&str, &str, &str); 4] = [
    ("Realschule", "msa", "school"),
    ("Abitur", "ahr", "higher-entrance"),
    ("Lehre", "apprenticeship", "vocational"),
    ("", "_X", ""),
];
const AFTER: [(&str, &str, &str); 3] = [
    ("Studium", "university", "learning"),
    ("Arbeit", "work", ""),
    ("", "_X", ""),
];

struct Four;

impl Offers for Four {
    fn facts(&self, name: &OfferId) -> Option<OfferFacts> {
        let (subject, format, cefr, dqr, funding): (_, _, _, _, &[&str]) = match name.as_str() {
            "K1" => ("4.01", "online", "A2", None, &["bamf"]),
            "K2" => ("4", "in-person", "B1", Some(3), &[]),
            "K3" => (
                "7.02.1",
                "hybrid",
                "",
                Some(2),
                &["other", "bildungsurlaub"],
            ),
            _ => return None,
        };
        Some(OfferFacts {
            subject: subject.into(),
            format: format.into(),
            cefr: cefr.into(),
            dqr,
            funding: funding.iter().map(|code| (*code).to_owned()).collect(),
        })
    }
}

/// Whether a registration belongs to a code of a dimension.
fn belongs(made: &Made, dim: Dim, code: &str) -> bool {
    let (_, subject, format, level, funding) = OFFERS[made.offer];
    if code == "_T" {
        return true;
    }
    match dim {
        Dim::Subject => subject == code,
        Dim::Format => format == code,
        Dim::Level => level == code || level.split('_').next() == Some(code) && level != "_X",
        Dim::Funding => funding == code,
        Dim::Status => {
            STATES[made.status].1 == code || code == "enrolments" && STATES[made.status].2
        }
        Dim::Sex => SEXES[made.sex].1 == code,
        Dim::Residence => {
            let own = PLACES[made.place].1;
            own == code || code == "03358" && own.starts_with("03358")
        }
        Dim::Qualification => BEFORE[made.before].1 == code || BEFORE[made.before].2 == code,
        Dim::Destination => AFTER[made.after].1 == code || AFTER[made.after].2 == code,
        Dim::Age => match code {
            "Y_LT25" => made.age < 25,
            "Y_LT18" => made.age < 18,
            "Y18T24" => (18..=24).contains(&made.age),
            "Y25T49" => (25..=49).contains(&made.age),
            "Y25T34" => (25..=34).contains(&made.age),
            "Y35T49" => (35..=49).contains(&made.age),
            "Y_GE50" => made.age >= 50,
            "Y50T64" => (50..=64).contains(&made.age),
            "Y_GE65" => made.age >= 65,
            "_X" => false,
            other => panic!("no such age: {other}"),
        },
    }
}

/// Value and contributors of a number, straight from its definition. Later rows were registered earlier.
fn naive(all: &[Made], measure: Measure, codes: &[(Dim, &str)]) -> (u32, u32) {
    let first = |at: usize, made: &Made| {
        let earlier = all.iter().skip(at + 1);
        !earlier
            .clone()
            .any(|other| other.person == made.person && STATES[other.status].2)
    };
    let counts = |(at, made): &(usize, &Made)| {
        let counted = match measure {
            Measure::Enrolments => STATES[made.status].2,
            Measure::Persons => STATES[made.status].2 && first(*at, made),
            Measure::Registrations => true,
        };
        counted && codes.iter().all(|(dim, code)| belongs(made, *dim, code))
    };
    let inside = all.iter().enumerate().filter(counts);
    let persons: HashSet<u8> = inside.clone().map(|(_, made)| made.person).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (count(inside.count()), count(persons.len()))
}

fn made() -> impl Strategy<Value = Made> {
    (
        0..9_u8,
        0..4_usize,
        0..5_usize,
        0..100_i16,
        0..3_usize,
        0..5_usize,
        0..4_usize,
        0..3_usize,
    )
        .prop_map(
            |(person, offer, status, age, sex, place, before, after)| Made {
                person,
                offer,
                status,
                age,
                sex,
                place,
                before,
                after,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_number_is_what_a_plain_count_gives(all in prop::collection::vec(made(), 0..40)) {
        let mut text = "Kursnummer;Anmeldenummer;TN-Nr;Geburtsjahr;Geschlecht;PLZ;Ort;Status;Vorbildung;Verbleib;Anmeldedatum\n".to_owned();
        for (at, made) in all.iter().enumerate() {
            writeln!(
                text,
                "{};{at};{};{};{};{};{};{};{};{:02}.{:02}.2026",
                OFFERS[made.offer].0,
                made.person,
                2026 - made.age,
                SEXES[made.sex].0,
                PLACES[made.place].0,
                STATES[made.status].0,
                BEFORE[made.before].0,
                AFTER[made.after].0,
                (40 - at) % 28 + 1,
                (40 - at) / 28 + 7,
            )?;
        }
        let layout = Layout::new(Region::heidekreis()?, Subjects::areas());
        let postal = PostalCodes::heidekreis().unwrap();
        let mut import = Import::new(&layout, &postal, &Four, "2026-Q3".parse()?, &Secret::new([5; 32]));
        import.read("a.csv", text.as_bytes(), None)?;
        let web = Web::new(&layout);
        let (figures, report) = import.finish(&web);
        prop_assert_eq!(report.counted, all.len() as u64, "{:?}", report);
        for (at, number) in web.numbers().iter().enumerate() {
            let code = |(dim, node): (Dim, &u16)| {
                let code = layout.tree(dim)?.codes().get(usize::from(*node))?;
                Some((dim, code.id.as_str()))
            };
            let codes: Vec<(Dim, &str)> = Dim::ALL.into_iter().zip(&number.nodes).filter_map(code).collect();
            let found = (figures.values()[at], figures.contributors()[at]);
            prop_assert_eq!(found, naive(&all, number.measure, &codes), "{:?}", codes);
        }
    }
}
