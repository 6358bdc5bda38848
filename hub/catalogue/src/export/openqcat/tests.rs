//! What KURSNET gets, and what is refused rather than padded.

use calluna_model::fixture::full_offer;
use calluna_model::offer::{OfferDraft, WeeklySlotDraft};

use super::super::tests::{export, member, shared, xmllint};
use super::super::{Edition, Writer, format};

/// Like the fixture, but with an award whose kind KURSNET knows.
fn offer(id: &str) -> OfferDraft {
    let mut offer = full_offer(id).into_draft();
    offer.awards[0].code = "attendance".into();
    offer
}

#[test]
fn an_offer_and_its_further_runs_are_services() {
    let mut offer = offer("A-1");
    let mut second = offer.runs[0].clone();
    second.id = "r2".into();
    second.start = "2027-04-12".into();
    second.end = "2027-04-16".into();
    second.teaching_units_hundredths = Some(4_500);
    // Whole days from Monday to Friday, 37.5 hours.
    second.weekly = (1..=5)
        .map(|weekday| WeeklySlotDraft {
            weekday,
            start: "08:00".into(),
            end: "15:30".into(),
        })
        .collect();
    offer.runs.push(second);
    let (out, loss) = export("openqcat", &member("vhs"), &[offer]);
    let text = String::from_utf8(out).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let services: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("SERVICE"))
        .collect();
    assert_eq!(services.len(), 2);
    let of = |service: &roxmltree::Node<'_, '_>, name: &str| {
        let found = service
            .descendants()
            .find(|node| node.has_tag_name(name))
            .unwrap();
        (
            found.text().unwrap_or_default().to_owned(),
            found.attribute("type").unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(of(&services[0], "EDUCATION").1, "true");
    assert_eq!(
        of(&services[0], "PRODUCT_ID"),
        of(&services[0], "COURSE_ID")
    );
    assert_eq!(services[1].attribute("mode"), Some("new"));
    assert_eq!(of(&services[1], "EDUCATION").1, "false");
    assert_eq!(of(&services[1], "COURSE_ID").0, "vhs:A-1");
    assert_eq!(of(&services[1], "PRODUCT_ID").0, "vhs:A-1:r2");
    assert_eq!(
        of(&services[0], "INSTRUCTION_TIME"),
        ("Teilzeit".into(), "2".into())
    );
    assert_eq!(
        of(&services[1], "INSTRUCTION_TIME"),
        ("Vollzeit".into(), "1".into())
    );
    assert_eq!(of(&services[0], "DURATION").1, "4");
    assert_eq!(of(&services[1], "DURATION").1, "2");
    assert_eq!((loss.written, loss.refused), (1, 0));
}

/// Each field that the list of KURSNET calls mandatory for a Weiterbildungsangebot and its Veranstaltung, taken away.
#[test]
#[allow(
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "one table of what is taken away and what is missed then"
)]
fn what_kursnet_calls_mandatory_is_refused_when_missing() {
    let strip: [(&str, fn(&mut OfferDraft)); 8] = [
        ("DESCRIPTION_LONG", |o| o.description.clear()),
        ("SERVICE_DATE/START_DATE", |o| o.runs[0].start.clear()),
        ("DURATION/@type", |o| o.runs[0].end.clear()),
        ("INSTRUCTION_FORM/@type", |o| {
            o.format.clear();
            o.runs[0].format.clear();
        }),
        ("INSTRUCTION_TIME/@type", |o| {
            o.teaching_units_hundredths = None;
            o.runs[0].teaching_units_hundredths = None;
            o.runs[0].weekly.clear();
        }),
        ("DURATION/DATE_REMARKS", |o| {
            o.teaching_units_hundredths = None;
            o.runs[0].teaching_units_hundredths = None;
            o.runs[0].session_count = None;
            o.runs[0].duration_text.clear();
        }),
        ("TEACHING_LANGUAGES", |o| o.languages.clear()),
        ("PRICE_AMOUNT", |o| {
            o.price = None;
            o.runs[0].price = None;
        }),
    ];
    for (name, take) in strip {
        let mut offer = offer("A-1");
        take(&mut offer);
        let (out, loss) = export("openqcat", &member("vhs"), &[offer]);
        assert!(
            !String::from_utf8(out).unwrap().contains("<SERVICE>"),
            "{name}"
        );
        assert_eq!((loss.written, loss.refused), (0, 1), "{name}");
        assert!(
            loss.refusals[0]
                .missing
                .iter()
                .any(|missing| missing == name),
            "{name}: {loss:?}"
        );
    }
    let Some(list) = shared("schemas/openqcat_XML-Felder_pflicht.csv") else {
        return;
    };
    let (out, _) = export("openqcat", &member("vhs"), &[offer("A-1")]);
    let text = String::from_utf8(out).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let mut reader = csv::Reader::from_reader(list.as_slice());
    let sheets = [
        "Bildungsanbieterdaten",
        "Weiterbildungsangebote",
        "Weiterbildungveranstaltungen",
    ];
    let mut checked = 0;
    for row in reader.records().map(Result::unwrap) {
        // The Systematik is suspended by section 4.6 of the guide; a contact is an element of the supplier here.
        if !sheets.contains(&&row[0]) || row[3].trim() != "Pflichtfeld" || row[1] == *"Systematik" {
            continue;
        }
        let path = row[2]
            .split(" mit ")
            .next()
            .unwrap()
            .split(" = ")
            .next()
            .unwrap();
        let name = path
            .split('/')
            .rfind(|part| !part.trim_start().starts_with('@'))
            .unwrap();
        let (name, attribute) = match name.split_once(" @") {
            Some((name, attribute)) => (name, Some(attribute)),
            None => (name, path.split('@').nth(1)),
        };
        let mut found = document
            .descendants()
            .filter(|node| node.has_tag_name(name));
        assert!(
            found.any(|node| attribute.is_none_or(|a| node.has_attribute(a))),
            "{path}"
        );
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn language_training_needs_no_class_of_time_and_gets_none_that_is_guessed() {
    let mut open = offer("A-1");
    // Thirty-five units a week are neither full time nor part time without times of day.
    open.teaching_units_hundredths = None;
    open.runs[0].teaching_units_hundredths = Some(11 * 3_500);
    open.runs[0].weekly.clear();
    let one = std::slice::from_ref(&open);
    let (_, loss) = export("openqcat", &member("vhs"), one);
    assert_eq!((loss.written, loss.refused), (0, 1));
    assert_eq!(loss.refusals[0].missing, ["INSTRUCTION_TIME/@type"]);
    let member = member("vhs");
    let mut edition = Edition::new(
        "Heidekreis",
        calluna_model::clock::Moment(0),
        vec![member.clone()],
    );
    let profiles = super::super::tests::PROFILES.replacen(",5,", ",4,", 1);
    edition.profiles = super::Profiles::parse(&profiles).unwrap();
    let mut writer = Writer::new(format("openqcat").unwrap(), edition).unwrap();
    let row = super::super::Row {
        provider: &member,
        offer: &open,
    };
    writer.push(&row).unwrap();
    let (out, loss) = writer.finish().unwrap();
    assert_eq!(loss.written, 1);
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("INSTRUCTION_TIME"), "{text}");
    xmllint("schemas/open-Qcat.V1.1.xsd", text.as_bytes());
}

#[test]
fn words_are_not_made_of_codes() {
    let mut offer = offer("A-1");
    offer.subjects = vec![calluna_model::offer::SubjectDraft {
        scheme: "ba-systematik".into(),
        code: "HA 602-72".into(),
        label: String::new(),
    }];
    let (out, loss) = export("openqcat", &member("vhs"), &[offer]);
    assert!(!String::from_utf8(out).unwrap().contains("HA 602-72"));
    assert!(loss.lost.iter().any(|lost| lost.field == "subjects"));
    let bare = super::super::tests::PROFILES.replacen(
        "105:Einrichtung der beruflichen Weiterbildung",
        "105",
        1,
    );
    let profiles = super::Profiles::parse(&bare).unwrap();
    let missing = profiles.of(&"vhs".parse().unwrap()).unwrap().missing();
    assert_eq!(missing, ["INSTITUTION/@type"]);
}

#[test]
fn a_provider_without_a_profile_is_refused_and_nobody_is_made_up() {
    let (out, loss) = {
        let (vhs, bbs) = (member("vhs"), member("bbs"));
        let mut edition = Edition::new(
            "Heidekreis",
            calluna_model::clock::Moment(0),
            vec![bbs.clone(), vhs],
        );
        edition.profiles = super::Profiles::parse(super::super::tests::PROFILES).unwrap();
        let mut writer = Writer::new(format("openqcat").unwrap(), edition).unwrap();
        let offer = offer("A-1");
        writer
            .push(&super::super::Row {
                provider: &bbs,
                offer: &offer,
            })
            .unwrap();
        writer.finish().unwrap()
    };
    assert_eq!(loss.refusals[0].missing, ["SUPPLIER"]);
    assert_eq!(
        String::from_utf8(out)
            .unwrap()
            .matches("<SUPPLIER>")
            .count(),
        1
    );
    let nobody = Edition::new(
        "Heidekreis",
        calluna_model::clock::Moment(0),
        vec![member("bbs")],
    );
    let error = Writer::new(format("openqcat").unwrap(), nobody).unwrap_err();
    assert!(error.to_string().contains("profiles"), "{error}");
}

#[test]
fn the_official_schema_accepts_the_file() {
    let mut long = offer("A-2");
    long.runs[0].venue.as_mut().unwrap().name = "x".repeat(100);
    long.runs[0].number = "9".repeat(40);
    let (out, loss) = export("openqcat", &member("vhs"), &[offer("A-1"), long]);
    assert_eq!(loss.written, 2);
    assert!(loss.lost.iter().any(|lost| lost.field == "runs.venue"));
    xmllint("schemas/open-Qcat.V1.1.xsd", &out);
}
