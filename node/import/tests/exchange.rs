//! The exchange formats of the field over the samples of the repository, field by field.

#![expect(clippy::panic, reason = "helpers of tests may fail loudly")]

use std::path::{Path, PathBuf};

use calluna_import::{Imported, Options, Source, read, read_file};
use calluna_model::finding::Finding;
use calluna_model::offer::{Offer, WeeklySlotDraft};
use calluna_model::text::knows;
use calluna_tabular::archive::{Part, pack, parts};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(name)
}

fn sample(name: &str) -> Imported {
    read_file(&path(name), None, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn import(name: &str, bytes: &[u8]) -> Imported {
    let source = Source { name, bytes };
    read(&source, None, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn by_id<'a>(imported: &'a Imported, id: &str) -> &'a Offer {
    let found = imported
        .offers
        .iter()
        .find(|offer| offer.id().as_str() == id);
    found.unwrap_or_else(|| panic!("no {id} in {:?}", imported.offers))
}

fn told<'a>(findings: &'a [Finding], rule: &str) -> Vec<(&'a str, &'a str)> {
    let of_rule = findings.iter().filter(|finding| finding.rule == rule);
    of_rule
        .map(|finding| (finding.field.as_str(), finding.value.as_str()))
        .collect()
}

fn weekly(weekday: u32, start: &str, end: &str) -> WeeklySlotDraft {
    WeeklySlotDraft {
        weekday,
        start: start.into(),
        end: end.into(),
    }
}

const SAMPLES: [&str; 8] = [
    "synthetic-openqcat.xml",
    "synthetic-kursnet.xlsx",
    "synthetic-schemaorg.json",
    "synthetic-course-page.html",
    "synthetic-moochub.json",
    "synthetic-oneroster.zip",
    "synthetic-elm.xml",
    "synthetic-elm.jsonld",
];

#[test]
fn the_same_file_twice_is_the_same_offers() {
    for name in SAMPLES {
        assert_eq!(sample(name), sample(name), "{name}");
    }
}

#[test]
fn inv1_no_person_of_a_sample_comes_out() {
    for name in SAMPLES {
        let imported = sample(name);
        let mut all = format!("{imported:?}");
        for offer in &imported.offers {
            all.push_str(&serde_json::to_string(&offer.clone().into_draft()).unwrap());
        }
        // A name inside of a text cannot be told from other words; a field with one can.
        let all = all.replace("Fragen an Frau Mustermann, Tel. […]", "");
        for person in ["Mustermann", "mustermann@", "05161", "+49.5161"] {
            assert!(!all.contains(person), "{name}: {person}");
        }
        for finding in imported.refused.iter().chain(&imported.warnings) {
            assert!(knows(&finding.rule), "{name}: {}", finding.rule);
            assert!(!finding.place.is_empty(), "{name}: {}", finding.rule);
        }
    }
}

#[test]
fn services_of_openqcat_become_offers_with_their_runs() {
    let imported = sample("synthetic-openqcat.xml");
    assert_eq!((imported.read, imported.refused.len()), (6, 0));
    let wage = by_id(&imported, "BB-100");
    assert_eq!(wage.title, "Lohn und Gehalt mit DATEV (80 UE)");
    assert!(wage.description_html.contains("<li>Grundlagen</li>"));
    assert_eq!(wage.teaching_units_hundredths, Some(8_000));
    assert_eq!(
        (
            wage.subjects[0].scheme.as_str(),
            wage.subjects[0].code.as_str()
        ),
        ("ba-systematik", "C 1435-10-10")
    );
    assert_eq!(wage.entry_requirements[0].code, "msa");
    assert_eq!(wage.awards[0].code, "attendance");
    assert_eq!(wage.funding, ["bildungsgutschein", "aufstiegs-bafoeg"]);
    assert_eq!(wage.languages, ["de", "en"]);
    assert_eq!(wage.accessibility, ["accessible-learning"]);
    assert_eq!(wage.keywords, ["Buchhaltung", "DATEV", "Lohnabrechnung"]);
    assert_eq!(wage.audiences, ["Kaufmännische Angestellte"]);
    assert_eq!(
        wage.contact.as_ref().unwrap().email,
        "info@bildungswerk.example"
    );
    assert_eq!(wage.url, "https://www.bildungswerk.example/lohn");
    let [first, second] = wage.runs.as_slice() else {
        panic!("{:?}", wage.runs)
    };
    assert_eq!(
        (
            first.id.as_str(),
            first.number.as_str(),
            first.format.as_str()
        ),
        ("BB-100", "LG-2027-1", "hybrid")
    );
    assert_eq!(
        (first.start.as_str(), first.end.as_str()),
        ("2027-02-01", "2027-02-26")
    );
    assert_eq!(first.registration_deadline, "2027-01-22");
    assert_eq!(first.weekly.len(), 5);
    assert_eq!(first.weekly[4], weekly(5, "08:00", "11:30"));
    assert_eq!((first.seats_minimum, first.seats), (Some(6), Some(14)));
    let venue = first.venue.as_ref().unwrap();
    assert_eq!(
        (venue.name.as_str(), venue.city.as_str(), venue.accessible),
        ("Beispiel-Bildungswerk, Haus 2", "Walsrode", Some(true))
    );
    assert_eq!(first.price.as_ref().unwrap().amount_cents, Some(89_900));
    assert_eq!(first.price.as_ref().unwrap().notes, ["inkl. Unterlagen"]);
    assert_eq!(
        (
            second.id.as_str(),
            second.format.as_str(),
            second.venue.is_none()
        ),
        ("BB-100-2", "online", true)
    );
    assert!(second.flexible_start && second.weekly.is_empty());
    assert!(second.duration_text.contains("nach Absprache"));
    assert_eq!(second.price.as_ref().unwrap().amount_cents, Some(79_900));
}

#[test]
fn what_openqcat_says_beyond_an_offer_is_named_once() {
    let imported = sample("synthetic-openqcat.xml");
    let coaching = by_id(&imported, "BB-300");
    assert_eq!(coaching.funding, ["aktivierungsgutschein"]);
    assert_eq!(coaching.runs[0].start_text, "laufender Einstieg");
    assert_eq!(coaching.price.as_ref().unwrap().amount_cents, Some(0));
    let study = by_id(&imported, "BB-400");
    assert_eq!(
        (study.kind.as_str(), study.awards[0].code.as_str()),
        ("degree-programme", "bachelor")
    );
    assert!(study.runs.is_empty());
    let warnings = &imported.warnings;
    assert_eq!(
        told(warnings, "unknown-reference"),
        [("COURSE_ID", "BB-300")]
    );
    assert_eq!(told(warnings, "unknown-class"), [("INSTRUCTION_FORM", "8")]);
    assert_eq!(told(warnings, "deletion-ignored"), [("DELETE", "")]);
    let left_out = told(warnings, "not-carried");
    assert_eq!(
        left_out,
        [
            ("INSTITUTION", ""),
            ("MEASURE_NUMBER", ""),
            ("STUDY_TYPE", "")
        ]
    );
    let place = &warnings
        .iter()
        .find(|f| f.field == "MEASURE_NUMBER")
        .unwrap()
        .place;
    assert_eq!(place, "synthetic-openqcat.xml:44");
}

#[test]
fn runs_of_openqcat_may_stand_before_their_offer() {
    let service = |id: &str, course: &str, kind: &str, day: &str| {
        format!(
            "<SERVICE><PRODUCT_ID>{id}</PRODUCT_ID><COURSE_TYPE>5</COURSE_TYPE><SERVICE_DETAILS><TITLE>Kurs {kind}</TITLE>\
             <SERVICE_DATE><START_DATE>{day}</START_DATE></SERVICE_DATE><SERVICE_MODULE><EDUCATION type=\"{kind}\">\
             <COURSE_ID>{course}</COURSE_ID></EDUCATION></SERVICE_MODULE></SERVICE_DETAILS></SERVICE>"
        )
    };
    let run = service("2", "1", "false", "2027-02-01");
    let offer = service("1", "1", "true", "2027-01-01");
    let differs = service("2", "1", "false", "2027-03-01");
    let text = |services: &[&str]| {
        format!(
            "<OPENQCAT><NEW_CATALOG>{}</NEW_CATALOG></OPENQCAT>",
            services.concat()
        )
    };
    let one = import("a.xml", text(&[&run, &offer, &run]).as_bytes());
    let other = import("a.xml", text(&[&offer, &run]).as_bytes());
    assert_eq!(
        (one.offers.len(), one.refused.len(), one.warnings.len()),
        (1, 0, 0)
    );
    assert_eq!(one.offers[0].title, "Kurs true");
    assert_eq!(
        (one.offers[0].runs.len(), other.offers[0].runs.len()),
        (2, 2)
    );
    let twice = import("a.xml", text(&[&offer, &run, &differs]).as_bytes());
    assert_eq!(told(&twice.refused, "duplicate-run"), [("PRODUCT_ID", "2")]);
    assert_eq!(twice.offers[0].runs.len(), 2);
}

#[test]
fn rows_of_kursnet_are_offers_at_their_sites() {
    let imported = sample("synthetic-kursnet.xlsx");
    assert_eq!((imported.read, imported.refused.len()), (7, 0));
    let coaching = by_id(&imported, "7");
    assert_eq!(
        (coaching.runs.len(), coaching.format.as_str()),
        (3, "online")
    );
    assert_eq!(coaching.teaching_units_hundredths, Some(1_000));
    assert_eq!(coaching.funding, ["aktivierungsgutschein"]);
    assert_eq!(coaching.runs[0].number, "AUFTRAG_1");
    assert_eq!(
        coaching.runs[2].venue.as_ref().unwrap().postal_code,
        "01067"
    );
    let books = by_id(&imported, "8");
    assert!(books.funding.is_empty() && books.format.is_empty());
    assert_eq!(
        told(&imported.warnings, "deletion-ignored"),
        [("MODUS", "")]
    );
    assert_eq!(
        told(&imported.warnings, "not-carried"),
        [("MASSNAHMEN_NR", "")]
    );
    assert_eq!(
        told(&imported.warnings, "unknown-class"),
        [
            ("INSTITUTION_KLASSE", "115"),
            ("DAUER_KLASSE", "8"),
            ("UNTERRICHTSFORM_KLASSE", "8")
        ]
    );
}

#[test]
fn more_sites_than_a_record_carries_are_several_offers_with_lasting_names() {
    let head = "PRODUCT ID;TITEL;UNTERRICHTSFORM_KLASSE;ORT_NAME;ORT_PLZ;ORT_STADT\n";
    let row = |site: usize| {
        format!(
            "7;Kurs;202;Standort {site};{:05};Ort {site}\n",
            10_000 + site * 97
        )
    };
    let rows: Vec<String> = (0..900).map(row).collect();
    let imported = import("k.csv", format!("{head}{}", rows.concat()).as_bytes());
    assert_eq!(
        (imported.format, imported.read, imported.refused.len()),
        ("kursnet", 900, 0)
    );
    let runs: usize = imported.offers.iter().map(|offer| offer.runs.len()).sum();
    assert_eq!(runs, 900);
    let split = imported
        .warnings
        .iter()
        .find(|f| f.rule == "split-by-site")
        .unwrap();
    assert_eq!(split.limit, imported.offers.len().to_string());
    let ids = |imported: &Imported| {
        let mut ids: Vec<_> = imported
            .offers
            .iter()
            .flat_map(|offer| {
                offer
                    .runs
                    .iter()
                    .map(|run| (offer.id().to_string(), run.id.clone()))
            })
            .collect();
        ids.sort();
        ids
    };
    let mut other = rows.clone();
    other.reverse();
    let other = import("k.csv", format!("{head}{}", other.concat()).as_bytes());
    assert_eq!(
        ids(&imported),
        ids(&other),
        "the order of rows means nothing"
    );
    assert!(
        imported
            .offers
            .iter()
            .all(|offer| offer.id().as_str().starts_with("7~"))
    );
}

#[test]
fn a_course_of_schema_org_with_everything_in_it() {
    let imported = sample("synthetic-schemaorg.json");
    assert_eq!((imported.read, imported.refused.len()), (4, 0));
    let german = by_id(
        &imported,
        by_title(&imported, "Deutsch B1.2 am Abend").id().as_str(),
    );
    assert!(
        german
            .id()
            .as_str()
            .starts_with("https:--vhs.example-kurse-B1-2027")
            || german.id().as_str() == "B1-2027"
    );
    assert_eq!(german.subtitle, "Kurs mit Prüfung");
    assert_eq!(
        german.description_html,
        "<p>Sprechen und <strong>schreiben</strong>.</p> Fragen: […]"
    );
    assert_eq!(
        (
            german.subjects[0].scheme.as_str(),
            german.subjects[0].code.as_str(),
            german.subjects[1].scheme.as_str()
        ),
        ("isced-f-2013", "0231", "provider")
    );
    assert_eq!(german.level.as_ref().unwrap().cefr, "B1");
    assert_eq!(german.entry_requirements.len(), 2);
    assert_eq!(german.awards[0].code, "attendance");
    assert_eq!(german.learning_outcomes.len(), 2);
    assert_eq!(german.audiences, ["Zugewanderte"]);
    let price = german.price.as_ref().unwrap();
    assert_eq!(
        (price.amount_cents, price.reduced_cents),
        (Some(12_050), Some(6_000))
    );
    let [evening, online] = german.runs.as_slice() else {
        panic!("{:?}", german.runs)
    };
    assert_eq!(
        (evening.start.as_str(), evening.end.as_str()),
        ("2027-01-12", "2027-03-30")
    );
    assert_eq!(
        evening.weekly,
        [weekly(2, "18:30", "20:00"), weekly(4, "18:30", "20:00")]
    );
    assert_eq!(
        (evening.session_count, evening.seats, evening.free_seats),
        (Some(22), Some(14), Some(2))
    );
    assert_eq!(
        (evening.format.as_str(), evening.status.as_str()),
        ("in-person", "planned")
    );
    let venue = evening.venue.as_ref().unwrap();
    assert_eq!(
        (
            venue.city.as_str(),
            venue.latitude_micro,
            venue.longitude_micro
        ),
        ("Soltau", Some(52_985_600), Some(9_841_000))
    );
    assert_eq!(
        (online.format.as_str(), online.status.as_str()),
        ("online", "cancelled")
    );
    assert_eq!(
        (online.slots.len(), online.slots[0].start.as_str()),
        (2, "10:00")
    );
    assert_eq!(online.duration_text, "8 Stunden");
    assert_eq!(online.price.as_ref().unwrap().amount_cents, Some(0));
    assert_eq!(told(&imported.warnings, "not-carried"), [("image", "")]);
}

fn by_title<'a>(imported: &'a Imported, title: &str) -> &'a Offer {
    let found = imported.offers.iter().find(|offer| offer.title == title);
    found.unwrap_or_else(|| panic!("no {title} in {:?}", imported.offers))
}

