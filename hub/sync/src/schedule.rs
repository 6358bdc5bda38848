//! When nights begin: a cron pattern read on the wall clock of one time zone.
//!
//! Twice a year the wall clock lies: in March an hour is missing, in October one comes twice. The
//! pattern is therefore searched on the wall clock alone, where every day has its 24 hours, and each
//! hit is then taken to the real time line: one that falls into the missing hour begins as much
//! later as the clock was set forward, one that comes twice begins the first time. So each night of
//! the pattern begins exactly once (UX_OPS 0.1: timers that skip or double the night of the change).

use std::cmp::Ordering;
use std::fmt;

use calluna_model::clock::Moment;
use croner::errors::CronError;
use croner::{CivilDateTime, Cron, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How far back the wall clock may have been set: hits this much earlier are looked at again.
const FOLD: SignedDuration = SignedDuration::from_hours(3);

/// When nights begin.
#[derive(Clone)]
pub struct Schedule {
    pattern: String,
    cron: Cron,
    zone: TimeZone,
}

/// A schedule that says nothing, or nothing that ever comes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The pattern is not one.
    #[error(
        "`{pattern}` is not a schedule: {cause}; write minute, hour, day, month, weekday, such as \"17 3 * * *\" for 03:17 every night"
    )]
    Pattern {
        /// What was written.
        pattern: String,
        /// What is wrong with it.
        cause: String,
    },
    /// No day fits the pattern.
    #[error("`{pattern}` never comes: no day fits it; \"17 3 * * *\" is 03:17 every night")]
    Never {
        /// What was written.
        pattern: String,
    },
    /// There is no such time zone.
    #[error("there is no time zone `{zone}`; write its IANA name, such as \"Europe/Berlin\"")]
    Zone {
        /// What was written.
        zone: String,
    },
}

impl Schedule {
    /// Reads a cron pattern (minute, hour, day of the month, month, weekday; `@daily` and the like)
    /// that holds on the wall clock of `zone`, an IANA name.
    ///
    /// # Errors
    /// When either is not one, or nothing ever fits.
    pub fn parse(pattern: &str, zone: &str) -> Result<Self, ScheduleError> {
        let named = pattern.trim().to_owned();
        let cron: Cron = named
            .parse()
            .map_err(|cause: CronError| ScheduleError::Pattern {
                pattern: named.clone(),
                cause: cause.to_string(),
            })?;
        let zone = TimeZone::get(zone).map_err(|_| ScheduleError::Zone {
            zone: zone.to_owned(),
        })?;
        let some_day = Wall::new(DateTime::constant(2024, 1, 1, 0, 0, 0, 0));
        let first = some_day.and_then(|day| cron.find_next_occurrence(&day, true).ok());
        if first.is_none() {
            return Err(ScheduleError::Never { pattern: named });
        }
        Ok(Self {
            pattern: named,
            cron,
            zone,
        })
    }

    /// The first beginning after `moment`; nothing beyond the end of the calendar.
    #[must_use]
    pub fn after(&self, moment: Moment) -> Option<Moment> {
        let mut wall = self.wall(moment)?.checked_sub(FOLD).ok()?;
        loop {
            let next = self
                .cron
                .find_next_occurrence(&Wall::new(wall)?, false)
                .ok()?;
            let begins = self.moment(next.time)?;
            if begins > moment {
                return Some(begins);
            }
            wall = next.time;
        }
    }

    /// The last beginning at or before `moment`; nothing before the beginning of the calendar.
    #[must_use]
    pub fn at_or_before(&self, moment: Moment) -> Option<Moment> {
        let mut wall = self.wall(moment)?.checked_add(FOLD).ok()?;
        loop {
            let earlier = self
                .cron
                .find_previous_occurrence(&Wall::new(wall)?, true)
                .ok()?;
            let begins = self.moment(earlier.time)?;
            if begins <= moment {
                return Some(begins);
            }
            wall = earlier
                .time
                .checked_sub(SignedDuration::from_secs(1))
                .ok()?;
        }
    }

    /// What was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// `moment` as people in the time zone read it, such as `2026-11-25 03:17 CET`.
    #[must_use]
    pub fn local(&self, moment: Moment) -> String {
        match Timestamp::from_second(moment.0) {
            Ok(stamp) => stamp
                .to_zoned_datetime(self.zone.clone())
                .strftime("%Y-%m-%d %H:%M %Z")
                .to_string(),
            Err(_) => moment.to_string(),
        }
    }

    fn wall(&self, moment: Moment) -> Option<DateTime> {
        let stamp = Timestamp::from_second(moment.0).ok()?;
        Some(self.zone.to_datetime(stamp))
    }

    /// The real time of a wall clock time: later by the gap where it is missing, the first one where
    /// it comes twice.
    fn moment(&self, wall: DateTime) -> Option<Moment> {
        let stamp = self.zone.to_ambiguous_timestamp(wall).compatible().ok()?;
        Some(Moment(stamp.as_second()))
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({} {:?})", self.pattern, self.zone.iana_name())
    }
}

/// A wall clock without a time zone, for the search: the same time in the words of both calendars.
#[derive(Clone, Copy)]
struct Wall {
    time: DateTime,
    civil: CivilDateTime,
}

