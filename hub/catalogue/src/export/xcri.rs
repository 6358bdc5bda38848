//! XCRI-CAP 1.2, the British profile of EN 15982. An offer is a `course` of its `provider`, a run a `presentation`.
//! Elements stand in the order of the schema; nothing but an identifier and a title is mandatory.

use std::sync::Arc;

use calluna_model::id::ProviderId;
use calluna_model::offer::{OfferDraft, RunDraft, VenueDraft};

use super::text::euros;
use super::xml::Xml;
use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct Xcri;

impl Format for Xcri {
    fn name(&self) -> &'static str {
        "xcri"
    }

    fn title(&self) -> Words {
        Words {
            de: "XCRI-CAP 1.2 (XML, EN 15982)",
            en: "XCRI-CAP 1.2 (XML, EN 15982)",
        }
    }

    fn extension(&self) -> &'static str {
        "xcri.xml"
    }

    fn media_type(&self) -> &'static str {
        "application/xml"
    }

    fn carries(&self) -> Carries {
        Carries::These(&[
            "id",
            "title",
            "summary",
            "description",
            "subjects",
            "level.cefr",
            "level.text",
            "entry_requirements",
            "awards",
            "learning_outcomes",
            "languages",
            "format",
            "price.amount_cents",
            "url",
            "runs.id",
            "runs.number",
            "runs.start",
            "runs.end",
            "runs.start_text",
            "runs.duration_text",
            "runs.format",
            "runs.venue.name",
            "runs.venue.street",
            "runs.venue.postal_code",
            "runs.venue.city",
            "runs.seats",
            "runs.registration_deadline",
            "runs.registration_url",
            "runs.price.amount_cents",
        ])
    }

    fn open(&self, edition: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        Ok(Box::new(Catalog {
            edition: Arc::clone(edition),
            provider: None,
        }))
    }
}

struct Catalog {
    edition: Arc<Edition>,
    /// Whose element is open.
    provider: Option<ProviderId>,
}

const ROOT: &str = "catalog";

