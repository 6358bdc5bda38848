//! CSV for a spreadsheet: one row per run, as [`super::sheet`] writes it.

use std::sync::Arc;

use super::sheet::write_row;
use super::table::{CARRIES, COLUMNS, Cell, rows};
use super::text::degrees;
use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn title(&self) -> Words {
        Words {
            de: "CSV-Tabelle, eine Zeile je Durchgang",
            en: "CSV table, one row per run",
        }
    }

    fn extension(&self) -> &'static str {
        "csv"
    }

    fn media_type(&self) -> &'static str {
        "text/csv; charset=utf-8"
    }

    fn carries(&self) -> Carries {
        CARRIES
    }

    fn open(&self, _: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        Ok(Box::new(Table))
    }
}

struct Table;

impl Body for Table {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        write_row(out, &names).map_err(|source| ExportError::File {
            format: "csv",
            source: source.into(),
        })
    }

    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>, _: &mut Notes) -> Result<(), ExportError> {
        rows(row, |from| {
            let cells: Vec<String> = COLUMNS.iter().map(|c| written((c.cell)(from))).collect();
            write_row(out, &cells).map_err(|source| ExportError::Row {
                offer: row.offer.id.clone(),
                format: "csv",
                source: source.into(),
            })
        })
    }
}

fn written(cell: Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text,
        Cell::Whole(whole) => whole.to_string(),
        Cell::Hundredths(value) => format!("{}.{:02}", value / 100, value % 100),
        Cell::Millionths(value) => degrees(value),
        Cell::Truth(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;
    use calluna_model::offer::RunDraft;

    use super::super::tests::{export, member};

    #[test]
    fn one_row_per_run_and_no_formula() {
        let mut offer = full_offer("A-1").into_draft();
        offer.title = "=HYPERLINK(\"http://evil\")".into();
        offer.runs.push(RunDraft {
            id: "r2".into(),
            ..RunDraft::default()
        });
        let (out, _) = export("csv", &member("vhs"), &[offer]);
        let mut reader = csv::Reader::from_reader(out.as_slice());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0][3].starts_with("'="));
        assert_eq!(&rows[0][14], "89.15");
    }
}
