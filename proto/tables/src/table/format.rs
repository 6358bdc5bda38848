//! Participation by format.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "format",
    de: "Teilnahme nach Form",
    en: "Participation by format",
    dims: &[Dim::Format],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "Calluna; kursart_digital of Open-vhs 1.2",
};
