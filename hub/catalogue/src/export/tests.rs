//! What every format keeps, and what the tests of single formats use.

use calluna_model::clock::Moment;
use calluna_model::fixture::full_offer;
use calluna_model::member::{Member, ProviderKind, Reach};
use calluna_model::offer::OfferDraft;
use serde_json::Value;

use super::*;

/// A provider that KURSNET would take; synthetic.
pub(super) fn member(id: &str) -> Member {
    Member {
        id: id.parse().unwrap(),
        name: "Beispiel-VHS".into(),
        kind: ProviderKind::Vhs,
        invited_at: Moment(0),
        joined_at: None,
        reach: Reach::DialsOut,
        revoked_at: None,
        address: "Kirchplatz 4, 29664 Walsrode".into(),
        website: "https://vhs.example".into(),
        waiting: false,
    }
}

/// What KURSNET asks of that provider; synthetic.
pub(super) const PROFILES: &str = "\
provider,supplier_id,organizational_form,institution,education_type,course_type,name,street,postal_code,city,phone,contact_salutation,contact_last_name,contact_phone,contact_role
vhs,12345,3:Volkshochschule,105:Einrichtung der beruflichen Weiterbildung,104:Fortbildung/Qualifizierung,5,Beispiel-VHS,Kirchplatz 4,29664,Walsrode,05161.000000,Frau,Muster,05161.000001,2:Gesamtansprechpartner
";

/// A file of these offers.
pub(super) fn export(name: &str, provider: &Member, offers: &[OfferDraft]) -> (Vec<u8>, Loss) {
    let mut edition = Edition::new("Heidekreis", Moment(1_790_000_000), vec![provider.clone()]);
    edition.base_url = "https://bildung.example".into();
    edition.profiles = openqcat::Profiles::parse(PROFILES).unwrap();
    let mut writer = Writer::new(format(name).unwrap(), edition).unwrap();
    for offer in offers {
        writer.push(&Row { provider, offer }).unwrap();
    }
    writer.finish().unwrap()
}

/// Where the data lies that is no part of the repository.
#[expect(clippy::disallowed_methods, reason = "tests alone look for it")]
fn shared_root() -> std::path::PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    std::env::var("CALLUNA_SHARED_DATA").map_or(beside.into(), Into::into)
}

/// A file of the data that lies outside the repository; nothing, with a notice, where it does not.
pub(super) fn shared(name: &str) -> Option<Vec<u8>> {
    let path = shared_root().join(name);
    let read = std::fs::read(&path);
    if read.is_err() {
        eprintln!("skipped: {} is not here", path.display());
    }
    read.ok()
}

/// Has `xmllint` check a file against a schema that lies outside the repository; skips, with a notice, where one of
/// them is missing.
pub(super) fn xmllint(schema: &str, file: &[u8]) {
    if shared(schema).is_some() {
        xmllint_at(&shared_root().join(schema), file);
    }
}

/// The same against a schema at that path.
pub(super) fn xmllint_at(schema: &std::path::Path, file: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.xml");
    std::fs::write(&path, file).unwrap();
    let run = std::process::Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([schema, path.as_path()])
        .output();
    match run {
        Err(_) => eprintln!("skipped: xmllint is not installed"),
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// Has `pyshacl` check JSON-LD against shapes that lie outside the repository; skips, with a notice, where one of
/// them is missing. `CALLUNA_PYSHACL` names the program where it is not on the path.
#[expect(
    clippy::disallowed_methods,
    reason = "tests alone look for the program"
)]
pub(super) fn shacl(shapes: &[&str], file: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.jsonld");
    std::fs::write(&path, file).unwrap();
    let program = std::env::var("CALLUNA_PYSHACL").unwrap_or("pyshacl".into());
    for shape in shapes {
        let Some(text) = shared(shape) else { return };
        let copy = folder.path().join("shapes.ttl");
        // Two patterns are written for Java, which knows classes of letters; ours asks for less than they do.
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().map(|line| {
            let java = line.contains("sh:pattern") && line.contains("(?i)");
            if java {
                "sh:pattern \"^[a-z]+:.+\" ;"
            } else {
                line
            }
        });
        std::fs::write(&copy, lines.collect::<Vec<_>>().join("\n")).unwrap();
        let run = std::process::Command::new(&program)
            .args(["-df", "json-ld", "-sf", "turtle", "-s"])
            .arg(&copy)
            .arg(&path)
            .output();
        match run {
            Err(_) => eprintln!("skipped: {program} is not installed"),
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout);
                let violations = text.matches("Severity: sh:Violation").count();
                let ran = text.contains("Validation Report");
                assert!(ran, "{shape}: {}", String::from_utf8_lossy(&output.stderr));
                assert_eq!(violations, 0, "{shape}: {text}");
            }
        }
    }
}

