//! Unterrichtszeit and Zeitrahmen: two classes that KURSNET asks for and no offer states. They are given where they
//! follow from what the provider told, and missing where they do not.
//!
//! # Unterrichtszeit
//! The files that describe openQ-cat name the two classes and no border between them ("see the website"). The
//! Bundesagentur's is 35 clock hours a week, from the beginning of each day to its end with the breaks
//! (<https://acadcert.de/klarstellung-zu-vollzeit-und-teilzeit/>, which quotes it): hours of the clock, not teaching
//! units of 45 minutes. So times of day decide. Units alone only bound the hours: without any break they last 45
//! minutes each, and nobody takes breaks that are longer than the teaching. What lies between is not derived, nor is
//! anything where the two lead to different classes. A run of less than five days says nothing of a week: it is part
//! time when it would be in a whole week of such days too.

use calluna_model::offer::{OfferDraft, RunDraft, SlotDraft};
use jiff::civil::{Date, Time};
use jiff::{Span, ToSpan};

/// A code and its words.
pub(super) type Class = (u32, &'static str);

/// Minutes a week from which on a course is full time.
const FULL_TIME: u64 = 35 * 60;
/// Days of a week of courses.
const WORKING_DAYS: u64 = 5;

/// Between how many minutes a week a course lasts, breaks included.
#[derive(Clone, Copy)]
struct Bounds {
    least: u64,
    most: u64,
}

/// Unterrichtszeit, where it follows from times of day or teaching units.
pub(super) fn time(offer: &OfferDraft, run: &RunDraft) -> Option<Class> {
    let units = run
        .teaching_units_hundredths
        .or(offer.teaching_units_hundredths);
    let by_units = units.and_then(|units| {
        let units = u64::from(units);
        in_a_week(units * 45 / 100, (units * 90).div_ceil(100), days(run)?)
    });
    let said = [by_units, clocked(run)].map(|bounds| bounds.and_then(Bounds::class));
    match said {
        [Some(units), Some(clock)] if units != clock => None,
        [units, clock] => clock.or(units),
    }
}

impl Bounds {
    fn class(self) -> Option<Class> {
        if self.least >= FULL_TIME {
            Some((1, "Vollzeit"))
        } else if self.most < FULL_TIME {
            Some((2, "Teilzeit"))
        } else {
            None
        }
    }
}

/// Minutes of the whole run to minutes a week: the weeks that were begun, and those that were whole.
fn in_a_week(least: u64, most: u64, days: u64) -> Option<Bounds> {
    let most = match days {
        0 => return None,
        short if short < WORKING_DAYS => (most * WORKING_DAYS).div_ceil(short),
        long => most.div_ceil((long / 7).max(1)),
    };
    Some(Bounds {
        least: least / days.div_ceil(7),
        most,
    })
}

/// By the clock: the times of each week, or of all single dates.
fn clocked(run: &RunDraft) -> Option<Bounds> {
    if !run.weekly.is_empty() {
        let times = run.weekly.iter().map(|slot| {
            let day = slot.weekday.to_string();
            Some((day, minute(&slot.start)?, minute(&slot.end)?))
        });
        let total = daily(&times.collect::<Option<Vec<_>>>()?)?;
        return Some(Bounds {
            least: total,
            most: total,
        });
    }
    if !is_whole(&run.slots, run) {
        return None;
    }
    let times = run.slots.iter().map(|slot| {
        let day = slot.date.clone();
        Some((day, minute(&slot.start)?, minute(&slot.end)?))
    });
    let total = daily(&times.collect::<Option<Vec<_>>>()?)?;
    in_a_week(total, total, days(run)?)
}

/// Whether the single dates are all that there are.
fn is_whole(slots: &[SlotDraft], run: &RunDraft) -> bool {
    let counted = u32::try_from(slots.len()).ok();
    match run.session_count {
        Some(count) => counted == Some(count),
        None => slots.last().is_some_and(|last| last.date == run.end),
    }
}

/// Minutes from the first beginning to the last end of each day.
fn daily(times: &[(String, u64, u64)]) -> Option<u64> {
    let mut days = std::collections::BTreeMap::new();
    for (day, start, end) in times {
        let (first, last) = days.entry(day).or_insert((*start, *end));
        *first = (*first).min(*start);
        *last = (*last).max(*end);
    }
    let lengths = days.values().map(|(first, last)| last.checked_sub(*first));
    lengths.sum()
}

fn minute(time: &str) -> Option<u64> {
    let time: Time = time.parse().ok()?;
    u64::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).ok()
}

fn ends(run: &RunDraft) -> Option<(Date, Date)> {
    let (first, last): (Date, Date) = (run.start.parse().ok()?, run.end.parse().ok()?);
    (last >= first).then_some((first, last))
}

/// From the first to the last day, both counted.
fn days(run: &RunDraft) -> Option<u64> {
    let (first, last) = ends(run)?;
    let between = last.since(first).ok()?.get_days();
    u64::try_from(between).ok().map(|days| days + 1)
}

