//! Transitions by prior qualification and destination.
//!
//! From the qualification before to what follows; the rate of a passage is completions over enrolments of its row.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "qualification_destination",
    de: "Übergänge nach Vorbildung und Verbleib",
    en: "Transitions by prior qualification and destination",
    dims: &[Dim::Qualification, Dim::Destination],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "Calluna; transitions of the life-course model of communal education monitoring",
};
