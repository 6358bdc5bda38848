//! Open-vhs 1.2, what the Volkshochschulen send to the vhs-Kursfinder. One `veranstaltung` is one run.
//!
//! Mandatory there, and refused where missing: `nummer`, `dvv_kategorie`, `beginn_datum`, `webadresse`. The number
//! of participants is never written, though the format has a place for it.

use std::sync::Arc;

use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft, SubjectDraft, VenueDraft};

use super::text::{euros, hundredths};
use super::xml::Xml;
use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct OpenVhs;

impl Format for OpenVhs {
    fn name(&self) -> &'static str {
        "openvhs"
    }

    fn title(&self) -> Words {
        Words {
            de: "Open-vhs 1.2 (XML), wie für den vhs-Kursfinder",
            en: "Open-vhs 1.2 (XML), as for the vhs-Kursfinder",
        }
    }

    fn extension(&self) -> &'static str {
        "openvhs.xml"
    }

    fn media_type(&self) -> &'static str {
        "application/xml"
    }

    fn carries(&self) -> Carries {
        Carries::These(&[
            "id",
            "title",
            "subtitle",
            "description",
            "description_html",
            "subjects",
            "level.cefr",
            "level.text",
            "awards",
            "audiences",
            "keywords",
            "format",
            "price.amount_cents",
            "price.reduced_cents",
            "price.notes",
            "funding",
            "accessibility",
            "teaching_units_hundredths",
            "url",
            "runs.id",
            "runs.number",
            "runs.start",
            "runs.end",
            "runs.slots",
            "runs.weekly",
            "runs.session_count",
            "runs.teaching_units_hundredths",
            "runs.format",
            "runs.venue.name",
            "runs.venue.street",
            "runs.venue.postal_code",
            "runs.venue.city",
            "runs.venue.district",
            "runs.venue.country",
            "runs.venue.accessible",
            "runs.seats_minimum",
            "runs.seats",
            "runs.price.amount_cents",
            "runs.price.reduced_cents",
            "runs.price.notes",
        ])
    }

    fn open(&self, edition: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        Ok(Box::new(Events(Arc::clone(edition))))
    }
}

struct Events(Arc<Edition>);

impl Body for Events {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<openvhs:veranstaltungen version=\"1.2\" xmlns:openvhs=\"http://www.dvv-vhs.de/Open-VHS\">\n",
        );
        // The format knows one maker; of several providers it is the district.
        let (id, name) = match self.0.providers.as_slice() {
            [only] => (only.id.to_string(), only.name.as_str()),
            _ => ("calluna".to_owned(), self.0.district.as_str()),
        };
        let mut xml = Xml::new(out);
        xml.open("export");
        xml.leaf("erstellungszeitpunkt", &self.0.now.to_string());
        xml.open("ersteller");
        xml.leaf("guid", &id);
        xml.leaf("name", name);
        xml.close();
        xml.close();
        Ok(())
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(), ExportError> {
        let offer = row.offer;
        let category = offer.subjects.iter().find_map(dvv);
        let mut missing = Vec::new();
        if category.is_none() {
            missing.push("dvv_kategorie");
        }
        if offer.url.is_empty() {
            missing.push("webadresse");
        }
        if offer.runs.is_empty() {
            missing.push("veranstaltung");
        }
        let Some(category) = category.filter(|_| missing.is_empty()) else {
            notes.refuse(missing);
            return Ok(());
        };
        let mut written = false;
        for run in &offer.runs {
            let mut missing = Vec::new();
            if run.number.is_empty() {
                missing.push("nummer");
            }
            if run.start.is_empty() {
                missing.push("beginn_datum");
            }
            if missing.is_empty() {
                event(offer, run, category, &mut Xml::new(out), notes);
                written = true;
            } else {
                notes.refuse_run(&run.id, missing);
            }
        }
        if !written {
            notes.leave_out();
        } else if self.0.providers.len() != 1 {
            notes.lose("provider");
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"</openvhs:veranstaltungen>\n");
        Ok(())
    }
}

/// Version and code of a subject area of the Volkshochschulen.
fn dvv(subject: &SubjectDraft) -> Option<(&'static str, &str)> {
    let version = match subject.scheme.as_str() {
        "dvv-1.0" => "1.0",
        "dvv-2.0" => "2.0",
        _ => return None,
    };
    (!subject.code.is_empty()).then_some((version, subject.code.as_str()))
}

