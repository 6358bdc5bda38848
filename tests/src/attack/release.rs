//! A release as it lies in its folder: rows, codes, and what was left out. Nothing else is read.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

/// The columns of `figures/<period>.csv`, in order. Dimensions stand from `SUBJECT` to
/// `DESTINATION`.
pub const COLUMNS: [&str; 20] = [
    "TABLE",
    "PERIOD",
    "PROVIDER",
    "SUBJECT",
    "AGE",
    "SEX",
    "REF_AREA",
    "FORMAT",
    "LEVEL",
    "FUNDING",
    "STATUS",
    "PRIOR_QUALIFICATION",
    "DESTINATION",
    "MEASURE",
    "OBS_VALUE",
    "LOWER",
    "UPPER",
    "OBS_STATUS",
    "CONF_STATUS",
    "UNIT",
];
/// Where the dimensions stand in [`COLUMNS`].
const DIMENSIONS: std::ops::Range<usize> = 3..13;

/// One row of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The table that it stands in.
    pub table: String,
    /// Such as `2026-Q3`.
    pub period: String,
    /// A provider, or `_T` for the district.
    pub provider: String,
    /// Dimension and code for every dimension that the table has; `_T` is the total.
    pub codes: Vec<(String, String)>,
    /// Such as `PERSONS`.
    pub measure: String,
    /// The number, unless it is hidden.
    pub value: Option<u64>,
    /// For a hidden number of the district: what it lies between, both ends included.
    pub bounds: Option<(u64, u64)>,
    /// Whether the number may still grow. Only told of numbers that are shown.
    pub provisional: bool,
}

/// A code of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The dimension, as in [`COLUMNS`].
    pub dimension: String,
    /// The code.
    pub code: String,
    /// The code above it; empty for the total.
    pub parent: String,
}

/// A table of a provider in which rows are missing though they are not zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The period.
    pub period: String,
    /// The provider.
    pub provider: String,
    /// The table.
    pub table: String,
}

/// One publication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub number: u64,
    /// Every row of every period.
    pub rows: Vec<Row>,
    /// Every code, a parent before its children.
    pub codes: Vec<Code>,
    /// Tables with rows left out.
    pub left_out: Vec<LeftOut>,
}

impl Release {
    /// Reads a release folder.
    ///
    /// # Errors
    /// When a file is missing or is not as agreed; with file, line and rule.
    pub fn read(folder: &Path) -> Result<Self> {
        let about = folder.join("release.json");
        let text = fs::read_to_string(&about).with_context(|| about.display().to_string())?;
        let about: serde_json::Value = serde_json::from_str(&text)?;
        let mut release = Self {
            number: about["number"]
                .as_u64()
                .context("release.json: `number` is missing")?,
            left_out: left_out(&about),
            ..Self::default()
        };
        each(&folder.join("dimensions.csv"), None, |cell| {
            release.codes.push(Code {
                dimension: cell(0).to_owned(),
                code: cell(1).to_owned(),
                parent: cell(2).to_owned(),
            });
            Ok(())
        })?;
        let figures = folder.join("figures");
        let mut files: Vec<_> = fs::read_dir(&figures)
            .with_context(|| figures.display().to_string())?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.retain(|path| path.extension().is_some_and(|ending| ending == "csv"));
        files.sort();
        for file in files {
            each(&file, Some(&COLUMNS), |cell| {
                release.rows.push(row(cell)?);
                Ok(())
            })?;
        }
        Ok(release)
    }
}

/// `notes.left_out`, or `left_out` inside any entry of `notes` when that is a list.
fn left_out(about: &serde_json::Value) -> Vec<LeftOut> {
    let notes = &about["notes"];
    let lists = std::iter::once(notes).chain(notes.as_array().into_iter().flatten());
    lists
        .filter_map(|note| note["left_out"].as_array())
        .flatten()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            LeftOut {
                period: text("period"),
                provider: text("provider"),
                table: text("table"),
            }
        })
        .collect()
}

/// Calls `take` with each line of a CSV file; an error gets file and line.
fn each(
    file: &Path,
    columns: Option<&[&str]>,
    mut take: impl FnMut(&dyn Fn(usize) -> String) -> Result<()>,
) -> Result<()> {
    let mut reader = csv::ReaderBuilder::new()
        .from_path(file)
        .with_context(|| file.display().to_string())?;
    if let Some(columns) = columns {
        let header = reader.headers()?;
        ensure!(
            header.iter().eq(columns.iter().copied()),
            "{}: the columns are {columns:?}",
            file.display()
        );
    }
    for (line, record) in (2..).zip(reader.records()) {
        let record = record.with_context(|| format!("{}, line {line}", file.display()))?;
        let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
        take(&cell).with_context(|| format!("{}, line {line}", file.display()))?;
    }
    Ok(())
}

fn row(cell: &dyn Fn(usize) -> String) -> Result<Row> {
    let number = |at: usize| -> Result<Option<u64>> {
        let text = cell(at);
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(text.parse().with_context(|| COLUMNS[at])?))
    };
    let value = number(14)?;
    let bounds = number(15)?.zip(number(16)?);
    let (status, confidential) = (cell(17), cell(18));
    match (value, status.as_str(), confidential.as_str()) {
        (Some(_), "A" | "P", "F") | (None, "Q", "C") => {}
        _ => bail!("a value has status A or P and F, a hidden one Q and C"),
    }
    let provider = cell(2);
    ensure!(
        bounds.is_none() || provider == "_T" && value.is_none(),
        "only a hidden number of the district has bounds"
    );
    let codes = DIMENSIONS
        .map(|at| (COLUMNS[at].to_owned(), cell(at)))
        .filter(|(_, code)| code != "_Z")
        .collect();
    Ok(Row {
        table: cell(0),
        period: cell(1),
        provider,
        codes,
        measure: cell(13),
        value,
        bounds,
        provisional: status == "P",
    })
}
