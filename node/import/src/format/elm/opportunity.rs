//! A learning opportunity as an offer, with what it refers to.

use calluna_model::id::OfferId;
use calluna_model::offer::{
    LevelDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SubjectDraft, VenueDraft,
};

use super::File;
use crate::format::schemaorg::{address, degrees, line, lines};
use crate::html;
use crate::record::{Record, derived};
use crate::terms;
use crate::value::{date, duration, language, money, price, text};
use crate::xml::Element;

/// Elements of a learning opportunity that are read, or serve the exchange.
const READ: &[&str] = &[
    "identifier",
    "title",
    "description",
    "type",
    "additionalNote",
    "homepage",
    "temporal",
    "duration",
    "mode",
    "grant",
    "learningSchedule",
    "scheduleInformation",
    "admissionProcedure",
    "applicationDeadline",
    "priceDetail",
    "providedBy",
    "location",
    "learningAchievementSpecification",
    "defaultLanguage",
    "modified",
    "publisher",
];

/// Names every element that has no place in an offer.
pub(super) fn left_out(element: &Element, mut each: impl FnMut(&str)) {
    for child in element.children() {
        if !READ.contains(&child.name.as_str()) {
            each(&child.name);
        }
    }
}

/// The legal name of the organisation that provides it.
pub(super) fn provider(file: &File<'_>, element: &Element, record: &mut Record) -> String {
    let found = file.referred(element, "providedBy", record);
    found
        .first()
        .map(|organisation| chosen(organisation, "legalName"))
        .unwrap_or_default()
}

pub(super) fn read(file: &File<'_>, element: &Element, record: &mut Record) -> OfferDraft {
    let id = record.id([notation(element).as_str(), element.attribute("id")]);
    let specs = file.referred(element, "learningAchievementSpecification", record);
    let nothing = Element::default();
    let spec = specs.first().copied().unwrap_or(&nothing);
    let mut texts = vec![chosen(element, "description")];
    texts.extend(notes(element, "additionalNote"));
    texts.extend(notes(element, "admissionProcedure"));
    let (description, description_html) = html::joined(texts.iter().map(String::as_str));
    let mut draft = OfferDraft {
        id,
        title: text::shortened(&line(&chosen(element, "title")), 255),
        description,
        description_html,
        kind: kind(element, record).to_owned(),
        subjects: subjects(spec),
        level: level(spec),
        entry_requirements: qualifications(notes(spec, "entryRequirement"), None),
        awards: awards(spec),
        learning_outcomes: outcomes(file, spec, record),
        audiences: audiences(spec),
        languages: lines(
            spec.all("language")
                .filter_map(|found| language::known(last(uri(found))))
                .collect(),
            20,
            35,
        ),
        format: mode(element, spec, record),
        price: cost(element, record),
        funding: lines(
            element
                .all("grant")
                .filter_map(|grant| money::funding(&chosen(grant, "title")))
                .map(str::to_owned)
                .collect(),
            20,
            60,
        ),
        url: element
            .all("homepage")
            .map(|page| {
                let own = page.text_of("contentUrl");
                address(if own.is_empty() { uri(page) } else { &own })
            })
            .find(|found| !found.is_empty())
            .unwrap_or_default(),
        modified: date::iso(&element.text_of("modified")).unwrap_or_default(),
        ..OfferDraft::default()
    };
    if let Some(mut run) = run(file, element, spec, record) {
        run.format = std::mem::take(&mut draft.format);
        run.price = draft.price.take();
        draft.runs.push(run);
    }
    draft
}

/// The name of the run: what its own address says after that of the offer, else its notation.
fn run_name(element: &Element) -> String {
    let fragment = element.attribute("id").split_once('#');
    fragment.map_or_else(|| notation(element), |(_, name)| name.to_owned())
}

/// The first notation of an identifier; the address of the opportunity stands in otherwise.
fn notation(element: &Element) -> String {
    element
        .all("identifier")
        .map(|identifier| identifier.text_of("notation"))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The text of that name in German, else in English, else the first.
fn chosen(element: &Element, name: &str) -> String {
    let of = |tag: &str| {
        element.all(name).find(|text| {
            let language = text.attribute("language").to_lowercase();
            language.starts_with(tag) && !text.text().is_empty()
        })
    };
    of("de")
        .or_else(|| of("en"))
        .or_else(|| element.first(name))
        .map(Element::text)
        .unwrap_or_default()
}

/// The words of notes of that name.
fn notes(element: &Element, name: &str) -> Vec<String> {
    let found = element.all(name).map(|note| {
        let words = chosen(note, "noteLiteral");
        if words.is_empty() && note.children().next().is_none() {
            note.text()
        } else {
            words
        }
    });
    found.filter(|words| !words.is_empty()).collect()
}

/// The address of a term.
fn uri(element: &Element) -> &str {
    match element.attribute("uri") {
        "" => element.attribute("idref"),
        uri => uri,
    }
}

fn last(address: &str) -> &str {
    address.rsplit(['/', '#']).next().unwrap_or_default()
}

fn kind(element: &Element, record: &mut Record) -> &'static str {
    let types: Vec<_> = element
        .all("type")
        .filter(|found| !uri(found).is_empty())
        .collect();
    for found in &types {
        match terms::elm("type", uri(found)) {
            Some(term) if !term.code.is_empty() => return term.code,
            Some(_) => {}
            None => record.warn("kind", "unknown-class", uri(found)),
        }
    }
    if types.is_empty() { "" } else { "other" }
}

