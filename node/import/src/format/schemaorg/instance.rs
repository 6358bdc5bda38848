//! A `CourseInstance` as a run.

use calluna_model::offer::{RunDraft, SlotDraft, VenueDraft, WeeklySlotDraft};
use serde_json::Value;

use super::course::{address, line, run_identity};
use super::{Graph, offers};
use crate::json::{self, Node};
use crate::record::{Record, derived};
use crate::value::{date, duration, text};

/// Properties of an instance that are read.
pub(super) const READ: &[&str] = &[
    "type",
    "identifier",
    "name",
    "description",
    "courseMode",
    "courseWorkload",
    "courseSchedule",
    "eventSchedule",
    "eventStatus",
    "eventAttendanceMode",
    "startDate",
    "endDate",
    "duration",
    "location",
    "maximumAttendeeCapacity",
    "remainingAttendeeCapacity",
    "offers",
    "isAccessibleForFree",
    "inLanguage",
    "subEvent",
    "url",
];
/// Most dates of a run (the rule of `slots`).
const SLOTS: usize = 400;

pub(super) fn read(
    graph: &Graph<'_>,
    node: Node<'_>,
    index: usize,
    record: &mut Record,
) -> RunDraft {
    let path = |field: &str| format!("runs[{index}].{field}");
    let (price, told) = offers::read(graph, node, record);
    let (start, start_text, from) = moment(&node.text("startDate"));
    let (end, _, to) = moment(&node.text("endDate"));
    let mut run = RunDraft {
        start,
        start_text,
        end,
        format: mode(node).to_owned(),
        venue: graph
            .nodes(node, "location")
            .into_iter()
            .find_map(venue)
            .or_else(|| named_place(node)),
        seats: record.seats(&path("seats"), &node.text("maximumAttendeeCapacity")),
        free_seats: record.count(&path("free_seats"), &node.text("remainingAttendeeCapacity")),
        status: status(&node.text("eventStatus")).to_owned(),
        registration_url: String::new(),
        price,
        ..RunDraft::default()
    };
    told.complete(&mut run);
    if run.registration_url.is_empty() && !node.is("Course") {
        run.registration_url = address(&node.text("url"));
    }
    if run.free_seats == Some(0) && run.availability.is_empty() {
        run.availability = "full".into();
    }
    if run.format.is_empty() {
        let virtually = graph
            .nodes(node, "location")
            .iter()
            .any(|place| place.is("VirtualLocation"));
        let format = match (virtually, run.venue.is_some()) {
            (true, true) => "hybrid",
            (true, false) => "online",
            _ => "",
        };
        format.clone_into(&mut run.format);
    }
    let mut lasting = vec![
        duration::words(&node.text("duration")),
        duration::words(&node.text("courseWorkload")),
    ];
    for name in ["courseSchedule", "eventSchedule"] {
        for schedule in graph.nodes(node, name) {
            schedule_into(schedule, &mut run, &mut lasting);
        }
    }
    run.slots = slots(graph, node);
    if run.slots.is_empty() && run.weekly.is_empty() && !from.is_empty() {
        run.slots.push(SlotDraft {
            date: run.start.clone(),
            start: from,
            end: if run.end.is_empty() || run.end == run.start {
                to
            } else {
                String::new()
            },
        });
    }
    lasting.retain(|words| !words.is_empty());
    lasting.dedup();
    run.duration_text = text::shortened(&line(&lasting.join("; ")), 500);
    // A second name is the number by which the house knows it.
    let names = node.texts("identifier");
    run.number = text::shortened(names.get(1).map_or("", String::as_str), 60);
    run.id = run_identity(node);
    if run.id.is_empty() {
        run.id = derived(&run);
    }
    run
}

/// Date, words where there is no date, and time of day.
fn moment(raw: &str) -> (String, String, String) {
    match date::moment(raw) {
        Some((date, clock)) => {
            // Midnight is how programs write "no time".
            let clock = if clock == "00:00" {
                String::new()
            } else {
                clock
            };
            (date, String::new(), clock)
        }
        None => (
            String::new(),
            text::shortened(&line(raw), 500),
            String::new(),
        ),
    }
}

fn mode(node: Node<'_>) -> &'static str {
    let said = node.texts("courseMode").join(" ");
    let attendance = node.text("eventAttendanceMode").to_lowercase();
    match text::format_in(&said) {
        "" if attendance.contains("mixed") => "hybrid",
        "" if attendance.contains("online") => "online",
        "" if attendance.contains("offline") => "in-person",
        found => found,
    }
}

fn status(term: &str) -> &'static str {
    match term.rsplit(['/', '#', ':']).next().unwrap_or_default() {
        "EventScheduled" | "EventRescheduled" | "EventMovedOnline" => "planned",
        "EventCancelled" => "cancelled",
        _ => "",
    }
}

