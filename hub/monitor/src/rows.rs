//! Reading published figures again, from the CSV file alone: for differences and for the audit.

use std::fs::File;
use std::path::{Path, PathBuf};

use calluna_tables::dimension::DIMS;

use crate::error::{Result, broken};

/// Number of columns of the contract.
const COLUMNS: usize = 20;
/// The columns that are looked at by place; the header must have them there.
const HEADER: &str = "TABLE,PERIOD,PROVIDER,SUBJECT,AGE,SEX,REF_AREA,FORMAT,LEVEL,FUNDING,STATUS,PRIOR_QUALIFICATION,DESTINATION,MEASURE,OBS_VALUE,LOWER,UPPER,OBS_STATUS,CONF_STATUS,UNIT";

/// One published row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) table: String,
    pub(crate) period: String,
    pub(crate) provider: String,
    /// Codes in the order of the columns; `_Z` where the table does not have the dimension.
    pub(crate) codes: [String; DIMS],
    pub(crate) measure: String,
    pub(crate) value: Option<u64>,
    pub(crate) lower: Option<u64>,
    pub(crate) upper: Option<u64>,
    pub(crate) status: String,
    pub(crate) confidential: String,
}

impl Row {
    /// What names the row within its provider and period.
    pub(crate) fn key(&self) -> String {
        format!(
            "{}\t{}\t{}",
            self.table,
            self.codes.join("\t"),
            self.measure
        )
    }

    /// What it says.
    pub(crate) fn said(&self) -> (Option<u64>, Option<u64>, Option<u64>, &str, &str) {
        (
            self.value,
            self.lower,
            self.upper,
            &self.status,
            &self.confidential,
        )
    }
}

/// The rows of a period, one provider after the other.
pub(crate) struct Blocks {
    path: PathBuf,
    reader: csv::Reader<File>,
    /// The first row of the next provider.
    ahead: Option<Row>,
}

impl Blocks {
    /// Opens a file of figures.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut reader = csv::Reader::from_path(path).map_err(|error| broken(path, error))?;
        let header = reader.headers().map_err(|error| broken(path, error))?;
        if header.iter().collect::<Vec<_>>().join(",") != HEADER {
            return Err(broken(path, format!("the header must be {HEADER}")));
        }
        let mut blocks = Self {
            path: path.to_owned(),
            reader,
            ahead: None,
        };
        blocks.ahead = blocks.next_row()?;
        Ok(blocks)
    }

    fn next_row(&mut self) -> Result<Option<Row>> {
        let mut record = csv::StringRecord::new();
        let more = self.reader.read_record(&mut record);
        if !more.map_err(|error| broken(&self.path, error))? {
            return Ok(None);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let fault = |rule: &str| broken(&self.path, format!("line {line}: {rule}"));
        if record.len() != COLUMNS {
            return Err(fault("20 columns"));
        }
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let number = |at: usize| match cell(at) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| fault("a whole number")),
        };
        Ok(Some(Row {
            table: cell(0).to_owned(),
            period: cell(1).to_owned(),
            provider: cell(2).to_owned(),
            codes: std::array::from_fn(|at| cell(3 + at).to_owned()),
            measure: cell(13).to_owned(),
            value: number(14)?,
            lower: number(15)?,
            upper: number(16)?,
            status: cell(17).to_owned(),
            confidential: cell(18).to_owned(),
        }))
    }

    /// The next provider with its rows; nothing at the end.
    pub(crate) fn next_block(&mut self) -> Result<Option<(String, Vec<Row>)>> {
        let Some(first) = self.ahead.take() else {
            return Ok(None);
        };
        let provider = first.provider.clone();
        let mut rows = vec![first];
        while let Some(row) = self.next_row()? {
            if row.provider != provider {
                self.ahead = Some(row);
                break;
            }
            rows.push(row);
        }
        Ok(Some((provider, rows)))
    }
}
