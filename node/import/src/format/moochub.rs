//! MOOChub 3: what German universities and platforms hand over to moochub.org, JSON:API over the
//! vocabulary of schema.org. An entry of `data` is an offer; its `startDate` and `endDate` are
//! lists, so that a course that comes back has a run for each.
//!
//! Creators, contributors and instructors can be persons and are not read.

use calluna_model::finding::Finding;
use calluna_model::offer::{
    LevelDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SubjectDraft, VenueDraft,
    WeeklySlotDraft,
};
use serde_json::Value;

use super::schemaorg::{address, degrees, frame_level, line, lines, subject};
use super::{Format, beginning};
use crate::error::ImportError;
use crate::html;
use crate::json::{self, Node, RECORD_BYTES};
use crate::record::{Record, derived, distinct};
use crate::sink::Sink;
use crate::split;
use crate::value::{date, duration, language, money, price, text};
use crate::{Options, Source};

pub(super) struct MoocHub;

/// Attributes that are read.
const READ: &[&str] = &[
    "name",
    "courseCode",
    "learningResourceType",
    "courseMode",
    "description",
    "inLanguage",
    "startDate",
    "endDate",
    "teaches",
    "duration",
    "publisher",
    "url",
    "workload",
    "access",
    "audience",
    "educationalAlignment",
    "educationalLevel",
    "keywords",
    "contentLocation",
    "offer",
    "numberOfCredits",
    "educationalCredentialsAwarded",
    "competencyRequired",
    "applicationDeadline",
    "repeatFrequency",
    "dateModified",
];
/// Attributes about persons, and about the exchange.
const SILENT: &[&str] = &["instructor", "creator", "contributor", "dateCreated"];

impl Format for MoocHub {
    fn name(&self) -> &'static str {
        "moochub"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        let named = |name: &str| begins.contains(name);
        begins.starts_with('{')
            && named("\"data\"")
            && named("\"attributes\"")
            && (named("\"learningresourcetype\"") || named("\"course\""))
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let document = json::document(source)?;
        let Some(Value::Array(entries)) = document.get("data") else {
            return Err(ImportError::WrongRoot {
                place: format!("{}:1", source.name),
                expected: "data",
            });
        };
        let mut compared = false;
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("{}#{}", source.name, index + 1);
            sink.saw(1);
            let Some((node, attributes)) = parts(entry) else {
                sink.refuse(vec![Finding::new("", "not-well-formed").at(place)]);
                continue;
            };
            if attributes.weight() > RECORD_BYTES {
                let finding = Finding::new("", "too-large").limit(RECORD_BYTES);
                sink.refuse(vec![finding.at(place)]);
                continue;
            }
            if !std::mem::replace(&mut compared, true) {
                compare(attributes, options, &place, sink);
            }
            let mut record = Record::at(place.clone());
            let draft = offer(node, attributes, &mut record);
            for name in attributes.left_over(&[READ, SILENT]) {
                sink.not_carried(&place, name);
            }
            if record.settle(sink) {
                split::take(sink, &place, draft)?;
            }
        }
        Ok(())
    }
}

fn parts(entry: &Value) -> Option<(Node<'_>, Node<'_>)> {
    let node = Node::of(entry)?;
    Some((node, Node::of(node.0.get("attributes")?)?))
}

/// Another publisher than the own house; the name of a person is not repeated.
fn compare(attributes: Node<'_>, options: &Options<'_>, place: &str, sink: &mut Sink) {
    use calluna_tabular::mapping::fold;
    let publishers = attributes.nodes("publisher");
    let found = publishers.iter().find(|found| found.is("Organization"));
    if let (Some(own), Some(found)) = (options.provider_name, found) {
        let name = found.text("name");
        if !name.is_empty() && fold(&name) != fold(own) {
            let finding = Finding::new("", "other-provider").value(&name);
            sink.warn(finding.at(place));
        }
    }
}

fn offer(node: Node<'_>, course: Node<'_>, record: &mut Record) -> OfferDraft {
    let code = course.text("courseCode");
    let id = record.id([node.text("id").as_str(), code.as_str()]);
    let (description, description_html) = html::both(&course.text("description"));
    let mut keywords = course.texts("keywords");
    if !code.is_empty() {
        keywords.push(code);
    }
    let languages = course.texts("inLanguage");
    OfferDraft {
        id,
        title: text::shortened(&line(&course.text("name")), 255),
        description,
        description_html,
        kind: "course".into(),
        subjects: subjects(course),
        level: level(course),
        entry_requirements: named(course, "competencyRequired")
            .into_iter()
            .take(20)
            .map(|title| QualificationDraft {
                code: money::qualification(&title).to_owned(),
                title,
                dqr: None,
            })
            .collect(),
        awards: awards(course),
        learning_outcomes: lines(named(course, "teaches"), 50, 1_000),
        audiences: lines(
            course.texts("audience").iter().map(|at| tail(at)).collect(),
            50,
            255,
        ),
        keywords: lines(keywords, 100, 255),
        languages: lines(
            languages
                .iter()
                .filter_map(|name| language::known(name))
                .collect(),
            20,
            35,
        ),
        format: mode(course).to_owned(),
        price: cost(course, record),
        url: address(&course.text("url")),
        modified: date::iso(&course.text("dateModified")).unwrap_or_default(),
        runs: runs(course, record),
        ..OfferDraft::default()
    }
}

