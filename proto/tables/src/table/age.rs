//! Participation by age group.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "age",
    de: "Teilnahme nach Altersgruppe",
    en: "Participation by age group",
    dims: &[Dim::Age],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "VHS-Statistik (DIE), Altersverteilung der Belegungen (Tabelle 14); CAL-G7",
};
