//! CSV and XLSX: a row is an offer, or one run of it.
//!
//! Columns are found by their names (`data/columns.csv`) or by a mapping file. Rows with the same
//! id and the same words are one offer with several runs, so that 16 offers at 250 sites are 16
//! offers and not 4,000; an offer with more runs than one may have is split by its sites. Columns about persons are dropped, whatever a mapping says.

mod cells;
mod columns;
mod row;

use std::collections::HashMap;

use calluna_model::finding::Finding;
use calluna_model::offer::{OfferDraft, RunDraft};
use calluna_tabular::{Row, Table};

use self::columns::Columns;
use super::{Format, beginning};
use crate::error::ImportError;
use crate::sink::Sink;
use crate::split::{self, GATHERED_RUNS};
use crate::{Options, Source};

pub(super) struct Csv;
pub(super) struct Xlsx;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        let first = begins.lines().next().unwrap_or_default();
        !begins.starts_with(['<', '{', '[', '%'])
            && !begins.contains('\0')
            && first.contains([';', ',', '\t', '|'])
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        read(
            &Table::csv(source.name, source.bytes)?,
            options,
            &mut Plain,
            sink,
        )
    }
}

impl Format for Xlsx {
    fn name(&self) -> &'static str {
        "xlsx"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        calluna_tabular::looks_like_workbook(source.bytes)
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let sheet = options.mapping.and_then(|mapping| mapping.sheet.as_deref());
        read(
            &Table::xlsx(source.name, source.bytes, sheet)?,
            options,
            &mut Plain,
            sink,
        )
    }
}

/// What a system that exports tables means beyond the names of its columns.
pub(super) trait Dialect {
    /// Whether it reads a column, or needs nobody to be told of it.
    fn knows(&self, column: &str) -> bool;

    /// Completes what a row says. Says whether the row is taken.
    fn complete(
        &mut self,
        row: &Row,
        draft: &mut OfferDraft,
        run: &mut Option<RunDraft>,
        sink: &mut Sink,
    ) -> bool;
}

/// A table of somebody's own.
struct Plain;

impl Dialect for Plain {
    fn knows(&self, _: &str) -> bool {
        false
    }

    fn complete(
        &mut self,
        _: &Row,
        _: &mut OfferDraft,
        _: &mut Option<RunDraft>,
        _: &mut Sink,
    ) -> bool {
        true
    }
}

/// An offer with the runs that its rows gave, and where the first of them stands.
struct Group {
    place: String,
    draft: OfferDraft,
    runs: Vec<RunDraft>,
}

/// Reads a table as `dialect` means it.
pub(super) fn read(
    table: &Table<'_>,
    options: &Options<'_>,
    dialect: &mut dyn Dialect,
    sink: &mut Sink,
) -> Result<(), ImportError> {
    let columns = Columns::find(table, options.mapping)?;
    let left_out = columns.left_out().into_iter();
    for column in left_out.filter(|column| !dialect.knows(column)) {
        sink.warn(Finding::new(column, "unknown-column").at(&table.header_place));
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    for row in table.rows() {
        let row = row?;
        sink.saw(1);
        if row.cells.len() != table.header.len() {
            let finding = Finding::new("", "wrong-cell-count").limit(table.header.len());
            sink.refuse(vec![finding.at(row.place())]);
            continue;
        }
        let (mut draft, mut run) = match row::read(&columns, &row) {
            Ok(read) => read,
            Err(findings) => {
                sink.refuse(findings);
                continue;
            }
        };
        if !dialect.complete(&row, &mut draft, &mut run, sink) {
            continue;
        }
        match index.get(&draft.id).and_then(|at| groups.get_mut(*at)) {
            None => {
                index.insert(draft.id.clone(), groups.len());
                groups.push(Group {
                    place: row.place(),
                    draft,
                    runs: run.into_iter().collect(),
                });
            }
            Some(group) if group.draft == draft => add(&mut group.runs, run),
            Some(_) => {
                let finding = Finding::new("id", "duplicate-offer").value(&draft.id);
                sink.refuse(vec![finding.at(row.place()).of(draft.id)]);
            }
        }
    }
    for Group { place, draft, runs } in groups {
        split::take(sink, &place, OfferDraft { runs, ..draft })?;
    }
    Ok(())
}

/// Adds a run; one that is there already is the same row twice.
fn add(runs: &mut Vec<RunDraft>, run: Option<RunDraft>) {
    let Some(mut run) = run else {
        return;
    };
    if runs.len() > GATHERED_RUNS {
        // One more than allowed is enough for the offer to be refused.
        return;
    }
    let wished = run.id.clone();
    let mut again = 2;
    while let Some(other) = runs.iter().find(|other| other.id == run.id) {
        if *other == run {
            return;
        }
        run.id = format!("{wished}-{again}");
        again += 1;
    }
    runs.push(run);
}
