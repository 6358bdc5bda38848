//! Every sample, cut, bent and stirred: no reader ever panics, and whatever it says has words and a
//! place. Seeded by the case, so that what fails once fails again.

use std::path::Path;

use calluna_import::{ALL, Options, Source, read};
use calluna_model::text::knows;
use proptest::prelude::*;

const SAMPLES: [&str; 15] = [
    "berlin-vhs-2026.json",
    "synthetic-course-page.html",
    "synthetic-elm.jsonld",
    "synthetic-elm.xml",
    "synthetic-kufer.xml",
    "synthetic-kursnet.xlsx",
    "synthetic-moochub.json",
    "synthetic-oneroster.zip",
    "synthetic-openqcat.xml",
    "synthetic-openvhs.xml",
    "synthetic-schemaorg.json",
    "synthetic-school.csv",
    "synthetic-school.xlsx",
    "synthetic-xcri.xml",
    "synthetic.jsonl",
];

/// One change to a file. Places are shares of its length, in 65,536ths.
#[derive(Clone, Debug)]
enum Change {
    Cut(u16),
    Flip(u16, u8),
    Remove(u16, u8),
    Repeat(u16, u8, u8),
    Insert(u16, Vec<u8>),
    Swap(u16, u16, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<u16>();
    let piece = prop_oneof![
        Just(b"\0".to_vec()),
        Just(b"<!DOCTYPE x [<!ENTITY a \"b\">]>".to_vec()),
        Just(b"&a;&#xFFFF;&#0;".to_vec()),
        Just(b"]]><![CDATA[".to_vec()),
        Just(b"<a>".repeat(80)),
        Just(b"[".repeat(200)),
        Just(b"\",\"@id\":\"#x\",\"x\":\"".to_vec()),
        Just("\u{202e}\u{feff}ß".as_bytes().to_vec()),
        Just(b"-999999999999999999999999e99".to_vec()),
        Just(b"\"\n;,\t|".to_vec()),
        proptest::collection::vec(any::<u8>(), 1..8),
    ];
    prop_oneof![
        place.prop_map(Change::Cut),
        (place, any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (place, any::<u8>()).prop_map(|(at, length)| Change::Remove(at, length)),
        (place, any::<u8>(), 1..5_u8)
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        (place, piece).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (place, place, any::<u8>()).prop_map(|(at, to, length)| Change::Swap(at, to, length)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len();
    let at = |share: u16| usize::from(share) * length / 65_536;
    let range = |share: u16, size: u8| at(share)..(at(share) + usize::from(size)).min(length);
    match change {
        Change::Cut(share) => bytes.truncate(at(*share)),
        Change::Flip(share, byte) => {
            if let Some(found) = bytes.get_mut(at(*share)) {
                *found ^= byte;
            }
        }
        Change::Remove(share, size) => drop(bytes.drain(range(*share, *size))),
        Change::Repeat(share, size, times) => {
            let part = bytes[range(*share, *size)].to_vec();
            let from = at(*share);
            drop(bytes.splice(from..from, part.repeat(usize::from(*times))));
        }
        Change::Insert(share, piece) => {
            let from = at(*share);
            drop(bytes.splice(from..from, piece.iter().copied()));
        }
        Change::Swap(share, other, size) => {
            let part = bytes[range(*share, *size)].to_vec();
            let to = at(*other);
            drop(bytes.splice(to..to, part));
        }
    }
}

fn check(name: &str, bytes: &[u8], format: Option<&str>) -> Result<(), TestCaseError> {
    let source = Source { name, bytes };
    if let Ok(imported) = read(&source, format, &Options::default()) {
        for finding in imported.refused.iter().chain(&imported.warnings) {
            prop_assert!(knows(&finding.rule), "no words for {}", finding.rule);
            prop_assert!(!finding.place.is_empty(), "{} is nowhere", finding.rule);
        }
        let mut ids: Vec<_> = imported
            .offers
            .iter()
            .map(|offer| offer.id().as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), imported.offers.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_changed_sample_never_panics(sample in 0..SAMPLES.len(), changes in proptest::collection::vec(change(), 1..6), forced in any::<bool>()) {
        let name = SAMPLES[sample];
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name);
        let mut bytes = std::fs::read(path).unwrap();
        let source = Source { name, bytes: &bytes };
        let format = read(&source, None, &Options::default()).unwrap().format;
        for change in &changes {
            apply(&mut bytes, change);
        }
        check(name, &bytes, forced.then_some(format))?;
    }
}

/// Every sample as every format: the wrong door refuses, it does not fall.
#[test]
fn every_sample_at_every_door() {
    for name in SAMPLES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/data")
            .join(name);
        let bytes = std::fs::read(path).unwrap();
        for format in ALL {
            check(name, &bytes, Some(format.name())).unwrap();
        }
    }
}

/// A sample that ends at any place, most of which are inside of a record.
#[test]
fn every_beginning_of_a_sample_is_read_or_refused() {
    for name in SAMPLES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/data")
            .join(name);
        let bytes = std::fs::read(path).unwrap();
        let step = (bytes.len() / 60).max(1);
        for end in (0..bytes.len()).step_by(step) {
            check(name, &bytes[..end], None).unwrap();
        }
    }
}
