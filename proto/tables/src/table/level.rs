//! Participation by level.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "level",
    de: "Teilnahme nach Niveau",
    en: "Participation by level",
    dims: &[Dim::Level],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "Calluna; CEFR and DQR",
};
