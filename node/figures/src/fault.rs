//! What is wrong with a list: file, line, column and rule. Never a value.
//!
//! A [`Fault`] has no field that could hold text of the list. Its column is a number and the name
//! of our own field, not the words of the header: in a list without a header row those words would
//! be the first person's data. The name of a sheet is left out for the same reason.

use calluna_model::finding::Finding;
use calluna_model::text::{self, Language};
use calluna_tabular::cell::column_letters;

/// Most lines that one fault names; the rest is counted.
const LINES_NAMED: usize = 200;

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $code:literal;)*) => {
        /// Which rule was broken. The words are in `proto/model/text`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The rule's code, as it stands in reports.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }
    };
}

rules! {
    /// The file cannot be read as a table.
    Unreadable = "registration-unreadable";
    /// The file passes a limit of size, rows or columns.
    TooLarge = "registration-too-large";
    /// The file is a workbook with a password, or in the old format.
    Workbook = "registration-workbook";
    /// The sheet of the mapping is not there.
    NoSuchSheet = "registration-no-such-sheet";
    /// The mapping names a field that does not exist.
    MappingField = "registration-mapping-field";
    /// The mapping names a column that the list does not have.
    MappingColumn = "registration-mapping-column";
    /// No column says which offer a row belongs to (or there is no header row).
    NoOfferColumn = "registration-no-offer-column";
    /// No column tells persons apart.
    NoPersonColumn = "registration-no-person-column";
    /// Another file of the same import tells persons apart by other columns.
    IdentityDiffers = "registration-identity-differs";
    /// A column that the figures need is missing: its values all count as unknown.
    ColumnMissing = "registration-column-missing";
    /// A row with another number of cells than the header.
    CellCount = "registration-cell-count";
    /// A row without an offer.
    NoOffer = "registration-no-offer";
    /// A row without what tells its person apart.
    NoPerson = "registration-no-person";
    /// The offer is not among the provider's offers.
    UnknownOffer = "registration-unknown-offer";
    /// A state of the registration that is not known.
    UnknownStatus = "registration-unknown-status";
    /// A date that is none, or lies before the birth of the programme that wrote it.
    BadDate = "registration-bad-date";
    /// Birth or age cannot be read, or is not a human age.
    BadAge = "registration-bad-age";
    /// A word that stands for no code of its list.
    UnknownWord = "registration-unknown-word";
    /// A postal code of several municipalities, without a town that says which.
    PlaceAmbiguous = "registration-place-ambiguous";
    /// A postal code or municipality key that is none.
    BadPlace = "registration-bad-place";
    /// The status says one thing and the dates another.
    StatusAndDate = "registration-status-and-date";
    /// Registered in another period.
    OtherPeriod = "registration-other-period";
    /// The same registration again.
    Twice = "registration-twice";
    /// The same registration again, with other data.
    TwiceDiffers = "registration-twice-differs";
    /// Bytes that are no valid UTF-8 were read as windows-1252.
    Encoding = "registration-encoding";
}

/// One broken rule, and every line that breaks it in the same column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Name of the file as the caller gave it.
    pub file: String,
    /// Which rule.
    pub rule: Rule,
    /// Our name of the field; empty for the whole row or file.
    pub field: &'static str,
    /// The column, from 0; nothing for the whole row or file. Words show it as its letter.
    pub column: Option<usize>,
    /// The lines, ascending, at most 200.
    pub lines: Vec<u64>,
    /// How many lines there are in all; 0 when the fault is one of the whole file.
    pub count: u64,
}

impl Fault {
    /// A fault of the whole file.
    pub(crate) fn of_file(file: &str, rule: Rule) -> Self {
        Self {
            file: file.to_owned(),
            rule,
            field: "",
            column: None,
            lines: Vec::new(),
            count: 0,
        }
    }

    pub(crate) fn field(mut self, field: &'static str) -> Self {
        self.field = field;
        self
    }

    /// The same as a finding without a value, for [`calluna_model::text`].
    #[must_use]
    pub fn finding(&self, limit: &str) -> Finding {
        let mut place = self.file.clone();
        if !self.lines.is_empty() {
            place.push_str(&format!(":{}", ranges(&self.lines)));
        }
        if self.count > self.lines.len() as u64 {
            place.push_str(&format!(" … ({})", self.count));
        }
        if let Some(column) = self.column {
            place.push_str(&format!(" [{}]", column_letters(column)));
        }
        Finding::new(self.field, self.rule.code())
            .at(place)
            .limit(limit)
    }

    /// The fault on one line: `liste.csv:3-5,9 [C]: birth_date: what is wrong → what to do`.
    #[must_use]
    pub fn line(&self, language: Language) -> String {
        text::line(&self.finding(""), language)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line(Language::En))
    }
}

impl std::error::Error for Fault {}

/// `3-5,9` for 3, 4, 5, 9.
fn ranges(lines: &[u64]) -> String {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for line in lines {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => parts.push((*line, *line)),
        }
    }
    let words = parts.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    words.collect::<Vec<_>>().join(",")
}

/// Faults by rule and column, so that a list that is wrong everywhere stays readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(
        &mut self,
        file: &str,
        line: u64,
        rule: Rule,
        field: &'static str,
        column: Option<usize>,
    ) {
        let same = |fault: &Fault| {
            fault.rule == rule
                && fault.field == field
                && fault.column == column
                && fault.file == file
        };
        let at = match self.0.iter().position(same) {
            Some(at) => at,
            None => {
                let mut fault = Fault::of_file(file, rule).field(field);
                fault.column = column;
                self.0.push(fault);
                self.0.len() - 1
            }
        };
        if let Some(fault) = self.0.get_mut(at).filter(|_| line > 0) {
            fault.count += 1;
            if fault.lines.len() < LINES_NAMED {
                fault.lines.push(line);
            }
        }
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    pub(crate) fn into_sorted(mut self) -> Vec<Fault> {
        for fault in &mut self.0 {
            fault.lines.sort_unstable();
        }
        self.0.sort_by(|a, b| {
            (&a.file, a.rule, a.column, a.field).cmp(&(&b.file, b.rule, b.column, b.field))
        });
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_words_in_both_languages() {
        for rule in Rule::ALL {
            assert!(text::knows(rule.code()), "{}", rule.code());
        }
    }

    #[test]
    fn lines_are_named_in_ranges_and_counted_beyond_the_limit() {
        let mut faults = Faults::default();
        for line in [3, 4, 5, 9] {
            faults.add("a.csv", line, Rule::BadAge, "age", Some(2));
        }
        for line in 1..=1_000 {
            faults.add("b.csv", line, Rule::BadAge, "age", Some(2));
        }
        let faults = faults.into_sorted();
        assert!(faults[0].to_string().starts_with("a.csv:3-5,9 [C]: age: "));
        assert!(
            faults[1]
                .to_string()
                .starts_with("b.csv:1-200 … (1000) [C]: ")
        );
    }
}
