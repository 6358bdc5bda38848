//! Kufer Internet-XML: what Kufer SQL writes for the website of a Volkshochschule.
//!
//! There is no public schema; the tags are those of real files. Full exports hold lecturers with
//! their private numbers, so only the tags named here are read. `dauer` counts dates, not hours.
//! `fachb` is a house code.

use calluna_model::offer::{OfferDraft, RunDraft, SlotDraft, SubjectDraft, VenueDraft};

use super::{Format, beginning};
use crate::error::ImportError;
use crate::html;
use crate::record::{Record, availability};
use crate::sink::Sink;
use crate::value::{date, text};
use crate::xml::{Element, Met, Wanted, walk};
use crate::{Options, Source};

pub(super) struct Kufer;

impl Format for Kufer {
    fn name(&self) -> &'static str {
        "kufer"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        begins.starts_with('<') && begins.contains("<kurse") && begins.contains("<knr")
    }

    fn read(
        &self,
        source: &Source<'_>,
        _: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let wanted = Wanted {
            root: "kurse",
            record: "kurs",
            around: &[],
        };
        walk(source, &wanted, sink, |met, sink| match met {
            Met::Around(_) => Ok(()),
            Met::Record(course) => {
                let mut record = Record::at(sink.line(course.line));
                let draft = offer(course, &mut record);
                record.finish(sink, draft)
            }
        })
    }
}

fn offer(course: &Element, record: &mut Record) -> OfferDraft {
    let number = course.text_of("knr");
    let id = record.id([number.as_str()]);
    let (description, description_html) = html::both(&course.text_of("inhalt"));
    let subject = SubjectDraft {
        scheme: "provider".into(),
        code: course.text_of("fachb"),
        label: text::shortened(&course.text_of("fachbtext"), 255),
    };
    let known = !subject.code.is_empty() || !subject.label.is_empty();
    let cost = course.text_of("gebuehr");
    OfferDraft {
        title: html::both(&course.text_of("haupttitel")).0,
        subtitle: text::shortened(&html::both(&course.text_of("untertitel")).0, 255),
        description,
        description_html,
        subjects: known.then_some(subject).into_iter().collect(),
        price: (!cost.is_empty()).then(|| record.price_or_note("price", &cost)),
        runs: vec![run(course, &id, number, record)],
        id,
        ..OfferDraft::default()
    }
}

fn run(course: &Element, id: &str, number: String, record: &mut Record) -> RunDraft {
    let seats = course.text_of("tnmax");
    RunDraft {
        id: id.to_owned(),
        number,
        start: record.date("runs[0].start", &course.text_of("beginndat")),
        end: record.date("runs[0].end", &course.text_of("endedat")),
        slots: slots(course, record),
        session_count: record.count("runs[0].session_count", &course.text_of("dauer")),
        venue: venue(course),
        seats_minimum: record.seats("runs[0].seats_minimum", &course.text_of("tnmin")),
        seats: record.seats("runs[0].seats", &seats),
        availability: availability(&course.text_of("tnanmeldungen"), &seats),
        ..RunDraft::default()
    }
}

fn slots(course: &Element, record: &mut Record) -> Vec<SlotDraft> {
    let dates = course.all("termine").flat_map(|dates| dates.all("termin"));
    let mut out: Vec<SlotDraft> = Vec::new();
    for date in dates {
        let path = format!("runs[0].slots[{}]", out.len());
        let slot = SlotDraft {
            date: record.date(&format!("{path}.date"), &date.text_of("tag")),
            start: record.time(&format!("{path}.start"), &date.text_of("zeitvon")),
            end: record.time(&format!("{path}.end"), &date.text_of("zeitbis")),
        };
        if !slot.date.is_empty() {
            out.push(slot);
        }
    }
    if out.is_empty() {
        out.extend(first_slot(course, record));
    }
    out
}

/// Without a list of dates, the head of the course says when its first one is.
fn first_slot(course: &Element, record: &mut Record) -> Option<SlotDraft> {
    // A date that cannot be read has been named already.
    let date = date::iso(&course.text_of("beginndat"))?;
    let slot = SlotDraft {
        date,
        start: record.time("runs[0].slots[0].start", &course.text_of("beginnuhr")),
        end: record.time("runs[0].slots[0].end", &course.text_of("endeuhr")),
    };
    (!slot.start.is_empty()).then_some(slot)
}

fn venue(course: &Element) -> Option<VenueDraft> {
    let names = ["ortgebaeude", "ortaussenstelle", "ort"].map(|name| course.text_of(name));
    let name = names
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    let room = course.text_of("ortraumname");
    let venue = VenueDraft {
        room: if room == name { String::new() } else { room },
        name,
        street: course.text_of("ortstr"),
        postal_code: text::padded(&course.text_of("ortplz"), 5),
        city: course.text_of("ortname"),
        ..VenueDraft::default()
    };
    (venue != VenueDraft::default()).then_some(venue)
}