#[test]
fn lists_events_and_pages_of_schema_org() {
    let imported = sample("synthetic-schemaorg.json");
    assert_eq!(
        by_title(&imported, "Nähen")
            .price
            .as_ref()
            .unwrap()
            .amount_cents,
        Some(0)
    );
    let nameless = by_title(&imported, "Ohne Kennung");
    assert_eq!(nameless.price.as_ref().unwrap().notes, ["10–20 EUR"]);
    assert_eq!(
        told(&imported.warnings, "id-from-title"),
        [("id", "Ohne Kennung")]
    );
    let stars = by_title(&imported, "Vortrag: Sterne");
    assert_eq!(stars.kind, "single-event");
    let slot = &stars.runs[0].slots[0];
    assert_eq!(
        (slot.date.as_str(), slot.start.as_str(), slot.end.as_str()),
        ("2027-02-03", "19:00", "20:30")
    );
    assert_eq!(stars.runs[0].venue.as_ref().unwrap().name, "Sternwarte");
    let price = stars.price.as_ref().unwrap();
    assert_eq!(
        (price.amount_cents, price.notes[0].as_str()),
        (None, "12 GBP")
    );

    let page = sample("synthetic-course-page.html");
    let seen: Vec<_> = page
        .offers
        .iter()
        .map(|offer| (offer.id().as_str(), offer.title.as_str()))
        .collect();
    assert_eq!(seen, [("P-1", "Erste Hilfe"), ("P-2", "Zweite Hilfe")]);
    assert_eq!(page.offers[0].price.as_ref().unwrap().amount_cents, Some(0));
}

