//! XCRI-CAP 1.2, the British profile of EN 15982: catalog, provider, course, presentation.
//!
//! A `course` is an offer, a `presentation` a run. Nearly everything may be repeated or missing;
//! dates stand in `@dtf` where the text is for people; costs are prose. Courses of several
//! providers in one catalogue are all taken as the node's own. Addresses as identifiers change
//! with every new website, so another identifier is preferred where there is one.

use calluna_model::id::OfferId;
use calluna_model::offer::{
    LevelDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SubjectDraft, VenueDraft,
};

use super::{Format, beginning};
use crate::error::ImportError;
use crate::html;
use crate::record::Record;
use crate::sink::Sink;
use crate::value::{date, price, text};
use crate::xml::{Element, Met, Wanted, walk};
use crate::{Options, Source};

pub(super) struct Xcri;

impl Format for Xcri {
    fn name(&self) -> &'static str {
        "xcri"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        begins.starts_with('<')
            && begins.contains("catalog")
            && begins.contains("xcri.org/profiles")
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        // Outside of a course, a title is that of the catalogue or of the provider.
        let wanted = Wanted {
            root: "catalog",
            record: "course",
            around: &["title"],
        };
        walk(source, &wanted, sink, |met, sink| match met {
            Met::Around(title) => {
                sink.compare_provider(title.line, &title.text(), options.provider_name);
                Ok(())
            }
            Met::Record(course) => {
                let mut record = Record::at(sink.line(course.line));
                let draft = offer(course, &mut record);
                record.finish(sink, draft)
            }
        })
    }
}

fn offer(course: &Element, record: &mut Record) -> OfferDraft {
    let id = record.id([identifier(course).as_str()]);
    let (short, long): (Vec<String>, Vec<String>) = course
        .all("learningOutcome")
        .map(Element::markup)
        .filter(|outcome| !outcome.is_empty())
        .partition(|outcome| outcome.chars().count() <= 1_000);
    let mut texts: Vec<String> = ["description", "objective"]
        .iter()
        .flat_map(|name| {
            course
                .all(name)
                .filter(|text| !is_keywords(text))
                .map(Element::markup)
        })
        .collect();
    texts.extend(long);
    let (description, description_html) = html::joined(texts.iter().map(String::as_str));
    let runs = runs(course, record);
    let mut languages: Vec<String> = Vec::new();
    for language in course
        .all("presentation")
        .flat_map(|run| run.all("languageOfInstruction"))
    {
        let tag = language.text().to_lowercase();
        if (2..=3).contains(&tag.len())
            && tag.bytes().all(|b| b.is_ascii_lowercase())
            && !languages.contains(&tag)
        {
            languages.push(tag);
        }
    }
    OfferDraft {
        id,
        title: text::shortened(&html::both(&course.text_of("title")).0, 255),
        summary: text::shortened(&html::both(&course.text_of("abstract")).0, 1_000),
        description,
        description_html,
        subjects: subjects(course),
        level: level(course),
        entry_requirements: qualifications(course.all("prerequisite")),
        awards: qualifications(
            course
                .all("qualification")
                .filter_map(|award| award.first("title")),
        ),
        learning_outcomes: short.iter().map(|outcome| html::both(outcome).0).collect(),
        keywords: course
            .all("description")
            .filter(|text| is_keywords(text))
            .flat_map(|text| text::list(&text.text()))
            .collect(),
        languages,
        format: common_format(&runs),
        url: first_address(course, "url"),
        runs,
        ..OfferDraft::default()
    }
}

/// Some catalogues put keywords into a description of that type.
fn is_keywords(description: &Element) -> bool {
    description.attribute("type").ends_with("metadataKeywords")
}

/// The identifier that lasts: one of the house, else one that is no address, else the first.
fn identifier(element: &Element) -> String {
    let known: Vec<(bool, String)> = element
        .all("identifier")
        .map(|id| (id.attribute("type").ends_with("internalID"), id.text()))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let own = known.iter().find(|(internal, _)| *internal);
    let plain = known.iter().find(|(_, text)| !text.contains("://"));
    own.or(plain)
        .or(known.first())
        .map(|(_, text)| text.clone())
        .unwrap_or_default()
}

fn subjects(course: &Element) -> Vec<SubjectDraft> {
    let mut out: Vec<SubjectDraft> = Vec::new();
    for subject in course.all("subject") {
        let subject = SubjectDraft {
            scheme: "provider".into(),
            code: text::shortened(subject.attribute("identifier"), 60),
            label: text::shortened(&subject.text(), 255),
        };
        if !subject.label.is_empty() && !out.contains(&subject) && out.len() < 20 {
            out.push(subject);
        }
    }
    out
}

fn level(course: &Element) -> Option<LevelDraft> {
    let award = course.first("qualification");
    let names = [
        course.text_of("level"),
        award
            .map(|award| award.text_of("educationLevel"))
            .unwrap_or_default(),
    ];
    let words = names.into_iter().find(|name| !name.is_empty())?;
    let cefr = text::cefr(&words).unwrap_or_default().to_owned();
    Some(LevelDraft {
        cefr,
        text: text::shortened(&words, 255),
        ..LevelDraft::default()
    })
}

fn qualifications<'a>(found: impl Iterator<Item = &'a Element>) -> Vec<QualificationDraft> {
    let titles = found.map(|element| text::shortened(&html::both(&element.markup()).0, 1_000));
    let draft = |title| QualificationDraft {
        title,
        ..QualificationDraft::default()
    };
    titles
        .filter(|title| !title.is_empty())
        .take(20)
        .map(draft)
        .collect()
}

