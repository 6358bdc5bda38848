//! schema.org `Course` as JSON-LD: of one offer for its page, and of the whole catalogue as a file. Every property
//! is one that schema.org 30.0 gives the type that it stands at.

mod run;

use std::sync::Arc;

use calluna_model::code;
use calluna_model::offer::{OfferDraft, PriceDraft, QualificationDraft, SubjectDraft};
use serde_json::{Map, Value, json};

use super::edition::{offer_iri, provider_iri};
use super::text::{duration, euros, plain};
use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct SchemaOrg;

impl Format for SchemaOrg {
    fn name(&self) -> &'static str {
        "schemaorg"
    }

    fn title(&self) -> Words {
        Words {
            de: "schema.org Course (JSON-LD), für Suchmaschinen und Portale",
            en: "schema.org Course (JSON-LD), for search engines and portals",
        }
    }

    fn extension(&self) -> &'static str {
        "jsonld"
    }

    fn media_type(&self) -> &'static str {
        "application/ld+json"
    }

    fn carries(&self) -> Carries {
        Carries::These(&[
            "id",
            "title",
            "subtitle",
            "summary",
            "description",
            "subjects",
            "level.cefr",
            "level.dqr",
            "level.isced2011",
            "level.text",
            "entry_requirements",
            "awards",
            "learning_outcomes",
            "audiences",
            "keywords",
            "languages",
            "format",
            "price.amount_cents",
            "price.reduced_cents",
            "price.notes",
            "funding",
            "teaching_units_hundredths",
            "contact",
            "url",
            "modified",
            "runs.id",
            "runs.number",
            "runs.start",
            "runs.end",
            "runs.slots",
            "runs.weekly",
            "runs.session_count",
            "runs.teaching_units_hundredths",
            "runs.format",
            "runs.venue.name",
            "runs.venue.room",
            "runs.venue.street",
            "runs.venue.postal_code",
            "runs.venue.city",
            "runs.venue.country",
            "runs.venue.latitude_micro",
            "runs.venue.longitude_micro",
            "runs.seats",
            "runs.free_seats",
            "runs.availability",
            "runs.registration_deadline",
            "runs.registration_url",
            "runs.status",
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
        out.extend_from_slice(b"{\"@context\":\"https://schema.org\",\"@graph\":[\n");
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>, _: &mut Notes) -> Result<(), ExportError> {
        if !std::mem::take(&mut self.first) {
            out.extend_from_slice(b",\n");
        }
        let node = Value::Object(node(row, &self.edition.base_url));
        serde_json::to_writer(out, &node).map_err(|source| ExportError::Row {
            offer: row.offer.id.clone(),
            format: "schemaorg",
            source: source.into(),
        })
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"\n]}\n");
        Ok(())
    }
}

/// One offer as a document of its own. `base_url` is where the catalogue's pages are, without `/` at the end.
#[must_use]
pub fn course(row: &Row<'_>, base_url: &str) -> Value {
    let mut document = node(row, base_url);
    document.insert("@context".to_owned(), json!("https://schema.org"));
    Value::Object(document)
}

