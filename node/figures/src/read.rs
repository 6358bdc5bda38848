//! Rows into coded registrations. Faults say which line, which column, which rule; never a value.

mod columns;
mod row;
mod value;

use std::collections::HashMap;

use calluna_model::id::OfferId;
use calluna_tables::dimension::DIMS;
use calluna_tables::{Layout, Period};
use calluna_tabular::{Mapping, Table, TableError, looks_like_workbook};

use self::columns::{Columns, Field};
use self::row::Turn;
use crate::fault::{Fault, Faults, Rule};
use crate::identity::{Basis, PeriodKey};
use crate::offers::Offers;
use crate::postal::PostalCodes;
use crate::registration::Registration;
use crate::tally::Coded;

/// What reading needs to know.
pub(crate) struct Reader<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) postal: &'a PostalCodes,
    pub(crate) offers: &'a dyn Offers,
    pub(crate) period: Period,
    pub(crate) key: &'a PeriodKey,
}

/// What came out of one file.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) rows: Vec<Coded>,
    pub(crate) refused: Faults,
    pub(crate) notices: Faults,
    pub(crate) basis: Option<Basis>,
    pub(crate) columns: Vec<(&'static str, usize)>,
    pub(crate) seen: u64,
    pub(crate) refused_rows: u64,
    pub(crate) other_period: u64,
}

/// Leaves of each offer, looked up once; nothing for one that is not known.
type Known = HashMap<OfferId, Option<[u16; DIMS]>>;

impl Reader<'_> {
    /// Reads one file whole, or refuses it whole.
    pub(crate) fn read(
        &self,
        file: &str,
        number: u16,
        bytes: &[u8],
        mapping: Option<&Mapping>,
    ) -> Result<Taken, Fault> {
        let table = open(file, bytes, mapping).map_err(|error| unreadable(file, &error))?;
        let columns = Columns::find(file, &table, mapping)?;
        let mut taken = Taken {
            basis: Some(columns.basis),
            columns: columns.found(),
            ..Taken::default()
        };
        if table.guessed_encoding {
            taken.notices.add(file, 0, Rule::Encoding, "", None);
        }
        note_missing(file, &columns, &mut taken.notices);
        let mut known = Known::new();
        for row in table.rows() {
            let row = Registration::take(row.map_err(|error| unreadable(file, &error))?);
            taken.seen += 1;
            if row.width() != table.header.len() {
                taken
                    .refused
                    .add(file, row.line(), Rule::CellCount, "", None);
                taken.refused_rows += 1;
                continue;
            }
            let mut turn = Turn {
                reader: self,
                file,
                columns: &columns,
                row: &row,
                taken: &mut taken,
            };
            match turn.code(number, &mut known) {
                Ok(coded) => taken.rows.extend(coded),
                Err((rule, field)) => {
                    taken
                        .refused
                        .add(file, row.line(), rule, field.name(), columns.at(field));
                    taken.refused_rows += 1;
                }
            }
        }
        Ok(taken)
    }
}

fn open<'b>(
    file: &str,
    bytes: &'b [u8],
    mapping: Option<&Mapping>,
) -> Result<Table<'b>, TableError> {
    if looks_like_workbook(bytes) {
        Table::xlsx(
            file,
            bytes,
            mapping.and_then(|mapping| mapping.sheet.as_deref()),
        )
    } else {
        Table::csv(file, bytes)
    }
}

/// Kind and line of what is wrong with a table; its own words can hold names of sheets.
fn unreadable(file: &str, error: &TableError) -> Fault {
    let (rule, place) = match error {
        TableError::Empty { .. }
        | TableError::NotAWorkbook { .. }
        | TableError::NotAnArchive { .. } => (Rule::Unreadable, ""),
        TableError::Nul { place } | TableError::OpenQuote { place } => {
            (Rule::Unreadable, place.as_str())
        }
        TableError::TooManyColumns { place, .. }
        | TableError::TooManyRows { place, .. }
        | TableError::RowTooLong { place, .. } => (Rule::TooLarge, place.as_str()),
        TableError::ZipBomb { .. } | TableError::TooManyEntries { .. } => (Rule::TooLarge, ""),
        TableError::OldWorkbook { .. } | TableError::Encrypted { .. } => (Rule::Workbook, ""),
        TableError::NoSuchSheet { .. } => (Rule::NoSuchSheet, ""),
    };
    let mut fault = Fault::of_file(file, rule);
    let line = crate::registration::line_of(place);
    if line > 0 {
        fault.lines.push(line);
        fault.count = 1;
    }
    fault
}

/// Columns without which a dimension is unknown for everybody.
fn note_missing(file: &str, columns: &Columns, notices: &mut Faults) {
    let groups: [&[Field]; 4] = [
        &[Field::BirthDate, Field::BirthYear, Field::Age],
        &[Field::Sex],
        &[Field::PostalCode, Field::Ags],
        &[Field::Status, Field::Cancelled, Field::Completed],
    ];
    for group in groups {
        if let Some(first) = group
            .first()
            .filter(|_| !group.iter().any(|field| columns.has(*field)))
        {
            notices.add(file, 0, Rule::ColumnMissing, first.name(), None);
        }
    }
}
