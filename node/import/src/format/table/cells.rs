//! The cells of a row as values, and what was wrong with them.

use calluna_model::code;
use calluna_model::finding::Finding;
use calluna_model::id::OfferId;
use calluna_tabular::cell::Row;
use calluna_tabular::mapping::fold;

use super::columns::{Cell, Columns};
use crate::html;
use crate::value::text::{self, Count};
use crate::value::{date, price, truth};

/// The cells of a row as values, and what was wrong with them.
pub(super) struct Cells<'a> {
    pub(super) columns: &'a Columns,
    pub(super) row: &'a Row,
    pub(super) refused: Vec<Finding>,
}

impl Cells<'_> {
    pub(super) fn text(&self, target: &str) -> String {
        self.columns.cell(self.row, target).text
    }

    pub(super) fn line(&self, target: &str) -> String {
        html::both(&self.text(target))
            .0
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub(super) fn list(&self, target: &str) -> Vec<String> {
        self.columns
            .texts(self.row, target)
            .iter()
            .flat_map(|text| text::list(text))
            .collect()
    }

    pub(super) fn refuse(&mut self, cell: &Cell, field: &str, rule: &str) {
        let field = if cell.column.is_empty() {
            field.to_owned()
        } else {
            format!("{} ({field})", cell.column)
        };
        self.refused.push(
            Finding::new(field, rule)
                .value(&cell.text)
                .at(cell.place.clone()),
        );
    }

    pub(super) fn parsed<T>(
        &mut self,
        target: &str,
        field: &str,
        rule: &str,
        read: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let cell = self.columns.cell(self.row, target);
        if cell.text.is_empty() {
            return None;
        }
        let value = read(&cell.text);
        if value.is_none() {
            self.refuse(&cell, field, rule);
        }
        value
    }

    pub(super) fn date(&mut self, target: &str, field: &str) -> String {
        self.parsed(target, field, "bad-date", date::iso)
            .unwrap_or_default()
    }

    pub(super) fn time(&mut self, target: &str, field: &str) -> String {
        self.parsed(target, field, "bad-time", date::time)
            .unwrap_or_default()
    }

    pub(super) fn truth(&mut self, target: &str, field: &str) -> Option<bool> {
        self.parsed(target, field, "bad-truth-value", truth::truth)
    }

    pub(super) fn cents(&mut self, target: &str, field: &str) -> Option<u32> {
        self.parsed(target, field, "bad-price", price::cents)
    }

    pub(super) fn count(&mut self, target: &str, field: &str) -> Option<u32> {
        let read = |text: &str| match text::count(text) {
            Count::Known(count) => Some(Some(count)),
            Count::Unknown => Some(None),
            Count::Bad => None,
        };
        self.parsed(target, field, "bad-number", read).flatten()
    }

    pub(super) fn code(&mut self, target: &str, field: &str, list: code::Name) -> String {
        let cell = self.columns.cell(self.row, target);
        self.coded(&cell, field, list).unwrap_or_default()
    }

    pub(super) fn codes(&mut self, target: &str, field: &str, list: code::Name) -> Vec<String> {
        let cell = self.columns.cell(self.row, target);
        let parts = text::list(&cell.text);
        let one = |text| Cell {
            text,
            place: cell.place.clone(),
            column: cell.column.clone(),
        };
        parts
            .into_iter()
            .filter_map(|part| self.coded(&one(part), field, list))
            .collect()
    }

    /// The code of a cell: the code itself, or its German or English words.
    pub(super) fn coded(&mut self, cell: &Cell, field: &str, list: code::Name) -> Option<String> {
        if cell.text.is_empty() {
            return None;
        }
        let folded = fold(&cell.text);
        let entries = &list.list().entries;
        let found = entries
            .iter()
            .find(|entry| {
                [&entry.code, &entry.de, &entry.en]
                    .iter()
                    .any(|words| fold(words) == folded)
            })
            .map(|entry| entry.code.clone())
            .or_else(|| {
                synonym(&folded)
                    .filter(|code| list.has(code))
                    .map(str::to_owned)
            });
        if found.is_none() {
            self.refuse(cell, field, "bad-code");
            if let Some(finding) = self.refused.last_mut() {
                finding.limit = list.codes().join(", ");
            }
        }
        found
    }

    pub(super) fn id(&mut self) -> String {
        let own = self.columns.cell(self.row, "id");
        let number = self.columns.cell(self.row, "number");
        let name = [&own.text, &number.text]
            .into_iter()
            .find(|text| !text.is_empty());
        if let Some(id) = name.and_then(|name| OfferId::from_foreign(name).ok()) {
            return id.to_string();
        }
        let cell = if own.column.is_empty() { number } else { own };
        self.refuse(&cell, "id", "required");
        String::new()
    }
}

/// Words for codes that people use beside those of the lists.
fn synonym(folded: &str) -> Option<&'static str> {
    Some(match folded {
        "praesenz" | "praesenzkurs" | "vorort" | "praesenzunterricht" => "in-person",
        "onlinekurs" | "webinar" | "virtuell" => "online",
        "blendedlearning" | "gemischt" | "hybridkurs" => "hybrid",
        "fernlehrgang" => "distance",
        "selbstlernen" | "elearning" => "self-study",
        "kurs" | "lehrgang" | "seminar" | "workshop" => "course",
        "vortrag" | "infoabend" => "single-event",
        "berufsausbildung" => "vocational-training",
        "schule" | "schulbildungsgang" => "school-programme",
        "frei" | "freieplaetze" => "available",
        "wenigeplaetze" => "few",
        "voll" | "belegt" => "full",
        "abgesagt" | "ausgefallen" => "cancelled",
        "bestaetigt" | "findetstatt" => "confirmed",
        "avgs" => "aktivierungsgutschein",
        "rollstuhlgerecht" | "barrierefrei" => "wheelchair",
        _ => return None,
    })
}