fn mode(element: &Element, spec: &Element, record: &mut Record) -> String {
    let mut found: Vec<&str> = Vec::new();
    for mode in element.all("mode").chain(spec.all("mode")) {
        match terms::elm("mode", uri(mode)) {
            Some(term) if term.code.is_empty() => {}
            Some(term) => found.push(term.code),
            None if uri(mode).is_empty() => {}
            None => record.warn("format", "unknown-class", uri(mode)),
        }
    }
    let has = |code: &str| found.contains(&code);
    if has("hybrid") || (has("in-person") && has("online")) {
        return "hybrid".into();
    }
    found
        .first()
        .map(|code| (*code).to_owned())
        .unwrap_or_default()
}

fn subjects(spec: &Element) -> Vec<SubjectDraft> {
    let mut out: Vec<SubjectDraft> = Vec::new();
    let isced = spec.all("ISCEDFCode").map(|code| SubjectDraft {
        scheme: "isced-f-2013".into(),
        code: text::shortened(last(uri(code)), 60),
        label: text::shortened(&line(&chosen(code, "prefLabel")), 255),
    });
    let own = spec.all("educationSubject").map(|subject| SubjectDraft {
        scheme: "provider".into(),
        code: text::shortened(&subject.text_of("notation"), 60),
        label: text::shortened(&line(&chosen(subject, "prefLabel")), 255),
    });
    for subject in isced.chain(own) {
        let said = !subject.code.is_empty() || !subject.label.is_empty();
        if said && !out.contains(&subject) && out.len() < 20 {
            out.push(subject);
        }
    }
    out
}

fn level(spec: &Element) -> Option<LevelDraft> {
    let words = spec
        .first("educationLevel")
        .map(|level| line(&chosen(level, "prefLabel")))
        .unwrap_or_default();
    let level = LevelDraft {
        cefr: text::cefr(&words).unwrap_or_default().to_owned(),
        dqr: frame(spec),
        text: text::shortened(&words, 255),
        ..LevelDraft::default()
    };
    (level != LevelDraft::default()).then_some(level)
}

/// The levels of EQF and DQR are equal.
fn frame(spec: &Element) -> Option<u32> {
    let levels = ["EQFLevel", "educationLevel"];
    let address = levels
        .iter()
        .flat_map(|name| spec.all(name))
        .map(uri)
        .find(|address| address.contains("/eqf/"))?;
    let level: u32 = last(address).parse().ok()?;
    (1..=8).contains(&level).then_some(level)
}

fn awards(spec: &Element) -> Vec<QualificationDraft> {
    let is_award = spec.name == "qualification"
        || spec.first("awardingOpportunity").is_some()
        || spec.first("EQFLevel").is_some();
    let mut titles = Vec::new();
    if is_award {
        titles.push(line(&chosen(spec, "title")));
    }
    let mut out = qualifications(titles, frame(spec));
    for credit in spec.all("creditPoint").take(5) {
        let points = line(&credit.text_of("point"));
        if !points.is_empty() {
            out.extend(qualifications(vec![format!("{points} Credits")], None));
        }
    }
    out
}

fn qualifications(titles: Vec<String>, dqr: Option<u32>) -> Vec<QualificationDraft> {
    let titles = titles.into_iter().take(15);
    titles
        .map(|title| text::shortened(&html::both(&title).0, 1_000))
        .filter(|title| !title.is_empty())
        .map(|title| QualificationDraft {
            code: money::qualification(&title).to_owned(),
            title,
            dqr,
        })
        .collect()
}

fn outcomes(file: &File<'_>, spec: &Element, record: &mut Record) -> Vec<String> {
    let found = file.referred(spec, "learningOutcome", record);
    let mut out: Vec<String> = found
        .into_iter()
        .map(|outcome| chosen(outcome, "title"))
        .collect();
    out.extend(notes(spec, "learningOutcomeSummary"));
    lines(out, 50, 1_000)
}

