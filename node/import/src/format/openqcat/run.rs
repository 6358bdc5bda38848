//! The dated part of a `SERVICE`.

use calluna_model::offer::{RunDraft, VenueDraft};

use crate::html;
use crate::record::Record;
use crate::value::{text, truth, weekly};
use crate::xml::Element;

pub(super) fn read(details: &Element, education: &Element, record: &mut Record) -> RunDraft {
    let nothing = Element::default();
    let dates = details.first("SERVICE_DATE").unwrap_or(&nothing);
    // Segments such as theory and practice; the first says where.
    let modules = education.deep("MODULE_COURSE");
    let module = modules.first().copied().unwrap_or(&nothing);
    let duration = module.first("DURATION").unwrap_or(&nothing);
    let either = |name: &str| {
        let own = dates.text_of(name);
        if own.is_empty() {
            duration.text_of(name)
        } else {
            own
        }
    };
    let remarks = line(&dates.text_of("DATE_REMARKS"));
    let times = line(&module.text_of("INSTRUCTION_REMARKS"));
    let slots = weekly::read(&times);
    let (start, end) = (either("START_DATE"), either("END_DATE"));
    let start = record.date("runs[0].start", &start);
    let mut lasting = vec![
        duration_words(duration),
        line(&education.deep_text("INSTRUCTION_TIME")),
    ];
    if slots.is_none() {
        lasting.push(times);
    }
    let mut run = RunDraft {
        number: text::shortened(&details.text_of("SUPPLIER_ALT_PID"), 60),
        end: record.date("runs[0].end", &end),
        flexible_start: truth::truth(&module.text_of("FLEXIBLE_START")) == Some(true),
        weekly: slots.unwrap_or_default(),
        venue: module.first("LOCATION").and_then(venue),
        seats_minimum: record.seats("runs[0].seats_minimum", &module.text_of("MIN_PARTICIPANTS")),
        seats: record.seats("runs[0].seats", &module.text_of("MAX_PARTICIPANTS")),
        registration_deadline: deadline(education, record),
        ..RunDraft::default()
    };
    if start.is_empty() {
        run.start_text = text::shortened(&remarks, 500);
    } else {
        lasting.push(remarks);
    }
    run.start = start;
    lasting.retain(|words| !words.is_empty());
    lasting.dedup();
    run.duration_text = text::shortened(&lasting.join("; "), 500);
    run
}

/// Whether a run says anything; the form and the price alone are said of the offer.
pub(super) fn is_one(run: &RunDraft) -> bool {
    let bare = RunDraft {
        id: run.id.clone(),
        number: run.number.clone(),
        format: run.format.clone(),
        price: run.price.clone(),
        ..RunDraft::default()
    };
    *run != bare
}

/// The class is a number of a list that is not public; its words stand beside it.
fn duration_words(duration: &Element) -> String {
    let remarks = line(&duration.text_of("DATE_REMARKS"));
    if remarks.is_empty() && duration.children().next().is_none() {
        line(&duration.text())
    } else {
        remarks
    }
}

/// A period in which one can register, or the day until which.
fn deadline(education: &Element, record: &mut Record) -> String {
    let Some(date) = education.deep("REGISTRATION_DATE").first().copied() else {
        return String::new();
    };
    let until = if date.children().next().is_some() {
        date.text_of("END_DATE")
    } else {
        date.text()
    };
    record.date("runs[0].registration_deadline", &until)
}

/// A place without a name is how KURSNET says "none".
fn venue(place: &Element) -> Option<VenueDraft> {
    let names = ["NAME", "NAME2", "NAME3"].map(|name| line(&place.text_of(name)));
    let country = [place.text_of("COUNTRY_CODED"), place.text_of("COUNTRY")]
        .into_iter()
        .map(|country| text::country(&country))
        .find(|country| country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()))
        .unwrap_or_default();
    let code = place.text_of("ZIP");
    let venue = VenueDraft {
        name: text::shortened(
            &names
                .into_iter()
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            255,
        ),
        street: text::shortened(&line(&place.text_of("STREET")), 255),
        postal_code: text::shortened(
            &if matches!(country.as_str(), "" | "DE") {
                text::padded(&code, 5)
            } else {
                code
            },
            12,
        ),
        city: text::shortened(&line(&place.text_of("CITY")), 255),
        district: text::shortened(&line(&place.text_of("DISTRICT")), 255),
        accessible: truth::truth(&place.text_of("BARRIER_FREE_LOCATION")),
        country,
        ..VenueDraft::default()
    };
    let said = VenueDraft {
        country: String::new(),
        accessible: None,
        ..venue.clone()
    } != VenueDraft::default();
    said.then_some(venue)
}

fn line(raw: &str) -> String {
    let plain = html::both(raw).0;
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
