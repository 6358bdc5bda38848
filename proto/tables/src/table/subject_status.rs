//! Registrations by subject area and status: completions, cancellations and waiting list.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "subject_status",
    de: "Anmeldungen nach Programmbereich und Stand",
    en: "Registrations by subject area and status",
    dims: &[Dim::Subject, Dim::Status],
    measures: &[Measure::Registrations],
    when: When::Closing,
    source: "Calluna; completion rate and waiting list of the indicator catalogue",
};
