//! Code lists: `dimensions.csv`, `tables.csv`, and `codes/<NAME>.csv` for every coded column, so that a
//! CSVW foreign key has something to point at.

use calluna_tables::dimension::Code;
use calluna_tables::measure::Measure;
use calluna_tables::{Dim, TABLES, When};

use crate::catalogue::{COUNTS, TOTAL};
use crate::dataset::{Folder, Formats};
use crate::error::Result;
use crate::input::Input;
use crate::sheet::{Column, Sheet, Value};

/// The code of a dimension that a table does not have (SDMX "not applicable").
pub(super) const NOT_APPLICABLE: &str = "_Z";

/// A list that is written here, not taken from the layout: code, German, English.
type Own = (&'static str, &'static str, &'static str);

/// What a value is, as SDMX `CL_OBS_STATUS` has it.
const OBS_STATUS: &[Own] = &[
    ("A", "Endgültiger Wert", "Normal value"),
    (
        "P",
        "Vorläufig: der Zeitraum ist noch offen",
        "Provisional: the period is still open",
    ),
    (
        "Q",
        "Nicht gezeigt; ein Kennzeichen für alle Gründe",
        "Not shown; one code for every reason",
    ),
];

/// Whether a value may be seen, as SDMX `CL_CONF_STATUS` has it.
const CONF_STATUS: &[Own] = &[("F", "Frei", "Free"), ("C", "Vertraulich", "Confidential")];

/// Columns of a code list in `codes/`.
fn code_columns() -> Vec<Column> {
    vec![
        Column::text("CODE", "Kennzeichen", "Code"),
        Column::text(
            "PARENT",
            "Übergeordnetes Kennzeichen: leer, wo es keines gibt",
            "Code above: empty where there is none",
        )
        .optional(),
        Column::text("DE", "Deutsche Bezeichnung", "German words"),
        Column::text("EN", "Englische Bezeichnung", "English words"),
    ]
}

fn table_columns() -> Vec<Column> {
    vec![
        Column::text("TABLE", "Kennung der Tabelle", "Name of the table"),
        Column::text(
            "DIMENSIONS",
            "Merkmale der Tabelle: getrennt durch Semikolon",
            "Dimensions of the table: with semicolons between them",
        ),
        Column::text(
            "MEASURES",
            "Maße der Tabelle: getrennt durch Semikolon",
            "Measures of the table: with semicolons between them",
        ),
        Column::text(
            "WHEN",
            "Wann sie erscheint: nightly jede Nacht, closing zum Abschluss des Zeitraums",
            "When it is published: nightly, or closing when the period closes",
        ),
        Column::text("DE", "Deutscher Titel", "German title"),
        Column::text("EN", "Englischer Titel", "English title"),
        Column::text(
            "SOURCE",
            "Woran sich die Festlegung hält",
            "What the definition follows",
        ),
    ]
}

/// Columns of a list that others refer to, by the file that it stands in.
pub(crate) fn list_columns(file: &str) -> Vec<Column> {
    if file == "tables.csv" {
        table_columns()
    } else {
        code_columns()
    }
}

/// Writes all lists.
pub(crate) fn write_lists(folder: &mut Folder, input: &Input<'_>) -> Result<()> {
    write_dimensions(folder, input)?;
    write_tables(folder)?;
    for dim in Dim::ALL {
        let codes = input.layout.tree(dim).map_or(&[][..], |tree| tree.codes());
        let own = (
            NOT_APPLICABLE,
            "Die Tabelle hat dieses Merkmal nicht",
            "The table does not have this dimension",
        );
        let rows = codes.iter().map(|code| {
            let parent = parent(codes, code);
            (code.id.as_str(), parent, code.de.as_str(), code.en.as_str())
        });
        list(folder, dim.id(), rows.chain([(own.0, "", own.1, own.2)]))?;
    }
    let plain = |own: &Own| (own.0, "", own.1, own.2);
    list(folder, "OBS_STATUS", OBS_STATUS.iter().map(plain))?;
    list(folder, "CONF_STATUS", CONF_STATUS.iter().map(plain))?;
    let measures = Measure::ALL.map(Measure::definition);
    let measures = measures
        .iter()
        .map(|known| (known.id, "", known.de, known.en));
    list(folder, "MEASURE", measures)?;
    let counts = COUNTS
        .iter()
        .map(|count| (count.id, "", count.de, count.en));
    list(folder, "CATALOGUE_MEASURE", counts)?;
    let indicators = crate::indicator::INDICATORS.iter();
    list(
        folder,
        "INDICATOR",
        indicators.map(|known| (known.id, "", known.de, known.en)),
    )?;
    let all = (
        TOTAL,
        "",
        "Alle Anbieter zusammen",
        "All providers together",
    );
    let providers = super::sorted(input.providers);
    let names = providers.iter().map(|provider| {
        let name = provider.name.as_str();
        (provider.id.as_str(), TOTAL, name, name)
    });
    list(folder, "PROVIDER", std::iter::once(all).chain(names))
}

fn parent<'a>(codes: &'a [Code], code: &Code) -> &'a str {
    let above = code.parent.and_then(|above| codes.get(usize::from(above)));
    above.map_or("", |above| above.id.as_str())
}

