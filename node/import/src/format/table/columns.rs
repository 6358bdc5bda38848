//! Where in a row each field stands.

use std::collections::BTreeMap;

use calluna_tabular::cell::Row;
use calluna_tabular::mapping::fold;
use calluna_tabular::{Mapping, Table};

use crate::columns::{is_personal, known};
use crate::error::ImportError;

/// The columns of one table, found once.
pub(super) struct Columns {
    header: Vec<String>,
    positions: BTreeMap<String, Vec<usize>>,
    defaults: BTreeMap<String, String>,
}

/// A value with the place and the name of its cell.
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) place: String,
    pub(super) column: String,
}

impl Columns {
    /// Finds every field: by the mapping, and by the header for what the mapping does not say.
    pub(super) fn find(table: &Table<'_>, mapping: Option<&Mapping>) -> Result<Self, ImportError> {
        let known = known();
        let names: Vec<(&str, &[&str])> = known
            .iter()
            .map(|(target, names)| (*target, names.as_slice()))
            .collect();
        if let Some(mapping) = mapping {
            check(mapping, table, &names)?;
        }
        let guess = Mapping::guess(&table.header, &names);
        let merged = mapping.map_or(guess.clone(), |mapping| mapping.or(guess));
        let mut positions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for target in merged.columns.keys() {
            let mut found = merged.positions(target, &table.header);
            found.retain(|at| {
                !table
                    .header
                    .get(*at)
                    .is_some_and(|column| is_personal(column))
            });
            positions.insert(target.clone(), found);
        }
        let columns = Self {
            header: table.header.clone(),
            positions,
            defaults: merged.defaults,
        };
        if !columns.has("title") {
            return Err(columns.missing(table, "title"));
        }
        if !columns.has("id") && !columns.has("number") {
            return Err(columns.missing(table, "id"));
        }
        Ok(columns)
    }

    /// The columns that go nowhere, without those about persons: nobody need be told of them.
    pub(super) fn left_out(&self) -> Vec<String> {
        let used: Vec<usize> = self.positions.values().flatten().copied().collect();
        let names = self
            .header
            .iter()
            .enumerate()
            .filter(|(at, name)| !used.contains(at) && !name.is_empty());
        names
            .map(|(_, name)| name.clone())
            .filter(|name| !is_personal(name))
            .collect()
    }

    /// The first cell of `target` with content, else its default.
    pub(super) fn cell(&self, row: &Row, target: &str) -> Cell {
        let positions = self
            .positions
            .get(target)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let filled = |at: &&usize| row.cells.get(**at).is_some_and(|text| !text.is_empty());
        let at = positions.iter().find(filled).or_else(|| positions.first());
        let text = at
            .and_then(|at| row.cells.get(*at))
            .filter(|text| !text.is_empty());
        Cell {
            text: text
                .or_else(|| self.defaults.get(target))
                .cloned()
                .unwrap_or_default(),
            place: at.map_or_else(|| row.place(), |at| row.cell_place(*at)),
            column: at
                .and_then(|at| self.header.get(*at))
                .cloned()
                .unwrap_or_default(),
        }
    }

    /// The cells of `target` with content.
    pub(super) fn texts<'a>(&'a self, row: &'a Row, target: &str) -> Vec<&'a str> {
        let positions = self
            .positions
            .get(target)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let texts = positions.iter().filter_map(|at| row.cells.get(*at));
        let found: Vec<&str> = texts
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        match self.defaults.get(target) {
            Some(default) if found.is_empty() => vec![default],
            _ => found,
        }
    }

    fn has(&self, target: &str) -> bool {
        self.positions
            .get(target)
            .is_some_and(|positions| !positions.is_empty())
    }

    fn missing(&self, table: &Table<'_>, field: &'static str) -> ImportError {
        ImportError::MissingColumn {
            place: table.header_place.clone(),
            field,
            header: self.header.join(", "),
        }
    }
}

/// A mapping that names what does not exist would quietly do nothing.
fn check(
    mapping: &Mapping,
    table: &Table<'_>,
    known: &[(&str, &[&str])],
) -> Result<(), ImportError> {
    let targets = mapping.columns.keys().chain(mapping.defaults.keys());
    for target in targets {
        if !known.iter().any(|(name, _)| name == target) {
            let known = known
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ");
            return Err(ImportError::UnknownField {
                field: target.clone(),
                known,
            });
        }
    }
    for column in mapping.columns.values().flatten() {
        if !table.header.iter().any(|name| fold(name) == fold(column)) {
            return Err(ImportError::UnknownColumn {
                place: table.header_place.clone(),
                column: column.clone(),
                header: table.header.join(", "),
            });
        }
    }
    Ok(())
}
