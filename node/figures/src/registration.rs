//! One row of a registration list, while it is read.
//!
//! The type has no `Debug`, `Display`, `Clone` or `Serialize`, so that no log line, error text or
//! store can take it by accident; the test below fails to compile if somebody adds one. Its text
//! is overwritten when it goes.

use calluna_tabular::Row;
use zeroize::Zeroize;

/// One row. It lives for one turn of the loop in [`crate::read`].
pub(crate) struct Registration {
    line: u64,
    cells: Vec<String>,
}

impl Registration {
    /// Takes the row over; its text is moved and not copied.
    pub(crate) fn take(row: Row) -> Self {
        Self {
            line: line_of(&row.place()),
            cells: row.cells,
        }
    }

    /// The line of the file or row of the sheet, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// How many cells the row has.
    pub(crate) fn width(&self) -> usize {
        self.cells.len()
    }

    /// The text of a cell; empty where there is none.
    pub(crate) fn cell(&self, at: usize) -> &str {
        self.cells.get(at).map_or("", String::as_str)
    }
}

impl Registration {
    fn wipe(&mut self) {
        for cell in &mut self.cells {
            cell.zeroize();
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// A place ends with its line, `liste.csv:17` or `Anmeldungen!17`; nothing else of it is taken,
/// since a sheet can be called anything.
pub(crate) fn line_of(place: &str) -> u64 {
    let digits = place
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    place
        .get(digits..)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // What one person is counted in is a profile of her, so it is held to the same.
    /// Compiles only while the type has none of the traits: with one of them, `_` has two answers.
    macro_rules! has_none_of {
        ($kind:ty: $($unwanted:path),+) => {
            $(const _: fn() = || {
                trait Ambiguous<A> { fn some_item() {} }
                impl<T: ?Sized> Ambiguous<()> for T {}
                struct Unwanted;
                impl<T: ?Sized + $unwanted> Ambiguous<Unwanted> for T {}
                let _ = <$kind as Ambiguous<_>>::some_item;
            };)+
        };
    }

    has_none_of!(Registration: std::fmt::Debug, std::fmt::Display, Clone, Copy, serde::Serialize, ToString, PartialEq, std::hash::Hash, AsRef<str>, Into<String>);
    has_none_of!(crate::Figures: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);
    has_none_of!(crate::Person<'static>: std::fmt::Debug, std::fmt::Display, serde::Serialize);
    has_none_of!(crate::Touch: std::fmt::Debug, std::fmt::Display, serde::Serialize);
    has_none_of!(crate::identity::Secret: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);
    has_none_of!(crate::identity::PeriodKey: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);

    #[test]
    fn inv1_a_registration_overwrites_its_text_and_keeps_nothing_of_a_sheet_but_the_row() {
        let mut row = Registration {
            line: 1,
            cells: vec!["Erika".to_owned(), "Musterfrau".to_owned()],
        };
        row.wipe();
        assert!((0..row.width()).all(|at| row.cell(at).is_empty()));
        assert_eq!(line_of("Anna Müller 1980!C17"), 17);
        assert_eq!(line_of("liste.csv:3"), 3);
        assert_eq!(line_of("liste"), 0);
    }
}
