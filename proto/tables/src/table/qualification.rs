//! Participation by prior qualification.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "qualification",
    de: "Teilnahme nach Vorbildung",
    en: "Participation by prior qualification",
    dims: &[Dim::Qualification],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "Calluna; certificates as in Regionalstatistik 21111-02-06-4",
};
