//! What KURSNET asks of a provider.

use std::collections::BTreeMap;
use std::fmt;

use calluna_model::id::ProviderId;
use calluna_model::member::Member;

use crate::export::ExportError;
use crate::export::text::cut;
use crate::export::xml::Xml;

/// A code of KURSNET's lists with its words; the lists are on its website and not in this product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) code: String,
    pub(super) words: String,
}

impl Code {
    /// Whether both are there: the guide to openQ-cat (point 8) wants the words beside the code.
    fn is_told(&self) -> bool {
        !self.code.is_empty() && !self.words.is_empty()
    }
}

/// What one provider has told.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Bildungsanbieternummer.
    pub(super) supplier_id: String,
    organizational_form: Code,
    /// Schulart.
    pub(super) institution: Code,
    /// Bildungsart.
    pub(super) education_type: Code,
    /// Angebotstyp: 1 Bildungsangebot, 4 Sprachförderung, 5 Weiterbildungsangebot.
    pub(super) course_type: String,
    name: String,
    street: String,
    postal_code: String,
    city: String,
    phone: String,
    salutation: String,
    last_name: String,
    contact_phone: String,
    contact_role: Code,
}

impl fmt::Debug for Profile {
    /// It names a person: that stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("supplier_id", &self.supplier_id)
            .finish_non_exhaustive()
    }
}

/// The profiles of providers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles(BTreeMap<ProviderId, Profile>);

/// The columns of the file, all required; a cell may be empty.
const COLUMNS: [&str; 15] = [
    "provider",
    "supplier_id",
    "organizational_form",
    "institution",
    "education_type",
    "course_type",
    "name",
    "street",
    "postal_code",
    "city",
    "phone",
    "contact_salutation",
    "contact_last_name",
    "contact_phone",
    "contact_role",
];

impl Profiles {
    /// Reads a CSV file with a header. Columns: `provider`, `supplier_id` (Bildungsanbieternummer),
    /// `organizational_form`, `institution` (Schulart), `education_type` (Bildungsart), `course_type` (1, 4 or 5),
    /// `name`, `street`, `postal_code`, `city`, `phone`, `contact_salutation`, `contact_last_name`, `contact_phone`,
    /// `contact_role`. Codes are written with their words: `105:Einrichtung der beruflichen Weiterbildung`.
    /// Telephone numbers as KURSNET asks for them: `+49.5161.000000`. Lines that begin with `#` are comments.
    ///
    /// # Errors
    /// With line and rule; never with what stands in a cell.
    pub fn parse(text: &str) -> Result<Self, ExportError> {
        let fault = |line: usize, rule: &str| ExportError::Profiles {
            line,
            rule: rule.to_owned(),
        };
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|_| fault(1, "a header is missing"))?
            .clone();
        let mut places = Vec::new();
        for name in COLUMNS {
            let at = header.iter().position(|cell| cell.trim() == name);
            places.push(at.ok_or_else(|| fault(1, &format!("the column `{name}` is missing")))?);
        }
        let mut profiles = BTreeMap::new();
        for row in reader.records() {
            let row = row
                .map_err(|_| fault(0, "is not CSV with commas and as many cells as the header"))?;
            let line = row.position().map_or(0, csv::Position::line);
            let line = usize::try_from(line).unwrap_or_default();
            let cell = |at: usize| {
                let place = places.get(at).copied().unwrap_or(usize::MAX);
                row.get(place).unwrap_or_default().trim().to_owned()
            };
            let id: ProviderId = cell(0)
                .parse()
                .map_err(|_| fault(line, "`provider` is not the id of a provider"))?;
            let profile = Profile::read(&cell).map_err(|rule| fault(line, rule))?;
            if profiles.insert(id, profile).is_some() {
                return Err(fault(line, "a provider stands twice"));
            }
        }
        Ok(Self(profiles))
    }

    /// What that provider has told.
    #[must_use]
    pub fn of(&self, provider: &ProviderId) -> Option<&Profile> {
        self.0.get(provider)
    }
}

