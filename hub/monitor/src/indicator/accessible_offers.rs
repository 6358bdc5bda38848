//! Share of offers with accessibility features, by subject area.

use calluna_tables::Dim;

use super::{Amount, Facts, Indicator, Reading, at};
use crate::catalogue::TOTAL;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G14",
    version: 1,
    de: "Anteil der Angebote mit Merkmalen der Barrierefreiheit nach Programmbereich",
    en: "Share of offers with accessibility features by subject area",
    formula_de: "Angebote mit mindestens einem Merkmal der Barrierefreiheit × 100 / Angebote; nicht angegeben zählt als nein, der wahre Anteil ist also mindestens so groß; ohne Dezimalen, nicht unter 20 Angeboten",
    formula_en: "Offers with at least one accessibility feature × 100 / offers; not stated counts as no, so the true share is at least this; no decimals, not below 20 offers",
    unit: "percent",
    source: "Calluna, public catalogue",
    of_catalogue: true,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let Some(catalogue) = facts.catalogue else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for subject in facts.codes(Dim::Subject) {
        let cell = catalogue.cell(&subject.id, TOTAL);
        if cell.offers > 0 {
            let (with, all) = (Amount::count(cell.accessible), Amount::count(cell.offers));
            let dimensions = at(Dim::Subject, &subject.id);
            out.push(Reading::share(facts.area, dimensions, with, all));
        }
    }
    out
}
