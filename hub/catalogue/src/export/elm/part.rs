//! Parts of what stands in the file: notes, concepts of controlled lists, prices, places.

use calluna_model::offer::{PriceDraft, SubjectDraft, VenueDraft};
use serde_json::{Map, Value, json};

use crate::export::text::{degrees, euros, language, plain};
use crate::export::{Edition, Notes, Row};

/// Where the lists of Europass lie.
pub(super) const SNB: &str = "http://data.europa.eu/snb";
const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";

/// A thing of a class; what is empty is left away.
pub(super) fn thing<const N: usize>(kind: &str, properties: [(&str, Value); N]) -> Value {
    let mut out = Map::new();
    out.insert("@type".to_owned(), json!(kind));
    for (name, value) in properties {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            out.insert(name.to_owned(), value);
        }
    }
    Value::Object(out)
}

/// Words in the language of the catalogue.
pub(super) fn german(text: &str) -> Value {
    let text = plain(text);
    if text.is_empty() {
        Value::Null
    } else {
        json!({"@value": text, "@language": "de"})
    }
}

pub(super) fn note(text: &str) -> Value {
    let words = german(text);
    if words.is_null() {
        Value::Null
    } else {
        thing("elm:Note", [("elm:noteLiteral", words)])
    }
}

pub(super) fn typed(text: &str, kind: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        json!({"@value": text, "@type": kind})
    }
}

/// A concept of a controlled list.
pub(super) fn concept(iri: &str, scheme: &str) -> Value {
    json!({
        "@id": iri,
        "@type": "skos:Concept",
        "skos:inScheme": {"@id": scheme, "@type": "skos:ConceptScheme"},
    })
}

/// ISCED-F as the provider gives it. Of the areas of the Volkshochschulen only languages are one field of ISCED-F;
/// for the others nothing is assumed.
pub(super) fn isced(subject: &SubjectDraft) -> Option<Value> {
    let code = match subject.scheme.as_str() {
        "isced-f-2013" if (2..=4).contains(&subject.code.len()) => subject.code.as_str(),
        "dvv-1.0" | "dvv-2.0" if subject.code.split('.').next() == Some("4") => "0231",
        _ => return None,
    };
    let digits = code.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| {
        concept(
            &format!("{SNB}/isced-f/{code}"),
            &format!("{SNB}/isced-f/25831c2"),
        )
    })
}

pub(super) fn spoken(tag: &str) -> Option<Value> {
    let code = language(tag)?.to_ascii_uppercase();
    Some(authority("language", &code))
}

pub(super) fn authority(list: &str, code: &str) -> Value {
    concept(
        &format!("{AUTHORITY}/{list}/{code}"),
        &format!("{AUTHORITY}/{list}"),
    )
}

pub(super) fn identifiers(names: &[&str]) -> Value {
    let names = names.iter().filter(|name| !name.is_empty());
    names
        .map(|name| thing("elm:Identifier", [("skos:notation", json!(plain(name)))]))
        .collect()
}

/// A date as a date and time; what is one already stays.
pub(super) fn midnight(date: &str) -> String {
    if date.is_empty() || date.contains('T') {
        date.to_owned()
    } else {
        format!("{date}T00:00:00")
    }
}

pub(super) fn cost(price: &PriceDraft) -> Value {
    let amount = |cents: Option<u32>| {
        cents.map(|cents| {
            thing(
                "elm:Amount",
                [
                    ("elm:unit", authority("currency", "EUR")),
                    ("rdf:value", typed(&euros(cents), "xsd:decimal")),
                ],
            )
        })
    };
    let regular = thing(
        "elm:PriceDetail",
        [
            ("elm:amount", amount(price.amount_cents).unwrap_or_default()),
            ("dc:description", german(&price.notes.join("; "))),
        ],
    );
    let reduced = amount(price.reduced_cents).map(|amount| {
        let label = german("Ermäßigt");
        thing(
            "elm:PriceDetail",
            [("elm:amount", amount), ("skos:prefLabel", label)],
        )
    });
    std::iter::once(regular).chain(reduced).collect()
}

/// The provider with its address; the country is that of the district whose hub has approved it.
pub(super) fn organisation(row: &Row<'_>, edition: &Edition) -> Value {
    let provider = row.provider;
    let page = (!provider.website.is_empty()).then(|| {
        thing(
            "elm:WebResource",
            [("elm:contentUrl", typed(&provider.website, "xsd:anyURI"))],
        )
    });
    thing(
        "elm:Organisation",
        [
            ("@id", json!(edition.provider_iri(&provider.id))),
            ("rov:legalName", german(&provider.name)),
            ("foaf:homepage", page.unwrap_or_default()),
            (
                "elm:location",
                place(german(""), &provider.address, "DEU", Value::Null),
            ),
        ],
    )
}

fn place(name: Value, address: &str, country: &str, geometry: Value) -> Value {
    let address = thing(
        "elm:Address",
        [
            ("elm:fullAddress", note(address)),
            ("elm:countryCode", authority("country", country)),
        ],
    );
    thing(
        "dc:Location",
        [
            ("elm:geographicName", name),
            ("elm:address", address),
            ("locn:geometry", geometry),
        ],
    )
}

/// A venue in Germany. Codes of other countries are three letters in that list: such a venue is left away.
pub(super) fn location(venue: &VenueDraft, notes: &mut Notes) -> Value {
    if !matches!(venue.country.as_str(), "" | "DE") {
        notes.lose("runs.venue");
        return Value::Null;
    }
    let town = format!("{} {}", venue.postal_code, venue.city);
    let lines = [venue.street.trim(), town.trim()];
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    let geometry = venue
        .latitude_micro
        .zip(venue.longitude_micro)
        .map(|(latitude, longitude)| {
            thing(
                "locn:Geometry",
                [
                    ("clv:latitude", json!(degrees(latitude))),
                    ("clv:longitude", json!(degrees(longitude))),
                ],
            )
        });
    place(
        german(&venue.name),
        &lines.join(", "),
        "DEU",
        geometry.unwrap_or_default(),
    )
}
