//! openQ-cat 1.1 with the fields that KURSNET asks for beyond the schema.
//!
//! An offer with its first run is a `SERVICE` with `EDUCATION/@type` true; each further run is one of its own that
//! names the offer in `COURSE_ID`. What KURSNET asks of a provider and no offer says (its number there, the kind of
//! institution, whom to ask) is given by the operator as [`Profiles`]: without them a record is refused.

mod profile;
mod service;
mod timing;

use std::sync::Arc;

pub use self::profile::{Profile, Profiles};

use super::xml::Xml;
use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
pub(super) struct OpenQCat;

impl Format for OpenQCat {
    fn name(&self) -> &'static str {
        "openqcat"
    }

    fn title(&self) -> Words {
        Words {
            de: "openQ-cat 1.1 (XML), für KURSNET",
            en: "openQ-cat 1.1 (XML), for KURSNET",
        }
    }

    fn extension(&self) -> &'static str {
        "openqcat.xml"
    }

    fn media_type(&self) -> &'static str {
        "application/xml"
    }

    fn is_public(&self) -> bool {
        // KURSNET asks for persons to be named.
        false
    }

    fn carries(&self) -> Carries {
        Carries::These(&[
            "id",
            "title",
            "description",
            "subjects",
            "entry_requirements",
            "awards",
            "audiences",
            "keywords",
            "languages",
            "format",
            "price.amount_cents",
            "price.reduced_cents",
            "price.notes",
            "funding",
            "teaching_units_hundredths",
            "url",
            "runs.number",
            "runs.start",
            "runs.end",
            "runs.start_text",
            "runs.flexible_start",
            "runs.slots",
            "runs.weekly",
            "runs.session_count",
            "runs.teaching_units_hundredths",
            "runs.duration_text",
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
            "runs.registration_deadline",
            "runs.registration_url",
            "runs.price.amount_cents",
            "runs.price.reduced_cents",
            "runs.price.notes",
        ])
    }

    fn open(&self, edition: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        let complete = |profile: &Profile| profile.missing().is_empty();
        let mut ids = edition.providers.iter().map(|provider| &provider.id);
        if ids.any(|id| edition.profiles.of(id).is_some_and(complete)) {
            return Ok(Box::new(Catalog(Arc::clone(edition))));
        }
        Err(ExportError::Needs {
            format: "openqcat",
            needs: "KURSNET asks for data of each provider that no offer holds; no provider has all of it in the file of profiles".to_owned(),
        })
    }
}

struct Catalog(Arc<Edition>);

impl Body for Catalog {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OPENQCAT version=\"1.1\">\n",
        );
        let mut xml = Xml::new(out);
        let now = self.0.now.to_string();
        xml.open("HEADER");
        xml.leaf("GENERATOR_INFO", "Calluna");
        xml.open("CATALOG");
        xml.leaf("LANGUAGE", "deu");
        xml.leaf("CATALOG_ID", "calluna");
        xml.leaf("CATALOG_VERSION", &now);
        xml.leaf("CATALOG_NAME", super::text::cut(&self.0.district, 255));
        xml.leaf("GENERATION_DATE", &now);
        xml.leaf("CURRENCY", "EUR");
        xml.close();
        for provider in &self.0.providers {
            let profile = self.0.profiles.of(&provider.id);
            if let Some(profile) = profile.filter(|profile| profile.missing().is_empty()) {
                profile.write(provider, &mut xml);
            }
        }
        xml.close();
        out.extend_from_slice(b"<NEW_CATALOG FULLCATALOG=\"true\">\n");
        Ok(())
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(), ExportError> {
        let Some(profile) = self.0.profiles.of(&row.provider.id) else {
            notes.refuse(vec!["SUPPLIER"]);
            return Ok(());
        };
        let missing = profile.missing();
        if missing.is_empty() {
            service::write(row, profile, out, notes);
        } else {
            notes.refuse(missing);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"</NEW_CATALOG>\n</OPENQCAT>\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests;