fn list<'a>(
    folder: &mut Folder,
    name: &str,
    rows: impl Iterator<Item = (&'a str, &'a str, &'a str, &'a str)>,
) -> Result<()> {
    let sheet = Sheet {
        name: format!("codes/{name}"),
        de: format!("Kennzeichen von {name}"),
        en: format!("Codes of {name}"),
        columns: code_columns(),
        key: &["CODE"],
    };
    folder.sheet(&sheet, Formats::Plain, |emit| {
        for (code, parent, de, en) in rows {
            let parent = if parent.is_empty() {
                Value::Empty
            } else {
                Value::Text(parent)
            };
            emit(&[Value::Text(code), parent, Value::Text(de), Value::Text(en)])?;
        }
        Ok(())
    })
}

fn write_dimensions(folder: &mut Folder, input: &Input<'_>) -> Result<()> {
    let mut columns = vec![Column::text("DIMENSION", "Merkmal", "Dimension")];
    columns.extend(code_columns());
    let sheet = Sheet {
        name: "dimensions".to_owned(),
        de: "Kennzeichen aller Merkmale".to_owned(),
        en: "Codes of all dimensions".to_owned(),
        columns,
        key: &["DIMENSION", "CODE"],
    };
    folder.sheet(&sheet, Formats::Plain, |emit| {
        for dim in Dim::ALL {
            let codes = input.layout.tree(dim).map_or(&[][..], |tree| tree.codes());
            for code in codes {
                let above = match parent(codes, code) {
                    "" => Value::Empty,
                    above => Value::Text(above),
                };
                emit(&[
                    Value::Text(dim.id()),
                    Value::Text(&code.id),
                    above,
                    Value::Text(&code.de),
                    Value::Text(&code.en),
                ])?;
            }
        }
        Ok(())
    })
}

fn write_tables(folder: &mut Folder) -> Result<()> {
    let sheet = Sheet {
        name: "tables".to_owned(),
        de: "Tabellen der Teilnahme".to_owned(),
        en: "Tables of participation".to_owned(),
        columns: table_columns(),
        key: &["TABLE"],
    };
    folder.sheet(&sheet, Formats::Plain, |emit| {
        for table in TABLES {
            let dims: Vec<&str> = table.dims.iter().map(|dim| dim.id()).collect();
            let measures: Vec<&str> = table
                .measures
                .iter()
                .map(|one| one.definition().id)
                .collect();
            emit(&[
                Value::Text(table.id),
                Value::Text(&dims.join(";")),
                Value::Text(&measures.join(";")),
                Value::Text(when(table.when)),
                Value::Text(table.de),
                Value::Text(table.en),
                Value::Text(table.source),
            ])?;
        }
        Ok(())
    })
}

fn when(when: When) -> &'static str {
    match when {
        When::Nightly => "nightly",
        When::Closing => "closing",
    }
}
