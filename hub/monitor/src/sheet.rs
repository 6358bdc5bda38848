//! A table of a release: columns with their words, and rows that are written as they come.

use std::io;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text or a code.
    Text,
    /// A whole number, 0 or more.
    Whole,
    /// A number with at most two digits after the point.
    Number,
}

/// One column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name in every format.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Definition in German and English; the first words up to `:` are its title.
    pub(crate) de: &'static str,
    pub(crate) en: &'static str,
    /// Unit, for the dictionary; empty for codes.
    pub(crate) unit: &'static str,
    /// File and column that list its codes, such as `codes/AGE.csv` and `CODE`.
    pub(crate) codes: Option<(String, &'static str)>,
    /// Whether every row has it.
    pub(crate) required: bool,
}

impl Column {
    /// Text that every row has.
    pub(crate) const fn text(name: &'static str, de: &'static str, en: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Text,
            de,
            en,
            unit: "",
            codes: None,
            required: true,
        }
    }

    /// A whole number that every row has.
    pub(crate) fn whole(name: &'static str, de: &'static str, en: &'static str) -> Self {
        Self {
            kind: Kind::Whole,
            ..Self::text(name, de, en)
        }
    }

    /// A number with digits after the point that every row has.
    pub(crate) fn number(name: &'static str, de: &'static str, en: &'static str) -> Self {
        Self {
            kind: Kind::Number,
            ..Self::text(name, de, en)
        }
    }

    /// May be empty.
    pub(crate) fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Of what it is a number.
    pub(crate) fn in_unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Its codes stand in this file, in this column.
    pub(crate) fn listed(mut self, file: &str, column: &'static str) -> Self {
        self.codes = Some((file.to_owned(), column));
        self
    }

    /// The short title of a definition.
    pub(crate) fn title(definition: &str) -> &str {
        definition.split(':').next().unwrap_or(definition)
    }
}

/// A table before its rows.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// Name of the file without its ending, such as `figures/2026-Q3`.
    pub(crate) name: String,
    pub(crate) de: String,
    pub(crate) en: String,
    pub(crate) columns: Vec<Column>,
    /// Columns that name a row.
    pub(crate) key: &'static [&'static str],
}

/// One value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Nothing.
    Empty,
    Text(&'a str),
    Whole(u64),
    /// A number in hundredths.
    Hundredths(u64),
}

impl Value<'_> {
    /// A whole number, or nothing.
    pub(crate) fn whole(value: Option<u64>) -> Self {
        value.map_or(Self::Empty, Self::Whole)
    }

    /// A number in hundredths, or nothing.
    pub(crate) fn hundredths(value: Option<u64>) -> Self {
        value.map_or(Self::Empty, Self::Hundredths)
    }
}

/// A number in hundredths as people and CSV write it: `12`, `12.5`, `12.25`.
pub(crate) fn decimal(hundredths: u64) -> String {
    let (whole, part) = (hundredths / 100, hundredths % 100);
    if part == 0 {
        whole.to_string()
    } else {
        let text = format!("{whole}.{part:02}");
        text.trim_end_matches('0').to_owned()
    }
}

/// Takes rows in one format.
pub(crate) trait Sink {
    /// Writes one row: as many values as the sheet has columns.
    fn row(&mut self, row: &[Value<'_>]) -> io::Result<()>;

    /// Writes what is left and gives the file back.
    fn finish(self: Box<Self>) -> io::Result<crate::dataset::Hashed>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_written_without_needless_digits() {
        assert_eq!(
            [0, 5, 50, 100, 1_225, 1_250].map(decimal),
            ["0", "0.05", "0.5", "1", "12.25", "12.5"]
        );
    }
}
