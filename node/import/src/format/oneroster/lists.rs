//! The CSV files of a bundle, and their rows by the names of the columns.

use calluna_model::finding::Finding;
use calluna_tabular::archive::Part;
use calluna_tabular::mapping::fold;
use calluna_tabular::{Row, Table};

use crate::columns::is_personal;
use crate::error::ImportError;
use crate::sink::Sink;
use crate::value::date;

/// Columns of courses that are read, or only serve the exchange.
pub(super) const COURSE_COLUMNS: [&str; 13] = [
    "sourcedId",
    "status",
    "dateLastModified",
    "title",
    "courseCode",
    "code",
    "grades",
    "grade",
    "subjects",
    "subject",
    "subjectCodes",
    "orgSourcedId",
    "schoolYearSourcedId",
];
/// The same for classes.
pub(super) const CLASS_COLUMNS: [&str; 18] = [
    "sourcedId",
    "status",
    "dateLastModified",
    "title",
    "courseSourcedId",
    "courseSourcedIds",
    "classCode",
    "classType",
    "location",
    "grades",
    "grade",
    "subjects",
    "subject",
    "subjectCodes",
    "schoolSourcedId",
    "orgSourcedId",
    "termSourcedIds",
    "sessionSourcedIds",
];

/// The files of a bundle that are read.
pub(super) struct Lists<'a> {
    pub(super) orgs: Option<List<'a>>,
    pub(super) sessions: Option<List<'a>>,
    pub(super) courses: Option<List<'a>>,
    pub(super) classes: Option<List<'a>>,
    /// Whether there is a file of courses at all, even one without rows.
    pub(super) has_courses: bool,
}

impl<'a> Lists<'a> {
    pub(super) fn open(file: &str, parts: &'a [Part]) -> Result<Self, ImportError> {
        let open = |name: &str| {
            let part = parts.iter().find(|part| part.name == name);
            part.filter(|part| !part.bytes.iter().all(u8::is_ascii_whitespace))
                .map(|part| List::open(&format!("{file}/{name}"), &part.bytes))
                .transpose()
        };
        Ok(Self {
            orgs: open("orgs.csv")?,
            sessions: open("academicsessions.csv")?,
            courses: open("courses.csv")?,
            classes: open("classes.csv")?,
            has_courses: parts.iter().any(|part| part.name == "courses.csv"),
        })
    }
}

/// One CSV file.
pub(super) struct List<'a> {
    table: Table<'a>,
    header: Vec<String>,
}

impl<'a> List<'a> {
    fn open(name: &str, bytes: &'a [u8]) -> Result<Self, ImportError> {
        let table = Table::csv(name, bytes)?;
        let header: Vec<String> = table.header.iter().map(|column| fold(column)).collect();
        if !header.contains(&fold("sourcedId")) {
            return Err(ImportError::MissingColumn {
                place: table.header_place.clone(),
                field: "sourcedId",
                header: table.header.join(", "),
            });
        }
        Ok(Self { table, header })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Line<'_>, ImportError>> {
        self.table.rows().map(|row| {
            Ok(Line {
                header: &self.header,
                row: row?,
            })
        })
    }

    /// Names the columns that go nowhere, without those about persons.
    pub(super) fn left_out(&self, read: &[&str], sink: &mut Sink) {
        for column in &self.table.header {
            let known = read.iter().any(|name| fold(name) == fold(column));
            if !known && !column.is_empty() && !is_personal(column) {
                sink.warn_once(Finding::new(column, "unknown-column").at(&self.table.header_place));
            }
        }
    }
}

/// One row.
pub(super) struct Line<'a> {
    header: &'a [String],
    row: Row,
}

impl Line<'_> {
    pub(super) fn place(&self) -> String {
        self.row.place()
    }

    /// The cell below that name, empty when there is none.
    pub(super) fn get(&self, column: &str) -> String {
        let folded = fold(column);
        let at = self.header.iter().position(|name| *name == folded);
        at.and_then(|at| self.row.cells.get(at))
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    }

    /// The first of these that has content.
    pub(super) fn first(&self, columns: &[&str]) -> String {
        columns
            .iter()
            .map(|column| self.get(column))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// Whether the sender has taken it back; `inactive` is not in the standard and in files.
    pub(super) fn is_gone(&self) -> bool {
        let status = self.get("status").to_lowercase();
        matches!(status.as_str(), "tobedeleted" | "inactive")
    }
}

/// A term or school year.
pub(super) struct Span {
    pub(super) id: String,
    pub(super) start: String,
    pub(super) end: String,
}

impl Span {
    /// Reads a row; a date that cannot be read is named and left out.
    pub(super) fn read(row: &Line<'_>, sink: &mut Sink) -> Option<Self> {
        let id = row.get("sourcedId");
        if id.is_empty() || row.is_gone() {
            return None;
        }
        let mut day = |column: &str| {
            let raw = row.get(column);
            let day = date::iso(&raw);
            if day.is_none() && !raw.is_empty() {
                let finding = Finding::new(column, "bad-date").value(&raw);
                sink.warn(finding.at(row.place()).of(id.clone()));
            }
            day.unwrap_or_default()
        };
        let (start, end) = (day("startDate"), day("endDate"));
        Some(Self { id, start, end })
    }
}
