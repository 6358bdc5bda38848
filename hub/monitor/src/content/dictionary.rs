//! The data dictionary: every column, code, measure, table and indicator with definition, unit and
//! source, in German and English, written from what the code itself uses.

use calluna_tables::measure::Measure;
use calluna_tables::{Dim, TABLES};

use super::{catalogue, figures, indicators, population};
use crate::catalogue::COUNTS;
use crate::dataset::{Folder, Formats};
use crate::error::Result;
use crate::indicator::INDICATORS;
use crate::input::Input;
use crate::sheet::{Column, Sheet, Value};

/// One line of the dictionary.
struct Entry {
    /// What kind of thing: `column`, `dimension`, `code`, `measure`, `table`, `indicator`.
    kind: &'static str,
    /// Where it belongs: a file for a column, a dimension for a code; empty for the others.
    within: String,
    name: String,
    de: String,
    en: String,
    unit: String,
    source: String,
}

/// Columns of the dictionary.
fn columns() -> Vec<Column> {
    vec![
        Column::text(
            "KIND",
            "Art: column, dimension, code, measure, table, indicator",
            "Kind: column, dimension, code, measure, table, indicator",
        ),
        Column::text(
            "WITHIN",
            "Gehört zu: Datei einer Spalte, Merkmal eines Kennzeichens",
            "Belongs to: file of a column, dimension of a code",
        )
        .optional(),
        Column::text("NAME", "Name in den Daten", "Name in the data"),
        Column::text("DE", "Deutsche Festlegung", "German definition"),
        Column::text("EN", "Englische Festlegung", "English definition"),
        Column::text("UNIT_DE", "Einheit, deutsch", "Unit in German").optional(),
        Column::text("UNIT_EN", "Einheit, englisch", "Unit in English").optional(),
        Column::text(
            "SOURCE",
            "Quelle der Festlegung",
            "Source of the definition",
        )
        .optional(),
    ]
}

impl Entry {
    fn new(
        kind: &'static str,
        within: &str,
        name: &str,
        (de, en): (&str, &str),
        unit: &str,
        source: &str,
    ) -> Self {
        Self {
            kind,
            within: within.to_owned(),
            name: name.to_owned(),
            de: de.to_owned(),
            en: en.to_owned(),
            unit: unit.to_owned(),
            source: source.to_owned(),
        }
    }
}

fn column_entries() -> Vec<Entry> {
    let mut out = Vec::new();
    for (file, columns) in [
        ("figures", figures::columns()),
        ("revisions", super::revisions::columns()),
        ("indicators", indicators::columns()),
        ("catalogue", catalogue::columns()),
        ("population", population::columns()),
        ("dictionary", columns()),
        ("tables", super::list_columns("tables.csv")),
        ("codes", super::list_columns("codes/")),
    ] {
        for column in columns {
            let words = (column.de, column.en);
            let source = "Calluna";
            out.push(Entry::new(
                "column",
                file,
                column.name,
                words,
                column.unit,
                source,
            ));
        }
    }
    out
}

fn entries(input: &Input<'_>) -> Vec<Entry> {
    let mut out = column_entries();
    for dim in Dim::ALL {
        let source = dim_source(dim);
        out.push(Entry::new(
            "dimension",
            "",
            dim.id(),
            dim.definition(),
            "",
            source,
        ));
        let codes = input.layout.tree(dim).map_or(&[][..], |tree| tree.codes());
        for code in codes {
            let words = (code.de.as_str(), code.en.as_str());
            out.push(Entry::new("code", dim.id(), &code.id, words, "", source));
        }
    }
    for known in Measure::ALL.map(Measure::definition) {
        let words = (known.de, known.en);
        out.push(Entry::new(
            "measure",
            "figures",
            known.id,
            words,
            known.unit,
            known.source,
        ));
    }
    for count in COUNTS {
        let words = (count.de, count.en);
        let source = "Calluna, public catalogue";
        out.push(Entry::new(
            "measure",
            "catalogue",
            count.id,
            words,
            count.unit,
            source,
        ));
    }
    for table in TABLES {
        out.push(Entry::new(
            "table",
            "",
            table.id,
            (table.de, table.en),
            "",
            table.source,
        ));
    }
    for known in INDICATORS {
        let de = format!("{}. {}", known.de, known.formula_de);
        let en = format!("{}. {}", known.en, known.formula_en);
        out.push(Entry::new(
            "indicator",
            "",
            known.id,
            (&de, &en),
            known.unit,
            known.source,
        ));
    }
    out
}

