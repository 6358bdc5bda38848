//! Calendar files (RFC 5545) of a run and of a list.

use axum::http::StatusCode;
use calluna_catalogue::reader::Standing;
use calluna_model::id::{OfferId, ProviderId, RunId};
use calluna_model::offer::{OfferDraft, RunDraft, VenueDraft};
use jiff::Span;
use jiff::civil::{Date, DateTime, Time};

use crate::fault::Fault;
use crate::format;
use crate::page::list::{self, Chosen};
use crate::reply::Reply;
use crate::visit::Visit;

const MEDIA: &str = "text/calendar; charset=utf-8";
/// Most events of one run: weekly times without an end would go on for ever.
const MOST_EVENTS: usize = 400;
/// Most events of one file.
const MOST_IN_ALL: usize = 2_000;
/// Most bytes of one file.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Longest line in bytes, without its end.
const LINE: usize = 75;

/// `/angebot/{provider}/{offer}/{run}.ics`; 410 with the page of the offer where that was withdrawn.
pub(crate) fn run(visit: &Visit) -> Result<Reply, Fault> {
    let (provider, offer) = (visit.provider_id()?, visit.offer_id()?);
    let name = visit.param("run").strip_suffix(".ics");
    let run: RunId = name
        .and_then(|name| name.parse().ok())
        .ok_or(Fault::Missing)?;
    let draft = match visit.offer(&provider, offer.as_str())? {
        Standing::Shown(draft) => draft,
        Standing::Gone { since, title } => {
            return crate::page::offer::gone(visit, &visit.providers()?, &provider, since, title);
        }
        Standing::Unknown => return Err(Fault::Missing),
    };
    let found = draft.runs.iter().find(|other| other.id == run.as_str());
    let found = found.ok_or(Fault::Missing)?;
    let mut file = Calendar::begin(visit);
    file.run(&provider, &offer, &draft, found)?;
    Ok(file.end(&format!("{offer}-{run}")))
}

/// `/liste.ics`: every run that is not over of every offer of the list. Where every offer of it was withdrawn, 410
/// with the list that says so: a calendar without entries would tell nobody.
pub(crate) fn list(visit: &Visit) -> Result<Reply, Fault> {
    let mut file = Calendar::begin(visit);
    let today = visit.today();
    let chosen = list::chosen(&visit.pairs()?, list::MOST)?;
    let mut gone = 0;
    for Chosen { provider, offer } in &chosen {
        match visit.offer(provider, offer.as_str())? {
            Standing::Shown(draft) => {
                for run in &draft.runs {
                    if !crate::view::run::is_over(run, today) {
                        file.run(provider, offer, &draft, run)?;
                    }
                }
            }
            Standing::Gone { .. } => gone += 1,
            Standing::Unknown => {}
        }
    }
    if gone > 0 && gone == chosen.len() {
        let status = StatusCode::GONE;
        return Ok(Reply {
            status,
            ..list::page(visit)?
        });
    }
    Ok(file.end("liste"))
}

/// A calendar file that grows.
struct Calendar<'a> {
    visit: &'a Visit,
    text: String,
    events: usize,
    /// When the file was made, as calendars write it.
    stamp: String,
}

impl<'a> Calendar<'a> {
    fn begin(visit: &'a Visit) -> Self {
        let day = visit.today().at(0, 0, 0, 0);
        let mut file = Self {
            visit,
            text: String::new(),
            events: 0,
            // The day, so that the same file has the same bytes all day long.
            stamp: utc(day),
        };
        for (name, value) in [
            ("BEGIN", "VCALENDAR"),
            ("VERSION", "2.0"),
            ("PRODID", "-//Calluna//Catalogue//DE"),
            ("CALSCALE", "GREGORIAN"),
            ("METHOD", "PUBLISH"),
        ] {
            file.line(name, value);
        }
        file
    }

    fn run(
        &mut self,
        provider: &ProviderId,
        offer: &OfferId,
        draft: &OfferDraft,
        run: &RunDraft,
    ) -> Result<(), Fault> {
        for (index, event) in events(run).iter().take(MOST_EVENTS).enumerate() {
            self.events += 1;
            if self.events > MOST_IN_ALL || self.text.len() > MOST_BYTES {
                return Err(Fault::Malformed("bad.calendar"));
            }
            let host = host(&self.visit.site.settings.base_url);
            let uid = format!("{provider}.{offer}.{}.{index}@{host}", run.id);
            self.line("BEGIN", "VEVENT");
            self.text_line("UID", &uid);
            let stamp = self.stamp.clone();
            self.line("DTSTAMP", &stamp);
            match event {
                Event::Day(day, last) => {
                    self.line("DTSTART;VALUE=DATE", &date(*day));
                    let after = last.tomorrow().unwrap_or(*last);
                    self.line("DTEND;VALUE=DATE", &date(after));
                }
                Event::Timed(start, end) => {
                    self.line("DTSTART", &utc(*start));
                    if let Some(end) = end {
                        self.line("DTEND", &utc(*end));
                    }
                }
            }
            self.text_line("SUMMARY", &draft.title);
            if let Some(venue) = &run.venue {
                self.text_line("LOCATION", &place(venue));
            }
            if !draft.summary.is_empty() {
                self.text_line("DESCRIPTION", &draft.summary);
            }
            let address = format!("/angebot/{provider}/{offer}");
            let address = self.visit.site.settings.absolute(&address);
            self.line("URL", &address);
            let cancelled = run.status == "cancelled";
            let status = if cancelled { "CANCELLED" } else { "CONFIRMED" };
            self.line("STATUS", status);
            self.line("END", "VEVENT");
        }
        Ok(())
    }

