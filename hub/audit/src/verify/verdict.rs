//! What verifying found.

use calluna_certs::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::head::Head;
use crate::problem::{Fault, Problem, Warning};

/// Problems, and warnings, that are told one by one; the rest is counted.
const TOLD: usize = 50;

/// What was found in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Number of the first entry; nothing for an empty log.
    pub first: Option<u64>,
    /// How many entries were read.
    pub entries: u64,
    /// Where the log ends.
    pub head: Head,
    /// The keys that signed, in the order of their use.
    pub keys: Vec<Fingerprint>,
    /// What is wrong; empty for a log that is sound.
    pub problems: Vec<Problem>,
    /// How many more problems there are.
    pub more: u64,
    /// What else is to be known.
    pub warnings: Vec<Warning>,
    /// How many more warnings there are.
    pub more_warnings: u64,
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn sound(&self) -> bool {
        self.problems.is_empty() && self.more == 0
    }

    pub(super) fn report(&mut self, number: Option<u64>, line: u64, fault: Fault, text: String) {
        if self.problems.len() < TOLD {
            self.problems.push(Problem::new(number, line, fault, &text));
        } else {
            self.more += 1;
        }
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        if self.warnings.len() < TOLD {
            self.warnings.push(warning);
        } else {
            self.more_warnings += 1;
        }
    }

    /// The problem that was told last turns out to be of another kind.
    pub(super) fn relabel(&mut self, fault: Fault) {
        if self.more == 0
            && let Some(last) = self.problems.last_mut()
        {
            let text = match last.number {
                Some(number) => format!("an entry {number} was inserted before the true one"),
                None => "an entry was inserted".to_owned(),
            };
            *last = Problem::new(last.number, last.line, fault, &text);
        }
    }
}