fn runs(course: &Element, record: &mut Record) -> Vec<RunDraft> {
    let mut out: Vec<RunDraft> = Vec::new();
    for presentation in course.all("presentation") {
        let mut run = run(presentation, out.len(), record);
        // Some catalogues give every presentation the identifier of its course.
        let wished = run.id.clone();
        let mut again = 2;
        while out.iter().any(|other| other.id == run.id) {
            run.id = format!("{wished}~{again}");
            again += 1;
        }
        out.push(run);
    }
    out
}

/// What people call the run: another identifier beside the one that lasts, else that one. An address is no number.
fn number(presentation: &Element, own: &str) -> String {
    let says = |id: &String| !id.is_empty() && !id.contains("://") && id.chars().count() <= 60;
    let all = presentation.all("identifier").map(Element::text);
    let mut others = all.filter(|id| id != own && says(id));
    let own = Some(own.to_owned()).filter(says);
    others.next().or(own).unwrap_or_default()
}

fn run(presentation: &Element, index: usize, record: &mut Record) -> RunDraft {
    let own = identifier(presentation);
    let id =
        OfferId::from_foreign(&own).map_or_else(|_| format!("p{}", index + 1), |id| id.to_string());
    let (start, start_text) = moment(presentation.first("start"));
    let (end, _) = moment(presentation.first("end"));
    let (registration_deadline, _) = moment(presentation.first("applyUntil"));
    RunDraft {
        id,
        number: number(presentation, &own),
        start,
        start_text,
        end,
        duration_text: text::shortened(&presentation.text_of("duration"), 500),
        format: mode(presentation).to_owned(),
        venue: presentation.first("venue").and_then(venue),
        seats: record.seats(
            &format!("runs[{index}].seats"),
            &number_in(&presentation.text_of("places")),
        ),
        registration_deadline,
        registration_url: first_address(presentation, "applyTo"),
        price: cost(presentation),
        ..RunDraft::default()
    }
}

/// A date from `@dtf` or from the text; where neither is one, the words.
fn moment(element: Option<&Element>) -> (String, String) {
    let Some(element) = element else {
        return (String::new(), String::new());
    };
    let words = element.text();
    match date::iso(element.attribute("dtf")).or_else(|| date::iso(&words)) {
        Some(date) => (date, String::new()),
        None => (
            String::new(),
            text::shortened(&words.split_whitespace().collect::<Vec<_>>().join(" "), 500),
        ),
    }
}

/// Places are a number here and prose there; prose says nothing that could be counted.
fn number_in(raw: &str) -> String {
    if text::count(raw).known().is_some() {
        raw.to_owned()
    } else {
        String::new()
    }
}

/// An amount is one in euros only when it says so; nothing is the same in every currency.
fn cost(presentation: &Element) -> Option<PriceDraft> {
    let words = presentation.text_of("cost");
    if words.is_empty() {
        return None;
    }
    let lower = words.to_lowercase();
    let euros = lower.contains('€') || lower.contains("eur");
    let amount_cents = price::cents(&words).filter(|cents| euros || *cents == 0);
    let notes = if amount_cents.is_some() {
        Vec::new()
    } else {
        vec![text::shortened(&words, 500)]
    };
    Some(PriceDraft {
        amount_cents,
        notes,
        ..PriceDraft::default()
    })
}

fn mode(presentation: &Element) -> &'static str {
    let Some(mode) = presentation.first("attendanceMode") else {
        return "";
    };
    let words = mode.text().to_lowercase();
    match mode.attribute("identifier") {
        "CM" => "in-person",
        "DA" | "DS" => "distance",
        "ON" => "online",
        "MM" => "hybrid",
        "WB" => "workplace",
        _ if words.contains("distance") => "distance",
        _ if words.contains("self-study") || words.contains("self study") => "self-study",
        _ if words.contains("online") => "online",
        _ if words.contains("mixed") || words.contains("blended") => "hybrid",
        _ if words.contains("campus") || words.contains("face") || words.contains("präsenz") => {
            "in-person"
        }
        _ if words.contains("work") => "workplace",
        _ => "",
    }
}

fn common_format(runs: &[RunDraft]) -> String {
    let mut formats = runs.iter().map(|run| run.format.as_str());
    let first = formats.next().unwrap_or_default();
    if formats.all(|format| format == first) {
        first.to_owned()
    } else {
        String::new()
    }
}

/// A venue is described as a provider, with a location in it. Its telephone and mail are not read.
fn venue(venue: &Element) -> Option<VenueDraft> {
    let house = venue.first("provider").unwrap_or(venue);
    let location = house.first("location");
    let of = |name: &str| {
        location
            .map(|location| location.text_of(name))
            .unwrap_or_default()
    };
    let street = [of("street"), of("address")]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default();
    let found = VenueDraft {
        name: text::shortened(&house.text_of("title"), 255),
        street: text::shortened(&street, 255),
        postal_code: text::shortened(&of("postcode"), 12),
        city: text::shortened(&of("town"), 255),
        ..VenueDraft::default()
    };
    (found != VenueDraft::default()).then_some(found)
}

fn first_address(element: &Element, name: &str) -> String {
    element
        .all(name)
        .map(Element::text)
        .find(|text| text.starts_with("http"))
        .unwrap_or_default()
}
