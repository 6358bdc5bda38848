//! Coverage: subject areas with at least one offer in a municipality.

use calluna_model::code;

use super::{Amount, Facts, Indicator, Reading};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G9-K",
    version: 1,
    de: "Programmbereiche mit mindestens einem Angebot in der Gemeinde",
    en: "Subject areas with at least one offer in the municipality",
    formula_de: "Zahl der sieben Programmbereiche, von denen mindestens ein Angebot eine nicht abgesagte Durchführung in der Gemeinde hat (NUMERATOR), von sieben (DENOMINATOR)",
    formula_en: "Number of the seven subject areas of which at least one offer has a run in the municipality that is not cancelled (NUMERATOR), of seven (DENOMINATOR)",
    unit: "subject areas",
    source: "Calluna; seen from the municipality, where CAL-G9 is seen from the subject area",
    of_catalogue: true,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let Some(catalogue) = facts.catalogue else {
        return Vec::new();
    };
    let areas = code::DVV_AREA.codes();
    let municipalities = facts.layout.region().municipalities().iter();
    municipalities
        .map(|municipality| {
            let here = |subject: &&&str| catalogue.cell(subject, &municipality.ags).offers > 0;
            let offered = Amount::count(areas.iter().filter(here).count() as u64);
            Reading {
                denominator: Some(Amount::count(areas.len() as u64)),
                ..Reading::plain(&municipality.ags, String::new(), offered)
            }
        })
        .collect()
}
