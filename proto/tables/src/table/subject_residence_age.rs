//! Participation by subject area, residence and age group.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject_residence_age",
    de: "Teilnahme nach Programmbereich, Wohnort und Altersgruppe",
    en: "Participation by subject area, residence and age group",
    dims: &[Dim::Subject, Dim::Residence, Dim::Age],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "Calluna; participation by municipality, age group and subject area",
};
