//! The real clock.

use std::time::{SystemTime, UNIX_EPOCH};

use calluna_model::clock::{Clock, Moment};

/// The clock of this machine. Made once in `main` and handed down.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that may look at the wall"
    )]
    fn now(&self) -> Moment {
        let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            // A machine whose clock stands before 1970 still gets a moment, and `check` tells.
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s),
        };
        Moment(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_this_century() {
        let year_2024 = Moment(1_704_067_200);
        assert!(SystemClock.now() > year_2024);
    }
}