fn venue(place: Node<'_>) -> Option<VenueDraft> {
    if place.is("VirtualLocation") {
        return None;
    }
    let mut out = VenueDraft {
        name: text::shortened(&line(&place.text("name")), 255),
        ..VenueDraft::default()
    };
    match place.nodes("address").first() {
        None => out.street = text::shortened(&line(&place.text("address")), 255),
        Some(address) => {
            let country = text::country(&address.text("addressCountry"));
            let code = address.text("postalCode");
            out.street = text::shortened(&line(&address.text("streetAddress")), 255);
            out.postal_code = text::shortened(
                &if matches!(country.as_str(), "" | "DE") {
                    text::padded(&code, 5)
                } else {
                    code
                },
                12,
            );
            out.room = text::shortened(&line(&address.text("extendedAddress")), 255);
            out.city = text::shortened(&line(&address.text("addressLocality")), 255);
            if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                out.country = country;
            }
        }
    }
    let points = place.nodes("geo");
    let point = points.first().copied().unwrap_or(place);
    if let (Some(latitude), Some(longitude)) = (
        degrees(&point.text("latitude"), 90.0),
        degrees(&point.text("longitude"), 180.0),
    ) {
        (out.latitude_micro, out.longitude_micro) = (Some(latitude), Some(longitude));
    }
    (out != VenueDraft::default()).then_some(out)
}

/// Degrees in millionths.
pub(crate) fn degrees(raw: &str, most: f64) -> Option<i32> {
    let value: f64 = raw.trim().parse().ok()?;
    if !value.is_finite() || value.abs() > most {
        return None;
    }
    // Written out and read back: 180 million fits, and nothing is cut without being asked.
    format!("{:.0}", value * 1_000_000.0).parse().ok()
}

/// A place that is only a text.
fn named_place(node: Node<'_>) -> Option<VenueDraft> {
    let name = node
        .all("location")
        .into_iter()
        .filter_map(Value::as_str)
        .map(line)
        .find(|name| !name.is_empty() && text::format_in(name).is_empty())?;
    Some(VenueDraft {
        name: text::shortened(&name, 255),
        ..VenueDraft::default()
    })
}

/// Every week at the same time, or how often in words.
fn schedule_into(schedule: Node<'_>, run: &mut RunDraft, lasting: &mut Vec<String>) {
    for (own, name) in [(&mut run.start, "startDate"), (&mut run.end, "endDate")] {
        if own.is_empty() {
            *own = moment(&schedule.text(name)).0;
        }
    }
    if run.session_count.is_none() {
        run.session_count = text::count(&schedule.text("repeatCount")).known();
    }
    let zone = schedule.text("scheduleTimezone").to_lowercase();
    let clock = |name: &str| {
        let known = zone.is_empty() || zone.contains("berlin");
        Some(schedule.text(name))
            .filter(|_| known)
            .and_then(|raw| date::time(&raw))
            .unwrap_or_default()
    };
    let frequency = schedule.text("repeatFrequency");
    let weekly = matches!(
        frequency.to_lowercase().as_str(),
        "" | "p1w" | "p7d" | "weekly"
    );
    let days = schedule.all("byDay").into_iter().filter_map(json::words);
    let days: Vec<u32> = days
        .filter_map(|day| {
            let name = day.rsplit(['/', '#', ':']).next().map(str::to_owned)?;
            date::weekday(&name)
        })
        .collect();
    if weekly && !days.is_empty() {
        let (start, end) = (clock("startTime"), clock("endTime"));
        for weekday in days {
            let slot = WeeklySlotDraft {
                weekday,
                start: start.clone(),
                end: end.clone(),
            };
            if !run.weekly.contains(&slot) && run.weekly.len() < 14 {
                run.weekly.push(slot);
            }
        }
    } else if !weekly {
        let lasts = duration::words(&schedule.text("duration"));
        lasting.push(format!("{} {lasts}", often(&frequency)).trim().to_owned());
    } else {
        lasting.push(duration::words(&schedule.text("duration")));
    }
}

fn often(frequency: &str) -> String {
    match frequency.to_lowercase().as_str() {
        "daily" | "p1d" => "täglich".to_owned(),
        "monthly" | "p1m" => "monatlich".to_owned(),
        "yearly" | "p1y" => "jährlich".to_owned(),
        _ => match duration::words(frequency) {
            words if words == frequency => words,
            words => format!("alle {words}"),
        },
    }
}

fn slots(graph: &Graph<'_>, node: Node<'_>) -> Vec<SlotDraft> {
    let mut out: Vec<SlotDraft> = Vec::new();
    for event in graph.nodes(node, "subEvent") {
        let (date, _, start) = moment(&event.text("startDate"));
        let (last, _, end) = moment(&event.text("endDate"));
        let slot = SlotDraft {
            end: if last.is_empty() || last == date {
                end
            } else {
                String::new()
            },
            date,
            start,
        };
        // One more than allowed is enough for the offer to be refused.
        if !slot.date.is_empty() && !out.contains(&slot) && out.len() <= SLOTS {
            out.push(slot);
        }
    }
    out
}