#[test]
fn another_provider_is_told_in_every_format_that_names_one() {
    let options = Options {
        provider_name: Some("Anderswo"),
        ..Options::default()
    };
    for name in [
        "synthetic-openqcat.xml",
        "synthetic-schemaorg.json",
        "synthetic-moochub.json",
        "synthetic-elm.xml",
        "synthetic-elm.jsonld",
    ] {
        let imported = read_file(&path(name), None, &options).unwrap();
        assert_eq!(
            told(&imported.warnings, "other-provider").len(),
            1,
            "{name}"
        );
    }
}

#[test]
fn entries_of_moochub_become_offers() {
    let imported = sample("synthetic-moochub.json");
    assert_eq!(
        (imported.format, imported.read, imported.offers.len()),
        ("moochub", 4, 2)
    );
    let seen: Vec<_> = imported
        .refused
        .iter()
        .map(|f| (f.place.as_str(), f.field.as_str(), f.rule.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("synthetic-moochub.json#3", "runs[0].start", "bad-date"),
            ("synthetic-moochub.json#4", "", "not-well-formed")
        ]
    );
    let data = &imported.offers[0];
    assert_eq!((data.format.as_str(), data.languages.len()), ("online", 2));
    assert_eq!(
        (
            data.subjects[0].scheme.as_str(),
            data.subjects[0].code.as_str()
        ),
        ("isced-f-2013", "0542")
    );
    assert_eq!(data.learning_outcomes, ["Diagramme lesen"]);
    assert_eq!(data.audiences, ["student"]);
    assert_eq!(data.price.as_ref().unwrap().amount_cents, Some(0));
    let awards: Vec<_> = data
        .awards
        .iter()
        .map(|award| award.code.as_str())
        .collect();
    assert_eq!(awards, ["certificate", "attendance", ""]);
    assert_eq!(data.awards[2].title, "3 ECTS");
    let days: Vec<_> = data
        .runs
        .iter()
        .map(|run| (run.start.as_str(), run.end.as_str()))
        .collect();
    assert_eq!(days, [("2027-03-01", "2027-04-30"), ("2027-09-01", "")]);
    assert_eq!(data.runs[0].duration_text, "8 Wochen; 5 Stunden je Woche");
    assert_eq!(data.runs[0].registration_deadline, "2027-02-15");
    let pottery = &imported.offers[1];
    assert_eq!(
        (
            pottery.format.as_str(),
            pottery.price.as_ref().unwrap().amount_cents
        ),
        ("in-person", Some(4_550))
    );
    assert_eq!(
        pottery.price.as_ref().unwrap().notes,
        ["certificate, 10 EUR, one-time"]
    );
    assert_eq!(pottery.runs[0].weekly, [weekly(1, "18:00", "20:00")]);
    assert_eq!(pottery.runs[0].venue.as_ref().unwrap().room, "Raum 3");
    assert_eq!(told(&imported.warnings, "not-carried"), [("license", "")]);
}

