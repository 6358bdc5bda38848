//! Every format says the same, and every description fits what it describes.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::Path;

use calluna_tables::Kind;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value as Json;

use super::fixture::World;
use crate::{Manifest, Releases, build};

fn released() -> (tempfile::TempDir, std::path::PathBuf, Manifest) {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    let mut world = World::new();
    world.providers[1].name = "Schule \"Eins\", (synthetic)".to_owned();
    for (provider, kind, count) in [
        ("vhs-heide", Kind::Final, 300),
        ("schule-eins", Kind::Provisional, 150),
    ] {
        let records = world.drawn(count, 41);
        world.publish(provider, "2026-Q3", kind, &records);
    }
    build(&world.input(), &releases).unwrap();
    let folder = releases.folder(1);
    let manifest = releases.show(1).unwrap();
    (dir, folder, manifest)
}

fn csv_rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(path)
        .unwrap();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

fn json_rows(path: &Path) -> Vec<Vec<String>> {
    let whole: Json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let texts = |row: &Json| -> Vec<String> {
        let cells = row.as_array().unwrap().iter();
        cells
            .map(|cell| match cell {
                Json::Null => String::new(),
                Json::String(text) => text.clone(),
                number => number.to_string(),
            })
            .collect()
    };
    let rows = whole["rows"].as_array().unwrap().iter().map(texts);
    std::iter::once(texts(&whole["columns"]))
        .chain(rows)
        .collect()
}

fn parquet_rows(path: &Path) -> Vec<Vec<String>> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let names = reader
        .metadata()
        .file_metadata()
        .schema()
        .get_fields()
        .iter();
    let mut out = vec![names.map(|field| field.name().to_owned()).collect()];
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let texts = row.get_column_iter().map(|(_, field)| match field {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Long(whole) => whole.to_string(),
            Field::Double(number) => number.to_string(),
            other => panic!("{other:?} is no kind of ours"),
        });
        out.push(texts.collect());
    }
    out
}

#[test]
fn csv_json_and_parquet_say_the_same() {
    let (_dir, folder, _) = released();
    for name in ["figures/2026-Q3", "indicators", "catalogue"] {
        let plain = csv_rows(&folder.join(format!("{name}.csv")));
        assert!(plain.len() > 10, "{name}");
        assert_eq!(
            plain,
            json_rows(&folder.join(format!("{name}.json"))),
            "{name}"
        );
        assert_eq!(
            plain,
            parquet_rows(&folder.join(format!("{name}.parquet"))),
            "{name}"
        );
    }
}

#[test]
fn the_columns_of_the_figures_are_the_contract() {
    let (_dir, folder, _) = released();
    let text = fs::read_to_string(folder.join("figures/2026-Q3.csv")).unwrap();
    assert!(text.starts_with("TABLE,PERIOD,PROVIDER,SUBJECT,AGE,SEX,REF_AREA,FORMAT,LEVEL,FUNDING,STATUS,PRIOR_QUALIFICATION,DESTINATION,MEASURE,OBS_VALUE,LOWER,UPPER,OBS_STATUS,CONF_STATUS,UNIT\n"));
    assert!(!text.contains('\r'));
    assert!(
        fs::read_to_string(folder.join("dimensions.csv"))
            .unwrap()
            .starts_with("DIMENSION,CODE,PARENT,DE,EN\nSUBJECT,_T,,")
    );
    assert!(
        fs::read_to_string(folder.join("tables.csv"))
            .unwrap()
            .starts_with(
                "TABLE,DIMENSIONS,MEASURES,WHEN,DE,EN,SOURCE\nsubject,SUBJECT,ENROLMENTS,nightly,"
            )
    );
    for row in csv_rows(&folder.join("figures/2026-Q3.csv")).iter().skip(1) {
        let (value, status) = (row[14].as_str(), (row[17].as_str(), row[18].as_str()));
        match status {
            ("A" | "P", "F") => {
                assert!(!value.is_empty() && row[15].is_empty() && row[16].is_empty())
            }
            ("Q", "C") => assert!(value.is_empty() && (row[2] == "_T" || row[15].is_empty())),
            other => panic!("{other:?}"),
        }
        // Final figures stand beside provisional ones.
        let provisional = row[2] != "vhs-heide";
        assert!(
            value.is_empty() || (status.0 == "P") == provisional,
            "{row:?}"
        );
    }
}

