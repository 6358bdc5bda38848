//! European Learning Model 3 for Europass: JSON-LD by the LOQ application profile. Each run is a
//! `LearningOpportunity`; what one can do afterwards is the `LearningAchievementSpecification` of its offer.
//!
//! Mandatory there, and refused where missing: a homepage, ISCED-F field, language of instruction, at least one
//! learning outcome, and an address of the provider.

use std::sync::Arc;

use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft, SubjectDraft, VenueDraft};
use serde_json::{Map, Value, json};

use super::text::{degrees, duration, euros, language, plain, times};
use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct Elm;

impl Format for Elm {
    fn name(&self) -> &'static str {
        "elm"
    }

    fn title(&self) -> Words {
        Words {
            de: "European Learning Model 3 (JSON-LD), für Europass",
            en: "European Learning Model 3 (JSON-LD), for Europass",
        }
    }

    fn extension(&self) -> &'static str {
        "elm.jsonld"
    }

    fn media_type(&self) -> &'static str {
        "application/ld+json"
    }

    fn carries(&self) -> Carries {
        Carries::These(&[
            "id",
            "title",
            "description",
            "kind",
            "subjects",
            "level.dqr",
            "entry_requirements",
            "learning_outcomes",
            "languages",
            "format",
            "price.amount_cents",
            "price.reduced_cents",
            "price.notes",
            "teaching_units_hundredths",
            "url",
            "modified",
            "runs.id",
            "runs.number",
            "runs.start",
            "runs.end",
            "runs.start_text",
            "runs.slots",
            "runs.weekly",
            "runs.duration_text",
            "runs.format",
            "runs.venue.name",
            "runs.venue.street",
            "runs.venue.postal_code",
            "runs.venue.city",
            "runs.venue.country",
            "runs.venue.latitude_micro",
            "runs.venue.longitude_micro",
            "runs.registration_deadline",
            "runs.price.amount_cents",
            "runs.price.reduced_cents",
            "runs.price.notes",
        ])
    }

    fn open(&self, edition: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        Ok(Box::new(Graph {
            edition: Arc::clone(edition),
            first: true,
        }))
    }
}

struct Graph {
    edition: Arc<Edition>,
    first: bool,
}

const SNB: &str = "http://data.europa.eu/snb";
const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";

impl Body for Graph {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let context = json!({
            "elm": "http://data.europa.eu/snb/model/elm/",
            "dc": "http://purl.org/dc/terms/",
            "skos": "http://www.w3.org/2004/02/skos/core#",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "adms": "http://www.w3.org/ns/adms#",
            "rov": "http://www.w3.org/ns/regorg#",
            "locn": "http://www.w3.org/ns/locn#",
            "clv": "http://data.europa.eu/m8g/",
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        });
        let text = format!("{{\"@context\":{context},\"@graph\":[\n");
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(), ExportError> {
        let offer = row.offer;
        let fields: Vec<Value> = offer.subjects.iter().filter_map(isced).collect();
        let languages: Vec<Value> = offer
            .languages
            .iter()
            .filter_map(|tag| spoken(tag))
            .collect();
        let mandatory = [
            ("homepage", !offer.url.is_empty()),
            ("ISCEDFCode", !fields.is_empty()),
            ("language", !languages.is_empty()),
            ("learningOutcome", !offer.learning_outcomes.is_empty()),
            ("providedBy/location", !row.provider.address.is_empty()),
        ];
        let missing = mandatory.iter().filter(|(_, there)| !there);
        let missing: Vec<&'static str> = missing.map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            notes.refuse(missing);
            return Ok(());
        }
        if fields.len() < offer.subjects.len() {
            notes.lose("subjects");
        }
        if languages.len() < offer.languages.len() {
            notes.lose("languages");
        }
        let none = RunDraft::default();
        let runs = if offer.runs.is_empty() {
            std::slice::from_ref(&none)
        } else {
            &offer.runs
        };
        let iri = self.edition.offer_iri(&row.provider.id, &offer.id);
        let mut achievement = specification(offer, &iri, &fields, &languages);
        for run in runs {
            let opportunity = opportunity(row, &self.edition, run, &iri, achievement, notes);
            // The next run refers to what the first one has described.
            achievement = json!({"@id": format!("{iri}#achievement")});
            if !std::mem::take(&mut self.first) {
                out.extend_from_slice(b",\n");
            }
            serde_json::to_writer(&mut *out, &opportunity).map_err(|source| ExportError::Row {
                offer: offer.id.clone(),
                format: "elm",
                source: source.into(),
            })?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"\n]}\n");
        Ok(())
    }
}

