//! What the hub has said of the figures, period by period. Only the daemon writes it.

use std::collections::BTreeMap;

use calluna_host::durable::{FileError, make_dir, write_file};
use calluna_model::clock::Moment;
use calluna_model::receipt::Receipt;
use calluna_tables::Period;
use serde::{Deserialize, Serialize};

use super::FiguresError;
use super::book::Book;

/// Its file in the folder of figures.
pub const FILE: &str = "hub.json";

/// What the hub has said of one period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The newest revision that it has accepted; 0 for none.
    pub accepted: u32,
    /// The revision that it refused last; 0 when none was since.
    pub refused: u32,
    /// Why; empty when none was refused.
    pub reason: String,
    /// When it said so.
    pub at: Moment,
    /// Since when it holds a revision that this node does not know.
    pub diverged_at: Option<Moment>,
}

/// What the hub has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Heard(BTreeMap<String, Said>);

impl Heard {
    /// Reads it. What cannot be read counts as not said: the hub says it again.
    #[must_use]
    pub fn read(book: &Book) -> Self {
        let text = std::fs::read(book.folder().join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes it; on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, book: &Book) -> Result<(), FiguresError> {
        let folder = book.folder();
        make_dir(folder, 0o700).map_err(FileError::when("make", folder))?;
        let path = folder.join(FILE);
        let text = serde_json::to_vec_pretty(self).map_err(|_| FiguresError::TooLarge)?;
        write_file(&path, &text, 0o600).map_err(FileError::when("write", &path))?;
        Ok(())
    }

    /// What it said of a period.
    #[must_use]
    pub fn of(&self, period: Period) -> Said {
        self.0.get(&period.to_string()).cloned().unwrap_or_default()
    }

    /// Whether it holds a revision of a period that this node does not know.
    #[must_use]
    pub fn diverged(&self, period: Period) -> bool {
        self.of(period).diverged_at.is_some()
    }

    /// Periods of which something was said, ascending.
    #[must_use]
    pub fn periods(&self) -> Vec<Period> {
        self.0
            .keys()
            .filter_map(|period| period.parse().ok())
            .collect()
    }

    /// Takes what a receipt says; whether that is anything new.
    pub fn take(&mut self, receipt: &Receipt) -> bool {
        let before = self.clone();
        for figures in &receipt.figures {
            // A period that is none is no file name either.
            if figures.period.parse::<Period>().is_err() {
                continue;
            }
            let said = self.0.entry(figures.period.clone()).or_default();
            said.accepted = figures.accepted;
            said.refused = figures.refused;
            said.reason.clone_from(&figures.reason);
            said.at = receipt.at;
        }
        *self != before
    }

    /// Notes that the hub holds a revision that this node does not know; whether that is new.
    pub fn diverge(&mut self, period: Period, now: Moment) -> bool {
        let said = self.0.entry(period.to_string()).or_default();
        let new = said.diverged_at.is_none();
        said.diverged_at.get_or_insert(now);
        new
    }
}
