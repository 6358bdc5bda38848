//! CSV: delimiter, quotes, limits, and the line of every row.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use zeroize::Zeroize;

use crate::cell::Row;
use crate::error::TableError;
use crate::{COLUMNS, ROW_BYTES, ROWS, encoding};

/// How much of the file the delimiter is judged by, in bytes.
const SAMPLE_BYTES: usize = 64 * 1024;
/// How many rows the delimiter is judged by.
const SAMPLE_ROWS: usize = 20;
/// The reader looks ahead by its buffer; this much does not count as part of a row.
const BUFFER_BYTES: usize = 16 * 1024;
/// Stands after the text. A quotation mark that is never closed swallows it.
const SENTINEL: &[u8] = b"\n\x01";

#[derive(Debug)]
pub(crate) struct Csv<'a> {
    file: String,
    text: Cow<'a, str>,
    delimiter: u8,
    /// Whether the first line only says which delimiter follows (`sep=;`, an Excel habit).
    skip_first: bool,
}

/// A list of persons that had to be decoded does not lie around in memory afterwards.
impl Drop for Csv<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.text {
            text.zeroize();
        }
    }
}

impl<'a> Csv<'a> {
    /// Finds encoding, delimiter and header.
    pub(crate) fn open(
        file: &str,
        bytes: &'a [u8],
    ) -> Result<(Self, Vec<String>, String, bool), TableError> {
        let decoded = encoding::decode(bytes);
        if let Some(at) = decoded.text.find('\0') {
            let line = Lines::default().at(&decoded.text, at);
            return Err(TableError::Nul {
                place: format!("{file}:{line}"),
            });
        }
        let told = told_delimiter(&decoded.text);
        let csv = Self {
            file: file.to_owned(),
            delimiter: told.unwrap_or_else(|| guess_delimiter(&decoded.text)),
            skip_first: told.is_some(),
            text: decoded.text,
        };
        let header = match csv.records().next() {
            Some(row) => row?,
            None => {
                return Err(TableError::Empty {
                    file: file.to_owned(),
                });
            }
        };
        let place = header.place();
        Ok((csv, header.cells, place, decoded.guessed))
    }

    /// The rows after the header.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row, TableError>> + '_ {
        self.records().skip(1)
    }

    fn records(&self) -> Records<'_> {
        let body = if self.skip_first {
            self.text.find('\n').map_or(self.text.len(), |at| at + 1)
        } else {
            0
        };
        let spent = Rc::new(Cell::new(0));
        let bytes = self.text.as_bytes().get(body..).unwrap_or_default();
        let source = Budgeted {
            inner: Box::new(bytes.chain(SENTINEL)),
            spent: Rc::clone(&spent),
        };
        let reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES / 2)
            .from_reader(source);
        Records {
            csv: self,
            reader,
            spent,
            body,
            lines: Lines::default(),
            record: csv::StringRecord::new(),
            seen: 0,
            done: false,
        }
    }
}

/// Walks the rows; ends after the first error.
struct Records<'a> {
    csv: &'a Csv<'a>,
    reader: csv::Reader<Budgeted<'a>>,
    spent: Rc<Cell<usize>>,
    body: usize,
    lines: Lines,
    record: csv::StringRecord,
    seen: u64,
    done: bool,
}

impl Records<'_> {
    fn next_row(&mut self) -> Result<Option<Row>, TableError> {
        loop {
            let begins =
                self.body + usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
            self.spent.set(0);
            let read = self.reader.read_record(&mut self.record);
            let line = self.lines.at_content(&self.csv.text, begins);
            let place = || format!("{}:{line}", self.csv.file);
            if !read.map_err(|_| TableError::RowTooLong {
                place: place(),
                limit: ROW_BYTES,
            })? {
                return Err(TableError::OpenQuote { place: place() });
            }
            if self.record.len() == 1 && self.record.get(0) == Some("\u{1}") {
                return Ok(None);
            }
            if self.record.iter().any(|cell| cell.ends_with("\n\u{1}")) {
                return Err(TableError::OpenQuote { place: place() });
            }
            if self.record.as_slice().len() > ROW_BYTES {
                return Err(TableError::RowTooLong {
                    place: place(),
                    limit: ROW_BYTES,
                });
            }
            if self.record.len() > COLUMNS {
                return Err(TableError::TooManyColumns {
                    place: place(),
                    limit: COLUMNS,
                });
            }
            let cells: Vec<String> = self
                .record
                .iter()
                .map(|cell| cell.trim_matches(blank).to_owned())
                .collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            self.seen += 1;
            if self.seen > ROWS + 1 {
                return Err(TableError::TooManyRows {
                    place: place(),
                    limit: ROWS,
                });
            }
            return Ok(Some(Row::of_line(&self.csv.file, line, cells)));
        }
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.next_row().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A byte order mark in the middle comes from files that somebody glued together.
fn blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Stops the reader when one row asks for more bytes than a row may have.
struct Budgeted<'a> {
    inner: Box<dyn Read + 'a>,
    spent: Rc<Cell<usize>>,
}

impl Read for Budgeted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.spent.get() > ROW_BYTES + BUFFER_BYTES {
            return Err(io::Error::other("row too long"));
        }
        let got = self.inner.read(buffer)?;
        self.spent.set(self.spent.get() + got);
        Ok(got)
    }
}

/// Counts lines forward, so that a whole file costs one pass.
#[derive(Debug, Default)]
struct Lines {
    at: usize,
    before: u64,
}

impl Lines {
    /// The line (from 1) of the byte at `position`; positions must not go back.
    fn at(&mut self, text: &str, position: usize) -> u64 {
        let position = position.min(text.len());
        let part = text.as_bytes().get(self.at..position).unwrap_or_default();
        self.before += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = self.at.max(position);
        self.before + 1
    }

