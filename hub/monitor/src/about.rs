//! Who publishes, what it is called, and under which licence: the words of the catalogue entry.

use serde::{Deserialize, Serialize};

/// The licence of everything that a release holds: Datenlizenz Deutschland, Namensnennung, 2.0.
///
/// The address is the one of the DCAT-AP.de licence list.
pub const LICENCE: &str = "http://dcat-ap.de/def/licenses/dl-by-de/2.0";

/// The same words in German and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

impl Words {
    /// Both.
    #[must_use]
    pub fn new(de: &str, en: &str) -> Self {
        Self {
            de: de.to_owned(),
            en: en.to_owned(),
        }
    }
}

/// Who publishes the dataset, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Title of the series, such as `Bildungsmonitoring Landkreis Heidekreis`.
    pub title: Words,
    /// One paragraph about it.
    pub description: Words,
    /// Name of the office that publishes it.
    pub publisher: String,
    /// Its page, `http` or `https`; empty when it has none.
    pub publisher_url: String,
    /// Its role mailbox for questions; empty when it has none. Never a person's.
    pub email: String,
    /// Address below which releases are served, without `/` at the end, such as
    /// `https://bildung.example/daten`. Release 12 lies at `…/000012/`.
    pub base: String,
    /// Key of the Kreis, 5 digits, for `politicalGeocodingURI`.
    pub district: String,
    /// What a reader has to name as the source, as dl-de/by-2.0 asks.
    pub attribution: String,
    /// `dcatde:contributorID` that GovData or the state's portal has given; empty until then.
    pub contributor_id: String,
}

impl About {
    /// Words for the Landkreis Heidekreis: for tests, and as what an operator begins with.
    #[must_use]
    pub fn heidekreis() -> Self {
        Self {
            title: Words::new(
                "Bildungsmonitoring Landkreis Heidekreis",
                "Education monitoring of the district Heidekreis",
            ),
            description: Words::new(
                "Teilnahme an Bildungsangeboten und Angebot der Bildungsanbieter, geschützte Summen ohne Bezug auf Personen.",
                "Participation in education and what providers offer: protected totals, nothing about persons.",
            ),
            publisher: "Landkreis Heidekreis".to_owned(),
            publisher_url: "https://www.heidekreis.de".to_owned(),
            email: String::new(),
            base: "https://bildung.heidekreis.example/daten".to_owned(),
            district: "03358".to_owned(),
            attribution: "Landkreis Heidekreis, Bildungsmonitoring".to_owned(),
            contributor_id: String::new(),
        }
    }
}
