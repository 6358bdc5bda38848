//! Aligned columns of plain text.

use super::safe;

/// Lays rows out in columns, two spaces apart. A column whose cells are all numbers (or empty or
/// `-`) is aligned to the right. Cells are made [`safe`]; missing cells are empty, and cells beyond
/// the header are left out. Without a newline at the end, for [`super::data`].
#[must_use]
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let columns: Vec<Column> = header
        .iter()
        .enumerate()
        .map(|(index, name)| Column::new(name, rows.iter().map(|row| row.get(index))))
        .collect();
    let lines: Vec<String> = (0..=rows.len())
        .map(|line| {
            let cells: Vec<String> = columns.iter().map(|column| column.cell(line)).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

struct Column {
    /// The header first.
    cells: Vec<String>,
    /// In characters.
    width: usize,
    numbers: bool,
}

impl Column {
    fn new<'a>(name: &str, rows: impl Iterator<Item = Option<&'a String>>) -> Self {
        let cells: Vec<String> = std::iter::once(safe(name))
            .chain(rows.map(|cell| cell.map_or_else(String::new, |text| safe(text))))
            .collect();
        let width = cells.iter().map(|c| c.chars().count()).max().unwrap_or(0);
        let mut filled = cells.iter().skip(1).filter(|c| !is_blank(c)).peekable();
        let numbers = filled.peek().is_some() && filled.all(|cell| is_number(cell));
        Self {
            cells,
            width,
            numbers,
        }
    }

    fn cell(&self, line: usize) -> String {
        let text = self.cells.get(line).map_or("", String::as_str);
        if self.numbers {
            format!("{text:>width$}", width = self.width)
        } else {
            format!("{text:<width$}", width = self.width)
        }
    }
}

fn is_blank(cell: &str) -> bool {
    matches!(cell, "" | "-" | "–")
}

/// `1234`, `-1.5`, `1.234,5`, `30 %`.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let digits = digits.strip_suffix('%').unwrap_or(digits).trim_end();
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let owned = |row: &&[&str]| row.iter().map(|&cell| cell.to_owned()).collect();
        rows.iter().map(owned).collect()
    }

    #[test]
    fn text_is_aligned_left_and_numbers_right() {
        let text = table(
            &["provider", "offers", "outcome"],
            &rows(&[
                &["vhs-köln", "1200", "ok"],
                &["schule", "-", "unreachable"],
                &["b", "7"],
            ]),
        );
        assert_eq!(
            text,
            "provider  offers  outcome\n\
             vhs-köln    1200  ok\n\
             schule         -  unreachable\n\
             b              7"
        );
    }

    #[test]
    fn a_cell_cannot_break_the_table() {
        let text = table(&["a", "b"], &rows(&[&["x\ny", "\u{1b}[2J", "beyond"]]));
        assert_eq!(text, "a     b\nx\\ny  \\u{1b}[2J");
        assert_eq!(table(&["a"], &[]), "a");
    }
}