#[test]
fn courses_of_a_school_become_offers_and_its_classes_runs() {
    let imported = sample("synthetic-oneroster.zip");
    assert_eq!((imported.read, imported.refused.len()), (8, 0));
    let informatics = by_id(&imported, "C1");
    assert_eq!(informatics.title, "Informatik, Wahlkurs");
    assert_eq!(informatics.level.as_ref().unwrap().text, "Jahrgang 09, 10");
    assert_eq!(
        (
            informatics.subjects[1].label.as_str(),
            informatics.subjects[1].code.as_str()
        ),
        ("Mathematik", "40")
    );
    let runs: Vec<_> = informatics
        .runs
        .iter()
        .map(|run| {
            (
                run.id.as_str(),
                run.number.as_str(),
                run.start.as_str(),
                run.end.as_str(),
            )
        })
        .collect();
    assert_eq!(
        runs,
        [
            // The code of a class is not read: it often names the teacher.
            ("K1", "", "2026-08-13", "2027-07-07"),
            ("K2", "", "2027-02-01", "2027-07-07")
        ]
    );
    let venue = informatics.runs[0].venue.as_ref().unwrap();
    assert_eq!(
        (venue.name.as_str(), venue.room.as_str()),
        ("Beispiel-Gymnasium Soltau", "Raum 12")
    );
    assert!(
        by_id(&imported, "C2").runs.is_empty(),
        "a home room is no offer"
    );
    let limits: Vec<_> = imported
        .warnings
        .iter()
        .filter(|told| !told.limit.is_empty())
        .map(|told| (told.rule.as_str(), told.limit.as_str()))
        .collect();
    assert_eq!(
        limits,
        [("home-rooms-left-out", "1"), ("withdrawn-course", "1")]
    );
    assert_eq!(
        told(&imported.warnings, "unknown-reference"),
        [("termSourcedIds", "T9")]
    );
    assert_eq!(
        told(&imported.warnings, "bad-date"),
        [("startDate", "irgendwann")]
    );
    assert_eq!(
        told(&imported.warnings, "unknown-column"),
        [("metadata.notiz", ""), ("periods", "")]
    );
}

