//! One offer as schema.org has it, also within a page.

use std::collections::HashMap;

use calluna_model::fixture::full_offer;
use serde_json::Value;

use super::super::tests::{export, member, shared};
use super::*;

fn full() -> Value {
    let (provider, offer) = (member("vhs"), full_offer("A-1").into_draft());
    let row = Row {
        provider: &provider,
        offer: &offer,
    };
    course(&row, "https://bildung.example")
}

#[test]
fn an_offer_is_a_course_with_its_runs() {
    let course = full();
    assert_eq!(course["@id"], "https://bildung.example/angebot/vhs/A-1");
    assert_eq!(course["name"], "Englisch B1: Auffrischung am Abend");
    assert_eq!(course["offers"][0]["price"], "89.15");
    assert_eq!(course["isAccessibleForFree"], false);
    assert_eq!(course["timeRequired"], "PT22H30M");
    let run = &course["hasCourseInstance"][0];
    assert_eq!(run["startDate"], "2027-01-12");
    assert_eq!(run["subEvent"][0]["startDate"], "2027-01-12T18:30:00+01:00");
    assert_eq!(
        run["courseSchedule"][0]["byDay"],
        "https://schema.org/Tuesday"
    );
    assert_eq!(run["location"]["address"]["addressLocality"], "Walsrode");
    assert_eq!(
        run["offers"][0]["availability"],
        "https://schema.org/LimitedAvailability"
    );
}

#[test]
fn a_price_that_is_not_known_is_not_free() {
    let provider = member("vhs");
    let mut offer = full_offer("A-1").into_draft();
    offer.price = None;
    let free = |offer: &OfferDraft| {
        let row = Row {
            provider: &provider,
            offer,
        };
        course(&row, "")["isAccessibleForFree"].clone()
    };
    offer.runs[0].price = None;
    assert_eq!(free(&offer), Value::Null);
    offer.price = Some(PriceDraft {
        amount_cents: Some(0),
        ..PriceDraft::default()
    });
    assert_eq!(free(&offer), true);
}

#[test]
fn nothing_in_a_script_block_can_end_it() {
    let provider = member("vhs");
    let mut offer = full_offer("A-1").into_draft();
    offer.description = "</script><script>alert(1)</script><!-- & \u{2028}\u{202e}".into();
    let row = Row {
        provider: &provider,
        offer: &offer,
    };
    let document = course(&row, "");
    let text = script_data(&document);
    for hostile in ['<', '>', '&', '\u{2028}', '\u{2029}', '\u{202e}'] {
        assert!(!text.contains(hostile), "{hostile:?}");
    }
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
}

#[test]
fn the_file_holds_every_offer_and_is_json() {
    let offers = ["A-1", "A-2"].map(|id| full_offer(id).into_draft());
    let (out, loss) = export("schemaorg", &member("vhs"), &offers);
    let file: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(file["@graph"].as_array().unwrap().len(), 2);
    assert_eq!(loss.written, 2);
    let (empty, _) = export("schemaorg", &member("vhs"), &[]);
    let file: Value = serde_json::from_slice(&empty).unwrap();
    assert_eq!(file["@graph"].as_array().unwrap().len(), 0);
}

/// Properties of each type by the vocabulary.
fn vocabulary() -> Option<HashMap<String, Vec<String>>> {
    let text = shared("schemas/schemaorg/types_subset_v30.0.csv")?;
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let (label, properties) = (at("label"), at("properties"));
    let last = |iri: &str| iri.trim().rsplit('/').next().unwrap().to_owned();
    let rows = reader.records().map(Result::unwrap).map(|row| {
        let names = row[properties].split(',').map(last).collect();
        (row[label].to_owned(), names)
    });
    Some(rows.collect())
}

fn check(node: &Value, known: &HashMap<String, Vec<String>>, seen: &mut usize) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| check(item, known, seen)),
        Value::Object(members) => {
            let kind = members["@type"].as_str().unwrap();
            for (name, value) in members {
                // `Audience` and `ContactPoint` are not in the subset that is at hand.
                if let Some(properties) = known.get(kind)
                    && !name.starts_with('@')
                {
                    assert!(properties.contains(name), "{kind} has no {name}");
                    *seen += 1;
                }
                check(value, known, seen);
            }
        }
        _ => {}
    }
}

#[test]
fn every_property_is_one_of_its_type_in_schema_org_30() {
    let Some(known) = vocabulary() else { return };
    let mut course = full();
    course.as_object_mut().unwrap().remove("@context");
    let mut seen = 0;
    check(&course, &known, &mut seen);
    assert!(seen > 50, "{seen}");
    let wrong = serde_json::json!({"@type": "Course", "seats": 1});
    assert!(!known["Course"].contains(&"seats".to_owned()), "{wrong}");
}
