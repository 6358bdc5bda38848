//! `population.csv`: the denominators, each with its base, day, source and licence.

use crate::dataset::{Folder, Formats};
use crate::error::Result;
use crate::input::Input;
use crate::sheet::{Column, Sheet, Value};

/// Columns of the population.
pub(crate) fn columns() -> Vec<Column> {
    vec![
        Column::text(
            "REF_AREA",
            "Gebiet: Schlüssel des Kreises oder der Gemeinde",
            "Area: key of the district or municipality",
        ),
        Column::text("AGE", "Altersgruppe: _T alle", "Age group: _T all")
            .listed("codes/AGE.csv", "CODE"),
        Column::whole("POPULATION", "Bevölkerung", "Population").in_unit("residents"),
        Column::text("DATE", "Stichtag", "Day of the count"),
        Column::text(
            "POPULATION_BASE",
            "Grundlage der Fortschreibung: Zahlen verschiedener Grundlagen sind nicht vergleichbar",
            "What the count carries on: counts of different bases cannot be compared",
        ),
        Column::text("SOURCE", "Quelle", "Source"),
        Column::text("LICENCE", "Lizenz der Quelle", "Licence of the source"),
    ]
}

/// Writes all counts.
pub(crate) fn write_population(folder: &mut Folder, input: &Input<'_>) -> Result<()> {
    let sheet = Sheet {
        name: "population".to_owned(),
        de: "Bevölkerung als Bezugsgröße".to_owned(),
        en: "Population as a denominator".to_owned(),
        columns: columns(),
        key: &["REF_AREA", "AGE", "POPULATION_BASE", "DATE"],
    };
    folder.sheet(&sheet, Formats::Plain, |emit| {
        for known in input.population.all() {
            emit(&[
                Value::Text(&known.area),
                Value::Text(&known.age),
                Value::Whole(known.count),
                Value::Text(&known.date),
                Value::Text(&known.base),
                Value::Text(&known.source),
                Value::Text(&known.licence),
            ])?;
        }
        Ok(())
    })
}