/// The document as it may stand in a page between `<script type="application/ld+json">` and its end: nothing in it
/// can end the element or begin another. It is the same JSON to every reader.
#[must_use]
pub fn script_data(document: &Value) -> String {
    let text = document.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // These stand in strings only: everything else in JSON is made of other characters.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// A thing whose empty properties are left away.
#[derive(Default)]
struct Thing(Map<String, Value>);

impl Thing {
    fn of(kind: &str) -> Self {
        Self::default().value("@type", json!(kind))
    }

    fn text(self, name: &str, text: &str) -> Self {
        let text = plain(text);
        if text.is_empty() {
            self
        } else {
            self.value(name, json!(text))
        }
    }

    fn value(mut self, name: &str, value: Value) -> Self {
        let empty = match &value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        };
        if !empty {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    /// The thing, if it says more than what kind of thing it is.
    fn done(self) -> Value {
        if self.0.keys().all(|name| name == "@type") {
            Value::Null
        } else {
            Value::Object(self.0)
        }
    }
}

fn node(row: &Row<'_>, base_url: &str) -> Map<String, Value> {
    let offer = row.offer;
    let id = offer_iri(base_url, &row.provider.id, &offer.id);
    let mut texts = offer.learning_outcomes.iter();
    let runs = offer.runs.iter().map(|run| run::instance(row, run, &id));
    let hours = offer.teaching_units_hundredths.map(duration);
    Thing::of("Course")
        .text("@id", &id)
        .text("identifier", &offer.id)
        .text("url", &offer.url)
        .text("name", &offer.title)
        .text("alternativeHeadline", &offer.subtitle)
        .text("abstract", &offer.summary)
        .text("description", &offer.description)
        .value("about", offer.subjects.iter().map(subject).collect())
        .value("educationalLevel", levels(offer))
        .value(
            "coursePrerequisites",
            offer
                .entry_requirements
                .iter()
                .map(|q| json!(plain(&q.title)))
                .collect(),
        )
        .value(
            "educationalCredentialAwarded",
            offer.awards.iter().map(credential).collect(),
        )
        .value(
            "teaches",
            texts.by_ref().map(|text| json!(plain(text))).collect(),
        )
        .value(
            "audience",
            offer.audiences.iter().map(|name| audience(name)).collect(),
        )
        .value("keywords", strings(&offer.keywords))
        .value("inLanguage", strings(&offer.languages))
        .text("timeRequired", &hours.unwrap_or_default())
        .value(
            "financialAidEligible",
            offer
                .funding
                .iter()
                .map(|route| json!(words(code::FUNDING, route)))
                .collect(),
        )
        .value("isAccessibleForFree", free(offer))
        .value("offers", prices(offer.price.as_ref()))
        .text("dateModified", &offer.modified)
        .value("provider", provider(row, base_url))
        .value("hasCourseInstance", runs.collect())
        .0
}

/// The German words of a code; the code itself where the list does not know it.
fn words(list: code::Name, known: &str) -> &str {
    list.get(known).map_or(known, |entry| &entry.de)
}

fn strings(texts: &[String]) -> Value {
    texts.iter().map(|text| json!(plain(text))).collect()
}

fn subject(subject: &SubjectDraft) -> Value {
    Thing::of("DefinedTerm")
        .text("name", &subject.label)
        .text("termCode", &subject.code)
        .text("inDefinedTermSet", &subject.scheme)
        .done()
}

fn levels(offer: &OfferDraft) -> Value {
    let Some(level) = &offer.level else {
        return Value::Null;
    };
    let term = |set: &str, code: &str| {
        if code.is_empty() {
            return Value::Null;
        }
        let term = Thing::of("DefinedTerm").text("termCode", code);
        term.text("inDefinedTermSet", set).done()
    };
    let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
    let known = [
        term("CEFR", &level.cefr),
        term("DQR", &number(level.dqr)),
        term("ISCED 2011", &number(level.isced2011)),
        Thing::of("DefinedTerm").text("name", &level.text).done(),
    ];
    known.into_iter().filter(|term| !term.is_null()).collect()
}

fn credential(award: &QualificationDraft) -> Value {
    let level = award.dqr.map(|dqr| format!("DQR {dqr}"));
    Thing::of("EducationalOccupationalCredential")
        .text("name", &award.title)
        .text("credentialCategory", &award.code)
        .text("educationalLevel", &level.unwrap_or_default())
        .done()
}

fn audience(name: &str) -> Value {
    Thing::of("Audience").text("audienceType", name).done()
}

/// Known only where there is a price, and no run says otherwise.
fn free(offer: &OfferDraft) -> Value {
    let own = offer.price.as_ref();
    let prices: Vec<Option<u32>> = if offer.runs.is_empty() {
        vec![own.and_then(|price| price.amount_cents)]
    } else {
        let of_run = offer.runs.iter().map(|run| run.price.as_ref().or(own));
        of_run.map(|price| price?.amount_cents).collect()
    };
    if prices.iter().all(Option::is_some) {
        json!(prices.iter().all(|price| *price == Some(0)))
    } else {
        Value::Null
    }
}

/// The regular price, and the reduced one with the words about who pays it.
fn prices(price: Option<&PriceDraft>) -> Value {
    let Some(price) = price else {
        return Value::Null;
    };
    let offer = |cents: Option<u32>, name: &str, notes: &str| {
        let amount = cents.map(euros).unwrap_or_default();
        if amount.is_empty() && notes.is_empty() {
            return Value::Null;
        }
        let currency = if amount.is_empty() { "" } else { "EUR" };
        Thing::of("Offer")
            .text("name", name)
            .text("price", &amount)
            .text("priceCurrency", currency)
            .text("description", notes)
            .done()
    };
    let reduced = offer(price.reduced_cents, "Ermäßigt", "");
    let all = [
        offer(price.amount_cents, "", &price.notes.join("; ")),
        reduced,
    ];
    all.into_iter().filter(|offer| !offer.is_null()).collect()
}

fn provider(row: &Row<'_>, base_url: &str) -> Value {
    let kind = match row.provider.kind {
        calluna_model::member::ProviderKind::School => "School",
        _ => "EducationalOrganization",
    };
    let contact = row.offer.contact.as_ref().map(|contact| {
        Thing::of("ContactPoint")
            .text("email", &contact.email)
            .text("telephone", &contact.phone)
            .text("url", &contact.url)
            .done()
    });
    Thing::of(kind)
        .text("@id", &provider_iri(base_url, &row.provider.id))
        .text("name", &row.provider.name)
        .text("url", &row.provider.website)
        .text("address", &row.provider.address)
        .value("contactPoint", contact.unwrap_or_default())
        .done()
}

#[cfg(test)]
mod tests;
