//! Participation per 1,000 residents, by residence and age group.

use calluna_tables::{Dim, Measure};

use super::{Amount, Facts, Indicator, Reading, at};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G10",
    version: 1,
    de: "Belegungen je 1.000 Einwohner nach Wohnort und Altersgruppe",
    en: "Enrolments per 1,000 residents by residence and age group",
    formula_de: "Belegungen des Quartals von Einwohnern des Gebiets in der Altersgruppe × 1.000 / Einwohner des Gebiets in der Altersgruppe (Grundlage in POPULATION_BASE)",
    formula_en: "Enrolments of the quarter by residents of the area in the age group × 1,000 / residents of the area in the age group (base in POPULATION_BASE)",
    unit: "enrolments per 1,000 residents",
    source: "Calluna; in the manner of CAL-G4 (Weiterbildungsatlas)",
    of_catalogue: false,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let mut out = Vec::new();
    for area in facts.codes(Dim::Residence) {
        for age in facts.codes(Dim::Age) {
            let Some(residents) = facts.population.of(&area.id, &age.id) else {
                continue;
            };
            let places = [
                (Dim::Residence, area.id.as_str()),
                (Dim::Age, age.id.as_str()),
            ];
            if let Some(enrolments) = Amount::of(facts.number(Measure::Enrolments, &places)) {
                let dimensions = at(Dim::Age, &age.id);
                out.push(Reading::per_thousand(
                    &area.id, dimensions, enrolments, residents,
                ));
            }
        }
    }
    out
}