/// What came from Open-vhs has the same id twice, and gets it back.
fn guid(offer: &OfferDraft, run: &RunDraft) -> String {
    if run.id == offer.id {
        offer.id.clone()
    } else {
        format!("{}:{}", offer.id, run.id)
    }
}

fn event(
    offer: &OfferDraft,
    run: &RunDraft,
    (version, category): (&str, &str),
    xml: &mut Xml<'_>,
    notes: &mut Notes,
) {
    xml.open("veranstaltung");
    xml.leaf("guid", &guid(offer, run));
    xml.leaf("nummer", &run.number);
    xml.leaf("name", &offer.title);
    xml.leaf("untertitel", &offer.subtitle);
    xml.leaf_with("dvv_kategorie", &[("version", version)], category);
    features(offer, run, xml, notes);
    if let Some(level) = &offer.level {
        let words = if level.text.is_empty() {
            &level.cefr
        } else {
            &level.text
        };
        xml.leaf("level", words);
    }
    xml.number("minimale_teilnehmerzahl", run.seats_minimum);
    xml.number("maximale_teilnehmerzahl", run.seats);
    xml.number("anzahl_termine", run.session_count);
    xml.leaf("beginn_datum", &run.start);
    let units = run
        .teaching_units_hundredths
        .or(offer.teaching_units_hundredths);
    xml.leaf("dauer", &units.map(hundredths).unwrap_or_default());
    xml.leaf("ende_datum", &run.end);
    weekdays(run, xml, notes);
    offer
        .audiences
        .iter()
        .for_each(|text| xml.leaf("zielgruppe", text));
    offer
        .keywords
        .iter()
        .for_each(|text| xml.leaf("schlagwort", text));
    for award in &offer.awards {
        xml.open("zertifikat");
        xml.leaf("name", &award.title);
        xml.close();
    }
    let description = if offer.description_html.is_empty() {
        &offer.description
    } else {
        &offer.description_html
    };
    if !description.is_empty() {
        xml.open("text");
        xml.leaf("eigenschaft", "text");
        xml.leaf("text", description);
        xml.close();
    }
    if let Some(venue) = &run.venue {
        house(venue, xml);
    }
    for slot in &run.slots {
        xml.open("termin");
        xml.leaf("beginn_datum", &slot.date);
        xml.leaf("beginn_uhrzeit", &seconds(&slot.start));
        xml.leaf("ende_uhrzeit", &seconds(&slot.end));
        xml.close();
    }
    let price = run.price.as_ref().or(offer.price.as_ref());
    let priced = price.is_some();
    if let Some(price) = price {
        cost(price, offer, xml);
    }
    // A reduction is told with the price; other routes have no place.
    let told = |route: &&String| route.as_str() == "reduced-fee" && priced;
    if offer.funding.iter().filter(|route| !told(route)).count() > 0 {
        notes.lose("funding");
    }
    xml.open("webadresse");
    xml.leaf("typ", "website");
    xml.leaf("name", "Kursdetails");
    xml.leaf("uri", &offer.url);
    xml.close();
    xml.close();
}

fn features(offer: &OfferDraft, run: &RunDraft, xml: &mut Xml<'_>, notes: &mut Notes) {
    let own = !run.format.is_empty();
    let format = if own { &run.format } else { &offer.format };
    let digital = match format.as_str() {
        "online" => "online_angebot",
        "hybrid" => "blended_learning",
        "self-study" => "selbstlernangebot",
        // What is not digital is in person there.
        "" | "in-person" => "",
        _ => {
            notes.lose(if own { "runs.format" } else { "format" });
            ""
        }
    };
    let mut list = vec![("kursart_digital", digital)];
    for feature in &offer.accessibility {
        match feature.as_str() {
            "accessible-learning" => list.push(("barrierefreies_lernen", "true")),
            "slow-pace" => list.push(("langsames_lerntempo", "true")),
            _ => notes.lose("accessibility"),
        }
    }
    list.retain(|(_, value)| !value.is_empty());
    if list.is_empty() {
        return;
    }
    xml.open("merkmale");
    for (name, value) in list {
        xml.open("merkmal");
        xml.leaf("name", name);
        xml.leaf("wert", value);
        xml.close();
    }
    xml.close();
}

