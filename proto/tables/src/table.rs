//! The fixed set of tables. A table is one file in `table/` and one line in [`TABLES`].
//!
//! No table counts persons. Beside the enrolments of the same cell their number would tell how many took a second
//! course: where that is one, it is one person, with age, sex and municipality. Thresholds and batches do count
//! persons.
//!
//! Never the full cross of all dimensions: a table finer than a handful of persons per cell says
//! nothing that may be shown.

mod age;
mod age_sex;
mod destination;
mod format;
mod funding;
mod level;
mod qualification;
mod qualification_destination;
mod residence;
mod residence_age;
mod residence_age_sex;
mod residence_status;
mod sex;
mod status;
mod subject;
mod subject_age;
mod subject_age_sex;
mod subject_format;
mod subject_qualification_destination;
mod subject_residence;
mod subject_residence_age;
mod subject_sex;
mod subject_status;

use crate::dimension::Dim;
use crate::measure::Measure;

/// Every table, those of every night first.
pub const TABLES: &[Table] = &[
    subject::TABLE,
    age::TABLE,
    sex::TABLE,
    residence::TABLE,
    format::TABLE,
    level::TABLE,
    funding::TABLE,
    status::TABLE,
    qualification::TABLE,
    destination::TABLE,
    subject_age::TABLE,
    subject_sex::TABLE,
    subject_residence::TABLE,
    subject_format::TABLE,
    age_sex::TABLE,
    residence_age::TABLE,
    subject_age_sex::TABLE,
    residence_age_sex::TABLE,
    subject_residence_age::TABLE,
    qualification_destination::TABLE,
    subject_qualification_destination::TABLE,
    subject_status::TABLE,
    residence_status::TABLE,
];

/// When a table is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Every night, provisionally: one dimension only.
    Nightly,
    /// When the period closes.
    Closing,
}

/// A table: dimensions and measures, and where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in data and in files.
    pub id: &'static str,
    /// German title.
    pub de: &'static str,
    /// English title.
    pub en: &'static str,
    /// What it is broken down by.
    pub dims: &'static [Dim],
    /// What it counts.
    pub measures: &'static [Measure],
    /// When it is published.
    pub when: When,
    /// What its definition follows.
    pub source: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_set_is_what_was_decided() {
        let ids: BTreeSet<&str> = TABLES.iter().map(|table| table.id).collect();
        assert_eq!(ids.len(), TABLES.len(), "a table stands twice");
        for table in TABLES {
            let nightly = table.when == When::Nightly;
            assert_eq!(
                nightly,
                table.dims.len() == 1,
                "{}: one-way is nightly, the rest is not",
                table.id
            );
            assert!((1..=3).contains(&table.dims.len()) && !table.measures.is_empty());
            assert!(table.de.len() > 5 && table.en.len() > 5 && table.source.len() > 5);
            let dims: BTreeSet<Dim> = table.dims.iter().copied().collect();
            assert_eq!(dims.len(), table.dims.len(), "{}", table.id);
        }
        for dim in Dim::ALL {
            assert!(
                TABLES.iter().any(|table| table.dims == [dim]),
                "{dim:?} has no table of its own"
            );
        }
    }
}