/// A bundle of these files, with a school.
fn bundle(files: &[(&str, &str)]) -> Imported {
    let school = ("orgs.csv", "sourcedId,name\nS1,Schule\n");
    let part = |(name, text): &(&str, &str)| Part {
        name: (*name).into(),
        bytes: text.as_bytes().to_vec(),
    };
    let files: Vec<Part> = files.iter().chain([&school]).map(part).collect();
    let packed = pack("a", &files).unwrap_or_else(|error| panic!("{error}"));
    import("a.zip", &packed)
}

fn ids(imported: &Imported) -> Vec<&str> {
    let ids = imported.offers.iter().map(|offer| offer.id().as_str());
    ids.collect()
}

fn assert_no_teacher(imported: &Imported) {
    let mut all = format!("{imported:?}");
    for offer in &imported.offers {
        all.push_str(&format!("{:?}", offer.clone().into_draft()));
    }
    for name in ["Kanari", "KANARI"] {
        assert!(!all.contains(name), "{all}");
    }
}

#[test]
fn inv1_a_class_never_goes_out_under_its_own_title_beside_courses() {
    let courses = "sourcedId,status,title,courseCode\n\
        C1,active,Mathematik,MA\nC2,tobedeleted,Alt,X\nC3,inactive,Alt,X\nC4,active,,X\n";
    let classes = "sourcedId,status,title,courseSourcedId,classCode,classType\n\
        K1,active,Mathe 7b Kanari,C1,7B-KANARI,scheduled\n\
        K2,active,Mathe 7b Kanari,C2,7B-KANARI,scheduled\n\
        K3,active,Mathe 7b Kanari,C3,7B-KANARI,\n\
        K4,active,Mathe 7b Kanari,C4,7B-KANARI,scheduled\n\
        K5,active,Mathe 7b Kanari,C9,7B-KANARI,scheduled\n\
        K6,active,Mathe 7b Kanari,,7B-KANARI,scheduled\n\
        K7,active,Klasse 7b Kanari,,7B-KANARI,\n\
        K8,active,Mathe 7b,,7B,scheduled\n";
    let imported = bundle(&[("courses.csv", courses), ("classes.csv", classes)]);
    assert_no_teacher(&imported);
    assert_eq!(ids(&imported), ["C1"]);
    let run = &imported.offers[0].runs[0];
    assert_eq!((run.id.as_str(), run.number.as_str()), ("K1", ""));
    let refused: Vec<_> = imported
        .refused
        .iter()
        .map(|found| (found.record.as_str(), found.rule.as_str()))
        .collect();
    assert_eq!(
        refused,
        [
            ("K5", "unknown-reference"),
            ("K6", "required"),
            ("K8", "required"),
            ("C4", "required")
        ]
    );
    let counted: Vec<_> = imported
        .warnings
        .iter()
        .map(|told| (told.rule.as_str(), told.limit.as_str(), told.place.as_str()))
        .collect();
    assert_eq!(
        counted,
        [
            ("home-rooms-left-out", "1", "a.zip/classes.csv:8"),
            ("withdrawn-course", "2", "a.zip/classes.csv:3")
        ]
    );
}

