//! `dcat.ttl`, `dcat.jsonld`: the catalogue entry by DCAT-AP.de 3.0. One series, this release as a
//! dataset of it, one distribution for every file.
//!
//! Mandatory there: titles, descriptions and publisher of series and dataset, access address and
//! licence of each distribution. Addresses of file types and frequencies come from the EU lists.

use crate::about::{About, LICENCE};
use crate::dataset::{FORMATS, FileEntry};
use crate::input::Input;
use crate::rdf::{Graph, Object, Resource};
use crate::release::{MANIFEST, Manifest, SUMS};

const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";
const GEOCODING: &str = "http://dcat-ap.de/def/politicalGeocoding";

/// Describes a release with these files.
pub(crate) fn describe(input: &Input<'_>, manifest: &Manifest, files: &[FileEntry]) -> Graph {
    let about = input.about;
    let series = format!("{}/#series", about.base);
    let here = format!("{}/{:06}/", about.base, manifest.number);
    let dataset = format!("{here}#dataset");
    let distribution = |name: &str| format!("{here}#{}", name.replace('/', "-"));

    let title = |words: &str, word: &str| format!("{words}, {word} {}", manifest.number);
    let mut release = titled(
        about,
        &dataset,
        "dcat:Dataset",
        &title(&about.title.de, "Ausgabe"),
        &title(&about.title.en, "release"),
    )
    .iri("dcat:inSeries", &series)
    .iri("dcat:landingPage", &here)
    .text("dct:identifier", &dataset)
    .text("dcat:version", &manifest.number.to_string())
    .with(
        "dct:issued",
        Object::Typed(manifest.built_at.clone(), "xsd:dateTime"),
    )
    .with(
        "dct:modified",
        Object::Typed(manifest.built_at.clone(), "xsd:dateTime"),
    );
    for (de, en) in [
        ("Bildung", "education"),
        ("Weiterbildung", "adult education"),
    ] {
        release = release.words("dcat:keyword", de, en);
    }
    if let Some(temporal) = temporal(manifest) {
        release = release.with("dct:temporal", Object::Thing(temporal));
    }
    let mut distributions = Vec::new();
    let plain = [MANIFEST, SUMS];
    let own = ["dcat.ttl", "dcat.jsonld"];
    let named = files.iter().map(|file| (file.name.as_str(), Some(file)));
    let unknown = plain.iter().chain(&own).map(|name| (*name, None));
    for (name, file) in named.chain(unknown) {
        let iri = distribution(name);
        release = release.iri("dcat:distribution", &iri);
        distributions.push(of_file(about, &iri, &format!("{here}{name}"), name, file));
    }
    let series = titled(
        about,
        &series,
        "dcat:DatasetSeries",
        &about.title.de,
        &about.title.en,
    );
    let mut all = vec![series, release];
    all.extend(distributions);
    Graph(all)
}

/// What series and dataset have in common.
fn titled(about: &About, iri: &str, kind: &'static str, de: &str, en: &str) -> Resource {
    let resource = Resource::new(iri, kind)
        .words("dct:title", de, en)
        .words(
            "dct:description",
            &about.description.de,
            &about.description.en,
        )
        .with("dct:publisher", Object::Thing(publisher(about)))
        .iri("dcat:theme", &format!("{AUTHORITY}/data-theme/EDUC"))
        .iri(
            "dcatde:politicalGeocodingLevelURI",
            &format!("{GEOCODING}/Level/administrativeDistrict"),
        )
        .iri(
            "dcatde:politicalGeocodingURI",
            &format!("{GEOCODING}/districtKey/{}", about.district),
        )
        .iri("dcatde:contributorID", &about.contributor_id)
        .iri("dct:language", &format!("{AUTHORITY}/language/DEU"))
        .iri("dct:language", &format!("{AUTHORITY}/language/ENG"))
        .iri(
            "dct:accrualPeriodicity",
            &format!("{AUTHORITY}/frequency/DAILY"),
        );
    match contact(about) {
        Some(contact) => resource.with("dcat:contactPoint", Object::Thing(contact)),
        None => resource,
    }
}

fn publisher(about: &About) -> Resource {
    Resource::blank("foaf:Agent")
        .text("foaf:name", &about.publisher)
        .iri("foaf:homepage", &about.publisher_url)
}

fn contact(about: &About) -> Option<Resource> {
    (!about.email.is_empty()).then(|| {
        Resource::blank("vcard:Organization")
            .text("vcard:fn", &about.publisher)
            .iri("vcard:hasEmail", &format!("mailto:{}", about.email))
    })
}

/// First to last day of the periods.
fn temporal(manifest: &Manifest) -> Option<Resource> {
    let day = |period: &str, last: bool| {
        let (year, quarter) = period.split_once("-Q")?;
        let quarter = quarter.parse::<usize>().ok()?.checked_sub(1)?;
        let ends = ["03-31", "06-30", "09-30", "12-31"];
        let starts = ["01-01", "04-01", "07-01", "10-01"];
        let day = if last {
            ends.get(quarter)?
        } else {
            starts.get(quarter)?
        };
        Some(Object::Typed(format!("{year}-{day}"), "xsd:date"))
    };
    let first = day(&manifest.periods.first()?.period, false)?;
    let last = day(&manifest.periods.last()?.period, true)?;
    Some(
        Resource::blank("dct:PeriodOfTime")
            .with("dcat:startDate", first)
            .with("dcat:endDate", last),
    )
}

fn of_file(
    about: &About,
    iri: &str,
    address: &str,
    name: &str,
    file: Option<&FileEntry>,
) -> Resource {
    let (media, kind) = types(name);
    let mut out = Resource::new(iri, "dcat:Distribution")
        .text("dct:title", name)
        .iri("dcat:accessURL", address)
        .iri("dcat:downloadURL", address)
        .iri("dct:license", LICENCE)
        .text("dcatde:licenseAttributionByText", &about.attribution)
        .iri(
            "dcatap:availability",
            "http://publications.europa.eu/resource/authority/planned-availability/STABLE",
        )
        .iri("dct:format", &format!("{AUTHORITY}/file-type/{kind}"))
        .iri(
            "dcat:mediaType",
            &format!("https://www.iana.org/assignments/media-types/{media}"),
        );
    if name.ends_with(".csv-metadata.json") {
        out = out.iri("dct:conformsTo", "https://www.w3.org/TR/tabular-metadata/");
    }
    if let Some(file) = file {
        let checksum = Resource::blank("spdx:Checksum")
            .iri(
                "spdx:algorithm",
                "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
            )
            .with(
                "spdx:checksumValue",
                Object::Typed(file.sha256.clone(), "xsd:hexBinary"),
            );
        out = out
            .with(
                "dcat:byteSize",
                Object::Typed(file.bytes.to_string(), "xsd:nonNegativeInteger"),
            )
            .with("spdx:checksum", Object::Thing(checksum));
    }
    out
}

/// Media type, and code of the EU file type list.
fn types(name: &str) -> (&'static str, &'static str) {
    let ending = name.rsplit('.').next().unwrap_or_default();
    if let Some(format) = FORMATS.iter().find(|format| format.ending == ending) {
        return (format.media, format.kind);
    }
    match ending {
        "ttl" => ("text/turtle", "RDF_TURTLE"),
        "jsonld" => ("application/ld+json", "JSON_LD"),
        "md" => ("text/markdown", "MD"),
        _ => ("text/plain", "TXT"),
    }
}