/// Days of the week; their times have no place.
fn weekdays(run: &RunDraft, xml: &mut Xml<'_>, notes: &mut Notes) {
    const NAMES: [&str; 7] = [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ];
    for weekly in &run.weekly {
        let at = usize::try_from(weekly.weekday).unwrap_or_default();
        let name = at.checked_sub(1).and_then(|at| NAMES.get(at));
        xml.leaf("wochentag", name.copied().unwrap_or_default());
        if !weekly.start.is_empty() || !weekly.end.is_empty() {
            notes.lose("runs.weekly");
        }
    }
}

fn house(venue: &VenueDraft, xml: &mut Xml<'_>) {
    let country = match venue.country.as_str() {
        "" | "DE" => "Deutschland",
        other => other,
    };
    xml.open("veranstaltungsort");
    xml.leaf("name", &venue.name);
    xml.open("adresse");
    xml.leaf("land", country);
    xml.leaf("plz", &venue.postal_code);
    xml.leaf("ort", &venue.city);
    xml.leaf("ortsteil", &venue.district);
    xml.leaf("strasse", &venue.street);
    xml.close();
    if let Some(accessible) = venue.accessible {
        xml.leaf("barrierefrei", if accessible { "true" } else { "false" });
    }
    xml.close();
}

fn cost(price: &PriceDraft, offer: &OfferDraft, xml: &mut Xml<'_>) {
    let amount = price.amount_cents.map(euros).unwrap_or_default();
    xml.open("preis");
    xml.leaf("betrag", &amount);
    if offer.funding.iter().any(|route| route == "reduced-fee") {
        xml.leaf("rabatt_moeglich", "true");
    }
    if let Some(reduced) = price.reduced_cents {
        xml.leaf("zusatz", &format!("erm. Preis: {} EUR", euros(reduced)));
    }
    price.notes.iter().for_each(|note| xml.leaf("zusatz", note));
    xml.close();
}

fn seconds(time: &str) -> String {
    if time.is_empty() {
        String::new()
    } else {
        format!("{time}:00")
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;

    use super::super::tests::{export, member, shared};

    /// Names of the children of the first element of that name, in order, each once.
    pub(super) fn children(text: &str, parent: &str) -> Vec<String> {
        let document = roxmltree::Document::parse(text).unwrap();
        let first = document
            .descendants()
            .find(|node| node.has_tag_name(parent))
            .unwrap();
        let mut names: Vec<String> = Vec::new();
        for child in first.children().filter(roxmltree::Node::is_element) {
            let name = child.tag_name().name().to_owned();
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names
    }

    #[test]
    fn elements_stand_in_the_order_of_the_associations_example() {
        let Some(example) = shared("offers/openvhs-1.2_dvv_example.xml") else {
            return;
        };
        let example = String::from_utf8(example).unwrap();
        let mut offer = full_offer("A-1").into_draft();
        offer.accessibility.push("slow-pace".into());
        let (out, loss) = export("openvhs", &member("vhs"), &[offer]);
        let ours = String::from_utf8(out).unwrap();
        for parent in [
            "veranstaltung",
            "veranstaltungsort",
            "adresse",
            "termin",
            "preis",
            "webadresse",
            "merkmal",
        ] {
            let known = children(&example, parent);
            let mut last = 0;
            for name in children(&ours, parent) {
                // Days of the week are in the specification, not in the example.
                if name == "wochentag" {
                    continue;
                }
                let at = known.iter().position(|known| *known == name);
                let at = at.unwrap_or_else(|| panic!("{parent} has no {name}"));
                assert!(at >= last, "{parent}: {name} stands too late");
                last = at;
            }
        }
        assert_eq!((loss.written, loss.refused), (1, 0));
        assert!(loss.lost.iter().any(|lost| lost.field == "languages"));
    }

    #[test]
    fn a_missing_mandatory_field_refuses_and_names_the_run() {
        let mut first = full_offer("A-1").into_draft();
        let mut second = first.runs[0].clone();
        second.id = "r2".into();
        second.number = String::new();
        first.runs.push(second);
        let mut other = full_offer("A-2").into_draft();
        other.subjects.clear();
        let (out, loss) = export("openvhs", &member("vhs"), &[first, other]);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("<veranstaltung>").count(), 1);
        assert_eq!((loss.offers, loss.written, loss.refused), (2, 1, 1));
        assert_eq!(loss.refusals[0].run, "r2");
        assert_eq!(loss.refusals[0].missing, ["nummer"]);
        assert_eq!(loss.refusals[1].offer, "A-2");
        assert_eq!(loss.refusals[1].missing, ["dvv_kategorie"]);
        assert!(loss.text().contains("refused: vhs/A-1, run r2: nummer"));
    }
}
