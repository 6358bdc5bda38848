//! Participation by age group and sex.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "age_sex",
    de: "Teilnahme nach Altersgruppe und Geschlecht",
    en: "Participation by age group and sex",
    dims: &[Dim::Age, Dim::Sex],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "Calluna; margins of the three-way tables",
};
