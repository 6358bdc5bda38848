//! Participation by subject area and age group.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject_age",
    de: "Teilnahme nach Programmbereich und Altersgruppe",
    en: "Participation by subject area and age group",
    dims: &[Dim::Subject, Dim::Age],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "VHS-Statistik (DIE), Altersverteilung nach Programmbereich",
};
