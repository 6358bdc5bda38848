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
    assert_eq!((imported.format, imported.read), ("kursnet", 4_000));
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
    assert_eq!(first.teaching_units_hundredths, Some(1_000));
    assert_eq!(first.funding, ["aktivierungsgutschein"]);
    // Every column has its place, or is named once: the number of the measure, and five classes
    // of lists that are not public.
    let left_out = rules(&imported);
    assert_eq!(left_out.get("unknown-column"), None);
    assert_eq!(left_out.get("not-carried"), Some(&1));
    assert_eq!(left_out.get("unknown-class"), Some(&5));
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
fn what_a_tool_made_of_openqcat_is_refused_where_its_dates_are_none() {
    let Some(imported) = import("openqcat_Sample_XML_KursNet_tool-generated.xml") else {
        return;
    };
    // One service to delete, and one with "Thu Jan 22 16:04:49 UTC 2026" for a date.
    assert_eq!(
        (imported.format, imported.read, imported.refused_records),
        ("openqcat", 2, 1)
    );
    assert!(imported.offers.is_empty());
    let dates = imported.refused.iter().filter(|f| f.rule == "bad-date");
    assert_eq!(dates.count(), 3, "start, end, deadline");
    assert_eq!(rules(&imported).get("deletion-ignored"), Some(&1));
}

#[test]
fn the_sample_of_the_european_learning_model() {
    let Some(imported) = import("elm_loq_sample.xml") else {
        return;
    };
    assert_eq!(
        (imported.format, imported.read, imported.offers.len()),
        ("elm", 2, 2)
    );
    assert_eq!(imported.refused, []);
    let first = by_id(&imported, "p7B.BM");
    assert_eq!(first.title, "Yopx", "English, where there is no German");
    assert_eq!(first.subjects[0].code, "1022");
    assert_eq!(first.level.as_ref().unwrap().dqr, Some(2));
    assert_eq!(first.runs[0].start, "2024-10-17");
    assert_eq!(first.runs[0].registration_deadline, "2024-09-27");
    assert_eq!(first.price.as_ref().unwrap().amount_cents, None);
    // A number that is none of an office, a name, an address: agents are not read.
    let all = format!("{imported:?}");
    for said in ["hkV", "NhBMZ.pkYDKQo80", "GrhDoBedxy"] {
        assert!(!all.contains(said), "{said}");
    }
    assert_eq!(rules(&imported).get("not-carried"), Some(&6));
}

#[test]
fn school_data_without_a_word_about_its_people() {
    let Some(folder) = file("oneroster/ms_SDS_v2.1/classes.csv") else {
        return;
    };
    let folder = folder.parent().unwrap();
    let imported = read_file(folder, None, &Options::default()).unwrap();
    show(&imported);
    assert_eq!(
        (imported.format, imported.offers.len(), imported.read),
        ("oneroster", 3, 5)
    );
    assert_eq!(imported.refused, []);
    let course = by_id(&imported, "C12001");
    assert_eq!(
        (course.title.as_str(), course.runs[0].start.as_str()),
        ("Computer Science 101", "2021-09-01")
    );
    let all = format!("{imported:?}");
    for name in [
        "Jack",
        "Craig",
        "jcraig",
        "2001-07-02",
        "guardian",
        "freeLunch",
    ] {
        assert!(!all.contains(name), "{name}");
    }
    let imported = read_file(
        &folder.with_file_name("ms_SDS_v2"),
        None,
        &Options::default(),
    );
    let imported = imported.unwrap();
    assert_eq!((imported.offers.len(), imported.refused.len()), (4, 0));
    assert!(!format!("{imported:?}").contains("Klein"));
}
