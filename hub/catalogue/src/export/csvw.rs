//! Description of the CSV file by W3C "Metadata Vocabulary for Tabular Data" (CSVW, 2015-12-17). It lies beside
//! `….csv` as `….csv-metadata.json`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::table::{COLUMNS, Column, Kind};
use super::{Body, Carries, Edition, ExportError, Format, LICENCE, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct Csvw;

impl Format for Csvw {
    fn name(&self) -> &'static str {
        "csvw"
    }

    fn title(&self) -> Words {
        Words {
            de: "Beschreibung der Spalten der CSV-Tabelle (CSVW)",
            en: "Description of the CSV table's columns (CSVW)",
        }
    }

    fn extension(&self) -> &'static str {
        "csv-metadata.json"
    }

    fn media_type(&self) -> &'static str {
        "application/csvm+json"
    }

    /// It describes the table and holds nothing of any offer, so nothing is lost in it either.
    fn carries(&self) -> Carries {
        Carries::Everything
    }

    fn open(&self, edition: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        Ok(Box::new(Description(Arc::clone(edition))))
    }
}

struct Description(Arc<Edition>);

impl Body for Description {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let text = format!("{:#}\n", description(&self.0));
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn row(&mut self, _: &Row<'_>, _: &mut Vec<u8>, _: &mut Notes) -> Result<(), ExportError> {
        Ok(())
    }
}

fn description(edition: &Edition) -> Value {
    let columns: Vec<Value> = COLUMNS.iter().map(column).collect();
    json!({
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "de"}],
        "url": "catalogue.csv",
        "dc:title": [
            {"@value": format!("Bildungsangebote: {}", edition.district), "@language": "de"},
            {"@value": format!("Education offers: {}", edition.district), "@language": "en"},
        ],
        "dc:publisher": edition.publisher.name,
        "dc:license": {"@id": LICENCE},
        "dc:modified": {"@value": edition.now.to_string(), "@type": "xsd:dateTime"},
        "notes": [{
            "@type": "Note",
            "text": "A cell that a spreadsheet would run as a formula has an apostrophe in front.",
        }],
        "dialect": {
            "delimiter": ",", "encoding": "utf-8", "header": true,
            "lineTerminators": ["\n"], "quoteChar": "\"", "doubleQuote": true,
        },
        "tableSchema": {"columns": columns, "primaryKey": ["provider", "offer", "run"]},
    })
}

fn column(column: &Column) -> Value {
    let datatype = match column.kind {
        Kind::Text => json!("string"),
        Kind::Date => json!({"base": "date", "format": "yyyy-MM-dd"}),
        Kind::Whole => json!({"base": "integer", "minimum": 0}),
        Kind::Hundredths => json!({"base": "decimal", "minimum": 0}),
        Kind::Millionths => json!({"base": "decimal", "minimum": -180, "maximum": 180}),
        Kind::Truth => json!({"base": "boolean", "format": "true|false"}),
    };
    json!({
        "name": column.name,
        "titles": [column.name],
        "dc:description": [
            {"@value": column.words.de, "@language": "de"},
            {"@value": column.words.en, "@language": "en"},
        ],
        "datatype": datatype,
        "null": "",
        // An offer without runs has none; a key is never null, so the cell is empty text there.
        "required": column.always(),
    })
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;
    use serde_json::Value;

    use super::super::tests::{export, member};

    #[test]
    fn every_column_of_the_csv_file_is_described_in_its_order() {
        let offers = [full_offer("A-1").into_draft()];
        let (table, _) = export("csv", &member("vhs"), &offers);
        let (described, _) = export("csvw", &member("vhs"), &offers);
        let described: Value = serde_json::from_slice(&described).unwrap();
        let columns = described["tableSchema"]["columns"].as_array().unwrap();
        let names: Vec<&str> = columns
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        let mut reader = csv::Reader::from_reader(table.as_slice());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), names);
        let row = reader.records().next().unwrap().unwrap();
        for (cell, column) in row.iter().zip(columns) {
            let base = column["datatype"]["base"].as_str();
            match base.or(column["datatype"].as_str()).unwrap() {
                "integer" => assert!(cell.parse::<u32>().is_ok(), "{column}: {cell}"),
                "decimal" => assert!(cell.parse::<f64>().is_ok(), "{column}: {cell}"),
                "boolean" => assert!(matches!(cell, "true" | "false"), "{column}: {cell}"),
                "date" => assert_eq!((cell.len(), &cell[4..5]), (10, "-"), "{column}: {cell}"),
                "string" => {}
                other => panic!("{other}"),
            }
        }
    }
}
