//! Waiting list per seat, by subject area.

use calluna_tables::{Dim, Measure};

use super::{Amount, Facts, Indicator, Reading, at};
use crate::catalogue::TOTAL;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G12",
    version: 1,
    de: "Warteliste je 100 Plätze nach Programmbereich",
    en: "Waiting list per 100 seats by subject area",
    formula_de: "Anmeldungen auf der Warteliste des neuesten Quartals × 100 / Plätze der nicht abgesagten Durchführungen im Katalog; ohne Dezimalen, nicht unter 20 Plätzen",
    formula_en: "Registrations on the waiting list of the newest quarter × 100 / seats of the runs in the catalogue that are not cancelled; no decimals, not below 20 seats",
    unit: "registrations per 100 seats",
    source: "Calluna; the list is of a quarter, the seats are of today",
    of_catalogue: false,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let Some(catalogue) = facts.catalogue else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for subject in facts.codes(Dim::Subject) {
        let places = [
            (Dim::Subject, subject.id.as_str()),
            (Dim::Status, "waiting"),
        ];
        let seats = catalogue.cell(&subject.id, TOTAL).seats;
        let waiting = Amount::of(facts.number(Measure::Registrations, &places));
        if let Some(waiting) = waiting.filter(|_| seats > 0) {
            let dimensions = at(Dim::Subject, &subject.id);
            out.push(Reading::share(
                facts.area,
                dimensions,
                waiting,
                Amount::count(seats),
            ));
        }
    }
    out
}
