//! Teaching hours in the catalogue, by subject area.

use calluna_tables::Dim;

use super::{Amount, Facts, Indicator, Reading, at};
use crate::catalogue::TOTAL;

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G2-K",
    version: 1,
    de: "Angekündigte Unterrichtseinheiten nach Programmbereich",
    en: "Announced teaching units by subject area",
    formula_de: "Summe der Unterrichtseinheiten zu 45 Minuten der nicht abgesagten Durchführungen im Katalog, soweit angegeben",
    formula_en: "Sum of the teaching units of 45 minutes of the runs in the catalogue that are not cancelled, as far as stated",
    unit: "teaching units of 45 minutes",
    source: "Calluna; other than CAL-G2 (VHS-Statistik), which counts what was held in a year, it counts what is announced",
    of_catalogue: true,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let Some(catalogue) = facts.catalogue else {
        return Vec::new();
    };
    let offered = facts.codes(Dim::Subject).iter().filter_map(|subject| {
        let cell = catalogue.cell(&subject.id, TOTAL);
        (cell.offers > 0).then(|| {
            let hours = Amount::Known(cell.hundredths);
            Reading::plain(facts.area, at(Dim::Subject, &subject.id), hours)
        })
    });
    offered.collect()
}
