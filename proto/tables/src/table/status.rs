//! Registrations by status.
//!
//! Only registrations are counted: of the other measures each is empty in all states but one.

use super::{Table, When};
use crate::dimension::Dim;
use crate::measure::Measure;

pub(super) const TABLE: Table = Table {
    id: "status",
    de: "Anmeldungen nach Stand",
    en: "Registrations by status",
    dims: &[Dim::Status],
    measures: &[Measure::Registrations],
    when: When::Nightly,
    source: "Calluna; state of registrations in course software",
};