/// Foreign keys point at codes that are there, a primary key names one row. Gives back how many
/// foreign keys there are.
fn check_keys(path: &Path, whole: &Json, rows: &[Vec<String>]) -> usize {
    let table = &whole["tables"][0];
    let names = &rows[0];
    let mut keys = 0;
    let group: Vec<&str> = whole["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["url"].as_str().unwrap())
        .collect();
    for key in table["tableSchema"]["foreignKeys"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let to = key["reference"]["resource"].as_str().unwrap();
        assert!(group.contains(&to), "a key may only point inside its group");
        let list = csv_rows(&path.parent().unwrap().join(to));
        let column = list[0]
            .iter()
            .position(|name| *name == key["reference"]["columnReference"].as_str().unwrap())
            .unwrap();
        let known: BTreeSet<&str> = list[1..].iter().map(|row| row[column].as_str()).collect();
        let at = names
            .iter()
            .position(|name| *name == key["columnReference"].as_str().unwrap())
            .unwrap();
        for row in &rows[1..] {
            assert!(
                known.contains(row[at].as_str()),
                "{}: {} is not in {to}",
                path.display(),
                row[at]
            );
        }
        keys += 1;
    }
    if let Some(primary) = table["tableSchema"]["primaryKey"].as_array() {
        let places: Vec<usize> = primary
            .iter()
            .map(|name| names.iter().position(|known| known == name).unwrap())
            .collect();
        let mut seen = BTreeSet::new();
        for row in &rows[1..] {
            let key: Vec<&str> = places.iter().map(|at| row[*at].as_str()).collect();
            assert!(
                seen.insert(key.clone()),
                "{}: {key:?} stands twice",
                path.display()
            );
        }
    }
    keys
}

#[test]
fn every_csv_is_described_and_every_code_is_in_its_list() {
    let (_dir, folder, manifest) = released();
    let mut keys = 0;
    for file in manifest
        .files
        .iter()
        .filter(|file| file.name.ends_with(".csv"))
    {
        let path = folder.join(&file.name);
        let rows = csv_rows(&path);
        let described = folder.join(format!("{}-metadata.json", file.name));
        let whole: Json = serde_json::from_slice(&fs::read(&described).unwrap()).unwrap();
        let table = &whole["tables"][0];
        assert_eq!(
            path.file_name().unwrap().to_str().unwrap(),
            table["url"].as_str().unwrap()
        );
        let columns = table["tableSchema"]["columns"].as_array().unwrap();
        let names: Vec<&str> = columns
            .iter()
            .map(|column| column["name"].as_str().unwrap())
            .collect();
        assert_eq!(rows[0], names, "{}", file.name);
        for (at, column) in columns.iter().enumerate() {
            assert!(
                column["titles"]["de"][1].as_str().unwrap().len() > 2
                    && column["titles"]["en"][1].is_string()
            );
            for row in &rows[1..] {
                let empty = row[at].is_empty();
                assert!(
                    !empty || !column["required"].as_bool().unwrap(),
                    "{} {}",
                    file.name,
                    names[at]
                );
                if column["datatype"]["base"] == "integer" && !empty {
                    row[at].parse::<u64>().unwrap();
                }
            }
        }
        keys += check_keys(&path, &whole, &rows);
    }
    assert!(keys > 20, "{keys}");
}

#[test]
fn the_catalogue_entry_has_what_dcat_ap_de_asks_for() {
    let (_dir, folder, _) = released();
    let whole: Json =
        serde_json::from_slice(&fs::read(folder.join("dcat.jsonld")).unwrap()).unwrap();
    let graph = whole["@graph"].as_array().unwrap();
    let of =
        |kind: &str| -> Vec<&Json> { graph.iter().filter(|node| node["@type"] == kind).collect() };
    for kind in ["dcat:DatasetSeries", "dcat:Dataset"] {
        let [one] = of(kind)[..] else {
            panic!("one {kind}")
        };
        for property in ["dct:title", "dct:description"] {
            let languages: BTreeSet<&str> = one[property]
                .as_array()
                .unwrap()
                .iter()
                .map(|words| words["@language"].as_str().unwrap())
                .collect();
            assert_eq!(languages, BTreeSet::from(["de", "en"]), "{kind} {property}");
        }
        assert_eq!(one["dct:publisher"][0]["@type"], "foaf:Agent");
        assert!(
            one["dct:publisher"][0]["foaf:name"][0]
                .as_str()
                .is_some_and(|name| !name.is_empty())
        );
        assert_eq!(
            one["dcat:theme"][0]["@id"],
            "http://publications.europa.eu/resource/authority/data-theme/EDUC"
        );
        assert_eq!(
            one["dcatde:politicalGeocodingURI"][0]["@id"],
            "http://dcat-ap.de/def/politicalGeocoding/districtKey/03358"
        );
        assert!(
            one.get("dcatde:contributorID").is_none(),
            "nobody has given one"
        );
    }
}

#[test]
fn every_file_has_a_distribution_with_its_licence() {
    let (_dir, folder, manifest) = released();
    let whole: Json =
        serde_json::from_slice(&fs::read(folder.join("dcat.jsonld")).unwrap()).unwrap();
    let graph = whole["@graph"].as_array().unwrap();
    let of =
        |kind: &str| -> Vec<&Json> { graph.iter().filter(|node| node["@type"] == kind).collect() };
    let dataset = of("dcat:Dataset")[0];
    assert_eq!(
        dataset["dcat:inSeries"][0]["@id"],
        of("dcat:DatasetSeries")[0]["@id"]
    );
    let distributions = of("dcat:Distribution");
    let named: BTreeSet<&str> = distributions
        .iter()
        .map(|one| one["@id"].as_str().unwrap())
        .collect();
    let listed: BTreeSet<&str> = dataset["dcat:distribution"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["@id"].as_str().unwrap())
        .collect();
    assert_eq!(named, listed);
    let by_address: HashMap<&str, &&Json> = distributions
        .iter()
        .map(|one| (one["dcat:accessURL"][0]["@id"].as_str().unwrap(), one))
        .collect();
    for file in manifest
        .files
        .iter()
        .map(|file| file.name.as_str())
        .chain(["release.json", "SHA256SUMS"])
    {
        let address = format!("https://bildung.heidekreis.example/daten/000001/{file}");
        let one = by_address
            .get(address.as_str())
            .unwrap_or_else(|| panic!("{file} has no distribution"));
        assert_eq!(
            one["dct:license"][0]["@id"],
            "http://dcat-ap.de/def/licenses/dl-by-de/2.0"
        );
        assert!(one["dcatde:licenseAttributionByText"][0].is_string());
    }
    let turtle = fs::read_to_string(folder.join("dcat.ttl")).unwrap();
    assert_eq!(
        turtle.matches(" a dcat:Distribution").count(),
        distributions.len()
    );
    assert!(turtle.contains("a dcat:DatasetSeries") && turtle.contains("spdx:checksumValue \""));
}

#[test]
fn the_dictionary_explains_every_column_code_measure_and_indicator() {
    let (_dir, folder, manifest) = released();
    let entries: BTreeSet<(String, String, String)> = csv_rows(&folder.join("dictionary.csv"))
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone(), row[2].clone()))
        .collect();
    let has = |kind: &str, within: &str, name: &str| {
        entries.contains(&(kind.to_owned(), within.to_owned(), name.to_owned()))
    };
    for (file, within) in [
        ("figures/2026-Q3.csv", "figures"),
        ("revisions/2026-Q3.csv", "revisions"),
        ("indicators.csv", "indicators"),
        ("catalogue.csv", "catalogue"),
        ("population.csv", "population"),
        ("dictionary.csv", "dictionary"),
        ("tables.csv", "tables"),
    ] {
        assert!(manifest.files.iter().any(|known| known.name == file));
        for name in &csv_rows(&folder.join(file))[0] {
            assert!(has("column", within, name), "{file} {name}");
        }
    }
    for row in csv_rows(&folder.join("dimensions.csv")).iter().skip(1) {
        assert!(has("code", &row[0], &row[1]), "{row:?}");
    }
    for row in csv_rows(&folder.join("codes/INDICATOR.csv")).iter().skip(1) {
        assert!(has("indicator", "", &row[0]), "{row:?}");
    }
    for row in csv_rows(&folder.join("tables.csv")).iter().skip(1) {
        assert!(has("table", "", &row[0]), "{row:?}");
    }
    for row in csv_rows(&folder.join("dictionary.csv")).iter().skip(1) {
        assert!(row[3].len() > 1 && row[4].len() > 1, "{row:?}");
        assert!(
            row[5] != row[6] || row[5].is_empty(),
            "{row:?} has no German unit"
        );
    }
    let text = fs::read_to_string(folder.join("dictionary.md")).unwrap();
    assert!(text.starts_with("# Datenwörterbuch") && text.contains("\n# Data dictionary"));
    let cells: BTreeSet<usize> = text
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.replace("\\|", "").matches('|').count())
        .collect();
    assert_eq!(cells, BTreeSet::from([6]));
}

#[test]
fn every_revision_is_read_back_as_it_was_published() {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    let mut world = World::new();
    let records = world.drawn(120, 7);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    build(&world.input(), &releases).unwrap();
    let read = crate::revisions(&releases, 1).unwrap();
    let kept: Vec<_> = world
        .figures
        .iter()
        .map(|((_, id), revision)| (id.clone(), revision.clone()))
        .collect();
    assert_eq!(read, kept);
    // A value that was changed no longer fits the digest.
    let path = releases.folder(1).join("revisions/2026-Q3.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, text.replacen(" -1 ", " 7 ", 1)).unwrap();
    let refused = crate::revisions(&releases, 1).unwrap_err().to_string();
    assert!(
        refused.contains("line 2") && refused.contains("digest"),
        "{refused}"
    );
}
