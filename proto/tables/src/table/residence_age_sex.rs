//! Participation by residence, age group and sex.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "residence_age_sex",
    de: "Teilnahme nach Wohnort, Altersgruppe und Geschlecht",
    en: "Participation by residence, age group and sex",
    dims: &[Dim::Residence, Dim::Age, Dim::Sex],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "Calluna; denominators by age and sex are in Regionaldatenbank 12411-02-03-4",
};
