//! European Learning Model 3 for Europass: JSON-LD by the LOQ application profile. Each run is a
//! `LearningOpportunity`; what one can do afterwards is the `LearningAchievementSpecification` of its offer.
//!
//! Mandatory there, and refused where missing: a homepage, ISCED-F field, language of instruction, at least one
//! learning outcome, and an address of the provider.

mod part;

use std::sync::Arc;

use calluna_model::offer::{OfferDraft, RunDraft};
use serde_json::{Value, json};

use self::part::{
    SNB, authority, concept, cost, german, identifiers, isced, location, midnight, note,
    organisation, spoken, thing, typed,
};

use super::text::{duration, times};
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