#[test]
fn inv1_without_courses_a_title_goes_out_only_when_every_word_is_known() {
    let classes = "sourcedId,orgSourcedId,title,courseSourcedId\n\
        K1,S1,Mathe 7b Kanari,\nK2,S1,Mathe 7b,\nK3,S1,Klasse 7b,\nK4,S1,Mathe 8b,C1\nK5,S1,Schach-AG,K2\n";
    let imported = bundle(&[("classes.csv", classes)]);
    assert_no_teacher(&imported);
    assert_eq!(ids(&imported), ["K2"]);
    let refused: Vec<_> = imported
        .refused
        .iter()
        .map(|found| (found.record.as_str(), found.rule.as_str()))
        .collect();
    assert_eq!(
        refused,
        [
            ("K1", "class-title-unsafe"),
            ("K3", "class-title-unsafe"),
            ("K4", "unknown-reference"),
            ("K5", "unknown-reference")
        ]
    );
    // A file of courses without a row is one all the same.
    let empty = [("classes.csv", classes), ("courses.csv", "")];
    assert_eq!(ids(&bundle(&empty)), [""; 0]);
}

#[test]
fn inv1_files_about_persons_are_never_opened() {
    let bytes = std::fs::read(path("synthetic-oneroster.zip")).unwrap();
    let whole = parts(
        "a",
        &bytes,
        &[
            "orgs.csv",
            "academicsessions.csv",
            "courses.csv",
            "classes.csv",
            "users.csv",
        ],
    )
    .unwrap();
    assert!(whole.iter().any(|part| part.name == "users.csv"));
    // Files that any reader would stumble over: nobody reads them.
    let broken = |name: &str| Part {
        name: name.into(),
        bytes: b"\0\xff\"Kanarienvogel".to_vec(),
    };
    let mut with: Vec<Part> = whole
        .iter()
        .filter(|part| part.name != "users.csv")
        .cloned()
        .collect();
    let without = pack("a", &with).unwrap();
    let persons = [
        "users.csv",
        "enrollments.csv",
        "demographics.csv",
        "roles.csv",
        "userprofiles.csv",
    ];
    with.extend(persons.map(broken));
    let with = pack("a", &with).unwrap();
    let imported = import("a", &with);
    assert_eq!(imported, import("a", &without));
    assert!(!format!("{imported:?}").contains("Kanarienvogel"));

    let folder = tempfile::tempdir().unwrap();
    for part in &whole {
        let bytes = if part.name == "users.csv" {
            b"\0Kanarienvogel".to_vec()
        } else {
            part.bytes.clone()
        };
        std::fs::write(folder.path().join(&part.name), bytes).unwrap();
    }
    // A file that cannot be opened at all would end the import if anybody tried.
    std::fs::create_dir(folder.path().join("enrollments.csv")).unwrap();
    let from_folder = read_file(folder.path(), None, &Options::default()).unwrap();
    assert_eq!(from_folder.offers, imported.offers);
}

