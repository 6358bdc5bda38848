//! Participation by subject area, age group and sex.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject_age_sex",
    de: "Teilnahme nach Programmbereich, Altersgruppe und Geschlecht",
    en: "Participation by subject area, age group and sex",
    dims: &[Dim::Subject, Dim::Age, Dim::Sex],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "VHS-Statistik (DIE), Alter und Geschlecht nach Programmbereich",
};