    fn end(mut self, name: &str) -> Reply {
        self.line("END", "VCALENDAR");
        Reply {
            file: Some(format!("{name}.ics")),
            ..Reply::of(MEDIA, self.text)
        }
    }

    /// A line of text that somebody wrote.
    fn text_line(&mut self, name: &str, value: &str) {
        self.line(name, &escaped(value));
    }

    /// A line, folded; nothing in it can end it.
    fn line(&mut self, name: &str, value: &str) {
        let line = format!("{name}:{value}");
        let mut room = LINE;
        for c in line.chars().filter(|c| !c.is_control()) {
            if c.len_utf8() > room {
                self.text.push_str("\r\n ");
                // The blank counts.
                room = LINE - 1;
            }
            room -= c.len_utf8();
            self.text.push(c);
        }
        self.text.push_str("\r\n");
    }
}

/// When something takes place.
enum Event {
    /// Whole days, both counted.
    Day(Date, Date),
    /// From, to; on the wall clock of the district.
    Timed(DateTime, Option<DateTime>),
}

/// Single dates where there are any, else the weekly times from the first to the last day, else the whole days.
fn events(run: &RunDraft) -> Vec<Event> {
    let slots = run.slots.iter().filter_map(|slot| {
        let day = format::day(&slot.date)?;
        Some(timed(day, &slot.start, &slot.end))
    });
    let slots: Vec<_> = slots.collect();
    if !slots.is_empty() {
        return slots;
    }
    let Some(first) = format::day(&run.start) else {
        return Vec::new();
    };
    let last = format::day(&run.end).filter(|last| *last >= first);
    match last {
        Some(last) if !run.weekly.is_empty() => weekly(run, first, last),
        last => vec![Event::Day(first, last.unwrap_or(first))],
    }
}

fn weekly(run: &RunDraft, first: Date, last: Date) -> Vec<Event> {
    first
        .series(Span::new().days(1))
        .take_while(|day| *day <= last)
        .flat_map(|day| {
            let weekday = u32::from(day.weekday().to_monday_one_offset().unsigned_abs());
            let times = run
                .weekly
                .iter()
                .filter(move |slot| slot.weekday == weekday);
            times.map(move |slot| timed(day, &slot.start, &slot.end))
        })
        .take(MOST_EVENTS)
        .collect()
}

fn timed(day: Date, start: &str, end: &str) -> Event {
    let Ok(start) = start.parse::<Time>() else {
        return Event::Day(day, day);
    };
    let end = end.parse::<Time>().ok().filter(|end| *end > start);
    Event::Timed(day.to_datetime(start), end.map(|end| day.to_datetime(end)))
}

/// `20270112T173000Z`: universal time needs no table of time zones in the file.
fn utc(local: DateTime) -> String {
    let stamp = format::zone()
        .to_ambiguous_timestamp(local)
        .compatible()
        .unwrap_or_default();
    let at = jiff::tz::TimeZone::UTC.to_datetime(stamp);
    let time = format!("{:02}{:02}{:02}", at.hour(), at.minute(), at.second());
    format!("{}T{time}Z", date(at.date()))
}

fn date(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn place(venue: &VenueDraft) -> String {
    let town = format!("{} {}", venue.postal_code, venue.city);
    [venue.name.as_str(), &venue.room, &venue.street, town.trim()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn host(base: &str) -> String {
    let parsed = url::Url::parse(base).ok();
    let host = parsed.and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "calluna.invalid".to_owned())
}

/// A text as RFC 5545 wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
        .replace("\r\n", "\\n")
        .replace(['\n', '\r'], "\\n")
}

#[cfg(test)]
mod tests {
    use calluna_model::offer::{SlotDraft, WeeklySlotDraft};

    use super::*;

    #[test]
    fn weekly_times_follow_the_wall_clock_over_the_change_of_time() {
        let run = RunDraft {
            start: "2027-03-23".into(),
            end: "2027-03-30".into(),
            weekly: vec![WeeklySlotDraft {
                weekday: 2,
                start: "18:30".into(),
                end: "20:00".into(),
            }],
            ..RunDraft::default()
        };
        let starts: Vec<_> = events(&run)
            .iter()
            .map(|event| match event {
                Event::Timed(start, _) => utc(*start),
                Event::Day(day, _) => date(*day),
            })
            .collect();
        assert_eq!(starts, ["20270323T173000Z", "20270330T163000Z"]);
    }

    #[test]
    fn single_dates_come_before_everything_else() {
        let run = RunDraft {
            start: "2027-01-01".into(),
            slots: vec![SlotDraft {
                date: "2027-01-12".into(),
                ..SlotDraft::default()
            }],
            ..RunDraft::default()
        };
        assert!(matches!(events(&run)[..], [Event::Day(day, _)] if date(day) == "20270112"));
        assert!(events(&RunDraft::default()).is_empty());
    }

    #[test]
    fn text_cannot_leave_its_line() {
        assert_eq!(
            escaped("a\r\nATTENDEE:x;b,c\\"),
            "a\\nATTENDEE:x\\;b\\,c\\\\"
        );
    }
}
