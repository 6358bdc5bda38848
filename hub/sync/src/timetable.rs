//! Whether a night is due now: the schedule against what really happened.
//!
//! The process may have been off, the machine asleep, the clock set. Whoever drives this asks again
//! every few seconds instead of sleeping until the next night, so none of these costs a night or
//! gives one twice.

use calluna_model::clock::Moment;
use calluna_model::report::Trigger;

use crate::schedule::Schedule;

/// A clock that is set back by more than this is believed; less is a correction, and a night that
/// was held does not come again for it.
const CORRECTION: i64 = 2 * 3_600;

/// The schedule against what really happened.
#[derive(Clone, Debug)]
pub struct Timetable {
    schedule: Schedule,
    /// Beginnings up to here are done with.
    done_until: Moment,
    /// A night was missed while nobody looked.
    missed: Option<Trigger>,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Begin a night.
    Night(Trigger),
    /// The next night begins then; nothing when the schedule has no more.
    At(Option<Moment>),
}

impl Timetable {
    /// A timetable at the start of a process. `last_whole` is when the last night over all providers
    /// began that ended in order, `aborted` whether the newest night was cut off. With `catch_up` a
    /// night that was missed since then is due at once; a hub that never had a night waits for its
    /// first.
    #[must_use]
    pub fn new(
        schedule: Schedule,
        now: Moment,
        last_whole: Option<Moment>,
        aborted: bool,
        catch_up: bool,
    ) -> Self {
        let due = schedule.at_or_before(now);
        // A night in the future is one of a clock that was wrong: it proves nothing.
        let last = last_whole.filter(|last| *last <= now);
        let missed = match (due, last) {
            (Some(due), Some(last)) => last < due,
            (Some(_), None) => aborted || last_whole.is_some(),
            (None, _) => false,
        };
        let trigger = if aborted {
            Trigger::Resumed
        } else {
            Trigger::CatchUp
        };
        Self {
            schedule,
            done_until: now,
            missed: (missed && catch_up).then_some(trigger),
        }
    }

    /// What is to be done at `now`. A night that is given is done with: it will not be given again.
    pub fn ask(&mut self, now: Moment) -> Due {
        if self.done_until > now.plus(CORRECTION) {
            self.done_until = now;
        }
        if let Some(trigger) = self.missed.take() {
            self.done_until = self.done_until.max(now);
            return Due::Night(trigger);
        }
        match self.schedule.after(self.done_until) {
            Some(due) if due <= now => {
                // Several may have passed (a machine that slept for days): one night makes up for all.
                let late = self.schedule.after(due).is_some_and(|next| next <= now);
                self.done_until = now;
                Due::Night(if late {
                    Trigger::CatchUp
                } else {
                    Trigger::Clock
                })
            }
            next => Due::At(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    /// 2026-01-01T00:00:00Z.
    const NEW_YEAR: Moment = Moment(1_767_225_600);

    fn schedule() -> Schedule {
        Schedule::parse("17 3 * * *", "Europe/Berlin").unwrap()
    }

    fn started(now: Moment, last: Option<Moment>, aborted: bool) -> Timetable {
        Timetable::new(schedule(), now, last, aborted, true)
    }

    /// Asks every `step` seconds over `days` days; the nights that were given.
    fn live(table: &mut Timetable, from: Moment, days: i64, step: i64) -> Vec<(Moment, Trigger)> {
        let mut given = Vec::new();
        let mut now = from;
        while now < from.plus(days * DAY) {
            if let Due::Night(trigger) = table.ask(now) {
                given.push((now, trigger));
            }
            now = now.plus(step);
        }
        given
    }

    #[test]
    fn a_year_of_nights_with_both_changes_of_the_clock() {
        let mut table = started(NEW_YEAR, None, false);
        let nights = live(&mut table, NEW_YEAR, 365, 20);
        assert_eq!(nights.len(), 365);
        for ((at, trigger), due) in nights.iter().zip(1..) {
            assert_eq!(*trigger, Trigger::Clock);
            let expected = NEW_YEAR.plus((due - 1) * DAY + 2 * 3_600 + 17 * 60);
            assert!(expected.since(*at).abs() <= 3_620, "night {due} at {at}");
        }
    }

    #[test]
    fn a_missed_night_is_caught_up_once() {
        let last = NEW_YEAR.plus(2 * 3_600 + 17 * 60);
        let now = NEW_YEAR.plus(5 * DAY + 12 * 3_600);
        let mut table = started(now, Some(last), false);
        assert_eq!(table.ask(now), Due::Night(Trigger::CatchUp));
        let Due::At(Some(next)) = table.ask(now.plus(60)) else {
            panic!("a night is made up for once");
        };
        assert_eq!(next, NEW_YEAR.plus(6 * DAY + 2 * 3_600 + 17 * 60));
        let mut off = Timetable::new(schedule(), now, Some(last), false, false);
        assert_eq!(off.ask(now), Due::At(Some(next)));
    }

    #[test]
    fn a_night_that_was_held_in_time_is_not_caught_up() {
        let last = NEW_YEAR.plus(2 * 3_600 + 17 * 60 + 5);
        let now = NEW_YEAR.plus(20 * 3_600);
        assert!(matches!(
            started(now, Some(last), false).ask(now),
            Due::At(Some(_))
        ));
    }

    #[test]
    fn a_night_that_was_cut_off_goes_on() {
        let before = NEW_YEAR.plus(-DAY + 2 * 3_600 + 17 * 60);
        let now = NEW_YEAR.plus(3 * 3_600);
        assert_eq!(
            started(now, Some(before), true).ask(now),
            Due::Night(Trigger::Resumed)
        );
        assert_eq!(
            started(now, None, true).ask(now),
            Due::Night(Trigger::Resumed),
            "the very first night too"
        );
        assert!(matches!(started(now, None, false).ask(now), Due::At(_)));
    }

    #[test]
    fn a_clock_that_jumps_neither_skips_nor_doubles_a_night() {
        let mut table = started(NEW_YEAR, None, false);
        let due = NEW_YEAR.plus(2 * 3_600 + 17 * 60);
        assert_eq!(table.ask(due.plus(3)), Due::Night(Trigger::Clock));
        // An hour back: the same night is not held again.
        assert!(
            matches!(table.ask(due.plus(-3_600)), Due::At(Some(next)) if next == due.plus(DAY))
        );
        // An hour forward over the next beginning: held at once, late but once.
        assert_eq!(table.ask(due.plus(DAY + 3_600)), Due::Night(Trigger::Clock));
        // A machine that slept for four days makes up for them with one night.
        assert_eq!(table.ask(due.plus(5 * DAY)), Due::Night(Trigger::CatchUp));
        // A clock that had been a year ahead is believed when it is set right.
        let mut ahead = started(NEW_YEAR.plus(365 * DAY), None, false);
        assert_eq!(ahead.ask(NEW_YEAR), Due::At(Some(due)));
        assert_eq!(ahead.ask(due), Due::Night(Trigger::Clock));
    }

    #[test]
    fn a_night_of_a_wrong_clock_proves_nothing() {
        let now = NEW_YEAR.plus(12 * 3_600);
        let future = now.plus(400 * DAY);
        assert_eq!(
            started(now, Some(future), false).ask(now),
            Due::Night(Trigger::CatchUp)
        );
    }
}
