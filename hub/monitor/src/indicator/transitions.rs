//! Transitions: where participants go, by their qualification before.

use calluna_tables::{Dim, Measure};

use super::{Amount, Facts, Indicator, Reading, at};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G15",
    version: 1,
    de: "Übergänge: Anteil des Verbleibs je Vorbildung",
    en: "Transitions: share of each destination by prior qualification",
    formula_de: "Belegungen mit dieser Vorbildung und diesem Verbleib × 100 / Belegungen mit dieser Vorbildung, auch die ohne Angabe des Verbleibs; ohne Dezimalen, nicht unter 20 Fällen",
    formula_en: "Enrolments with this prior qualification and this destination × 100 / enrolments with this prior qualification, those without a stated destination included; no decimals, not below 20 cases",
    unit: "percent",
    source: "Calluna; transitions of the life-course model of communal education monitoring",
    of_catalogue: false,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let mut out = Vec::new();
    for from in facts.codes(Dim::Qualification) {
        let before = (Dim::Qualification, from.id.as_str());
        let Some(all) = Amount::of(facts.number(Measure::Enrolments, &[before])) else {
            continue;
        };
        for to in facts.codes(Dim::Destination).iter().skip(1) {
            let places = [before, (Dim::Destination, to.id.as_str())];
            if let Some(part) = Amount::of(facts.number(Measure::Enrolments, &places)) {
                let dimensions = [at(before.0, before.1), at(Dim::Destination, &to.id)].join(";");
                out.push(Reading::share(facts.area, dimensions, part, all));
            }
        }
    }
    out
}