    /// As [`Lines::at`], for the first byte from `position` on that is no line end: the reader
    /// gives the place before the empty lines that it skips.
    fn at_content(&mut self, text: &str, position: usize) -> u64 {
        let rest = text.as_bytes().get(position..).unwrap_or_default();
        let skipped = rest
            .iter()
            .take_while(|byte| matches!(byte, b'\n' | b'\r'))
            .count();
        self.at(text, position + skipped)
    }
}

fn told_delimiter(text: &str) -> Option<u8> {
    let first = text.lines().next()?.trim();
    match first
        .strip_prefix("sep=")
        .or_else(|| first.strip_prefix("SEP="))?
        .as_bytes()
    {
        [delimiter @ (b';' | b',' | b'\t' | b'|')] => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter with which most rows have as many cells as the header; of several, the one
/// that gives more cells.
fn guess_delimiter(text: &str) -> u8 {
    let sample = text
        .as_bytes()
        .get(..SAMPLE_BYTES)
        .unwrap_or(text.as_bytes());
    let score = |delimiter: u8| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(sample);
        let widths: Vec<usize> = reader
            .byte_records()
            .take(SAMPLE_ROWS)
            .flatten()
            .map(|row| row.len())
            .collect();
        let header = widths.first().copied().unwrap_or_default();
        let alike = widths.iter().filter(|width| **width == header).count();
        if header > 1 {
            (alike * 100 / widths.len().max(1), header)
        } else {
            (0, 0)
        }
    };
    // A header cell may well hold a comma, hardly ever a semicolon: the order breaks ties.
    let mut best = (b';', score(b';'));
    for delimiter in *b",\t|" {
        let found = score(delimiter);
        let wider = found.1 > best.1.1 && found.0 + 10 >= best.1.0;
        let surer = found.0 > best.1.0 && found.1 >= best.1.1;
        if wider || surer {
            best = (delimiter, found);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    fn read(bytes: &[u8]) -> Result<Vec<Row>, TableError> {
        Table::csv("kurse.csv", bytes)?.rows().collect()
    }

    #[test]
    fn each_delimiter_is_found() {
        for delimiter in [";", ",", "\t", "|"] {
            let text = format!("Nr{delimiter}Titel\n1{delimiter}Töpfern\n2{delimiter}Malen\n");
            let rows = read(text.as_bytes()).unwrap();
            assert_eq!(rows[1].cells, ["2", "Malen"], "{delimiter:?}");
        }
        assert_eq!(
            read(b"sep=,\nNr,Titel\n1,\"a;b\"\n").unwrap()[0].cells,
            ["1", "a;b"]
        );
        assert_eq!(
            read(b"Nr;Preis;Text\n1;3,50;a,b,c\n2;1,00;a,b\n").unwrap()[0].cells[1],
            "3,50"
        );
    }

    #[test]
    fn a_row_knows_its_line_after_blank_lines_and_quoted_line_breaks() {
        let rows = read(b"Nr;Text\n\n\n1;\"a\nb\"\n\n2;c\n").unwrap();
        let places: Vec<_> = rows.iter().map(Row::place).collect();
        assert_eq!(places, ["kurse.csv:4", "kurse.csv:7"]);
        assert_eq!(rows[0].cells[1], "a\nb");
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_by_its_line() {
        let refused = read(b"Nr;Text\n1;a\n2;\"b\n3;c\n").unwrap_err();
        assert_eq!(
            refused,
            TableError::OpenQuote {
                place: "kurse.csv:3".into()
            }
        );
        let refused = read(b"Nr;Text\n1;\"a").unwrap_err();
        assert_eq!(
            refused,
            TableError::OpenQuote {
                place: "kurse.csv:2".into()
            }
        );
        assert_eq!(
            read(b"Nr;Text\n1;5\" Rohr").unwrap()[0].cells[1],
            "5\" Rohr"
        );
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_is_held() {
        let mut bytes = b"Nr;Text\n1;\"".to_vec();
        bytes.resize(8 * ROW_BYTES, b'x');
        assert!(
            matches!(read(&bytes), Err(TableError::RowTooLong { place, .. }) if place == "kurse.csv:2")
        );
    }

    #[test]
    fn limits_name_the_line() {
        let wide = format!("Nr;Titel\n{}\n", ";".repeat(10_000).replace(';', "a;"));
        assert!(
            matches!(read(wide.as_bytes()), Err(TableError::TooManyColumns { place, .. }) if place == "kurse.csv:2")
        );
        let long = format!("Nr;Titel\n{}", "1;a\n".repeat(200_001));
        assert!(
            matches!(read(long.as_bytes()), Err(TableError::TooManyRows { place, .. }) if place == "kurse.csv:200002")
        );
        assert!(read(format!("Nr;Titel\n{}", "1;a\n".repeat(200_000)).as_bytes()).is_ok());
    }

    #[test]
    fn nul_bytes_and_nothing_are_refused() {
        assert!(
            matches!(read(b"Nr;T\n1;a\0b"), Err(TableError::Nul { place }) if place == "kurse.csv:2")
        );
        assert!(matches!(read(b""), Err(TableError::Empty { .. })));
        assert!(matches!(read(b" \n\n"), Err(TableError::Empty { .. })));
    }

    #[test]
    fn a_mark_in_the_middle_and_carriage_returns_are_blanks() {
        let rows = read("Nr;Titel\r\n\u{feff}1; a \r\n".as_bytes()).unwrap();
        assert_eq!(rows[0].cells, ["1", "a"]);
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            drop(read(&bytes));
        }
    }
}
