//! Completion rate, by subject area.

use calluna_tables::{Dim, Measure};

use super::{Amount, Facts, Indicator, Reading, at};

pub(super) const INDICATOR: Indicator = Indicator {
    id: "CAL-G11",
    version: 1,
    de: "Abschlussquote nach Programmbereich",
    en: "Completion rate by subject area",
    formula_de: "abgeschlossene Belegungen × 100 / (abgeschlossene + ohne Abschluss beendete Belegungen); laufende zählen nicht; ohne Dezimalen, nicht unter 20 Fällen",
    formula_en: "completed enrolments × 100 / (completed + ended without completing); running ones do not count; no decimals, not below 20 cases",
    unit: "percent",
    source: "Calluna; state of registrations in course software",
    of_catalogue: false,
    read,
};

fn read(facts: &Facts<'_>) -> Vec<Reading> {
    let mut out = Vec::new();
    for subject in facts.codes(Dim::Subject) {
        let of = |status| {
            let places = [(Dim::Subject, subject.id.as_str()), (Dim::Status, status)];
            Amount::of(facts.number(Measure::Registrations, &places))
        };
        let (Some(completed), Some(not)) = (of("completed"), of("not-completed")) else {
            continue;
        };
        let ended = match (completed, not) {
            (Amount::Known(one), Amount::Known(other)) => Amount::Known(one + other),
            _ => Amount::Hidden,
        };
        let dimensions = at(Dim::Subject, &subject.id);
        out.push(Reading::share(facts.area, dimensions, completed, ended));
    }
    out
}
