//! The real files of the district's data folder, read in place, with exact counts.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests may fail loudly"
)]

use std::path::{Path, PathBuf};

use calluna_import::{Imported, Options, read_file};
use calluna_model::offer::Offer;
use calluna_model::text::{Language, line};

fn file(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/offers")
        .join(name);
    if !path.is_file() {
        eprintln!("skipped: {name} is not here");
        return None;
    }
    Some(path)
}

fn import(name: &str) -> Option<Imported> {
    let path = file(name)?;
    let imported =
        read_file(&path, None, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    show(&imported);
    Some(imported)
}

/// For people who run the tests with `--nocapture`: what was warned about.
fn show(imported: &Imported) {
    for finding in imported.warnings.iter().take(12) {
        eprintln!("{}", line(finding, Language::De));
    }
}

fn rules(imported: &Imported) -> std::collections::BTreeMap<&str, usize> {
    let mut rules = std::collections::BTreeMap::new();
    for finding in &imported.warnings {
        *rules.entry(finding.rule.as_str()).or_default() += 1;
    }
    rules
}

fn by_id<'a>(imported: &'a Imported, id: &str) -> &'a Offer {
    imported
        .offers
        .iter()
        .find(|offer| offer.id().as_str() == id)
        .unwrap()
}

#[test]
fn the_example_of_the_dvv() {
    let Some(imported) = import("openvhs-1.2_dvv_example.xml") else {
        return;
    };
    assert_eq!(
        (imported.format, imported.read, imported.offers.len()),
        ("openvhs", 6, 6)
    );
    assert_eq!(imported.refused, []);
    assert_eq!(rules(&imported).get("end-before-start"), Some(&1));

    let windows = by_id(&imported, "0F48F5A8-C22C-4AFF-B891-77095CD84029");
    assert_eq!(windows.runs[0].number, "VG5010105");
    assert_eq!(
        windows.subtitle,
        "Windows und Internet – Basiswissen Teil 1"
    );
    assert_eq!(windows.teaching_units_hundredths, Some(1_500));
    assert_eq!(windows.runs[0].session_count, Some(5));
    assert_eq!(windows.runs[0].slots.len(), 5);
    assert_eq!(
        (
            windows.subjects[0].scheme.as_str(),
            windows.subjects[0].code.as_str()
        ),
        ("dvv-2.0", "5.01")
    );
    assert_eq!(windows.format, "online");
    assert_eq!(windows.accessibility, ["accessible-learning"]);
    assert_eq!(windows.funding, ["reduced-fee"]);
    let price = windows.price.as_ref().unwrap();
    assert_eq!((price.amount_cents, price.notes.len()), (Some(8_280), 2));
    assert_eq!(windows.audiences.len(), 3);
    assert_eq!(
        windows.awards[0].title,
        "Prüfung X-pert CMS Online Designer Modul IIIa- CMS Joomla (TS59.P33B)"
    );
    assert!(
        windows.description.contains("Windows 7\nKursinhalt")
            && windows.description.contains("\n\nLehrbuch")
    );
    assert!(windows.url.starts_with("http://vhs-fulda.de/"));
    assert_eq!(windows.runs[0].availability, "available");
    assert_eq!(
        windows.runs[0].venue.as_ref().unwrap().accessible,
        Some(false)
    );
}

