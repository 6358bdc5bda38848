//! Description of a CSV file by W3C "Metadata Vocabulary for Tabular Data" (CSVW, 2015-12-17): a group
//! of the file itself and of the code lists that its columns refer to, for a foreign key may only
//! point inside a group.

use serde_json::{Map, Value as Json, json};

use crate::about::LICENCE;
use crate::sheet::{Column, Kind, Sheet};

/// The text of `<file>.csv-metadata.json`.
pub(super) fn description(sheet: &Sheet) -> String {
    // Where the file lies below the release's folder.
    let up = "../".repeat(sheet.name.matches('/').count());
    let own = sheet.name.rsplit('/').next().unwrap_or(&sheet.name);
    let mut lists: Vec<(&str, &str)> = Vec::new();
    for (file, column) in sheet
        .columns
        .iter()
        .filter_map(|column| column.codes.as_ref())
    {
        if !lists.iter().any(|(known, _)| known == file) {
            lists.push((file, column));
        }
    }
    let keys: Vec<Json> = sheet
        .columns
        .iter()
        .filter_map(|column| {
            let (file, code) = column.codes.as_ref()?;
            Some(json!({
                "columnReference": column.name,
                "reference": {"resource": format!("{up}{file}"), "columnReference": code},
            }))
        })
        .collect();
    let mut schema = Map::new();
    let columns: Vec<Json> = sheet.columns.iter().map(column).collect();
    schema.insert("columns".to_owned(), Json::Array(columns));
    if !sheet.key.is_empty() {
        schema.insert("primaryKey".to_owned(), json!(sheet.key));
    }
    if !keys.is_empty() {
        schema.insert("foreignKeys".to_owned(), Json::Array(keys));
    }
    let mut tables = vec![json!({
        "url": format!("{own}.csv"),
        "dc:title": [{"@value": sheet.de, "@language": "de"}, {"@value": sheet.en, "@language": "en"}],
        "dc:license": {"@id": LICENCE},
        "tableSchema": schema,
    })];
    for (file, column) in lists {
        tables.push(json!({
            "url": format!("{up}{file}"),
            "suppressOutput": true,
            "tableSchema": {"columns": list_columns(file), "primaryKey": column},
        }));
    }
    let whole = json!({
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "de"}],
        "dialect": {"delimiter": ",", "encoding": "utf-8", "header": true, "lineTerminators": ["\n"], "quoteChar": "\"", "doubleQuote": true},
        "tables": tables,
    });
    format!("{whole:#}\n")
}

fn column(column: &Column) -> Json {
    let datatype = match column.kind {
        Kind::Text => json!("string"),
        Kind::Whole => json!({"base": "integer", "minimum": 0}),
        Kind::Number => json!({"base": "decimal", "minimum": 0}),
    };
    json!({
        "name": column.name,
        "titles": {"de": [column.name, Column::title(column.de)], "en": [column.name, Column::title(column.en)]},
        "dc:description": [{"@value": column.de, "@language": "de"}, {"@value": column.en, "@language": "en"}],
        "datatype": datatype,
        "null": "",
        "required": column.required,
    })
}

/// Columns of a code list, by the file that it stands in.
fn list_columns(file: &str) -> Json {
    let columns = crate::content::list_columns(file);
    columns.iter().map(column).collect()
}
