//! `catalogue.csv`: what providers offer, by subject area and municipality of the venue.

use crate::catalogue::{COUNTS, CatalogueStatistics, TEACHING_HOURS, TOTAL};
use crate::dataset::{Folder, Formats};
use crate::error::Result;
use crate::input::{Input, Standing};
use crate::sheet::{Column, Sheet, Value};

/// Columns of the catalogue statistics.
pub(crate) fn columns() -> Vec<Column> {
    vec![
        Column::text("PROVIDER", "Anbieter: _T alle zusammen", "Provider: _T all together")
            .listed("codes/PROVIDER.csv", "CODE"),
        Column::text(
            "SUBJECT",
            "Programmbereich nach der DVV-Systematik 2.0: _T alle, _X nicht bestimmbar",
            "Programme area by the DVV classification 2.0: _T all, _X not determined",
        )
        .listed("codes/SUBJECT.csv", "CODE"),
        Column::text(
            "VENUE_AREA",
            "Gemeinde des Orts der Durchführung, nicht des Wohnorts: _T alle, _O außerhalb der Region, _X ohne Ort (auch online)",
            "Municipality of the venue, not of the residence: _T all, _O outside the region, _X no venue (also online)",
        )
        .listed("codes/REF_AREA.csv", "CODE"),
        Column::text(
            "FORMAT",
            "Form des Angebots: _T alle; nur Angebote sind danach aufgeteilt",
            "Way of taking part: _T all; only offers are broken down by it",
        )
        .listed("codes/FORMAT.csv", "CODE"),
        Column::text("MEASURE", "Maß: was gezählt ist", "Measure: what is counted")
            .listed("codes/CATALOGUE_MEASURE.csv", "CODE"),
        Column::number("OBS_VALUE", "Wert", "Value").in_unit("see UNIT"),
        Column::text("UNIT", "Einheit des Werts", "Unit of the value"),
    ]
}

/// Writes the counts of every provider that is still there, then all together. What is zero has no row.
pub(crate) fn write_catalogue(folder: &mut Folder, input: &Input<'_>) -> Result<()> {
    let sheet = Sheet {
        name: "catalogue".to_owned(),
        de: "Angebote der Bildungsanbieter".to_owned(),
        en: "What education providers offer".to_owned(),
        columns: columns(),
        key: &["PROVIDER", "SUBJECT", "VENUE_AREA", "FORMAT", "MEASURE"],
    };
    folder.sheet(&sheet, Formats::All, |emit| {
        for provider in super::sorted(input.providers) {
            if provider.standing == Standing::Member {
                write(emit, provider.id.as_str(), &provider.catalogue)?;
            }
        }
        write(emit, TOTAL, &together(input))
    })
}

/// The catalogue of all members together.
pub(crate) fn together(input: &Input<'_>) -> CatalogueStatistics {
    let mut all = CatalogueStatistics::default();
    for provider in input.providers {
        if provider.standing == Standing::Member {
            all.add(&provider.catalogue);
        }
    }
    all
}

fn write(
    emit: &mut dyn FnMut(&[Value<'_>]) -> Result<()>,
    provider: &str,
    counted: &CatalogueStatistics,
) -> Result<()> {
    for (subject, area, cell) in counted.cells() {
        let mut row = |format: &str, measure, value, unit| {
            emit(&[
                Value::Text(provider),
                Value::Text(subject),
                Value::Text(area),
                Value::Text(format),
                Value::Text(measure),
                value,
                Value::Text(unit),
            ])
        };
        for count in COUNTS {
            let value = (count.of)(cell);
            if value > 0 {
                let value = if count.id == TEACHING_HOURS {
                    Value::Hundredths(value)
                } else {
                    Value::Whole(value)
                };
                row(TOTAL, count.id, value, count.unit)?;
            }
        }
        for (format, offers) in &cell.formats {
            row(format, "OFFERS", Value::Whole(*offers), "offers")?;
        }
    }
    Ok(())
}