#[test]
fn the_oddities_in_the_example_of_the_dvv() {
    let Some(imported) = import("openvhs-1.2_dvv_example.xml") else {
        return;
    };
    let english = by_id(&imported, "0EAFAD5E-CF35-4D98-93CC-9808DE0FDC5B");
    assert_eq!(
        (
            english.runs[0].slots[0].start.as_str(),
            english.runs[0].slots[9].start.as_str()
        ),
        ("13:00", "")
    );
    assert_eq!(
        english
            .level
            .as_ref()
            .map(|l| (l.cefr.as_str(), l.text.as_str())),
        Some(("B1", "B1.2"))
    );
    assert_eq!(english.runs[0].availability, "few");
    let twice = imported
        .offers
        .iter()
        .filter(|offer| offer.runs[0].number == "T58130");
    assert_eq!(
        twice.count(),
        2,
        "the number comes twice, the guid does not"
    );
    assert_eq!(by_id(&imported, "T58129").price, None);
    let late = by_id(&imported, "73BF32EC-27C2-4F42-8497-8D7D9B1F84CB");
    assert_eq!(
        (late.runs[0].start.as_str(), late.runs[0].end.as_str()),
        ("2021-02-06", "2021-01-31")
    );
    let arabic = by_id(&imported, "8F088B29-5C97-4F85-80D1-FBEBA25B450F");
    assert_eq!(
        arabic.runs[0]
            .weekly
            .iter()
            .map(|w| w.weekday)
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
}

#[test]
fn the_courses_of_a_kufer_house() {
    let Some(imported) = import("kufer_ifak_bochum.xml") else {
        return;
    };
    assert_eq!(
        (imported.format, imported.read, imported.offers.len()),
        ("kufer", 95, 95)
    );
    assert_eq!(imported.refused, []);
    let slots: usize = imported
        .offers
        .iter()
        .map(|offer| offer.runs[0].slots.len())
        .sum();
    assert_eq!(slots, 1_969);
    for offer in &imported.offers {
        assert_eq!(
            offer.runs[0].session_count.unwrap() as usize,
            offer.runs[0].slots.len()
        );
        assert_eq!(offer.teaching_units_hundredths, None);
    }
    // 31 of the 95 carry a telephone number in the text.
    assert_eq!(rules(&imported).get("personal-data-removed"), Some(&31));
    assert!(
        !imported
            .offers
            .iter()
            .any(|offer| offer.description.contains("0234"))
    );
    let first = by_id(&imported, "161A087-08");
    assert_eq!(first.runs[0].start, "2017-04-03");
    assert_eq!(first.runs[0].availability, "few");
    assert_eq!(first.subjects[0].scheme, "provider");
}

#[test]
fn the_catalogue_of_the_open_university() {
    let Some(imported) = import("xcri12_open_university.xml") else {
        return;
    };
    assert_eq!((imported.format, imported.read), ("xcri", 965));
    assert_eq!(imported.refused, []);
    assert_eq!(imported.offers.len(), 965);
    let runs: Vec<_> = imported
        .offers
        .iter()
        .flat_map(|offer| &offer.runs)
        .collect();
    assert_eq!(runs.len(), 1_034);
    assert_eq!(
        runs.iter().filter(|run| !run.start_text.is_empty()).count(),
        356
    );
    assert_eq!(runs.iter().filter(|run| run.start.is_empty()).count(), 356);
    let voices = by_id(&imported, "A150");
    assert_eq!(voices.runs[0].start, "2012-11-03");
    assert_eq!(voices.runs[0].registration_deadline, "2012-10-11");
    assert_eq!(voices.format, "distance");
    assert_eq!(voices.languages, ["en"]);
    let price = voices.runs[0].price.as_ref().unwrap();
    assert_eq!((price.amount_cents, price.notes.len()), (None, 1));
}

#[test]
fn small_catalogues_with_a_mark_and_from_moodle() {
    let Some(imported) = import("xcri12_ou-example.xml") else {
        return;
    };
    assert_eq!((imported.offers.len(), imported.refused.len()), (2, 0));
    assert_eq!(
        imported
            .offers
            .iter()
            .map(|offer| offer.runs.len())
            .sum::<usize>(),
        4
    );
    let Some(imported) = import("xcri_wychwolf-moodle.xml") else {
        return;
    };
    assert_eq!((imported.offers.len(), imported.refused.len()), (1, 0));
    assert_eq!(
        imported.offers[0].runs[0]
            .price
            .as_ref()
            .unwrap()
            .amount_cents,
        Some(0)
    );
}

#[test]
fn four_thousand_rows_are_sixteen_offers() {
    let Some(imported) = import("KursNet.xlsx") else {
        return;
    };
    assert_eq!((imported.format, imported.read), ("xlsx", 4_000));
    assert_eq!(imported.refused, []);
    assert_eq!(imported.offers.len(), 16);
    for offer in &imported.offers {
        assert_eq!(offer.runs.len(), 250, "{}", offer.id());
    }
    let first = by_id(&imported, "13");
    assert_eq!(
        (first.runs[0].start.as_str(), first.runs[0].end.as_str()),
        ("2023-07-21", "2026-07-20")
    );
    assert!(first.runs[0].flexible_start);
    assert_eq!(first.runs[0].seats, Some(1));
    assert_eq!(first.runs[0].venue.as_ref().unwrap().country, "DE");
    assert!(first.keywords.len() > 5);
    assert!(
        first.description.contains("Hybrid-Coaching"),
        "the notes on dates are kept once"
    );
    assert!(!first.description.contains("855 22"));
    let left_out = rules(&imported);
    assert_eq!(left_out.get("unknown-column"), Some(&10));
}

#[test]
fn the_open_data_of_berlin() {
    let Some(imported) = import("vhs_berlin_2026_qigong_courses_details.json") else {
        return;
    };
    assert_eq!(
        (imported.format, imported.read, imported.offers.len()),
        ("openvhs", 149, 149)
    );
    assert_eq!(imported.refused, []);
    let first = by_id(&imported, "SZ320-344");
    let price = first.price.as_ref().unwrap();
    assert_eq!(
        (price.amount_cents, price.reduced_cents),
        (Some(4_475), Some(2_625))
    );
    assert!(price.notes.is_empty());
    assert_eq!(first.runs[0].session_count, Some(2));
    assert_eq!(first.runs[0].seats_minimum, Some(8));
    assert_eq!(first.format, "in-person");
    assert_eq!(by_id(&imported, "CW301-574S").format, "online");
    assert_eq!(by_id(&imported, "CW301-574S").runs[0].availability, "full");
    let Some(old) = import("vhs_berlin_2020_sample-raw.json") else {
        return;
    };
    assert_eq!((old.offers.len(), old.refused.len()), (1, 0));
    assert_eq!(old.offers[0].subjects[0].scheme, "dvv-1.0");
    assert_eq!(old.offers[0].funding, ["bildungsurlaub"], "`fasle` is a no");
    assert_eq!(
        old.offers[0].price.as_ref().unwrap().reduced_cents,
        Some(6_560)
    );
}

#[test]
fn the_form_of_other_systems_is_refused_with_what_was_tried() {
    let Some(path) = file("openqcat_Sample_XML_KursNet_tool-generated.xml") else {
        return;
    };
    let error = read_file(&path, None, &Options::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("tried: openvhs, kufer, xcri, xlsx, jsonl, csv"),
        "{error}"
    );
}
