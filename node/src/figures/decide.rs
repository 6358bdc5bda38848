//! The door to `calluna-ledger`, which decides which numbers may be shown; and a period as its file holds it.

use calluna_ledger::{Decision, Ledger, Why};
use calluna_tables::Period;
use zeroize::Zeroizing;

use super::FiguresError;
use super::file::{Note, Parts};

/// A period: its note and its ledger.
pub struct Page {
    /// What its file says of it.
    pub note: Note,
    /// What was published, and who is in it.
    pub ledger: Ledger,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

impl Page {
    /// A period of which there is nothing yet.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            note: Note::default(),
            ledger: Ledger::new(period),
        }
    }

    /// From a file, as far as it was read. Without what is kept about persons it decides nothing.
    ///
    /// # Errors
    /// When the ledger in it cannot be read, or is that of another period.
    pub fn of(period: Period, parts: Parts) -> Result<Self, FiguresError> {
        let bytes = if parts.private.is_empty() {
            &parts.public
        } else {
            &*parts.private
        };
        let wrong = |reason: String| FiguresError::Ledger { period, reason };
        let since = parts.note.imported_at.map_or(0, |at| at.0);
        let ledger = Ledger::decode(bytes, since).map_err(|damaged| wrong(damaged.to_string()))?;
        if ledger.period() != period {
            return Err(wrong(format!("the file holds {}", ledger.period())));
        }
        Ok(Self {
            note: parts.note,
            ledger,
        })
    }

    /// For its file. A period that was forgotten or closed for good keeps nothing about persons.
    #[must_use]
    pub fn parts(&self) -> Parts {
        let keeps = self.note.forgotten_at.is_none() && self.note.sealed.is_empty();
        Parts {
            note: self.note.clone(),
            public: self.ledger.encode_public(),
            private: Zeroizing::new(if keeps {
                self.ledger.encode()
            } else {
                Vec::new()
            }),
        }
    }
}

/// The rules of a period stay as they were, although the settings say otherwise.
pub const RULES_KEPT: &str = "rules-kept";

/// Why something is held back: codes that people read as sentences, without any number.
#[must_use]
pub fn reasons(decision: &Decision) -> Vec<String> {
    let waiting = &decision.waiting;
    let codes = [
        ("few", waiting.few.least() > 0),
        ("changed", waiting.changed.least() > 0),
        ("below", waiting.below.least() > 0),
        ("not-proved", decision.why == Why::NotProved),
        ("would-fall", decision.why == Why::WouldFall),
    ];
    let codes = codes.into_iter().filter(|(_, holds)| *holds);
    codes.map(|(code, _)| code.to_owned()).collect()
}
