//! A run, as pages show it.

use calluna_model::code;
use calluna_model::offer::{OfferDraft, RunDraft, VenueDraft};
use jiff::civil::Date;

use crate::format;
use crate::view::cell::Cell;
use crate::words::Words;

/// Single dates that are shown; the calendar file has all of them.
const SLOTS_SHOWN: usize = 12;

/// A row of the table of runs.
#[derive(Clone, Debug)]
pub(crate) struct RunView {
    pub(crate) number: String,
    /// First day, or in words when it starts.
    pub(crate) start: Cell,
    pub(crate) end: String,
    /// When in the week, single dates; one line each.
    pub(crate) times: Vec<String>,
    /// Single dates that are not shown.
    pub(crate) more: String,
    pub(crate) duration: String,
    pub(crate) format: String,
    pub(crate) venue: Vec<String>,
    /// Whether one gets in without steps; empty where nothing is said.
    pub(crate) access: &'static str,
    pub(crate) price: Cell,
    pub(crate) notes: Vec<String>,
    pub(crate) seats: Cell,
    pub(crate) availability: String,
    pub(crate) deadline: String,
    pub(crate) status: String,
    pub(crate) cancelled: bool,
    pub(crate) over: bool,
    pub(crate) register: String,
    /// Address of its calendar file; empty where there is no date.
    pub(crate) calendar: String,
}

impl RunView {
    /// From a run of an offer at that address.
    pub(crate) fn of(offer: &OfferDraft, run: &RunDraft, at: &str, today: Date, w: Words) -> Self {
        let fee = run.price.as_ref().or(offer.price.as_ref());
        let units = run
            .teaching_units_hundredths
            .or(offer.teaching_units_hundredths);
        let dated = format::day(&run.start).is_some() || !run.slots.is_empty();
        let coded = |list, code: &str| {
            if code.is_empty() {
                String::new()
            } else {
                w.code(list, code)
            }
        };
        let format = if run.format.is_empty() {
            &offer.format
        } else {
            &run.format
        };
        let known = fee.is_some_and(|fee| fee.amount_cents.or(fee.reduced_cents).is_some());
        Self {
            number: run.number.clone(),
            start: Cell::text(start(run, w), w),
            end: format::day(&run.end)
                .filter(|_| run.end != run.start)
                .map_or_else(String::new, |day| format::date(day, w)),
            times: times(run, w),
            more: run
                .slots
                .len()
                .checked_sub(SLOTS_SHOWN)
                .filter(|more| *more > 0)
                .map_or_else(String::new, |more| w.count("run.more", to_u64(more))),
            duration: duration(run, units, w),
            format: coded(code::FORMAT, format),
            venue: run.venue.as_ref().map(venue).unwrap_or_default(),
            access: match run.venue.as_ref().and_then(|venue| venue.accessible) {
                Some(true) => w.say("run.access.yes"),
                Some(false) => w.say("run.access.no"),
                None => "",
            },
            price: if known {
                Cell::text(format::price(fee, w), w)
            } else {
                Cell::unstated(w)
            },
            notes: fee.map(|fee| fee.notes.clone()).unwrap_or_default(),
            seats: Cell::maybe(run.free_seats, w),
            availability: coded(code::AVAILABILITY, &run.availability),
            deadline: if run.registration_deadline.is_empty() {
                String::new()
            } else {
                format::date_text(&run.registration_deadline, w)
            },
            status: coded(code::RUN_STATUS, &run.status),
            cancelled: run.status == "cancelled",
            over: is_over(run, today),
            register: run.registration_url.clone(),
            calendar: if dated {
                format!("{at}/{}.ics", run.id)
            } else {
                String::new()
            },
        }
    }
}

/// Whether every day of a run has passed. One without a day is never over.
pub(crate) fn is_over(run: &RunDraft, today: Date) -> bool {
    let slots = run.slots.iter().map(|slot| slot.date.as_str());
    let days = slots.chain([run.end.as_str(), run.start.as_str()]);
    days.filter_map(format::day)
        .max()
        .is_some_and(|last| last < today && !run.flexible_start)
}

