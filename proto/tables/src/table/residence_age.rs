//! Participation by residence and age group.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "residence_age",
    de: "Teilnahme nach Wohnort und Altersgruppe",
    en: "Participation by residence and age group",
    dims: &[Dim::Residence, Dim::Age],
    measures: &[Measure::Enrolments],
    when: When::Closing,
    source: "Calluna; participation per 1,000 residents by municipality and age group",
};