/// Units in German.
const UNITS: &[(&str, &str)] = &[
    ("enrolments", "Belegungen"),
    ("persons", "Personen"),
    ("registrations", "Anmeldungen"),
    ("offers", "Angebote"),
    ("runs", "Durchführungen"),
    (
        "teaching units of 45 minutes",
        "Unterrichtseinheiten zu 45 Minuten",
    ),
    ("seats", "Plätze"),
    ("residents", "Einwohner"),
    ("percent", "Prozent"),
    ("subject areas", "Programmbereiche"),
    (
        "enrolments per 1,000 residents",
        "Belegungen je 1.000 Einwohner",
    ),
    ("registrations per 100 seats", "Anmeldungen je 100 Plätze"),
    ("see UNIT", "siehe UNIT"),
];

/// A unit in German; as it is where nobody has written it down.
fn in_german(unit: &str) -> &str {
    let found = UNITS.iter().find(|(en, _)| *en == unit);
    found.map_or(unit, |(_, de)| de)
}

/// Where the codes of a dimension come from: the source that its code list names.
fn dim_source(dim: Dim) -> &'static str {
    use calluna_model::code;
    let list = match dim {
        Dim::Subject => code::DVV_AREA,
        Dim::Age => code::AGE_GROUP,
        Dim::Sex => code::SEX,
        Dim::Residence => return "Amtlicher Gemeindeschlüssel (Destatis, GV-ISys)",
        Dim::Format => code::FORMAT,
        Dim::Level => code::LEVEL_GROUP,
        Dim::Funding => code::FUNDING,
        Dim::Status => code::REGISTRATION_STATUS,
        Dim::Qualification => code::PRIOR_QUALIFICATION,
        Dim::Destination => code::DESTINATION,
    };
    &list.list().source
}

/// Writes `dictionary.csv`.
pub(crate) fn write_dictionary(folder: &mut Folder, input: &Input<'_>) -> Result<()> {
    let sheet = Sheet {
        name: "dictionary".to_owned(),
        de: "Datenwörterbuch".to_owned(),
        en: "Data dictionary".to_owned(),
        columns: columns(),
        key: &["KIND", "WITHIN", "NAME"],
    };
    folder.sheet(&sheet, Formats::Plain, |emit| {
        for entry in entries(input) {
            let maybe = |text| match text {
                "" => Value::Empty,
                text => Value::Text(text),
            };
            emit(&[
                Value::Text(entry.kind),
                maybe(&entry.within),
                Value::Text(&entry.name),
                Value::Text(&entry.de),
                Value::Text(&entry.en),
                maybe(in_german(&entry.unit)),
                maybe(&entry.unit),
                maybe(&entry.source),
            ])?;
        }
        Ok(())
    })
}

/// `dictionary.md`: the same for reading, German first.
pub(crate) fn dictionary_text(input: &Input<'_>) -> String {
    let entries = entries(input);
    let mut out = String::new();
    let heads = [
        ("column", "Spalten", "Columns"),
        ("dimension", "Merkmale", "Dimensions"),
        ("code", "Kennzeichen", "Codes"),
        ("measure", "Maße", "Measures"),
        ("table", "Tabellen", "Tables"),
        ("indicator", "Kennzahlen", "Indicators"),
    ];
    for german in [true, false] {
        let pick = |de: &str, en: &str| if german { de.to_owned() } else { en.to_owned() };
        out += &format!("# {}\n\n", pick("Datenwörterbuch", "Data dictionary"));
        for (kind, de, en) in heads {
            out += &format!("## {}\n\n", pick(de, en));
            out += &pick(
                "| gehört zu | Name | Festlegung | Einheit | Quelle |\n",
                "| belongs to | name | definition | unit | source |\n",
            );
            out += "|---|---|---|---|---|\n";
            for entry in entries.iter().filter(|entry| entry.kind == kind) {
                let cells = [
                    entry.within.clone(),
                    format!("`{}`", entry.name),
                    pick(&entry.de, &entry.en),
                    if german {
                        in_german(&entry.unit).to_owned()
                    } else {
                        entry.unit.clone()
                    },
                    entry.source.clone(),
                ];
                out += &format!(
                    "| {} |\n",
                    cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
                );
            }
            out.push('\n');
        }
    }
    out
}