impl Body for Catalog {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let attributes = [
            ("xmlns", "http://xcri.org/profiles/1.2/catalog"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:dcterms", "http://purl.org/dc/terms/"),
            ("xmlns:mlo", "http://purl.org/net/mlo"),
            ("generated", &self.edition.now.to_string()),
        ];
        let mut xml = Xml::new(out);
        xml.open_with(ROOT, &attributes);
        xml.leaf("dc:title", &self.edition.district);
        Ok(())
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(), ExportError> {
        if self.provider.as_ref() != Some(&row.provider.id) {
            self.close_provider(out);
            let mut xml = Xml::new(out);
            xml.open("provider");
            xml.leaf("dc:identifier", row.provider.id.as_str());
            xml.leaf("dc:title", &row.provider.name);
            xml.leaf("mlo:url", &row.provider.website);
            self.provider = Some(row.provider.id.clone());
        }
        course(row.offer, &mut Xml::new(out), notes);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.close_provider(out);
        out.extend_from_slice(b"</catalog>\n");
        Ok(())
    }
}

impl Catalog {
    fn close_provider(&mut self, out: &mut Vec<u8>) {
        if self.provider.take().is_some() {
            out.extend_from_slice(b"</provider>\n");
        }
    }
}

fn course(offer: &OfferDraft, xml: &mut Xml<'_>, notes: &mut Notes) {
    xml.open("course");
    xml.leaf("dc:description", &offer.description);
    xml.leaf("dc:identifier", &offer.id);
    for subject in &offer.subjects {
        let label = if subject.label.is_empty() {
            &subject.code
        } else {
            &subject.label
        };
        if subject.code.is_empty() {
            xml.leaf("dc:subject", label);
        } else {
            xml.leaf_with("dc:subject", &[("identifier", &subject.code)], label);
        }
    }
    xml.leaf("dc:title", &offer.title);
    xml.leaf("mlo:url", &offer.url);
    xml.leaf("abstract", &offer.summary);
    for outcome in &offer.learning_outcomes {
        xml.leaf("learningOutcome", outcome);
    }
    for requirement in &offer.entry_requirements {
        xml.leaf("mlo:prerequisite", &requirement.title);
    }
    if let Some(level) = &offer.level {
        let words = if level.text.is_empty() {
            &level.cefr
        } else {
            &level.text
        };
        xml.leaf("mlo:level", words);
    }
    for award in &offer.awards {
        xml.open("mlo:qualification");
        xml.leaf("dc:title", &award.title);
        xml.close();
    }
    for run in &offer.runs {
        presentation(offer, run, xml, notes);
    }
    if offer.runs.is_empty() {
        // These stand at a presentation only.
        let lost = [
            (!offer.languages.is_empty(), "languages"),
            (!offer.format.is_empty(), "format"),
            (offer.price.is_some(), "price.amount_cents"),
        ];
        let lost = lost.into_iter().filter(|(given, _)| *given);
        lost.for_each(|(_, field)| notes.lose(field));
    }
    xml.close();
}

fn presentation(offer: &OfferDraft, run: &RunDraft, xml: &mut Xml<'_>, notes: &mut Notes) {
    xml.open("presentation");
    xml.leaf_with("dc:identifier", &[], &run.id);
    if run.number != run.id {
        xml.leaf("dc:identifier", &run.number);
    }
    if run.start.is_empty() {
        xml.leaf("mlo:start", &run.start_text);
    } else {
        xml.leaf_with("mlo:start", &[("dtf", &run.start)], &run.start);
        if !run.start_text.is_empty() {
            notes.lose("runs.start_text");
        }
    }
    dated("end", &run.end, xml);
    xml.leaf("mlo:duration", &run.duration_text);
    dated("applyUntil", &run.registration_deadline, xml);
    xml.leaf("applyTo", &run.registration_url);
    let own = !run.format.is_empty();
    let mode = match if own {
        run.format.as_str()
    } else {
        &offer.format
    } {
        "in-person" => Some(("CM", "Campus")),
        "online" => Some(("ON", "Online (no campus attendance)")),
        "hybrid" => Some(("MM", "Mixed mode")),
        "distance" => Some(("DA", "Distance with attendance")),
        "workplace" => Some(("WB", "Work-based")),
        "" => None,
        _ => {
            notes.lose(if own { "runs.format" } else { "format" });
            None
        }
    };
    if let Some((code, words)) = mode {
        xml.leaf_with("attendanceMode", &[("identifier", code)], words);
    }
    for language in &offer.languages {
        xml.leaf("mlo:languageOfInstruction", language);
    }
    xml.number("mlo:places", run.seats);
    let price = run.price.as_ref().or(offer.price.as_ref());
    if let Some(cents) = price.and_then(|price| price.amount_cents) {
        xml.leaf("mlo:cost", &format!("{} EUR", euros(cents)));
    }
    if let Some(place) = &run.venue {
        venue(place, xml);
    }
    xml.close();
}

fn dated(name: &str, date: &str, xml: &mut Xml<'_>) {
    xml.leaf_with(name, &[("dtf", date)], date);
}

fn venue(venue: &VenueDraft, xml: &mut Xml<'_>) {
    xml.open("venue");
    xml.open("provider");
    xml.leaf("dc:title", &venue.name);
    xml.open("mlo:location");
    xml.leaf("mlo:street", &venue.street);
    xml.leaf("mlo:town", &venue.city);
    xml.leaf("mlo:postcode", &venue.postal_code);
    xml.close();
    xml.close();
    xml.close();
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;

    use super::super::tests::{export, member, shared, xmllint_at};

    /// Order of the children of a type, from the schema: the names in the order in which it has them.
    const COURSE: [&str; 10] = [
        "description",
        "identifier",
        "subject",
        "title",
        "url",
        "abstract",
        "learningOutcome",
        "prerequisite",
        "level",
        "qualification",
    ];

    #[test]
    fn elements_stand_in_the_order_of_the_schema() {
        let (out, _) = export("xcri", &member("vhs"), &[full_offer("A-1").into_draft()]);
        let text = String::from_utf8(out).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let course = document
            .descendants()
            .find(|node| node.has_tag_name("course"))
            .unwrap();
        let names: Vec<&str> = course
            .children()
            .filter(roxmltree::Node::is_element)
            .map(|node| node.tag_name().name())
            .collect();
        assert_eq!(names[..10], COURSE);
        assert_eq!(names[10..], ["presentation"]);
        let Some(schema) = shared("schemas/xcri/xcri.org_profiles_1.2_catalog__D8C468.xsd") else {
            return;
        };
        let schema = String::from_utf8(schema).unwrap();
        let place = |name: &str| {
            let at = [format!(":{name}\""), format!("name=\"{name}\"")];
            at.iter()
                .filter_map(|pattern| schema.find(pattern.as_str()))
                .min()
                .unwrap()
        };
        let run = course
            .children()
            .find(|node| node.has_tag_name("presentation"))
            .unwrap();
        let own = run
            .children()
            .filter(roxmltree::Node::is_element)
            .map(|node| node.tag_name().name());
        let own: Vec<usize> = own
            .filter(|name| *name != "identifier")
            .map(|name| {
                // `end` and `venue` are parts of other names.
                place(name)
            })
            .collect();
        assert!(own.is_sorted(), "{own:?}");
    }

    #[test]
    fn every_provider_has_its_courses_once() {
        let (first, second) = (member("vhs"), member("bbs"));
        let edition = crate::export::Edition::new(
            "Heidekreis",
            calluna_model::clock::Moment(0),
            vec![first.clone(), second.clone()],
        );
        let mut writer =
            crate::export::Writer::new(crate::export::format("xcri").unwrap(), edition).unwrap();
        for (provider, id) in [(&second, "A"), (&second, "B"), (&first, "A")] {
            let offer = full_offer(id).into_draft();
            writer
                .push(&crate::export::Row {
                    provider,
                    offer: &offer,
                })
                .unwrap();
        }
        let (out, _) = writer.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let providers: Vec<usize> = document
            .root_element()
            .children()
            .filter(|node| node.has_tag_name("provider"))
            .map(|node| {
                node.children()
                    .filter(|node| node.has_tag_name("course"))
                    .count()
            })
            .collect();
        assert_eq!(providers, [2, 1]);
    }

    /// The schemas, under the names by which they refer to each other.
    const SCHEMAS: [(&str, &str); 10] = [
        (
            "xcri_cap_1_2.xsd",
            "xcri.org_profiles_1.2_catalog__D8C468.xsd",
        ),
        ("mlo_xcri_profile.xsd", "purl.org_net_mlo__7E4D19.xsd"),
        ("mlo-strict.xsd", "purl.org_net_mlo__293665.xsd"),
        ("types.xsd", "none__241F08.xsd"),
        ("dc.xsd", "purl.org_dc_elements_1.1__08F8C2.xsd"),
        ("dcterms.xsd", "purl.org_dc_terms__72B045.xsd"),
        ("dcmitype.xsd", "purl.org_dc_dcmitype__2CC70C.xsd"),
        ("educationalcredit.xsd", "purl.org_net_cm__100A5E.xsd"),
        ("xhtml1-strict.xsd", "www.w3.org_1999_xhtml__AFC7D3.xsd"),
        ("xml.xsd", "www.w3.org_xml_1998_namespace__5E0BD6.xsd"),
    ];

    #[test]
    fn the_official_schema_accepts_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for (name, file) in SCHEMAS {
            let Some(schema) = shared(&format!("schemas/xcri/{file}")) else {
                return;
            };
            let text = String::from_utf8(schema).unwrap();
            let text = text
                .replace("http://www.w3.org/2001/03/xml.xsd", "xml.xsd")
                .replace("http://www.w3.org/2001/xml.xsd", "xml.xsd")
                .replace(
                    "http://www.w3.org/2002/08/xhtml/xhtml1-strict.xsd",
                    "xhtml1-strict.xsd",
                );
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut bare = full_offer("A-2").into_draft();
        bare.runs.clear();
        let offers = [full_offer("A-1").into_draft(), bare];
        let (out, _) = export("xcri", &member("vhs"), &offers);
        xmllint_at(&folder.path().join(SCHEMAS[0].0), &out);
    }
}
