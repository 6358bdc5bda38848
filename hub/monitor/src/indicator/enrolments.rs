//! Enrolments by subject area.

use calluna_tables::{Dim, Measure};

use super::{Amount, Facts, Indicator, Reading, at};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G3",
    version: 1,
    de: "Belegungen nach Programmbereich",
    en: "Enrolments by subject area",
    formula_de: "Summe der Belegungen des Quartals aller Anbieter; wo eine nicht gezeigt wird, das Intervall, das aus den veröffentlichten Zahlen folgt",
    formula_en: "Sum of the enrolments of the quarter of all providers; where one is not shown, the interval that follows from the published numbers",
    unit: "enrolments",
    source: "VHS-Statistik (DIE), Belegungen; CAL-G3. The quarter of registration is Calluna's own",
    of_catalogue: false,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let subjects = facts.codes(Dim::Subject).iter();
    subjects
        .filter_map(|subject| {
            let merged = facts.number(Measure::Enrolments, &[(Dim::Subject, subject.id.as_str())]);
            let dimensions = at(Dim::Subject, &subject.id);
            Some(Reading::plain(facts.area, dimensions, Amount::of(merged)?))
        })
        .collect()
}
