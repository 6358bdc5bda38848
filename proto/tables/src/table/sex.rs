//! Participation by sex.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "sex",
    de: "Teilnahme nach Geschlecht",
    en: "Participation by sex",
    dims: &[Dim::Sex],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "VHS-Statistik (DIE), Frauenanteil (Tabelle 13); CAL-G7",
};