/// `[{inLanguage, name}]` in German, else in English, else the first.
fn label(node: Node<'_>) -> String {
    let names = node.nodes("name");
    let of = |tag: &str| {
        names
            .iter()
            .find(|name| name.text("inLanguage").to_lowercase().starts_with(tag))
    };
    match of("de").or_else(|| of("en")).or_else(|| names.first()) {
        Some(name) => line(&name.text("name")),
        None => line(&node.text("name")),
    }
}

fn named(course: Node<'_>, property: &str) -> Vec<String> {
    let names = course.nodes(property).into_iter().map(label);
    names
        .map(|name| text::shortened(&name, 1_000))
        .filter(|name| !name.is_empty())
        .collect()
}

fn subjects(course: Node<'_>) -> Vec<SubjectDraft> {
    let mut out: Vec<SubjectDraft> = Vec::new();
    for alignment in course.nodes("educationalAlignment") {
        let set = format!(
            "{} {}",
            alignment.text("educationalFramework"),
            alignment.text("targetUrl")
        );
        let found = subject(&set, &alignment.text("shortCode"), &label(alignment));
        let said = !found.code.is_empty() || !found.label.is_empty();
        if said && !out.contains(&found) && out.len() < 20 {
            out.push(found);
        }
    }
    out
}

fn level(course: Node<'_>) -> Option<LevelDraft> {
    let mut out = LevelDraft::default();
    let mut said = Vec::new();
    for level in course.nodes("educationalLevel") {
        let frame = level.text("educationalFramework");
        let (code, name) = (level.text("shortCode"), label(level));
        if out.cefr.is_empty() {
            let cefr = text::cefr(&code).or_else(|| text::cefr(&name));
            cefr.unwrap_or_default().clone_into(&mut out.cefr);
        }
        out.dqr = out
            .dqr
            .or_else(|| frame_level(&format!("{frame} {code} {name}")));
        let words = format!("{name} ({frame})");
        if !name.is_empty() && !said.contains(&words) {
            said.push(words);
        }
    }
    out.text = text::shortened(&said.join(", "), 255);
    (out != LevelDraft::default()).then_some(out)
}

fn awards(course: Node<'_>) -> Vec<QualificationDraft> {
    let known = |title: String| {
        let (title, code) = match title.as_str() {
            "certificate" => ("Zertifikat".to_owned(), "certificate"),
            "record of achievement" => ("Leistungsnachweis".to_owned(), ""),
            "confirmation of participation" => ("Teilnahmebestätigung".to_owned(), "attendance"),
            _ => (text::shortened(&line(&title), 1_000), ""),
        };
        QualificationDraft {
            title,
            code: code.to_owned(),
            dqr: None,
        }
    };
    let titles = course.texts("educationalCredentialsAwarded");
    let mut out: Vec<_> = titles.into_iter().take(19).map(known).collect();
    let credits = course.text("numberOfCredits");
    if !matches!(credits.as_str(), "" | "0" | "0.0") {
        out.push(QualificationDraft {
            title: text::shortened(&format!("{} ECTS", credits.replace('.', ",")), 60),
            ..QualificationDraft::default()
        });
    }
    out
}

/// The last part of an address says what it is: `…/educationalAudienceRole/student`.
fn tail(address: &str) -> String {
    let last = address.trim_end_matches('/').rsplit(['/', '#']).next();
    last.unwrap_or_default().to_owned()
}