impl Profile {
    fn read(cell: &dyn Fn(usize) -> String) -> Result<Self, &'static str> {
        let code = |at: usize| {
            let text = cell(at);
            let (code, words) = text.split_once(':').unwrap_or((text.as_str(), ""));
            let number = code.is_empty() || code.parse::<i64>().is_ok();
            let code = Code {
                code: code.trim().to_owned(),
                words: words.trim().to_owned(),
            };
            number
                .then_some(code)
                .ok_or("a code is a whole number, a colon and its words")
        };
        let phone = |at: usize| {
            let text = cell(at);
            let ok = text.is_empty() || is_phone(&text);
            ok.then_some(text)
                .ok_or("a telephone number has dots between its parts: +49.5161.000000")
        };
        let course_type = cell(5);
        if !matches!(course_type.as_str(), "" | "1" | "4" | "5") {
            return Err("`course_type` is 1, 4 or 5");
        }
        Ok(Self {
            supplier_id: cell(1),
            organizational_form: code(2)?,
            institution: code(3)?,
            education_type: code(4)?,
            course_type,
            name: cell(6),
            street: cell(7),
            postal_code: cell(8),
            city: cell(9),
            phone: phone(10)?,
            salutation: cell(11),
            last_name: cell(12),
            contact_phone: phone(13)?,
            contact_role: code(14)?,
        })
    }

    /// The mandatory fields that it does not have, or not in the length that the schema allows.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let fits = |text: &str, limit: usize| {
            let length = text.chars().count();
            (1..=limit).contains(&length)
        };
        let fields = [
            ("SUPPLIER/SUPPLIER_ID", fits(&self.supplier_id, 255)),
            ("SUPPLIER/ADDRESS/NAME", fits(&self.name, 90)),
            ("SUPPLIER/ADDRESS/STREET", fits(&self.street, 30)),
            ("SUPPLIER/ADDRESS/ZIP", fits(&self.postal_code, 14)),
            ("SUPPLIER/ADDRESS/CITY", fits(&self.city, 36)),
            ("SUPPLIER/ADDRESS/PHONE", fits(&self.phone, 30)),
            ("SUPPLIER/CONTACT/SALUTATION", fits(&self.salutation, 15)),
            ("SUPPLIER/CONTACT/LAST_NAME", fits(&self.last_name, 30)),
            ("SUPPLIER/CONTACT/PHONE", fits(&self.contact_phone, 30)),
            (
                "SUPPLIER/CONTACT/CONTACT_ROLE",
                // Somebody has to be contact for everything, or head of the house.
                matches!(self.contact_role.code.as_str(), "2" | "3") && self.contact_role.is_told(),
            ),
            (
                "SUPPLIER/EXTENDED_INFO/ORGANIZATIONAL_FORM",
                self.organizational_form.is_told(),
            ),
            ("COURSE_TYPE", !self.course_type.is_empty()),
            ("INSTITUTION/@type", self.institution.is_told()),
            ("EDUCATION_TYPE/@type", self.education_type.is_told()),
        ];
        let missing = fields.into_iter().filter(|(_, there)| !there);
        missing.map(|(name, _)| name).collect()
    }

    /// The `SUPPLIER` in the header.
    pub(super) fn write(&self, provider: &Member, xml: &mut Xml<'_>) {
        xml.open("SUPPLIER");
        xml.leaf_with(
            "SUPPLIER_ID",
            &[("type", "supplier_specific")],
            &self.supplier_id,
        );
        xml.leaf("SUPPLIER_NAME", cut(&provider.name, 255));
        xml.open("ADDRESS");
        names(&self.name, xml);
        xml.leaf("STREET", &self.street);
        xml.leaf("ZIP", &self.postal_code);
        xml.leaf("CITY", &self.city);
        xml.leaf("COUNTRY", "Deutschland");
        xml.leaf("PHONE", &self.phone);
        if provider.website.chars().count() <= 255 {
            xml.leaf("URL", &provider.website);
        }
        xml.close();
        xml.open("CONTACT");
        let role = &self.contact_role;
        xml.leaf_with("CONTACT_ROLE", &[("type", &role.code)], &role.words);
        xml.leaf("SALUTATION", &self.salutation);
        xml.leaf("LAST_NAME", &self.last_name);
        xml.leaf("PHONE", &self.contact_phone);
        xml.close();
        xml.open_with("EXTENDED_INFO", &[("input_type", "2")]);
        let form = &self.organizational_form;
        xml.leaf_with("ORGANIZATIONAL_FORM", &[("type", &form.code)], &form.words);
        xml.close();
        xml.close();
    }
}

/// A name in up to three lines of 30 characters, broken between words. Says whether it fits.
pub(super) fn names(name: &str, xml: &mut Xml<'_>) -> bool {
    let mut lines: Vec<String> = vec![String::new()];
    for word in name.split_whitespace() {
        let wanted = word.chars().count();
        let open = lines.last().map_or(0, |line| line.chars().count());
        let line = lines
            .last_mut()
            .filter(|_| open == 0 || open + 1 + wanted <= 30);
        match line {
            Some(line) if open == 0 => word.clone_into(line),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    let fits = lines.len() <= 3 && lines.iter().all(|line| line.chars().count() <= 30);
    for (element, line) in ["NAME", "NAME2", "NAME3"].into_iter().zip(&lines) {
        xml.leaf(element, cut(line, 30));
    }
    fits
}

/// `\+*[0-9]+\.[0-9]+\.{0,1}[0-9]*`, the pattern that KURSNET gives.
fn is_phone(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.trim_start_matches('+').splitn(3, '.');
    let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
        return false;
    };
    let rest = parts.next().is_none_or(digits);
    !first.is_empty() && digits(first) && !second.is_empty() && digits(second) && rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_have_the_pattern_of_kursnet() {
        for (text, ok) in [
            ("+49.911.12345", true),
            ("05161.000000", true),
            ("05161.0000.", true),
            ("+49 1234/567890", false),
            ("05161", false),
            (".1", false),
            ("1.2.3.4", false),
        ] {
            assert_eq!(is_phone(text), ok, "{text}");
        }
    }

    #[test]
    fn long_names_are_broken_between_words() {
        let mut out = Vec::new();
        assert!(names(
            "Volkshochschule Heidekreis gemeinnützige Gesellschaft",
            &mut Xml::new(&mut out)
        ));
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "<NAME>Volkshochschule Heidekreis</NAME>\n<NAME2>gemeinnützige Gesellschaft</NAME2>\n"
        );
        assert!(!names(&"x".repeat(31), &mut Xml::new(&mut Vec::new())));
    }

    #[test]
    fn a_wrong_file_is_refused_without_repeating_it() {
        let good = crate::export::tests::PROFILES;
        for (from, to, rule) in [
            ("05161.000001", "05161 000001", "telephone"),
            ("105:", "VHS:", "whole number"),
            (",5,", ",7,", "course_type"),
            ("\nvhs,", "\nV H S,", "provider"),
            ("contact_role", "role", "contact_role"),
        ] {
            let error = Profiles::parse(&good.replacen(from, to, 1))
                .unwrap_err()
                .to_string();
            assert!(error.contains(rule) && !error.contains("Muster"), "{error}");
        }
        let profiles = Profiles::parse(good).unwrap();
        assert!(!format!("{profiles:?}").contains("Muster"));
    }
}