impl Wall {
    fn new(time: DateTime) -> Option<Self> {
        let civil = CivilDateTime::from_ymd_hms_opt(
            i32::from(time.year()),
            u32::from(time.month().unsigned_abs()),
            u32::from(time.day().unsigned_abs()),
            u32::from(time.hour().unsigned_abs()),
            u32::from(time.minute().unsigned_abs()),
            u32::from(time.second().unsigned_abs()),
        )?;
        Some(Self { time, civil })
    }
}

impl CronDateTime for Wall {
    fn to_civil(&self) -> CivilDateTime {
        self.civil
    }

    fn civil_weekday(&self) -> Weekday {
        let days = self.time.weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(days.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let small = |number: u32| i8::try_from(number).map_err(|_| CronError::InvalidTime);
        let time = DateTime::new(
            i16::try_from(civil.year()).map_err(|_| CronError::InvalidTime)?,
            small(civil.month())?,
            small(civil.day())?,
            small(civil.hour())?,
            small(civil.minute())?,
            small(civil.second())?,
            0,
        );
        let time = time.map_err(|_| CronError::InvalidTime)?;
        Ok(Resolution::Single(Self { time, civil }))
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        let moved = self.time.checked_add(SignedDuration::from_secs(seconds));
        Self::new(moved.ok()?)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn berlin(pattern: &str) -> Schedule {
        Schedule::parse(pattern, "Europe/Berlin").unwrap()
    }

    fn moment(text: &str) -> Moment {
        Moment(text.parse::<Timestamp>().unwrap().as_second())
    }

    /// Every night from the beginning of `year`, `years` long, as (wall clock date, moment).
    fn nights(schedule: &Schedule, year: i16, years: i16) -> Vec<Moment> {
        let end = moment(&format!("{}-01-01T00:00:00Z", year + years));
        let mut at = moment(&format!("{year}-01-01T00:00:00Z"));
        let mut found = Vec::new();
        while let Some(next) = schedule.after(at).filter(|next| *next < end) {
            found.push(next);
            at = next;
        }
        found
    }

    #[test]
    fn every_night_of_ten_years_begins_exactly_once() {
        // 02:30 is missing in March and comes twice in October; 03:17 is the default.
        for pattern in [
            "30 2 * * *",
            "0 2 * * *",
            "59 2 * * *",
            "17 3 * * *",
            "0 3 * * *",
        ] {
            let schedule = berlin(pattern);
            let begun = nights(&schedule, 2026, 10);
            assert_eq!(begun.len(), 3_652, "{pattern}");
            let days: BTreeSet<_> = begun
                .iter()
                .map(|at| schedule.wall(*at).unwrap().date())
                .collect();
            assert_eq!(days.len(), begun.len(), "{pattern}: no day twice");
        }
    }

    #[test]
    fn the_missing_hour_begins_later_and_the_double_hour_once() {
        let schedule = berlin("30 2 * * *");
        // 2026-03-29: 02:00 CET becomes 03:00 CEST; half past two is half past three.
        let eve = moment("2026-03-28T12:00:00Z");
        assert_eq!(schedule.after(eve), Some(moment("2026-03-29T01:30:00Z")));
        // 2026-10-25: 03:00 CEST becomes 02:00 CET; the first half past two counts.
        let eve = moment("2026-10-24T12:00:00Z");
        let first = moment("2026-10-25T00:30:00Z");
        assert_eq!(schedule.after(eve), Some(first));
        assert_eq!(
            schedule.after(first),
            Some(moment("2026-10-26T01:30:00Z")),
            "the second half past two is not another night"
        );
        assert_eq!(
            schedule.at_or_before(moment("2026-10-25T01:40:00Z")),
            Some(first)
        );
    }

    #[test]
    fn a_pattern_of_every_hour_goes_through_both_changes() {
        for (from, hours) in [("2026-03-28T23:30:00Z", 23), ("2026-10-24T22:30:00Z", 25)] {
            let schedule = berlin("0 * * * *");
            let mut at = moment(from);
            let mut begun = BTreeSet::new();
            while at < moment(from).plus(24 * 3_600 + 1_800) {
                at = schedule.after(at).unwrap();
                assert!(begun.insert(at), "never the same moment twice");
            }
            assert!(begun.len() >= hours - 1, "{from}: {}", begun.len());
        }
    }

    #[test]
    fn before_and_after_meet() {
        let schedule = berlin("17 3 * * *");
        for at in nights(&schedule, 2026, 1) {
            assert_eq!(schedule.at_or_before(at), Some(at));
            assert_eq!(schedule.at_or_before(at.plus(86_000 - 3_600)), Some(at));
            assert_eq!(schedule.after(at.plus(-1)), Some(at));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_way_out() {
        let said =
            |pattern: &str, zone: &str| Schedule::parse(pattern, zone).unwrap_err().to_string();
        assert!(said("every night", "Europe/Berlin").contains("17 3 * * *"));
        assert!(said("61 3 * * *", "Europe/Berlin").contains("not a schedule"));
        assert!(said("0 0 30 2 *", "Europe/Berlin").contains("never comes"));
        assert!(said("17 3 * * *", "Europe/Soltau").contains("IANA"));
    }

    #[test]
    fn other_zones_have_other_nights() {
        let utc = Schedule::parse("17 3 * * *", "UTC").unwrap();
        assert_eq!(
            utc.after(moment("2026-07-01T00:00:00Z")),
            Some(moment("2026-07-01T03:17:00Z"))
        );
        assert_eq!(
            berlin("17 3 * * *").local(moment("2026-07-01T01:17:00Z")),
            "2026-07-01 03:17 CEST"
        );
    }
}
