//! What can be wrong with a log, and what to do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::details::safe;

/// The closed list of what can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The content does not fit the hash.
    Changed,
    /// The signature does not fit.
    Signature,
    /// Another key signed.
    ForeignKey,
    /// An entry stands between two that belong together.
    Inserted,
    /// An entry stands there twice.
    Duplicate,
    /// Two properly signed entries have one number.
    Twin,
    /// An entry stands after a later one.
    Reordered,
    /// Entries are missing within the log.
    Removed,
    /// An entry does not follow the one in front of it.
    Detached,
    /// The end is missing.
    Cut,
    /// At the place of a known head stands another entry.
    OtherHead,
    /// A line is no entry.
    Unreadable,
    /// The first line of the export does not fit what follows.
    Header,
    /// The log is signed by another key than the expected one.
    UntrustedKey,
    /// The log does not say which key signs it.
    NoKey,
    /// The log itself tells that entries were lost.
    Lost,
}

impl Fault {
    /// What to do about it.
    #[must_use]
    pub fn way_out(self) -> &'static str {
        match self {
            Self::Changed | Self::Detached | Self::Removed | Self::Unreadable => {
                "compare with an older export or a backup: the entry there is the true one; export again from the hub to tell whether the file or the hub's log was touched"
            }
            Self::Signature | Self::ForeignKey | Self::Inserted => {
                "this did not come from the hub's audit key: do not rely on it, and find out who could write to the file or to the hub's store"
            }
            Self::Duplicate | Self::Reordered => {
                "nothing is lost by this alone: take the entries in the order of their numbers, and find out what wrote the file"
            }
            Self::Twin => {
                "the hub went on from an older state, as after a restore from a backup, or its key was copied; compare both with the backups"
            }
            Self::Cut => {
                "entries at the end are gone: look for them in an older export or a backup, and find out who cut them off"
            }
            Self::OtherHead => {
                "the log was written anew after that head was told: compare with an export or a backup from before"
            }
            Self::Header => {
                "export again from the hub; the first line is written together with the rest"
            }
            Self::UntrustedKey => {
                "compare the fingerprint with the one in `calluna-hub status` and with what was written down when the hub was made"
            }
            Self::NoKey => {
                "give a whole export, beginning with entry 1, or one that begins with its first line"
            }
            Self::Lost => {
                "look for the lost entries in an export or a backup from before; `--since` verifies what came after it"
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The entry, as far as it can be told.
    pub number: Option<u64>,
    /// The line of the file (or the place in the log), counted from 1; 0 when it is about the end.
    pub line: u64,
    /// What is wrong.
    pub fault: Fault,
    /// In words.
    pub text: String,
    /// What to do.
    pub way_out: String,
}

impl Problem {
    pub(crate) fn new(number: Option<u64>, line: u64, fault: Fault, text: &str) -> Self {
        // A reader's message may quote what a file holds.
        let text = safe(text);
        let way_out = fault.way_out().to_owned();
        Self {
            number,
            line,
            fault,
            text,
            way_out,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}; {}", self.text, self.way_out)
    }
}

/// Something to know that is no proof of anything wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
pub enum Warning {
    /// An entry is older than the one before it.
    TimeBackwards {
        /// Which.
        number: u64,
        /// By how many seconds.
        seconds: i64,
    },
    /// What is before the first entry was not there to be verified.
    Part {
        /// Number of the first entry.
        from: u64,
    },
    /// No head from elsewhere was given.
    NoHead,
    /// The head that was given lies before the first entry.
    HeadBefore {
        /// Its number.
        number: u64,
    },
    /// No fingerprint of the key was given.
    NoKeyGiven,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeBackwards { number, seconds } => write!(
                f,
                "entry {number} is {seconds} seconds older than the one before it: the hub's clock was set back"
            ),
            Self::Part { from } => write!(
                f,
                "the log begins with entry {from} here; what is before it was not verified"
            ),
            Self::NoHead => f.write_str(
                "without a head from elsewhere an end that was cut off together with the first line is not found; give --head NUMBER:HASH from a morning report",
            ),
            Self::HeadBefore { number } => write!(
                f,
                "the head that was given ({number}) lies before the first entry and proves nothing here"
            ),
            Self::NoKeyGiven => f.write_str(
                "the log says itself which key signs it; give --key FINGERPRINT from `calluna-hub status` to be sure whose it is",
            ),
        }
    }
}
