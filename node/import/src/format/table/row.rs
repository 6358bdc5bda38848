//! One row into an offer and a run.

use calluna_model::code;
use calluna_model::finding::Finding;
use calluna_model::id::OfferId;
use calluna_model::offer::{
    ContactDraft, LevelDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SlotDraft,
    SubjectDraft, VenueDraft, WeeklySlotDraft,
};
use calluna_tabular::cell::Row;

use super::cells::Cells;
use super::columns::Columns;
use crate::html;
use crate::record::{availability, derived};
use crate::value::{date, language, text};

/// Reads a row. All cells that cannot be read are named, not only the first.
pub(super) fn read(
    columns: &Columns,
    row: &Row,
) -> Result<(OfferDraft, Option<RunDraft>), Vec<Finding>> {
    let mut cells = Cells {
        columns,
        row,
        refused: Vec::new(),
    };
    let id = cells.id();
    let draft = offer(&mut cells, id.clone());
    let run = run(&mut cells);
    if cells.refused.is_empty() {
        Ok((draft, run))
    } else {
        Err(cells
            .refused
            .into_iter()
            .map(|finding| finding.of(id.clone()))
            .collect())
    }
}

fn offer(cells: &mut Cells<'_>, id: String) -> OfferDraft {
    let mut texts = cells.columns.texts(cells.row, "description");
    texts.extend(cells.columns.texts(cells.row, "schedule_note"));
    let (description, description_html) = html::joined(texts);
    let qualification = |title: String| QualificationDraft {
        title,
        ..QualificationDraft::default()
    };
    OfferDraft {
        title: cells.line("title"),
        subtitle: cells.line("subtitle"),
        summary: html::both(&cells.text("summary")).0,
        description,
        description_html,
        kind: cells.code("kind", "kind", code::OFFER_KIND),
        subjects: subjects(cells),
        level: level(cells),
        entry_requirements: cells
            .columns
            .texts(cells.row, "entry_requirement")
            .iter()
            .map(|text| qualification(html::both(text).0))
            .collect(),
        awards: cells
            .columns
            .texts(cells.row, "award")
            .iter()
            .map(|text| qualification(html::both(text).0))
            .collect(),
        learning_outcomes: cells.list("learning_outcome"),
        audiences: cells.list("audience"),
        keywords: cells.list("keyword"),
        languages: cells
            .list("language")
            .iter()
            .map(|name| language::tag(name))
            .collect(),
        format: cells.code("format", "format", code::FORMAT),
        price: cost(cells),
        funding: cells.codes("funding", "funding", code::FUNDING),
        accessibility: cells.codes("accessibility", "accessibility", code::ACCESSIBILITY),
        childcare: cells.truth("childcare", "childcare"),
        teaching_units_hundredths: cells.parsed(
            "teaching_units",
            "teaching_units_hundredths",
            "bad-number",
            text::hundredths,
        ),
        contact: contact(cells),
        url: address(&cells.text("url")),
        modified: cells.date("modified", "modified"),
        id,
        ..OfferDraft::default()
    }
}

fn subjects(cells: &Cells<'_>) -> Vec<SubjectDraft> {
    let subject = |scheme: &str, code: String, label: String| SubjectDraft {
        scheme: scheme.into(),
        code,
        label,
    };
    let all = [
        subject("dvv-2.0", cells.text("dvv_code"), String::new()),
        subject("isced-f-2013", cells.text("isced_code"), String::new()),
        subject(
            "ba-systematik",
            String::new(),
            text::shortened(&cells.line("ba_subject"), 255),
        ),
        subject(
            "provider",
            cells.text("subject_code"),
            text::shortened(&cells.line("subject_label"), 255),
        ),
    ];
    all.into_iter()
        .filter(|subject| !subject.code.is_empty() || !subject.label.is_empty())
        .collect()
}

fn level(cells: &mut Cells<'_>) -> Option<LevelDraft> {
    let words = cells.line("level");
    let level = LevelDraft {
        cefr: text::cefr(&words).unwrap_or_default().to_owned(),
        dqr: cells.count("dqr", "level.dqr"),
        text: text::shortened(&words, 255),
        ..LevelDraft::default()
    };
    (level != LevelDraft::default()).then_some(level)
}

