//! Participation by subject area and sex.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject_sex",
    de: "Teilnahme nach Programmbereich und Geschlecht",
    en: "Participation by subject area and sex",
    dims: &[Dim::Subject, Dim::Sex],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "VHS-Statistik (DIE), Frauenanteil nach Programmbereich",
};