/// The first day that has not passed, of all runs that take place.
pub(crate) fn next(offer: &OfferDraft, today: Date) -> Option<&RunDraft> {
    let open = offer.runs.iter().filter(|run| !is_over(run, today));
    open.min_by_key(|run| {
        let day = format::day(&run.start);
        (
            run.status == "cancelled",
            day.is_none_or(|day| day < today),
            day,
        )
    })
}

/// When a run starts: its day, any time, or in words.
pub(crate) fn start(run: &RunDraft, words: Words) -> String {
    if let Some(day) = format::day(&run.start) {
        format::date(day, words)
    } else if run.flexible_start {
        words.say("run.flexible").to_owned()
    } else if let Some(slot) = run.slots.first() {
        format::date_text(&slot.date, words)
    } else {
        run.start_text.clone()
    }
}

/// Weekly times, then single dates.
fn times(run: &RunDraft, words: Words) -> Vec<String> {
    let weekly = run.weekly.iter().map(|slot| {
        let day = weekday(slot.weekday, words);
        let hours = format::hours(&slot.start, &slot.end, words);
        format!("{day} {hours}").trim().to_owned()
    });
    let slots = run.slots.iter().take(SLOTS_SHOWN).map(|slot| {
        let day = format::date_text(&slot.date, words);
        let hours = format::hours(&slot.start, &slot.end, words);
        format!("{day} {hours}").trim().to_owned()
    });
    weekly.chain(slots).collect()
}

/// A day of the week, 1 is Monday.
pub(crate) fn weekday(day: u32, words: Words) -> &'static str {
    words.say(match day {
        1 => "weekday.1",
        2 => "weekday.2",
        3 => "weekday.3",
        4 => "weekday.4",
        5 => "weekday.5",
        6 => "weekday.6",
        _ => "weekday.7",
    })
}

fn duration(run: &RunDraft, units: Option<u32>, words: Words) -> String {
    let mut parts = Vec::new();
    if !run.duration_text.is_empty() {
        parts.push(run.duration_text.clone());
    } else if let Some(count) = run.session_count {
        parts.push(words.count("run.sessions", u64::from(count)));
    }
    if let Some(units) = units {
        let shown = format::hundredths(u64::from(units), words.0);
        parts.push(words.fill("run.units", &[("n", &shown)]));
    }
    parts.join(", ")
}

/// A venue in lines.
pub(crate) fn venue(venue: &VenueDraft) -> Vec<String> {
    let town = format!("{} {}", venue.postal_code, venue.city);
    let town = match venue.district.as_str() {
        "" => town.trim().to_owned(),
        part => format!("{} ({part})", town.trim()),
    };
    let house = match (venue.name.as_str(), venue.room.as_str()) {
        (name, "") => name.to_owned(),
        ("", room) => room.to_owned(),
        (name, room) => format!("{name}, {room}"),
    };
    let lines = [house, venue.street.clone(), town];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(start: &str, end: &str) -> RunDraft {
        RunDraft {
            start: start.into(),
            end: end.into(),
            ..RunDraft::default()
        }
    }

    #[test]
    fn a_run_is_over_when_its_last_day_is() {
        let today: Date = "2026-11-30".parse().unwrap();
        assert!(is_over(&from("2026-11-01", "2026-11-29"), today));
        assert!(!is_over(&from("2026-11-01", "2026-11-30"), today));
        assert!(!is_over(&from("", ""), today));
        let any_time = RunDraft {
            flexible_start: true,
            ..from("2026-01-01", "")
        };
        assert!(!is_over(&any_time, today));
    }

    #[test]
    fn the_next_run_is_the_one_that_one_can_still_reach() {
        let today: Date = "2026-11-30".parse().unwrap();
        let offer = OfferDraft {
            runs: vec![
                from("2026-09-01", "2026-12-20"),
                from("2027-03-01", ""),
                from("2027-01-12", ""),
            ],
            ..OfferDraft::default()
        };
        assert_eq!(next(&offer, today).unwrap().start, "2027-01-12");
    }
}