/// The offer without a field of that name, in JSON.
fn without(value: &Value, path: &[&str]) -> Value {
    match (value, path) {
        (Value::Array(items), path) => items.iter().map(|item| without(item, path)).collect(),
        (Value::Object(members), [last]) => {
            let mut members = members.clone();
            members.remove(*last);
            Value::Object(members)
        }
        (Value::Object(members), [first, rest @ ..]) => {
            let mut members = members.clone();
            if let Some(inner) = members.get_mut(*first) {
                *inner = without(inner, rest);
            }
            Value::Object(members)
        }
        _ => value.clone(),
    }
}

/// An offer with every field that at least one format carries in its own way, so that no other field hides it.
fn varied() -> OfferDraft {
    let mut offer = full_offer("A-1").into_draft();
    offer.subjects.push(calluna_model::offer::SubjectDraft {
        scheme: "isced-f-2013".into(),
        code: "0231".into(),
        label: "Sprachen".into(),
    });
    offer.subjects.push(calluna_model::offer::SubjectDraft {
        scheme: "ba-systematik".into(),
        code: "HA 602-72".into(),
        label: "Englisch".into(),
    });
    offer.accessibility.push("slow-pace".into());
    offer.awards[0].code = "attendance".into();
    offer.funding.push("reduced-fee".into());
    offer.format = "hybrid".into();
    offer.runs[0].format = "online".into();
    if let Some(price) = &mut offer.price {
        *price = calluna_model::offer::PriceDraft {
            amount_cents: Some(9_000),
            reduced_cents: Some(4_500),
            notes: vec!["mit Lehrbuch".into()],
        };
    }
    offer.teaching_units_hundredths = Some(3_100);
    offer
}

/// Variants in which a field of the offer is not hidden by the same field of its run.
fn variants(field: &str) -> Vec<OfferDraft> {
    let full = varied();
    let mut bare = full.clone();
    let run = &mut bare.runs[0];
    if field == "runs.venue.country" {
        // What is not told is Germany.
        run.venue.as_mut().unwrap().country = "NL".into();
    }
    match field {
        "format" => run.format.clear(),
        "teaching_units_hundredths" => run.teaching_units_hundredths = None,
        "description" => bare.description_html.clear(),
        "level.cefr" => bare.level.as_mut().unwrap().text.clear(),
        "level.text" => bare.level.as_mut().unwrap().cefr.clear(),
        "runs.weekly" => run.slots.clear(),
        "runs.number" | "runs.start_text" => run.start.clear(),
        "runs.seats" | "runs.availability" => run.free_seats = None,
        name if name.starts_with("price.") => run.price = None,
        _ => {}
    }
    vec![full, bare]
}

fn strip(offer: &OfferDraft, field: &str) -> OfferDraft {
    let path: Vec<&str> = field.split('.').collect();
    let value = without(&serde_json::to_value(offer).unwrap(), &path);
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_format_carries_exactly_the_fields_that_it_says() {
    let mut wrong = Vec::new();
    for format in ALL
        .iter()
        .filter(|format| !matches!(format.carries(), Carries::Everything))
    {
        let provider = member("vhs");
        let Carries::These(carried) = format.carries() else {
            unreachable!("filtered")
        };
        for name in carried {
            assert!(
                fields::FIELDS.iter().any(|field| field.name == *name),
                "{}: {name} is no field",
                format.name()
            );
        }
        for field in fields::FIELDS {
            let told = carried.contains(&field.name);
            let mut changed = false;
            for with in variants(field.name) {
                let stripped = strip(&with, field.name);
                let (a, _) = export(format.name(), &provider, std::slice::from_ref(&with));
                let (b, _) = export(format.name(), &provider, &[stripped]);
                changed |= a != b;
            }
            if changed != told {
                wrong.push(format!(
                    "{}: {} changes the file: {changed}",
                    format.name(),
                    field.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn hostile_text_breaks_no_file() {
    let provider = member("vhs");
    let mut offer = varied();
    let hostile = "]]></TITLE>\u{0}\u{b}\u{202e}\u{ffff}<script>&x;\"' =1+1";
    offer.title = hostile.into();
    offer.description = hostile.into();
    offer.runs[0].number = hostile.into();
    offer.runs[0].venue.as_mut().unwrap().name = hostile.into();
    for format in ALL {
        let (out, _) = export(format.name(), &provider, std::slice::from_ref(&offer));
        if format.media_type().contains("xml") {
            let text = String::from_utf8(out).unwrap();
            assert!(!text.contains(['\u{0}', '\u{b}', '\u{202e}', '\u{ffff}']));
            assert!(!text.contains("<script"), "{}", format.name());
            let open = text.matches("<TITLE>").count();
            assert_eq!(open, text.matches("</TITLE>").count());
        } else if format.media_type().contains("json") && format.name() != "jsonl" {
            assert!(
                serde_json::from_slice::<Value>(&out).is_ok(),
                "{}",
                format.name()
            );
        }
    }
}

#[test]
fn names_are_known_and_told() {
    assert!(
        ALL.iter()
            .all(|f| std::ptr::eq(format(f.name()).unwrap(), *f))
    );
    let error = format("xls").unwrap_err().to_string();
    assert!(error.contains("openqcat"), "{error}");
}
