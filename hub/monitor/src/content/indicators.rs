//! `indicators`: every value of every indicator.

use std::collections::HashMap;

use calluna_tables::web::Number;

use super::figures::Period;
use crate::dataset::{Folder, Formats};
use crate::error::Result;
use crate::indicator::{Amount, Facts, INDICATORS, Indicator, Reading};
use crate::input::Input;
use crate::sheet::{Column, Sheet, Value};

/// Columns of the indicators.
pub(crate) fn columns() -> Vec<Column> {
    vec![
        Column::text("INDICATOR", "Kennzahl", "Indicator").listed("codes/INDICATOR.csv", "CODE"),
        Column::whole("VERSION", "Fassung der Formel", "Version of the formula"),
        Column::text(
            "REF_AREA",
            "Gebiet: Schlüssel des Kreises oder der Gemeinde",
            "Area: key of the district or municipality",
        ),
        Column::text(
            "PERIOD",
            "Zeitraum: Quartal; bei Kennzahlen des Katalogs das Quartal, in dem die Ausgabe entstand",
            "Period: quarter; for indicators of the catalogue the quarter in which the release was made",
        ),
        Column::text(
            "DIMENSIONS",
            "Weitere Merkmale: MERKMAL=Kennzeichen, getrennt durch Semikolon",
            "Further dimensions: DIMENSION=code, with semicolons between them",
        )
        .optional(),
        Column::number(
            "NUMERATOR",
            "Zähler: leer, wo er nicht gezeigt wird",
            "Numerator: empty where it is not shown",
        )
        .optional(),
        Column::number(
            "DENOMINATOR",
            "Nenner: leer, wo es keinen gibt oder er nicht gezeigt wird",
            "Denominator: empty where there is none or it is not shown",
        )
        .optional(),
        Column::number(
            "VALUE",
            "Wert: leer, wo er nicht gezeigt wird",
            "Value: empty where it is not shown",
        )
        .in_unit("see UNIT")
        .optional(),
        Column::number(
            "LOWER",
            "Untergrenze: wo der Wert nur in Grenzen bekannt ist",
            "Lower bound: where the value is known within bounds only",
        )
        .in_unit("see UNIT")
        .optional(),
        Column::number(
            "UPPER",
            "Obergrenze: leer, wo nichts ihn begrenzt",
            "Upper bound: empty where nothing bounds it",
        )
        .in_unit("see UNIT")
        .optional(),
        Column::text("UNIT", "Einheit", "Unit"),
        Column::text(
            "POPULATION_BASE",
            "Grundlage der Bevölkerungszahl im Nenner",
            "What the population in the denominator carries on",
        )
        .optional(),
        Column::text(
            "SOURCE",
            "Quelle: der Festlegung, und der Bevölkerungszahl",
            "Source: of the definition, and of the population",
        ),
        Column::text("OBS_STATUS", "Stand des Werts", "Status of the value")
            .listed("codes/OBS_STATUS.csv", "CODE"),
        Column::text("CONF_STATUS", "Vertraulichkeit", "Confidentiality")
            .listed("codes/CONF_STATUS.csv", "CODE"),
    ]
}

/// Writes every indicator of every period, then those of the catalogue.
pub(crate) fn write_indicators(
    folder: &mut Folder,
    input: &Input<'_>,
    periods: &[Period],
) -> Result<()> {
    let sheet = Sheet {
        name: "indicators".to_owned(),
        de: "Kennzahlen".to_owned(),
        en: "Indicators".to_owned(),
        columns: columns(),
        key: &["INDICATOR", "REF_AREA", "PERIOD", "DIMENSIONS"],
    };
    let numbers = Facts::index(input.web);
    let catalogue = super::catalogue::together(input);
    let newest = periods.iter().map(|known| known.period).max();
    folder.sheet(&sheet, Formats::All, |emit| {
        for period in periods {
            let facts = Facts {
                district: Some(&period.district),
                catalogue: (newest == Some(period.period)).then_some(&catalogue),
                ..facts(input, &numbers)
            };
            let name = period.period.to_string();
            for indicator in INDICATORS.iter().filter(|known| !known.of_catalogue) {
                for reading in (indicator.read)(&facts) {
                    let provisional = period.district.provisional();
                    row(emit, indicator, &name, &reading, provisional)?;
                }
            }
        }
        let facts = Facts {
            catalogue: Some(&catalogue),
            ..facts(input, &numbers)
        };
        let name = quarter_of(input.now.0);
        for indicator in INDICATORS.iter().filter(|known| known.of_catalogue) {
            for reading in (indicator.read)(&facts) {
                row(emit, indicator, &name, &reading, false)?;
            }
        }
        Ok(())
    })
}

fn facts<'a>(input: &Input<'a>, numbers: &'a HashMap<Number, u32>) -> Facts<'a> {
    Facts {
        layout: input.layout,
        district: None,
        catalogue: None,
        population: input.population,
        numbers,
        area: &input.about.district,
    }
}

/// The quarter of a moment, in UTC: `2026-Q4`.
fn quarter_of(seconds: i64) -> String {
    let stamp = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let day = jiff::tz::Offset::UTC.to_datetime(stamp).date();
    format!("{:04}-Q{}", day.year(), (day.month() + 2) / 3)
}

fn row(
    emit: &mut dyn FnMut(&[Value<'_>]) -> Result<()>,
    indicator: &Indicator,
    period: &str,
    reading: &Reading,
    provisional: bool,
) -> Result<()> {
    let known = |amount: Option<Amount>| match amount {
        Some(Amount::Known(value)) => Value::Hundredths(value),
        _ => Value::Empty,
    };
    let (value, lower, upper) = match reading.value {
        Amount::Known(value) => (Some(value), None, None),
        Amount::Between(lower, upper) => (None, Some(lower), upper),
        Amount::Hidden => (None, None, None),
    };
    let (status, confidential) = match (value, provisional) {
        (Some(_), false) => ("A", "F"),
        (Some(_), true) => ("P", "F"),
        (None, _) => ("Q", "C"),
    };
    let source = match &reading.base {
        Some((_, source)) => format!("{}; {source}", indicator.source),
        None => indicator.source.to_owned(),
    };
    let dimensions = if reading.dimensions.is_empty() {
        Value::Empty
    } else {
        Value::Text(&reading.dimensions)
    };
    emit(&[
        Value::Text(indicator.id),
        Value::Whole(u64::from(indicator.version)),
        Value::Text(&reading.area),
        Value::Text(period),
        dimensions,
        known(reading.numerator),
        known(reading.denominator),
        Value::hundredths(value),
        Value::hundredths(lower),
        Value::hundredths(upper),
        Value::Text(indicator.unit),
        reading
            .base
            .as_ref()
            .map_or(Value::Empty, |(base, _)| Value::Text(base)),
        Value::Text(&source),
        Value::Text(status),
        Value::Text(confidential),
    ])
}
