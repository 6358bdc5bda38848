//! Tables for a spreadsheet: UTF-8, comma, quoted where needed, and no cell that a spreadsheet would
//! run as a formula. For people; files for programs are written as they are.

use std::borrow::Cow;

/// Appends one row.
///
/// # Errors
/// When it cannot be written.
pub fn write_row<C: AsRef<str>>(out: &mut Vec<u8>, cells: &[C]) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(out);
    for cell in cells {
        writer.write_field(guarded(cell.as_ref()).as_bytes())?;
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()?;
    Ok(())
}

/// The cell with an apostrophe in front where a spreadsheet would take it for a formula: it begins
/// (after blanks, and whatever else cannot be seen) with `=`, `+`, `-` or `@`, in full width too,
/// or with a tab or an end of line. A number stays a number.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    let seen = cell.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || unseen(c));
    let formula = seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if (formula && !is_number(cell)) || cell.starts_with(['\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Characters without a width: they hide what stands behind them from us, not from a spreadsheet.
fn unseen(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// `-5`, `-5.50`, `-5,50`: a sign, digits, and one separator at most.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.matches(['.', ',']).count() <= 1
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_run_as_a_formula() {
        for cell in [
            "=1+1",
            "+49 5191",
            "-cmd",
            "@SUM(A1)",
            "＝1",
            "＋1",
            "－a",
            "＠x",
            "\tx",
            "\rx",
            "\nx",
            "  =1",
            "\u{a0}=1",
            "\u{3000}@x",
            "\u{feff}=1",
            "\u{200b}+x",
            " \t\r\n=1",
            "\u{0}=1",
            "-1+1",
            "-1=2",
            "--1",
            "-1,000.5",
        ] {
            assert_eq!(guarded(cell), format!("'{cell}"), "{cell:?}");
        }
        for cell in [
            "", "Kurs", "a=b", "5", "-5", "-5.50", "-12,5", "3 - 5", "'=1", "ü",
        ] {
            assert_eq!(guarded(cell), cell, "{cell:?}");
        }
    }

    #[test]
    fn a_row_is_read_back_as_it_was_written() {
        let mut out = Vec::new();
        write_row(&mut out, &["a,b", "say \"x\"", "zwei\nZeilen", "=1", ""]).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(out.as_slice());
        let row = reader.records().next().unwrap().unwrap();
        let cells: Vec<&str> = row.iter().collect();
        assert_eq!(cells, ["a,b", "say \"x\"", "zwei\nZeilen", "'=1", ""]);
    }
}
