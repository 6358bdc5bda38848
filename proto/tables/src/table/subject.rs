//! Participation by subject area.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject",
    de: "Teilnahme nach Programmbereich",
    en: "Participation by subject area",
    dims: &[Dim::Subject],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "VHS-Statistik (DIE), Belegungen nach Programmbereich; CAL-G3",
};
