//! Participation by subject area and residence.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject_residence",
    de: "Teilnahme nach Programmbereich und Wohnort",
    en: "Participation by subject area and residence",
    dims: &[Dim::Subject, Dim::Residence],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "Calluna; participation by municipality and subject area",
};
