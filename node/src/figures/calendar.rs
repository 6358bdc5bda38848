//! When a period runs, ends, is closed and is forgotten.
//!
//! Days are those of Europe/Berlin: a quarter ends at midnight where its registrations are made.

use calluna_model::clock::Moment;
use calluna_tables::Period;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How a period lies to today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has not begun.
    Future,
    /// It runs.
    Running,
    /// It is over.
    Ended {
        /// Whole days since its last day; the day after it is day 1.
        days: i64,
    },
}

/// How `period` lies to the day of `now`.
#[must_use]
pub fn phase(period: Period, now: Moment) -> Phase {
    let (Some((first, next)), Some(today)) = (bounds(period), day_of(now)) else {
        return Phase::Future;
    };
    if today < first {
        return Phase::Future;
    }
    if today < next {
        return Phase::Running;
    }
    let days = (today - next).get_days();
    Phase::Ended {
        days: i64::from(days) + 1,
    }
}

/// The day that lies `days` after the last day of a period, such as `2026-10-30`; empty where there
/// is no such day.
#[must_use]
pub fn day_after(period: Period, days: u32) -> String {
    let last = bounds(period).and_then(|(_, next)| next.yesterday().ok());
    let day = last.and_then(|last| last.checked_add(Span::new().days(i64::from(days))).ok());
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// The first day of a period, and that of the next.
fn bounds(period: Period) -> Option<(Date, Date)> {
    let firsts = [1, 4, 7, 10].map(|month| Date::new(period.year(), month, 1).ok());
    let first = firsts.into_iter().flatten().find(|day| period.has(*day))?;
    let next = first.checked_add(Span::new().months(3)).ok()?;
    Some((first, next))
}

fn day_of(now: Moment) -> Option<Date> {
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let stamp = Timestamp::from_second(now.0).ok()?;
    Some(zone.to_datetime(stamp).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment(text.parse::<Timestamp>().unwrap().as_second())
    }

    #[test]
    fn a_quarter_begins_and_ends_at_midnight_in_berlin() {
        let period: Period = "2026-Q3".parse().unwrap();
        for (moment, wanted) in [
            ("2026-06-30T21:59:59Z", Phase::Future),
            ("2026-06-30T22:00:00Z", Phase::Running),
            ("2026-09-30T21:59:59Z", Phase::Running),
            ("2026-09-30T22:00:00Z", Phase::Ended { days: 1 }),
            ("2026-10-30T12:00:00Z", Phase::Ended { days: 30 }),
            ("2027-03-29T12:00:00Z", Phase::Ended { days: 180 }),
        ] {
            assert_eq!(phase(period, at(moment)), wanted, "{moment}");
        }
        let last: Period = "2026-Q4".parse().unwrap();
        assert_eq!(
            phase(last, at("2027-01-01T12:00:00Z")),
            Phase::Ended { days: 1 }
        );
    }

    #[test]
    fn days_are_counted_from_the_last_day() {
        let period: Period = "2026-Q3".parse().unwrap();
        assert_eq!(day_after(period, 0), "2026-09-30");
        assert_eq!(day_after(period, 30), "2026-10-30");
        assert_eq!(day_after("2026-Q4".parse().unwrap(), 1), "2027-01-01");
    }
}
