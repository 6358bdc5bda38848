//! Participation by residence.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "residence",
    de: "Teilnahme nach Wohnort",
    en: "Participation by residence",
    dims: &[Dim::Residence],
    measures: &[Measure::Enrolments],
    when: When::Nightly,
    source: "Calluna: participation per 1,000 residents needs the residence, which the VHS-Statistik does not ask for",
};