/// A thing of a class; what is empty is left away.
fn thing<const N: usize>(kind: &str, properties: [(&str, Value); N]) -> Value {
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
fn german(text: &str) -> Value {
    let text = plain(text);
    if text.is_empty() {
        Value::Null
    } else {
        json!({"@value": text, "@language": "de"})
    }
}

fn note(text: &str) -> Value {
    let words = german(text);
    if words.is_null() {
        Value::Null
    } else {
        thing("elm:Note", [("elm:noteLiteral", words)])
    }
}

fn typed(text: &str, kind: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        json!({"@value": text, "@type": kind})
    }
}

/// A concept of a controlled list.
fn concept(iri: &str, scheme: &str) -> Value {
    json!({
        "@id": iri,
        "@type": "skos:Concept",
        "skos:inScheme": {"@id": scheme, "@type": "skos:ConceptScheme"},
    })
}

/// ISCED-F as the provider gives it. Of the areas of the Volkshochschulen only languages are one field of ISCED-F;
/// for the others nothing is assumed.
fn isced(subject: &SubjectDraft) -> Option<Value> {
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

fn spoken(tag: &str) -> Option<Value> {
    let code = language(tag)?.to_ascii_uppercase();
    Some(authority("language", &code))
}

fn authority(list: &str, code: &str) -> Value {
    concept(
        &format!("{AUTHORITY}/{list}/{code}"),
        &format!("{AUTHORITY}/{list}"),
    )
}

fn identifiers(names: &[&str]) -> Value {
    let names = names.iter().filter(|name| !name.is_empty());
    names
        .map(|name| thing("elm:Identifier", [("skos:notation", json!(plain(name)))]))
        .collect()
}

fn specification(offer: &OfferDraft, iri: &str, fields: &[Value], languages: &[Value]) -> Value {
    let outcomes = offer.learning_outcomes.iter();
    let outcomes = outcomes.map(|text| thing("elm:LearningOutcome", [("dc:title", german(text))]));
    let entry: Vec<&str> = offer
        .entry_requirements
        .iter()
        .map(|q| q.title.as_str())
        .collect();
    let level = offer.level.as_ref().and_then(|level| level.dqr);
    let level =
        level.map(|dqr| concept(&format!("{SNB}/eqf/{dqr}"), &format!("{SNB}/eqf/25831c2")));
    let hours = offer
        .teaching_units_hundredths
        .map(duration)
        .unwrap_or_default();
    thing(
        "elm:LearningAchievementSpecification",
        [
            ("@id", json!(format!("{iri}#achievement"))),
            ("dc:title", german(&offer.title)),
            ("elm:ISCEDFCode", json!(fields)),
            ("dc:language", json!(languages)),
            ("elm:learningOutcome", outcomes.collect()),
            ("elm:educationLevel", level.unwrap_or_default()),
            ("elm:volumeOfLearning", typed(&hours, "xsd:duration")),
            ("elm:entryRequirement", note(&entry.join("; "))),
        ],
    )
}

fn opportunity(
    row: &Row<'_>,
    edition: &Edition,
    run: &RunDraft,
    iri: &str,
    achievement: Value,
    notes: &mut Notes,
) -> Value {
    let offer = row.offer;
    let id = if run.id.is_empty() {
        iri.to_owned()
    } else {
        format!("{iri}#{}", run.id)
    };
    let page = thing(
        "elm:WebResource",
        [("elm:contentUrl", typed(&offer.url, "xsd:anyURI"))],
    );
    let (own, own_format) = (&run.format, !run.format.is_empty());
    let format = mode(
        if own_format { own } else { &offer.format },
        own_format,
        notes,
    );
    let price = run.price.as_ref().or(offer.price.as_ref()).map(cost);
    let schedule = [
        run.start_text.clone(),
        run.duration_text.clone(),
        times(run),
    ];
    let schedule: Vec<String> = schedule
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let held_at = run.venue.as_ref().map(|venue| location(venue, notes));
    let kind = kind(&offer.kind, notes);
    thing(
        "elm:LearningOpportunity",
        [
            ("@id", json!(id)),
            ("adms:identifier", identifiers(&[&offer.id, &run.number])),
            ("dc:title", german(&offer.title)),
            ("dc:description", german(&offer.description)),
            ("dc:type", kind),
            ("foaf:homepage", page),
            ("dc:temporal", period(run)),
            ("elm:mode", format),
            ("elm:scheduleInformation", note(&schedule.join("; "))),
            (
                "elm:applicationDeadline",
                typed(&midnight(&run.registration_deadline), "xsd:dateTime"),
            ),
            ("elm:priceDetail", price.unwrap_or_default()),
            ("elm:providedBy", organisation(row, edition)),
            ("elm:location", held_at.unwrap_or_default()),
            ("elm:learningAchievementSpecification", achievement),
            ("elm:defaultLanguage", authority("language", "DEU")),
            (
                "dc:modified",
                typed(&midnight(&offer.modified), "xsd:dateTime"),
            ),
        ],
    )
}

/// A date as a date and time; what is one already stays.
fn midnight(date: &str) -> String {
    if date.is_empty() || date.contains('T') {
        date.to_owned()
    } else {
        format!("{date}T00:00:00")
    }
}

fn period(run: &RunDraft) -> Value {
    if run.start.is_empty() && run.end.is_empty() {
        return Value::Null;
    }
    thing(
        "dc:PeriodOfTime",
        [
            (
                "elm:startDate",
                typed(&midnight(&run.start), "xsd:dateTime"),
            ),
            ("elm:endDate", typed(&midnight(&run.end), "xsd:dateTime")),
        ],
    )
}

fn mode(format: &str, of_run: bool, notes: &mut Notes) -> Value {
    let code = match format {
        "in-person" => "9191af2ed9",
        "online" => "920fbb3cbe",
        "hybrid" => "e92d221e4d",
        "workplace" => "729f3bed4b",
        "" => return Value::Null,
        _ => {
            notes.lose(if of_run { "runs.format" } else { "format" });
            return Value::Null;
        }
    };
    let list = format!("{SNB}/learning-assessment");
    concept(&format!("{list}/{code}"), &format!("{list}/25831c2"))
}

fn kind(kind: &str, notes: &mut Notes) -> Value {
    let code = match kind {
        "course" => "05053c1cbe",
        "study-trip" => "65a4cf5de2",
        "school-programme" | "degree-programme" => "79343569f3",
        "vocational-training" => "63f9f6180c",
        "" => return Value::Null,
        _ => {
            notes.lose("kind");
            return Value::Null;
        }
    };
    let list = format!("{SNB}/learning-opportunity");
    concept(&format!("{list}/{code}"), &format!("{list}/25831c2"))
}

fn cost(price: &PriceDraft) -> Value {
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
fn organisation(row: &Row<'_>, edition: &Edition) -> Value {
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
fn location(venue: &VenueDraft, notes: &mut Notes) -> Value {
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

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;

    use super::super::tests::{export, member, shacl};

    #[test]
    fn a_missing_mandatory_field_refuses_the_offer() {
        let mut offer = full_offer("A-1").into_draft();
        offer.subjects[0].code = "5.01".into();
        offer.learning_outcomes.clear();
        let mut provider = member("vhs");
        provider.address.clear();
        let (out, loss) = export("elm", &provider, &[offer]);
        let missing = ["ISCEDFCode", "learningOutcome", "providedBy/location"];
        assert_eq!(loss.refusals[0].missing, missing);
        let file: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(file["@graph"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn the_official_shapes_accept_the_file() {
        let mut offer = full_offer("A-1").into_draft();
        let mut second = offer.runs[0].clone();
        second.id = "r2".into();
        offer.runs.push(second);
        let (out, loss) = export(
            "elm",
            &member("vhs"),
            &[offer, full_offer("A-2").into_draft()],
        );
        assert_eq!(loss.written, 2);
        let shapes = [
            "schemas/elm/LOQ-constraints.ttl",
            "schemas/elm/LOQ-constraints-mdr.ttl",
        ];
        shacl(&shapes, &out);
    }
}