#[test]
fn a_learning_opportunity_is_told_with_what_it_refers_to() {
    let xml = sample("synthetic-elm.xml");
    let welding = by_id(&xml, "LO-1");
    assert_eq!(
        (welding.title.as_str(), welding.kind.as_str()),
        ("Schweißen, Grundkurs", "course")
    );
    assert_eq!(
        (welding.format.as_str(), welding.url.as_str()),
        ("in-person", "https://bz.example/schweissen")
    );
    assert_eq!(welding.subjects[0].code, "0715");
    assert_eq!(welding.level.as_ref().unwrap().dqr, Some(4));
    assert_eq!(
        (welding.awards[0].title.as_str(), welding.awards[0].dqr),
        ("Schweißer-Zertifikat", Some(4))
    );
    assert_eq!(welding.entry_requirements[0].code, "esa");
    assert_eq!(
        (
            welding.learning_outcomes.as_slice(),
            welding.audiences.as_slice()
        ),
        (
            &["Nähte prüfen".to_owned()][..],
            &["Migrants".to_owned()][..]
        )
    );
    assert_eq!(
        (welding.languages.as_slice(), welding.funding.as_slice()),
        (
            &["de".to_owned()][..],
            &["bildungsgutschein".to_owned()][..]
        )
    );
    let price = welding.price.as_ref().unwrap();
    assert_eq!(
        (price.amount_cents, price.notes[0].as_str()),
        (Some(98_000), "inkl. Material")
    );
}

