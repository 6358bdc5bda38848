//! Registrations by residence and status: completions, cancellations and waiting list.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "residence_status",
    de: "Anmeldungen nach Wohnort und Stand",
    en: "Registrations by residence and status",
    dims: &[Dim::Residence, Dim::Status],
    measures: &[Measure::Registrations],
    when: When::Closing,
    source: "Calluna; completion rate and waiting list of the indicator catalogue",
};
