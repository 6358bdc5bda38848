//! Share of offers free of charge, by subject area.

use calluna_tables::Dim;

use super::{Amount, Facts, Indicator, Reading, at};
use crate::catalogue::TOTAL;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G13",
    version: 1,
    de: "Anteil kostenfreier Angebote nach Programmbereich",
    en: "Share of offers free of charge by subject area",
    formula_de: "Angebote, deren angegebener Preis 0 ist × 100 / Angebote mit angegebenem Preis; ohne Dezimalen, nicht unter 20 Angeboten",
    formula_en: "Offers whose stated price is 0 × 100 / offers with a stated price; no decimals, not below 20 offers",
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
        if cell.priced > 0 {
            let (free, priced) = (Amount::count(cell.free), Amount::count(cell.priced));
            let dimensions = at(Dim::Subject, &subject.id);
            out.push(Reading::share(facts.area, dimensions, free, priced));
        }
    }
    out
}
