//! Sheets of a workbook: cells into text, row by row, sparse.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx};
use zeroize::Zeroize;

use crate::cell::{Row, column_letters};
use crate::error::TableError;
use crate::{COLUMNS, ROW_BYTES, ROWS};

/// Most text of a sheet, in bytes: one long text can be shared by any number of cells.
const TEXT_BYTES: u64 = 256 * 1024 * 1024;

/// One sheet. Only cells with content are kept, so that a far corner costs nothing.
#[derive(Debug)]
pub(crate) struct Sheet {
    title: String,
    rows: Vec<Sparse>,
}

#[derive(Debug)]
struct Sparse {
    /// Number of the row as spreadsheets show it, from 1.
    number: u64,
    cells: Vec<(usize, String)>,
}

/// A sheet can be a list of persons: its text does not lie around in memory afterwards.
impl Drop for Sparse {
    fn drop(&mut self) {
        for (_, text) in &mut self.cells {
            text.zeroize();
        }
    }
}

/// Title, header, place of the header, and the rows below it.
type Opened = (String, Vec<String>, String, Sheet);

/// Opens `wanted`, or the first sheet with content.
pub(crate) fn open(file: &str, bytes: &[u8], wanted: Option<&str>) -> Result<Opened, TableError> {
    // The reader below is not ours: a workbook that makes it stumble must not end the import.
    let outcome = catch_unwind(AssertUnwindSafe(|| read(file, bytes, wanted)));
    let sheet = outcome.unwrap_or_else(|_| {
        Err(TableError::NotAWorkbook {
            file: file.to_owned(),
        })
    })?;
    let Sheet { title, mut rows } = sheet;
    if rows.is_empty() {
        return Err(TableError::Empty {
            file: file.to_owned(),
        });
    }
    let first = rows.remove(0);
    let width = first
        .cells
        .iter()
        .map(|(column, _)| column + 1)
        .max()
        .unwrap_or_default();
    let header = spread(&first.cells, width);
    let place = format!("{title}!A{}", first.number);
    Ok((title.clone(), header, place, Sheet { title, rows }))
}

impl Sheet {
    /// The rows, each with `width` cells; cells beyond have no column name and are left out.
    pub(crate) fn rows(&self, width: usize) -> impl Iterator<Item = Row> + '_ {
        self.rows
            .iter()
            .map(move |row| Row::of_sheet(&self.title, row.number, spread(&row.cells, width)))
    }
}

fn spread(cells: &[(usize, String)], width: usize) -> Vec<String> {
    let mut out = vec![String::new(); width];
    for (column, text) in cells {
        if let Some(slot) = out.get_mut(*column) {
            slot.clone_from(text);
        }
    }
    out
}

fn read(file: &str, bytes: &[u8], wanted: Option<&str>) -> Result<Sheet, TableError> {
    let broken = |_| TableError::NotAWorkbook {
        file: file.to_owned(),
    };
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let titles: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    if let Some(wanted) = wanted {
        if !titles.iter().any(|title| title == wanted) {
            let known = titles.join(", ");
            return Err(TableError::NoSuchSheet {
                file: file.to_owned(),
                sheet: wanted.to_owned(),
                known,
            });
        }
        return read_sheet(file, &mut book, wanted);
    }
    for title in &titles {
        let sheet = read_sheet(file, &mut book, title)?;
        if !sheet.rows.is_empty() {
            return Ok(sheet);
        }
    }
    Err(TableError::Empty {
        file: file.to_owned(),
    })
}

fn read_sheet(
    file: &str,
    book: &mut Xlsx<Cursor<&[u8]>>,
    title: &str,
) -> Result<Sheet, TableError> {
    let broken = |_| TableError::NotAWorkbook {
        file: file.to_owned(),
    };
    let mut cells = book.worksheet_cells_reader(title).map_err(broken)?;
    let mut rows: Vec<Sparse> = Vec::new();
    let mut left = TEXT_BYTES;
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let number = u64::from(row) + 1;
        let place = || format!("{title}!{}{number}", column_letters(column));
        if column >= COLUMNS {
            return Err(TableError::TooManyColumns {
                place: place(),
                limit: COLUMNS,
            });
        }
        if number > ROWS + 1 || rows.len() as u64 > ROWS + 1 {
            return Err(TableError::TooManyRows {
                place: place(),
                limit: ROWS,
            });
        }
        if text.len() > ROW_BYTES {
            return Err(TableError::RowTooLong {
                place: place(),
                limit: ROW_BYTES,
            });
        }
        left = left
            .checked_sub(text.len() as u64)
            .ok_or_else(|| TableError::ZipBomb {
                file: file.to_owned(),
                limit: TEXT_BYTES,
            })?;
        match rows.last_mut() {
            Some(last) if last.number == number => last.cells.push((column, text)),
            _ => rows.push(Sparse {
                number,
                cells: vec![(column, text)],
            }),
        }
    }
    Ok(Sheet {
        title: title.to_owned(),
        rows,
    })
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(truth) => if *truth { "true" } else { "false" }.to_owned(),
        DataRef::DateTime(moment) => moment_text(*moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        // `#N/A` and its like: a formula without a value.
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// A number as people write it: without `.0`, and without the dust of binary fractions.
fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number:.0}");
    }
    let exact = number.to_string();
    if exact.len() <= 15 {
        return exact;
    }
    let short = format!("{number:.8}");
    short.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A date as `YYYY-MM-DD`, a time of day as `HH:MM`, both as `YYYY-MM-DDTHH:MM`.
///
/// Programs that convert midnight in Germany to UTC and back by halves write dates at one or two
/// o'clock at night; such a time is not meant.
fn moment_text(moment: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, ..) = moment.to_ymd_hms_milli();
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return format!("{hour:02}:{minute:02}");
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if minute == 0 && hour <= 2 {
        date
    } else {
        format!("{date}T{hour:02}:{minute:02}")
    }
}
