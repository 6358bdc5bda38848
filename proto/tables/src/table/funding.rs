//! Participation by funding.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "funding",
    de: "Teilnahme nach Förderung",
    en: "Participation by funding",
    dims: &[Dim::Funding],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "Calluna; funding routes of the catalogue",
};