#[test]
fn learning_opportunities_are_the_same_in_xml_and_json() {
    let xml = sample("synthetic-elm.xml");
    let welding = by_id(&xml, "LO-1");
    let run = &welding.runs[0];
    assert_eq!(
        (run.start.as_str(), run.end.as_str()),
        ("2027-03-01", "2027-03-12")
    );
    assert_eq!(run.duration_text, "2 Wochen; Full time");
    let venue = run.venue.as_ref().unwrap();
    assert_eq!(
        (
            venue.city.as_str(),
            venue.street.as_str(),
            venue.latitude_micro
        ),
        ("Walsrode", "Musterweg 3, 29664 Walsrode", Some(52_860_000))
    );
    assert_eq!(told(&xml.warnings, "not-carried"), [("bannerImage", "")]);
    assert_eq!(
        told(&xml.warnings, "unknown-reference"),
        [(
            "learningAchievementSpecification",
            "https://bz.example/q/fehlt"
        )]
    );
    assert_eq!((run.id.as_str(), run.price.is_none()), ("LO-1", true));
    let json = sample("synthetic-elm.jsonld");
    let same = by_id(&json, "LO-1");
    assert_eq!(
        (
            &same.title,
            &same.description,
            &same.kind,
            &same.format,
            &same.subjects,
            &same.level,
            &same.awards
        ),
        (
            &welding.title,
            &welding.description,
            &welding.kind,
            &welding.format,
            &welding.subjects,
            &welding.level,
            &welding.awards
        )
    );
    assert_eq!(
        (
            &same.learning_outcomes,
            &same.entry_requirements,
            &same.url,
            &same.runs[0].start
        ),
        (
            &welding.learning_outcomes,
            &welding.entry_requirements,
            &welding.url,
            &run.start
        )
    );
}

#[test]
fn a_learning_opportunity_for_each_run_is_one_offer() {
    let opportunity = |run: &str, day: &str, specification: &str| {
        format!(
            r#"{{"@id":"https://hub.example/o/1#{run}","@type":"elm:LearningOpportunity","adms:identifier":[{{"@type":"elm:Identifier","skos:notation":"K-1"}},{{"@type":"elm:Identifier","skos:notation":"N{run}"}}],
            "dc:title":{{"@value":"Kurs","@language":"de"}},"dc:temporal":{{"@type":"dc:PeriodOfTime","elm:startDate":{{"@value":"{day}T00:00:00","@type":"xsd:dateTime"}}}},
            "elm:mode":{{"@id":"http://data.europa.eu/snb/learning-assessment/920fbb3cbe","@type":"skos:Concept"}},"elm:learningAchievementSpecification":{specification}}}"#
        )
    };
    let whole = r#"{"@id":"https://hub.example/o/1#a","@type":"elm:LearningAchievementSpecification","dc:title":{"@value":"Kurs","@language":"de"},"elm:educationLevel":{"@id":"http://data.europa.eu/snb/eqf/3"}}"#;
    let again = r#"{"@id":"https://hub.example/o/1#a"}"#;
    let text = format!(
        r#"{{"@context":{{"elm":"http://data.europa.eu/snb/model/elm/"}},"@graph":[{},{}]}}"#,
        opportunity("1", "2027-01-11", whole),
        opportunity("2", "2027-02-15", again)
    );
    let imported = import("a.jsonld", text.as_bytes());
    assert_eq!(
        (imported.format, imported.read, imported.offers.len()),
        ("elm", 2, 1)
    );
    assert_eq!(
        (imported.refused.as_slice(), imported.warnings.as_slice()),
        (&[][..], &[][..])
    );
    let offer = &imported.offers[0];
    assert_eq!(
        (offer.id().as_str(), offer.format.as_str()),
        ("K-1", "online")
    );
    assert_eq!(offer.level.as_ref().unwrap().dqr, Some(3));
    let runs: Vec<_> = offer
        .runs
        .iter()
        .map(|run| (run.id.as_str(), run.number.as_str(), run.start.as_str()))
        .collect();
    assert_eq!(runs, [("1", "N1", "2027-01-11"), ("2", "N2", "2027-02-15")]);
}
