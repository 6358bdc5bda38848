//! The entry of the catalogue by DCAT-AP.de 3.0, as JSON-LD: one `dcat:Catalog`, the offers as a `dcat:Dataset` of
//! it, each format as a `dcat:Distribution`. It is what a data portal harvests.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{ALL, Body, Carries, Edition, ExportError, Format, LICENCE, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct Dcat;

impl Format for Dcat {
    fn name(&self) -> &'static str {
        "dcat"
    }

    fn title(&self) -> Words {
        Words {
            de: "Eintrag des Katalogs für Datenportale (DCAT-AP.de, JSON-LD)",
            en: "Entry of the catalogue for data portals (DCAT-AP.de, JSON-LD)",
        }
    }

    fn extension(&self) -> &'static str {
        "dcat.jsonld"
    }

    fn media_type(&self) -> &'static str {
        "application/ld+json"
    }

    /// It describes the files and holds nothing of any offer, so nothing is lost in it either.
    fn carries(&self) -> Carries {
        Carries::Everything
    }

    fn open(&self, edition: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        if edition.base_url.is_empty() {
            return Err(ExportError::Needs {
                format: "dcat",
                needs: "every file has an address there, and it is not known where the catalogue's pages are".to_owned(),
            });
        }
        Ok(Box::new(Entry(Arc::clone(edition))))
    }
}

struct Entry(Arc<Edition>);

impl Body for Entry {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let text = format!("{:#}\n", entry(&self.0));
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn row(&mut self, _: &Row<'_>, _: &mut Vec<u8>, _: &mut Notes) -> Result<(), ExportError> {
        Ok(())
    }
}

const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";
const GEOCODING: &str = "http://dcat-ap.de/def/politicalGeocoding";

fn iri(address: impl Into<String>) -> Value {
    json!({"@id": address.into()})
}

fn both(de: &str, en: &str) -> Value {
    json!([{"@value": de, "@language": "de"}, {"@value": en, "@language": "en"}])
}

#[expect(
    clippy::too_many_lines,
    reason = "one document, in the order in which it stands"
)]
fn entry(edition: &Edition) -> Value {
    let base = &edition.base_url;
    let (catalogue, dataset) = (format!("{base}/#catalog"), format!("{base}/#dataset"));
    let district = &edition.district;
    let mut offers = Map::new();
    let mut set = |name: &str, value: Value| {
        offers.insert(name.to_owned(), value);
    };
    set("@id", json!(dataset));
    set("@type", json!("dcat:Dataset"));
    set(
        "dct:title",
        both(
            &format!("Bildungsangebote: {district}"),
            &format!("Education offers: {district}"),
        ),
    );
    set(
        "dct:description",
        both(
            "Kurse, Lehrgänge und Bildungsgänge der Bildungsanbieter mit Terminen, Orten und Preisen, jede Nacht neu.",
            "Courses and programmes of the education providers with dates, places and prices, renewed every night.",
        ),
    );
    set("dct:identifier", json!(dataset));
    set("dct:publisher", publisher(edition));
    set("dcat:theme", iri(format!("{AUTHORITY}/data-theme/EDUC")));
    set("dcat:landingPage", iri(format!("{base}/")));
    set("dct:language", iri(format!("{AUTHORITY}/language/DEU")));
    set(
        "dct:accrualPeriodicity",
        iri(format!("{AUTHORITY}/frequency/DAILY")),
    );
    set(
        "dct:modified",
        json!({"@value": edition.now.to_string(), "@type": "xsd:dateTime"}),
    );
    set(
        "dcat:keyword",
        json!([
            {"@value": "Bildung", "@language": "de"},
            {"@value": "Weiterbildung", "@language": "de"},
            {"@value": "education", "@language": "en"},
        ]),
    );
    set(
        "dcatde:politicalGeocodingLevelURI",
        iri(format!("{GEOCODING}/Level/administrativeDistrict")),
    );
    if !edition.publisher.district_key.is_empty() {
        let key = format!("{GEOCODING}/districtKey/{}", edition.publisher.district_key);
        set("dcatde:politicalGeocodingURI", iri(key));
    }
    if !edition.publisher.contributor_id.is_empty() {
        set(
            "dcatde:contributorID",
            iri(&edition.publisher.contributor_id),
        );
    }
    if !edition.publisher.email.is_empty() {
        set(
            "dcat:contactPoint",
            json!({
                "@type": "vcard:Organization",
                "vcard:fn": edition.publisher.name,
                "vcard:hasEmail": iri(format!("mailto:{}", edition.publisher.email)),
            }),
        );
    }
    let files = ALL
        .iter()
        .filter(|format| format.name() != "dcat" && format.is_public());
    set(
        "dcat:distribution",
        files.map(|format| distribution(*format, edition)).collect(),
    );
    json!({
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dcatap": "http://data.europa.eu/r5r/",
            "dcatde": "http://dcat-ap.de/def/dcatde/",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "vcard": "http://www.w3.org/2006/vcard/ns#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        },
        "@graph": [{
            "@id": catalogue,
            "@type": "dcat:Catalog",
            "dct:title": both(&format!("Bildungskatalog: {district}"), &format!("Education catalogue: {district}")),
            "dct:description": both(
                "Alles, was die Bildungsanbieter der Region anbieten.",
                "Everything that the education providers of the region offer.",
            ),
            "dct:publisher": publisher(edition),
            "dct:language": iri(format!("{AUTHORITY}/language/DEU")),
            "foaf:homepage": iri(format!("{base}/")),
            "dcat:dataset": Value::Object(offers),
        }],
    })
}