fn audiences(spec: &Element) -> Vec<String> {
    let found = spec.all("targetGroup").map(|group| {
        let words = chosen(group, "prefLabel");
        match terms::elm("target", uri(group)) {
            Some(term) if words.is_empty() => term.label.to_owned(),
            _ => words,
        }
    });
    lines(found.collect(), 50, 255)
}

fn cost(element: &Element, record: &mut Record) -> Option<PriceDraft> {
    let mut out = PriceDraft::default();
    for detail in element.all("priceDetail") {
        let label = line(&chosen(detail, "prefLabel"));
        let words = line(&chosen(detail, "description"));
        if let Some(amount) = detail.first("amount") {
            let raw = amount.text_of("value");
            let unit = amount.first("unit").map_or("", |unit| last(uri(unit)));
            let cents = price::cents(&raw).filter(|cents| unit == "EUR" || *cents == 0);
            if cents.is_some() && out.amount_cents.is_none() {
                out.amount_cents = cents;
            } else if !raw.is_empty() {
                if unit == "EUR" && cents.is_none() {
                    record.warn("price.amount_cents", "kept-as-text", &raw);
                }
                let said = format!("{label} {raw} {unit}");
                out.notes.push(text::shortened(said.trim(), 500));
            }
        }
        if !words.is_empty() {
            out.notes.push(text::shortened(&words, 500));
        }
    }
    out.notes.dedup();
    out.notes.truncate(10);
    (out != PriceDraft::default()).then_some(out)
}

fn run(
    file: &File<'_>,
    element: &Element,
    spec: &Element,
    record: &mut Record,
) -> Option<RunDraft> {
    let nothing = Element::default();
    let period = element.first("temporal").unwrap_or(&nothing);
    let mut day = |field: &str, raw: String| {
        let date = date::moment(&raw).map(|(date, _)| date);
        if date.is_none() && !raw.is_empty() {
            record.refuse(&format!("runs[0].{field}"), "bad-date", &raw);
        }
        date.unwrap_or_default()
    };
    let start = day("start", period.text_of("startDate"));
    let end = day("end", period.text_of("endDate"));
    let deadline = day(
        "registration_deadline",
        element.text_of("applicationDeadline"),
    );
    let mut lasting = vec![
        duration::words(&element.text_of("duration")),
        duration::words(&spec.text_of("volumeOfLearning")),
    ];
    lasting.extend(
        element
            .all("learningSchedule")
            .filter_map(|found| terms::elm("schedule", uri(found)))
            .map(|term| term.label.to_owned()),
    );
    lasting.extend(
        notes(element, "scheduleInformation")
            .iter()
            .map(|note| line(note)),
    );
    lasting.retain(|words| !words.is_empty());
    lasting.dedup();
    let places = file.referred(element, "location", record);
    let mut run = RunDraft {
        start_text: if start.is_empty() {
            text::shortened(&line(&chosen(period, "prefLabel")), 500)
        } else {
            String::new()
        },
        start,
        end,
        registration_deadline: deadline,
        duration_text: text::shortened(&lasting.join("; "), 500),
        venue: places.into_iter().find_map(venue),
        ..RunDraft::default()
    };
    if run == RunDraft::default() {
        return None;
    }
    let numbers: Vec<String> = element
        .all("identifier")
        .map(|identifier| identifier.text_of("notation"))
        .collect();
    // A second notation is the number by which the house knows the run.
    run.number = text::shortened(numbers.get(1).map_or("", String::as_str), 60);
    run.id = OfferId::from_foreign(&run_name(element))
        .map_or_else(|_| derived(&run), |id| id.to_string());
    Some(run)
}

fn venue(place: &Element) -> Option<VenueDraft> {
    let nothing = Element::default();
    let address = place.first("address").unwrap_or(&nothing);
    let country = address
        .first("countryCode")
        .map(|code| text::country(last(uri(code))))
        .filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
    let mut venue = VenueDraft {
        name: text::shortened(&line(&chosen(place, "description")), 255),
        street: text::shortened(
            &line(
                &notes(address, "fullAddress")
                    .into_iter()
                    .next()
                    .unwrap_or_default(),
            ),
            255,
        ),
        city: text::shortened(&line(&chosen(place, "geographicName")), 255),
        ..VenueDraft::default()
    };
    if let Some(point) = place.first("geometry") {
        let latitude = degrees(&point.text_of("latitude"), 90.0);
        let longitude = degrees(&point.text_of("longitude"), 180.0);
        if latitude.is_some() && longitude.is_some() {
            (venue.latitude_micro, venue.longitude_micro) = (latitude, longitude);
        }
    }
    (venue != VenueDraft::default()).then(|| VenueDraft {
        country: country.unwrap_or_default(),
        ..venue
    })
}