/// `synchronous` and `asynchronous` say when, not where.
fn mode(course: Node<'_>) -> &'static str {
    let modes = course.texts("courseMode");
    let has = |name: &str| modes.iter().any(|mode| mode == name);
    match (has("onsite"), has("online")) {
        _ if has("blended") => "hybrid",
        (true, true) => "hybrid",
        (true, false) => "in-person",
        (false, true) => "online",
        _ => "",
    }
}

fn cost(course: Node<'_>, record: &mut Record) -> Option<PriceDraft> {
    let mut out = PriceDraft::default();
    for offer in course.nodes("offer") {
        let (raw, currency) = (offer.text("price"), offer.text("priceCurrency"));
        let category = offer.text("category");
        let frequency = offer.text("paymentFrequency");
        let Some(cents) = price::cents(&raw) else {
            if !raw.is_empty() {
                record.warn("price.amount_cents", "kept-as-text", &raw);
                out.notes
                    .push(text::shortened(&format!("{raw} {currency}"), 500));
            }
            continue;
        };
        let whole = matches!(category.as_str(), "course" | "complete" | "");
        let once = matches!(frequency.as_str(), "one-time" | "");
        let euros = currency.eq_ignore_ascii_case("eur") || cents == 0;
        if whole && once && euros && out.amount_cents.is_none() {
            out.amount_cents = Some(cents);
        } else if out.notes.len() < 10 {
            let words = [category.as_str(), &format!("{raw} {currency}"), &frequency];
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            out.notes.push(text::shortened(&words.join(", "), 500));
        }
    }
    let access = course.texts("access");
    let free = access.iter().any(|way| way == "free") && !access.iter().any(|way| way == "paid");
    if free && out.amount_cents.is_none() {
        out.amount_cents = Some(0);
    }
    (out != PriceDraft::default()).then_some(out)
}

fn runs(course: Node<'_>, record: &mut Record) -> Vec<RunDraft> {
    let (starts, ends) = (course.texts("startDate"), course.texts("endDate"));
    let workload = course.nodes("workload");
    let workload = workload.first().map(|load| {
        let unit = load.text("timeUnit").replace("h/", "Stunden je ");
        let unit = unit
            .replace("month", "Monat")
            .replace("week", "Woche")
            .replace("day", "Tag");
        format!("{} {unit}", load.text("timeValue"))
    });
    let mut lasting = vec![
        duration::words(&course.text("duration")),
        workload.unwrap_or_default(),
    ];
    lasting.retain(|words| !words.trim().is_empty());
    let deadline = date::moment(&course.text("applicationDeadline"));
    let whole = RunDraft {
        duration_text: text::shortened(&line(&lasting.join("; ")), 500),
        venue: course.nodes("contentLocation").into_iter().find_map(venue),
        weekly: weekly(course),
        registration_deadline: deadline.map(|(date, _)| date).unwrap_or_default(),
        ..RunDraft::default()
    };
    let count = starts.len().max(ends.len()).max(1);
    let mut out = Vec::new();
    for index in 0..count {
        let mut day = |name: &str, raw: Option<&String>| {
            let raw = raw.map_or("", String::as_str);
            let date = date::moment(raw).map(|(date, _)| date);
            if date.is_none() && !raw.is_empty() {
                record.refuse(&format!("runs[{index}].{name}"), "bad-date", raw);
            }
            date.unwrap_or_default()
        };
        let mut run = RunDraft {
            start: day("start", starts.get(index)),
            end: day("end", ends.get(index)),
            ..whole.clone()
        };
        if run != RunDraft::default() {
            run.id = derived(&run);
            out.push(run);
        }
    }
    distinct(out)
}

fn weekly(course: Node<'_>) -> Vec<WeeklySlotDraft> {
    let mut out: Vec<WeeklySlotDraft> = Vec::new();
    for schedule in course.nodes("repeatFrequency") {
        let Some(weekday) = date::weekday(&tail(&schedule.text("byDay"))) else {
            continue;
        };
        let slot = WeeklySlotDraft {
            weekday,
            start: date::time(&schedule.text("startTime")).unwrap_or_default(),
            end: date::time(&schedule.text("endTime")).unwrap_or_default(),
        };
        if !out.contains(&slot) && out.len() < 14 {
            out.push(slot);
        }
    }
    out
}

fn venue(place: Node<'_>) -> Option<VenueDraft> {
    let name = line(&place.text("name"));
    let mut out = VenueDraft {
        // "online" and the like stand where a house would.
        name: if text::format_in(&name).is_empty() {
            text::shortened(&name, 255)
        } else {
            String::new()
        },
        ..VenueDraft::default()
    };
    if let Some(address) = place.nodes("address").first() {
        let country = text::country(&address.text("addressCountry"));
        out.street = text::shortened(&line(&address.text("streetAddress")), 255);
        out.postal_code = text::shortened(&address.text("postalCode"), 12);
        out.city = text::shortened(&line(&address.text("city")), 255);
        out.room = text::shortened(&line(&address.text("description")), 255);
        if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            out.country = country;
        }
    }
    if let (Some(latitude), Some(longitude)) = (
        degrees(&place.text("latitude"), 90.0),
        degrees(&place.text("longitude"), 180.0),
    ) {
        (out.latitude_micro, out.longitude_micro) = (Some(latitude), Some(longitude));
    }
    (out != VenueDraft::default()).then_some(out)
}
