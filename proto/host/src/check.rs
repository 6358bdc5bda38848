//! What `check` is made of on both sides: findings, their report, and a look at disk and modes.
//!
//! A finding has a stable name, so that a program can react to it; a level; what was found; and,
//! where something is to be done, the way out. What is found out, and what is decided from it, are
//! apart: decisions are functions from facts to findings, tested with facts that were made up.

mod look;
mod report;

use serde::{Deserialize, Serialize};

pub use self::look::{Fault, FileMode, files_in, free_bytes, may, own_user};
pub use self::report::{Labels, Report, Section};

/// With less free disk than this, `check` warns: a night of a large district, or an import, may
/// need it (1 GiB).
pub const DISK_WARNING: u64 = 1024 * 1024 * 1024;
/// With less free disk than this, `check` fails: the next commit may find no room (100 MiB).
pub const DISK_FAILURE: u64 = 100 * 1024 * 1024;
/// Clocks that differ by more seconds than this are worth a warning.
pub const SKEW_WARNING: i64 = 30;
/// Clocks that differ by more seconds than this fail: certificates are issued with as much slack.
pub const SKEW_FAILURE: i64 = 300;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// All is well.
    Ok,
    /// Worth knowing, nothing to do; also what could not be found out.
    Note,
    /// Works today; somebody should look at it.
    Warning,
    /// Does not work, or will not soon.
    Failure,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its stable name, such as `clock-skew`.
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// What was found, in one sentence.
    pub what: String,
    /// What to do about it; empty where nothing is to be done.
    #[serde(default)]
    pub way_out: String,
}

impl Finding {
    /// All is well.
    #[must_use]
    pub fn ok(id: &str, what: impl Into<String>) -> Self {
        Self::new(id, Level::Ok, what, "")
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(id: &str, what: impl Into<String>) -> Self {
        Self::new(id, Level::Note, what, "")
    }

    /// Somebody should look at it.
    #[must_use]
    pub fn warning(id: &str, what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::new(id, Level::Warning, what, way_out)
    }

    /// It does not work.
    #[must_use]
    pub fn failure(id: &str, what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self::new(id, Level::Failure, what, way_out)
    }

    /// A finding of any level.
    #[must_use]
    pub fn new(
        id: &str,
        level: Level,
        what: impl Into<String>,
        way_out: impl Into<String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            level,
            what: what.into(),
            way_out: way_out.into(),
        }
    }
}

/// How much free disk is worth: fine, a warning, a failure. What the file system does not say is a
/// note.
#[must_use]
pub fn disk_level(free: Option<u64>) -> Level {
    match free {
        None => Level::Note,
        Some(free) if free < DISK_FAILURE => Level::Failure,
        Some(free) if free < DISK_WARNING => Level::Warning,
        Some(_) => Level::Ok,
    }
}

/// How much a clock may differ, in seconds, either way.
#[must_use]
pub fn skew_level(seconds: i64) -> Level {
    match seconds.saturating_abs() {
        far if far > SKEW_FAILURE => Level::Failure,
        far if far > SKEW_WARNING => Level::Warning,
        _ => Level::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_disk_is_a_warning_and_almost_none_a_failure() {
        let levels = [None, Some(DISK_WARNING), Some(DISK_WARNING - 1)].map(disk_level);
        assert_eq!(levels, [Level::Note, Level::Ok, Level::Warning]);
        let levels = [Some(DISK_FAILURE), Some(DISK_FAILURE - 1), Some(0)].map(disk_level);
        assert_eq!(levels, [Level::Warning, Level::Failure, Level::Failure]);
    }

    #[test]
    fn a_clock_may_differ_a_little_in_either_direction() {
        for (seconds, level) in [
            (0, Level::Ok),
            (30, Level::Ok),
            (-31, Level::Warning),
            (300, Level::Warning),
            (-301, Level::Failure),
            (i64::MIN, Level::Failure),
        ] {
            assert_eq!(skew_level(seconds), level, "{seconds}");
        }
    }
}
