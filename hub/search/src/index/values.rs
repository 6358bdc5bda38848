//! Values of the facets, from the fields of an offer.

use calluna_model::offer::{OfferDraft, RunDraft};
use jiff::civil::Date;

use super::row::Value;
use crate::places::Place;
use crate::query::Facet;

/// Adds a value that the facet takes; others are not shown, so they are not kept.
pub(crate) fn push(values: &mut Vec<Value>, facet: Facet, value: &str) {
    if !facet.takes(value) {
        return;
    }
    let at = Facet::ALL.iter().position(|known| *known == facet);
    if let Some(at) = at.and_then(|at| u8::try_from(at).ok()) {
        let value = (at, value.to_owned());
        if !values.contains(&value) {
            values.push(value);
        }
    }
}

/// What holds for every run.
pub(crate) fn of_offer(draft: &OfferDraft) -> Vec<Value> {
    let mut values = Vec::new();
    let mut add = |facet, value: &str| push(&mut values, facet, value);
    let areas = draft
        .subjects
        .iter()
        .filter(|subject| subject.scheme.starts_with("dvv"));
    let mut areas: Vec<&str> = areas.filter_map(|subject| subject.code.get(..1)).collect();
    areas.retain(|area| Facet::Subject.takes(area));
    if areas.is_empty() {
        areas.push("other");
    }
    areas.iter().for_each(|area| add(Facet::Subject, area));
    if let Some(level) = &draft.level {
        add(Facet::Cefr, &level.cefr);
        if let Some(dqr) = level.dqr {
            add(Facet::Level, &dqr.to_string());
        }
    }
    for award in &draft.awards {
        add(Facet::Award, &award.code);
        if let (None, Some(dqr)) = (draft.level.as_ref().and_then(|level| level.dqr), award.dqr) {
            add(Facet::Level, &dqr.to_string());
        }
    }
    draft
        .entry_requirements
        .iter()
        .for_each(|entry| add(Facet::Entry, &entry.code));
    if draft.entry_requirements.is_empty() {
        add(Facet::Entry, "unknown");
    }
    for language in &draft.languages {
        let main = language.split('-').next().unwrap_or_default();
        let main = main.to_ascii_lowercase();
        let known = Facet::Language.takes(&main);
        add(Facet::Language, if known { &main } else { "other" });
    }
    draft
        .accessibility
        .iter()
        .for_each(|code| add(Facet::Accessibility, code));
    draft
        .funding
        .iter()
        .for_each(|code| add(Facet::Funding, code));
    if draft.childcare == Some(true) {
        add(Facet::Childcare, "yes");
    }
    values
}

/// The format alone.
pub(crate) fn of_format(format: &str) -> Vec<Value> {
    let mut values = Vec::new();
    push(&mut values, Facet::Format, format);
    values
}

/// Whether an offer of this format needs no place.
pub(crate) fn is_elsewhere_free(format: &str) -> bool {
    matches!(format, "online" | "self-study" | "distance")
}

/// What holds for one run.
pub(crate) fn of_run(
    draft: &OfferDraft,
    run: &RunDraft,
    place: Option<&Place>,
    district: &str,
) -> Vec<Value> {
    let mut values = Vec::new();
    let format = if run.format.is_empty() {
        &draft.format
    } else {
        &run.format
    };
    push(&mut values, Facet::Format, format);
    match place {
        _ if is_elsewhere_free(format) => push(&mut values, Facet::Municipality, "online"),
        Some(place) if place.ags.starts_with(district) => {
            push(&mut values, Facet::Municipality, &place.ags);
        }
        _ if run.venue.is_some() => push(&mut values, Facet::Municipality, "elsewhere"),
        _ => {}
    }
    if run.venue.as_ref().and_then(|venue| venue.accessible) == Some(true) {
        push(&mut values, Facet::Accessibility, "wheelchair");
    }
    for weekday in weekdays(run) {
        push(&mut values, Facet::Weekday, &weekday.to_string());
    }
    let starts = run.weekly.iter().map(|slot| &slot.start);
    for start in starts.chain(run.slots.iter().map(|slot| &slot.start)) {
        if let Some(time) = time_of_day(start) {
            push(&mut values, Facet::TimeOfDay, time);
        }
    }
    let says_so = matches!(run.availability.as_str(), "available" | "few");
    if says_so || (run.availability.is_empty() && run.free_seats.is_some_and(|seats| seats > 0)) {
        push(&mut values, Facet::FreeSeats, "yes");
    }
    values
}

/// The days of the week of a run: its weekly times, its dates, or its only day.
fn weekdays(run: &RunDraft) -> Vec<u32> {
    let of = |text: &str| {
        let date: Date = text.parse().ok()?;
        u32::try_from(date.weekday().to_monday_one_offset()).ok()
    };
    let mut days: Vec<u32> = run.weekly.iter().map(|slot| slot.weekday).collect();
    days.extend(run.slots.iter().filter_map(|slot| of(&slot.date)));
    if days.is_empty() && (run.end == run.start || run.end.is_empty()) {
        days.extend(of(&run.start));
    }
    days.sort_unstable();
    days.dedup();
    days
}

/// `morning`, `afternoon`, `evening` of a time such as `18:30`.
pub(crate) fn time_of_day(start: &str) -> Option<&'static str> {
    let hour: u32 = start.get(..2)?.parse().ok()?;
    Some(match hour {
        0..12 => "morning",
        12..17 => "afternoon",
        _ => "evening",
    })
}

/// The price bands, as the facet knows them.
pub(crate) const BANDS: [&str; 6] = ["free", "50", "100", "250", "more", "unknown"];

/// The place in [`BANDS`] of a price in cents.
pub(crate) fn band(cents: Option<u32>) -> usize {
    match cents {
        None => 5,
        Some(0) => 0,
        Some(1..=5_000) => 1,
        Some(5_001..=10_000) => 2,
        Some(10_001..=25_000) => 3,
        Some(_) => 4,
    }
}
