//! Participation by destination.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "destination",
    de: "Teilnahme nach Verbleib",
    en: "Participation by destination",
    dims: &[Dim::Destination],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "Calluna; transitions of the life-course model of communal education monitoring",
};
