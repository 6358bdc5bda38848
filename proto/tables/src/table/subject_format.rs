//! Participation by subject area and format.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject_format",
    de: "Teilnahme nach Programmbereich und Form",
    en: "Participation by subject area and format",
    dims: &[Dim::Subject, Dim::Format],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "Calluna; digital offers by subject area",
};
