//! A run as `CourseInstance`.

use calluna_model::offer::{RunDraft, SlotDraft, VenueDraft, WeeklySlotDraft};
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::{Thing, prices};
use crate::export::Row;
use crate::export::text::{degrees, duration};

/// One run. `course` is the address of its offer.
pub(super) fn instance(row: &Row<'_>, run: &RunDraft, course: &str) -> Value {
    let format = if run.format.is_empty() {
        &row.offer.format
    } else {
        &run.format
    };
    let units = run.teaching_units_hundredths.map(duration);
    let status = match run.status.as_str() {
        "cancelled" => "https://schema.org/EventCancelled",
        "planned" | "confirmed" | "held" => "https://schema.org/EventScheduled",
        _ => "",
    };
    Thing::of("CourseInstance")
        .text("@id", &format!("{course}#{}", run.id))
        .value("identifier", identifiers(run))
        .text("courseMode", mode(format))
        .text("eventAttendanceMode", attendance(format))
        .text("startDate", &run.start)
        .text("endDate", &run.end)
        .value("courseSchedule", schedules(run))
        .text("courseWorkload", &units.unwrap_or_default())
        .value("subEvent", run.slots.iter().map(slot).collect())
        .value("location", location(run.venue.as_ref(), format))
        .value("maximumAttendeeCapacity", json!(run.seats))
        .value("remainingAttendeeCapacity", json!(run.free_seats))
        .text("eventStatus", status)
        .value("offers", offers(run))
        .done()
}

fn identifiers(run: &RunDraft) -> Value {
    let names = [&run.id, &run.number];
    let names = names.into_iter().filter(|name| !name.is_empty());
    names.map(|name| json!(name)).collect()
}

/// The words that readers of `courseMode` know.
fn mode(format: &str) -> &'static str {
    match format {
        "in-person" => "onsite",
        "online" => "online",
        "hybrid" => "blended",
        "self-study" => "online self-study",
        "distance" => "distance",
        "workplace" => "onsite at the workplace",
        _ => "",
    }
}

fn attendance(format: &str) -> &'static str {
    match format {
        "in-person" | "workplace" => "https://schema.org/OfflineEventAttendanceMode",
        "online" => "https://schema.org/OnlineEventAttendanceMode",
        "hybrid" => "https://schema.org/MixedEventAttendanceMode",
        _ => "",
    }
}

/// The number of dates stands in a schedule of its own where there is no weekly time, or more than one.
fn schedules(run: &RunDraft) -> Value {
    let count = json!(run.session_count);
    let weekly = |slot: &WeeklySlotDraft| {
        Thing::of("Schedule")
            .text("byDay", day(slot.weekday))
            .text("startTime", &slot.start)
            .text("endTime", &slot.end)
            .text("startDate", &run.start)
            .text("endDate", &run.end)
            .text("repeatFrequency", "P1W")
            .text("scheduleTimezone", "Europe/Berlin")
    };
    match run.weekly.as_slice() {
        [only] => json!([weekly(only).value("repeatCount", count).done()]),
        several => {
            let whole = Thing::of("Schedule").value("repeatCount", count).done();
            let all = several.iter().map(|slot| weekly(slot).done());
            all.chain([whole])
                .filter(|thing| !thing.is_null())
                .collect()
        }
    }
}

fn day(weekday: u32) -> &'static str {
    match weekday {
        1 => "https://schema.org/Monday",
        2 => "https://schema.org/Tuesday",
        3 => "https://schema.org/Wednesday",
        4 => "https://schema.org/Thursday",
        5 => "https://schema.org/Friday",
        6 => "https://schema.org/Saturday",
        7 => "https://schema.org/Sunday",
        _ => "",
    }
}

fn slot(slot: &SlotDraft) -> Value {
    Thing::of("Event")
        .text("startDate", &moment(&slot.date, &slot.start))
        .text("endDate", &moment(&slot.date, &slot.end))
        .done()
}

/// Day and time of Europe/Berlin with its distance to UTC; the day alone where there is no time.
fn moment(date: &str, time: &str) -> String {
    let local: Option<DateTime> = format!("{date}T{time}:00").parse().ok();
    let zoned = local.and_then(|local| local.in_tz("Europe/Berlin").ok());
    zoned.map_or_else(
        || date.to_owned(),
        |zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    )
}

fn location(venue: Option<&VenueDraft>, format: &str) -> Value {
    let Some(venue) = venue else {
        return if format == "online" {
            json!({"@type": "VirtualLocation"})
        } else {
            Value::Null
        };
    };
    let country = if venue.country.is_empty() {
        "DE"
    } else {
        &venue.country
    };
    let address = Thing::of("PostalAddress")
        .text("streetAddress", &venue.street)
        .text("extendedAddress", &venue.room)
        .text("postalCode", &venue.postal_code)
        .text("addressLocality", &venue.city)
        .text("addressCountry", country)
        .done();
    let geo = Thing::of("GeoCoordinates")
        .text(
            "latitude",
            &venue.latitude_micro.map(degrees).unwrap_or_default(),
        )
        .text(
            "longitude",
            &venue.longitude_micro.map(degrees).unwrap_or_default(),
        )
        .done();
    Thing::of("Place")
        .text("name", &venue.name)
        .value("address", address)
        .value("geo", geo)
        .done()
}

/// Prices of the run with whether one can still get in; that alone where the price is the course's.
fn offers(run: &RunDraft) -> Value {
    let availability = match run.availability.as_str() {
        "available" => "https://schema.org/InStock",
        "few" => "https://schema.org/LimitedAvailability",
        "full" => "https://schema.org/SoldOut",
        "waitlist" => "https://schema.org/BackOrder",
        _ => "",
    };
    let mut list = match prices(run.price.as_ref()) {
        Value::Array(list) => list,
        _ => Vec::new(),
    };
    let entry = Thing::default()
        .text("availability", availability)
        .text("validThrough", &run.registration_deadline)
        .text("url", &run.registration_url);
    if entry.0.is_empty() {
        return list.into();
    }
    if list.is_empty() {
        list.push(json!({"@type": "Offer"}));
    }
    for offer in list.iter_mut().filter_map(Value::as_object_mut) {
        offer.extend(entry.0.clone());
    }
    list.into()
}