/// Zeitrahmen: class of the period from the first to the last day, by the calendar. Classes above a year are not in
/// what we know of the list.
pub(super) fn period(run: &RunDraft) -> Option<u32> {
    let (first, last) = ends(run)?;
    let up_to = |span: Span| first.checked_add(span).is_ok_and(|after| last < after);
    let classes = [
        (1, 3.days()),
        (2, 1.week()),
        (3, 1.month()),
        (4, 3.months()),
        (5, 6.months()),
        (6, 1.year()),
    ];
    let found = classes.into_iter().find(|(_, span)| up_to(*span));
    found.map(|(class, _)| class)
}

#[cfg(test)]
mod tests {
    use calluna_model::offer::WeeklySlotDraft;

    use super::*;

    fn run(start: &str, end: &str, units: Option<u32>) -> RunDraft {
        RunDraft {
            start: start.into(),
            end: end.into(),
            teaching_units_hundredths: units.map(|units| units * 100),
            ..RunDraft::default()
        }
    }

    fn weekly(days: std::ops::RangeInclusive<u32>, start: &str, end: &str) -> Vec<WeeklySlotDraft> {
        let slot = |weekday| WeeklySlotDraft {
            weekday,
            start: start.into(),
            end: end.into(),
        };
        days.map(slot).collect()
    }

    fn class(run: &RunDraft) -> Option<u32> {
        time(&OfferDraft::default(), run).map(|(class, _)| class)
    }

    #[test]
    fn the_clock_decides_with_the_breaks() {
        let mut whole_days = run("2027-01-11", "2027-02-05", None);
        // The example of the Bundesagentur: 37.5 hours a week.
        whole_days.weekly = weekly(1..=5, "08:00", "15:30");
        assert_eq!(class(&whole_days), Some(1));
        // Nine units of 45 minutes a day do not make it less, and are no 35 hours by themselves.
        whole_days.teaching_units_hundredths = Some(4 * 4_500);
        assert_eq!(class(&whole_days), Some(1));
        whole_days.weekly = weekly(1..=5, "08:00", "14:59");
        assert_eq!(class(&whole_days), Some(2));
        // Morning and afternoon of one day, with the break between them.
        let mut split = weekly(1..=5, "08:00", "12:00");
        split.extend(weekly(1..=5, "12:45", "15:00"));
        whole_days.weekly = split;
        assert_eq!(class(&whole_days), Some(1));
    }

    #[test]
    fn teaching_units_are_no_clock_hours() {
        let weeks = |units: u32| run("2027-01-11", "2027-02-07", Some(4 * units));
        assert_eq!(class(&weeks(47)), Some(1), "35.25 hours without any break");
        for open in [46, 40, 35, 24] {
            assert_eq!(class(&weeks(open)), None, "{open} units a week");
        }
        assert_eq!(class(&weeks(23)), Some(2), "34.5 hours with all breaks");
        assert_eq!(class(&run("2027-01-11", "", Some(23))), None);
        assert_eq!(class(&run("2027-01-11", "2027-02-07", None)), None);
    }

    #[test]
    fn what_contradicts_itself_is_not_derived() {
        let mut odd = run("2027-01-11", "2027-02-05", Some(200));
        odd.weekly = weekly(2..=2, "18:30", "20:00");
        assert_eq!(class(&odd), None);
        // Times that cannot be say nothing, and what is left is fifty units a week.
        odd.weekly = weekly(2..=2, "20:00", "18:30");
        assert_eq!(class(&odd), Some(1));
    }

    #[test]
    fn a_run_of_a_few_days_is_part_time_only_where_a_week_of_them_would_be() {
        assert_eq!(class(&run("2027-01-11", "2027-01-11", Some(3))), Some(2));
        assert_eq!(class(&run("2027-01-16", "2027-01-17", Some(16))), None);
        // Monday to the Monday after: one week or two.
        assert_eq!(class(&run("2027-01-11", "2027-01-18", Some(48))), None);
    }

    #[test]
    fn single_dates_count_when_they_are_all() {
        let mut dated = run("2027-01-11", "2027-01-25", None);
        dated.slots = ["2027-01-11", "2027-01-25"]
            .map(|date| SlotDraft {
                date: date.into(),
                start: "09:00".into(),
                end: "16:00".into(),
            })
            .into();
        assert_eq!(class(&dated), Some(2));
        dated.session_count = Some(15);
        assert_eq!(class(&dated), None, "thirteen dates are not told");
    }

    #[test]
    fn the_period_follows_the_calendar() {
        for (start, end, class) in [
            ("2027-01-11", "2027-01-11", Some(1)),
            ("2027-01-11", "2027-01-13", Some(1)),
            ("2027-01-11", "2027-01-14", Some(2)),
            ("2027-01-11", "2027-01-17", Some(2)),
            ("2027-01-11", "2027-01-18", Some(3)),
            // A month of February has 28 days, and the day after it is one more than a month.
            ("2027-02-01", "2027-02-28", Some(3)),
            ("2027-02-01", "2027-03-01", Some(4)),
            ("2027-01-01", "2027-06-30", Some(5)),
            ("2027-01-01", "2027-12-31", Some(6)),
            ("2027-01-01", "2028-01-01", None),
            ("2027-01-11", "2027-01-10", None),
            ("2027-01-11", "", None),
        ] {
            assert_eq!(period(&run(start, end, None)), class, "{start} {end}");
        }
    }
}