fn cost(cells: &mut Cells<'_>) -> Option<PriceDraft> {
    let notes = cells
        .columns
        .texts(cells.row, "price_note")
        .iter()
        .map(|note| (*note).to_owned())
        .collect();
    let price = PriceDraft {
        amount_cents: cells.cents("price", "price.amount_cents"),
        reduced_cents: cells.cents("reduced_price", "price.reduced_cents"),
        notes,
    };
    (price != PriceDraft::default()).then_some(price)
}

fn contact(cells: &Cells<'_>) -> Option<ContactDraft> {
    let contact = ContactDraft {
        email: cells.text("contact_email"),
        phone: cells.text("contact_phone"),
        url: address(&cells.text("contact_url")),
    };
    (contact != ContactDraft::default()).then_some(contact)
}

fn run(cells: &mut Cells<'_>) -> Option<RunDraft> {
    let mut run = RunDraft {
        number: cells.text("number"),
        start: cells.date("start", "runs[].start"),
        end: cells.date("end", "runs[].end"),
        start_text: cells.line("start_text"),
        flexible_start: cells
            .truth("flexible_start", "runs[].flexible_start")
            .unwrap_or_default(),
        session_count: cells.count("session_count", "runs[].session_count"),
        duration_text: cells.line("duration_text"),
        venue: venue(cells),
        seats_minimum: cells
            .count("seats_minimum", "runs[].seats_minimum")
            .filter(|count| *count > 0),
        seats: cells
            .count("seats", "runs[].seats")
            .filter(|count| *count > 0),
        free_seats: cells.count("free_seats", "runs[].free_seats"),
        availability: cells.code("availability", "runs[].availability", code::AVAILABILITY),
        registration_deadline: cells.date("registration_deadline", "runs[].registration_deadline"),
        registration_url: address(&cells.text("registration_url")),
        status: cells.code("status", "runs[].status", code::RUN_STATUS),
        ..RunDraft::default()
    };
    if run.availability.is_empty() {
        run.availability = availability(&cells.text("enrolled"), &cells.text("seats"));
    }
    times(cells, &mut run);
    let number_alone = RunDraft {
        number: run.number.clone(),
        ..RunDraft::default()
    };
    let own = cells.text("run_id");
    if own.is_empty() && run == number_alone {
        return None;
    }
    run.id = OfferId::from_foreign(&own).map_or_else(|_| derived(&run), |id| id.to_string());
    Some(run)
}

/// Times go to the weekday where one is named, else to the first date.
fn times(cells: &mut Cells<'_>, run: &mut RunDraft) {
    let start = cells.time("start_time", "runs[].slots[0].start");
    let end = cells.time("end_time", "runs[].slots[0].end");
    let days = cells.list("weekday");
    let known: Vec<u32> = days.iter().filter_map(|day| date::weekday(day)).collect();
    if known.len() < days.len() {
        let cell = cells.columns.cell(cells.row, "weekday");
        cells.refuse(&cell, "runs[].weekly[0].weekday", "bad-code");
    }
    if !known.is_empty() {
        let weekly = |weekday| WeeklySlotDraft {
            weekday,
            start: start.clone(),
            end: end.clone(),
        };
        run.weekly = known.into_iter().map(weekly).collect();
    } else if !start.is_empty() && !run.start.is_empty() {
        run.slots = vec![SlotDraft {
            date: run.start.clone(),
            start,
            end,
        }];
    }
}

fn venue(cells: &mut Cells<'_>) -> Option<VenueDraft> {
    let country = text::country(&cells.text("country"));
    let german = matches!(country.as_str(), "" | "DE");
    let postal_code = cells.text("postal_code");
    let venue = VenueDraft {
        name: cells.line("venue_name"),
        room: cells.line("room"),
        street: cells.line("street"),
        postal_code: if german {
            text::padded(&postal_code, 5)
        } else {
            postal_code
        },
        city: cells.line("city"),
        district: cells.line("district"),
        ags: text::padded(&cells.text("ags"), 8),
        accessible: cells.truth("accessible", "runs[].venue.accessible"),
        country,
        ..VenueDraft::default()
    };
    (venue != VenueDraft::default()).then_some(venue)
}

/// An address as people write it: `www.` goes without saying.
fn address(raw: &str) -> String {
    if raw.starts_with("www.") {
        format!("https://{raw}")
    } else {
        raw.to_owned()
    }
}
