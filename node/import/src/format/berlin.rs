//! The open data of the Berlin Volkshochschulen in JSON: the elements of Open-vhs as objects, an
//! object or an array by how many there are, numbers as texts, `-1` for "not known"; and the flat
//! form that analysts make of it (`nummer`, `name`, `bezirk`, `preis` …, all on one level).
//!
//! Objects become the same [`Element`]s as XML, so there is one reading of either.

use std::fmt;

use calluna_model::finding::Finding;
use calluna_tabular::encoding;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::openvhs;
use crate::Source;
use crate::error::ImportError;
use crate::sink::Sink;
use crate::xml::{Element, RECORD_BYTES};

/// Names of the flat form, and what Open-vhs calls them.
const FLAT: [(&str, &str); 7] = [
    ("beginn", "beginn_datum"),
    ("ende", "ende_datum"),
    ("min_teilnehmer", "minimale_teilnehmerzahl"),
    ("max_teilnehmer", "maximale_teilnehmerzahl"),
    ("aktuelle_teilnehmer", "aktuelle_teilnehmerzahl"),
    ("termine", "anzahl_termine"),
    ("schlagworte", "schlagwort"),
];

/// Whether a file that begins so (in lower case) is one of these.
pub(super) fn looks_like(begins: &str) -> bool {
    // With both quotes: inside of a text they would be escaped.
    let named = |name: &str| begins.contains(name);
    begins.starts_with(['[', '{'])
        && (named("\"veranstaltungen\"")
            || named("\"veranstaltung\"")
            || (named("\"nummer\"") && named("\"name\"")))
}

/// Reads the records one by one; only one is held.
pub(super) fn read(source: &Source<'_>, sink: &mut Sink) -> Result<(), ImportError> {
    let decoded = encoding::decode(source.bytes);
    let mut outcome = Ok(());
    let mut count = 0_u64;
    let mut each = |record: Value| {
        count += 1;
        // A JSON file has no lines that people know; the number of the entry has to do.
        outcome = take(&record, format!("{}#{count}", source.name), sink);
        outcome.is_ok()
    };
    let mut reader = serde_json::Deserializer::from_str(&decoded.text);
    let walked = Records {
        level: 0,
        each: &mut each,
    }
    .deserialize(&mut reader)
    .and_then(|()| reader.end());
    outcome?;
    walked.map_err(|error| {
        let place = format!("{}:{}:{}", source.name, error.line(), error.column());
        if error.is_eof() {
            ImportError::Truncated { place }
        } else {
            ImportError::NotWellFormed { place }
        }
    })
}

fn take(record: &Value, place: String, sink: &mut Sink) -> Result<(), ImportError> {
    sink.saw(1);
    if weight(record) > RECORD_BYTES {
        sink.refuse(vec![
            Finding::new("", "too-large").limit(RECORD_BYTES).at(place),
        ]);
        return Ok(());
    }
    let Value::Object(fields) = record else {
        sink.refuse(vec![Finding::new("", "not-well-formed").at(place)]);
        return Ok(());
    };
    let mut event = Element::named("veranstaltung");
    for (name, value) in fields {
        push(&mut event, name, value);
    }
    // In the flat form the price is a value, not an object.
    if event
        .first("preis")
        .is_some_and(|price| price.children().next().is_none())
    {
        event = unfold(event);
    }
    openvhs::take(&event, place, sink)
}

fn push(parent: &mut Element, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| push(parent, name, item)),
        Value::Object(fields) => {
            let mut child = Element::named(name);
            for (name, value) in fields {
                match (name.strip_prefix('@'), name.as_str(), value) {
                    (Some(attribute), _, Value::String(text)) => child.set(attribute, text),
                    (_, "#text", Value::String(text)) => child.push_text(text),
                    _ => push(&mut child, name, value),
                }
            }
            parent.push(child);
        }
        Value::String(text) => parent.push_leaf(name, text),
        Value::Bool(_) | Value::Number(_) => parent.push_leaf(name, &value.to_string()),
    }
}

fn unfold(flat: Element) -> Element {
    let mut out = Element::named("veranstaltung");
    let mut price = Element::named("preis");
    for mut child in flat.into_children() {
        match child.name.as_str() {
            "preis" => price.push_leaf("betrag", &child.text()),
            "rabatt" => price.push_leaf("rabatt_moeglich", &child.text()),
            "zusatz" => price.push_leaf("zusatz", &child.text()),
            name => {
                if let Some((_, full)) = FLAT.iter().find(|(short, _)| *short == name) {
                    child.name = (*full).to_owned();
                }
                out.push(child);
            }
        }
    }
    out.push(price);
    out
}

fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + items.len(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + weight(value))
            .sum(),
        _ => 8,
    }
}

/// Goes down `veranstaltungen` and `veranstaltung` to the records, wherever an array begins early.
struct Records<'a> {
    level: u8,
    each: &'a mut dyn FnMut(Value) -> bool,
}

impl<'de> DeserializeSeed<'de> for Records<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("courses")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Value>()? {
            if !(self.each)(item) {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        if self.level == 2 {
            // One record alone is not wrapped in an array.
            let record = Value::deserialize(MapAccessDeserializer::new(fields))?;
            return if (self.each)(record) {
                Ok(())
            } else {
                Err(serde::de::Error::custom("stopped"))
            };
        }
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "veranstaltungen" => fields.next_value_seed(Records {
                    level: 1,
                    each: &mut *self.each,
                })?,
                "veranstaltung" => fields.next_value_seed(Records {
                    level: 2,
                    each: &mut *self.each,
                })?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
