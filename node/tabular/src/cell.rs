//! The address of a row and of each cell in it.

/// One row: its cells as text, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    place: Place,
    /// The cells, outer blanks removed.
    pub cells: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Line { file: String, line: u64 },
    Sheet { sheet: String, row: u64 },
}

impl Row {
    pub(crate) fn of_line(file: &str, line: u64, cells: Vec<String>) -> Self {
        Self {
            place: Place::Line {
                file: file.to_owned(),
                line,
            },
            cells,
        }
    }

    pub(crate) fn of_sheet(sheet: &str, row: u64, cells: Vec<String>) -> Self {
        Self {
            place: Place::Sheet {
                sheet: sheet.to_owned(),
                row,
            },
            cells,
        }
    }

    /// Where the row stands: `kurse.csv:17` or `Angebote!7`.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.place {
            Place::Line { file, line } => format!("{file}:{line}"),
            Place::Sheet { sheet, row } => format!("{sheet}!{row}"),
        }
    }

    /// Where the cell of column `index` (from 0) stands: `kurse.csv:17` or `Angebote!C7`.
    #[must_use]
    pub fn cell_place(&self, index: usize) -> String {
        match &self.place {
            Place::Line { .. } => self.place(),
            Place::Sheet { sheet, row } => format!("{sheet}!{}{row}", column_letters(index)),
        }
    }
}

/// The letters of a column as spreadsheets show them: 0 is `A`, 26 is `AA`.
#[must_use]
pub fn column_letters(index: usize) -> String {
    let mut rest = index;
    let mut letters = Vec::new();
    loop {
        let digit = u8::try_from(rest % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        if rest < 26 {
            break;
        }
        rest = rest / 26 - 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_a_spreadsheet() {
        let seen: Vec<_> = [0, 2, 25, 26, 51, 52, 701, 702, 16_383]
            .map(column_letters)
            .into();
        assert_eq!(seen, ["A", "C", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
    }

    #[test]
    fn a_cell_of_a_sheet_has_an_address_and_one_of_a_csv_has_a_line() {
        assert_eq!(
            Row::of_sheet("Angebote", 7, vec![]).cell_place(2),
            "Angebote!C7"
        );
        assert_eq!(
            Row::of_line("kurse.csv", 17, vec![]).cell_place(2),
            "kurse.csv:17"
        );
    }
}