fn publisher(edition: &Edition) -> Value {
    let mut agent = Map::new();
    agent.insert("@type".to_owned(), json!("foaf:Agent"));
    agent.insert("foaf:name".to_owned(), json!(edition.publisher.name));
    if !edition.publisher.url.is_empty() {
        agent.insert("foaf:homepage".to_owned(), iri(&edition.publisher.url));
    }
    Value::Object(agent)
}

fn distribution(format: &dyn Format, edition: &Edition) -> Value {
    let address = edition.download(format);
    let media = format.media_type().split(';').next().unwrap_or_default();
    let kind = match media {
        "text/csv" => "CSV",
        "application/xml" => "XML",
        "application/ld+json" => "JSON_LD",
        "application/vnd.apache.parquet" => "PARQUET",
        _ => "JSON",
    };
    let words = format.title();
    let mut out = json!({
        "@id": format!("{address}#distribution"),
        "@type": "dcat:Distribution",
        "dct:title": both(words.de, words.en),
        "dcat:accessURL": iri(&address),
        "dcat:downloadURL": iri(&address),
        "dct:license": iri(LICENCE),
        "dcatde:licenseAttributionByText": edition.publisher.name,
        "dct:format": iri(format!("{AUTHORITY}/file-type/{kind}")),
        "dcatap:availability": iri("http://publications.europa.eu/resource/authority/planned-availability/STABLE"),
    });
    // The property takes types of IANA's register only, and `application/jsonl`, which HTTP says, is not in it.
    if media != "application/jsonl" {
        out["dcat:mediaType"] = iri(format!(
            "https://www.iana.org/assignments/media-types/{media}"
        ));
    }
    let standard = match format.name() {
        "csvw" => Some("https://www.w3.org/TR/tabular-metadata/"),
        // What tells them from one document of JSON, of whose file type they have to be.
        "jsonl" => Some("https://jsonlines.org/"),
        _ => None,
    };
    if let Some(standard) = standard {
        out["dct:conformsTo"] = iri(standard);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use calluna_model::clock::Moment;

    use super::super::tests::{export, member, shacl};
    use super::*;

    #[test]
    fn every_format_is_a_file_with_address_and_licence() {
        let (out, _) = export("dcat", &member("vhs"), &[]);
        let entry: Value = serde_json::from_slice(&out).unwrap();
        let dataset = &entry["@graph"][0]["dcat:dataset"];
        let files = dataset["dcat:distribution"].as_array().unwrap();
        // Every file that everybody may fetch, but for the entry itself.
        let public = ALL.iter().filter(|format| format.is_public());
        assert_eq!(files.len(), public.count() - 1);
        for file in files {
            assert!(
                file["dct:license"]["@id"]
                    .as_str()
                    .unwrap()
                    .contains("dl-by-de")
            );
            let address = file["dcat:accessURL"]["@id"].as_str().unwrap();
            assert!(
                address.starts_with("https://bildung.example/export/catalogue."),
                "{address}"
            );
        }
        let nowhere = Edition::new("Heidekreis", Moment(0), Vec::new());
        assert!(Dcat.open(&Arc::new(nowhere)).is_err());
    }

    #[test]
    fn a_file_has_the_type_that_http_says_where_it_is_one_of_the_register() {
        let (out, _) = export("dcat", &member("vhs"), &[]);
        let entry: Value = serde_json::from_slice(&out).unwrap();
        let files = entry["@graph"][0]["dcat:dataset"]["dcat:distribution"].clone();
        let files = files.as_array().unwrap();
        let described = ALL.iter().filter(|format| format.is_public());
        for format in described.filter(|format| format.name() != "dcat") {
            let ending = format!("/export/catalogue.{}", format.extension());
            let of_format = |file: &&Value| {
                let address = file["dcat:downloadURL"]["@id"].as_str();
                address.is_some_and(|address| address.ends_with(&ending))
            };
            let file = files.iter().find(of_format).unwrap();
            let said = &file["dcat:mediaType"]["@id"];
            if format.name() == "jsonl" {
                assert_eq!(format.media_type(), "application/jsonl");
                assert!(said.is_null(), "{said}");
                assert_eq!(file["dct:conformsTo"]["@id"], "https://jsonlines.org/");
                continue;
            }
            let bare = format.media_type().split(';').next().unwrap();
            let of_iana = format!("https://www.iana.org/assignments/media-types/{bare}");
            assert_eq!(*said, json!(of_iana), "{}", format.name());
        }
    }

    #[test]
    fn the_official_shapes_accept_the_entry() {
        let (out, _) = export("dcat", &member("vhs"), &[]);
        let shapes = [
            "schemas/dcat-ap/dcat-ap-SHACL_3.0.1.ttl",
            "schemas/dcat-ap/dcat-ap-SHACL-DE_v3.0.ttl",
            "schemas/dcat-ap/dcat-ap-spec-german-additions_v3.0.ttl",
        ];
        shacl(&shapes, &out);
    }
}
