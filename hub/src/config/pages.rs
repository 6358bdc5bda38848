//! `[pages]`: the public pages and the interface for programs, and who answers for them. Both are served on `web`.

use std::num::NonZeroUsize;

use calluna_api::source::Network;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

/// `[pages]`: the public pages and the interface for programs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PagesConfig {
    /// Public address, such as `https://bildung.example`; empty: addresses in answers begin with a slash.
    pub base_url: String,
    /// Proxies whose word on a request's source is taken: addresses or networks.
    pub trusted_proxies: Vec<Proxy>,
    /// Most requests of one source in a minute; 0 for no limit.
    pub requests_per_minute: u32,
    /// Most connections at once.
    pub connections: NonZeroUsize,
    /// Name of the body that answers for the pages.
    pub operator: String,
    /// Its postal address, one line.
    pub operator_address: String,
    /// Who represents it.
    pub represented_by: String,
    /// Its role mailbox.
    pub mail: String,
    /// Its telephone number.
    pub phone: String,
    /// The authority that supervises it.
    pub supervision: String,
    /// Where barriers are reported: a mail address.
    pub accessibility_mail: String,
    /// Where barriers are reported: a telephone number.
    pub accessibility_phone: String,
    /// When the accessibility statement was made or last reviewed, `YYYY-MM-DD`.
    pub accessibility_reviewed_on: String,
    /// What is known not to be accessible; in words.
    pub accessibility_barriers: String,
    /// The arbitration body of the Land: its name.
    pub arbitration: String,
    /// Its postal address, one line.
    pub arbitration_address: String,
    /// Its mail address.
    pub arbitration_mail: String,
    /// Its page.
    pub arbitration_url: String,
    /// How the data protection officer is reached: one line.
    pub data_protection_officer: String,
    /// Where weaknesses are reported: a mail address or an `https` address.
    pub security_contact: String,
}

impl Default for PagesConfig {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            trusted_proxies: Vec::new(),
            requests_per_minute: 600,
            connections: NonZeroUsize::MIN.saturating_add(1_023),
            operator: String::new(),
            operator_address: String::new(),
            represented_by: String::new(),
            mail: String::new(),
            phone: String::new(),
            supervision: String::new(),
            accessibility_mail: String::new(),
            accessibility_phone: String::new(),
            accessibility_reviewed_on: String::new(),
            accessibility_barriers: String::new(),
            arbitration: String::new(),
            arbitration_address: String::new(),
            arbitration_mail: String::new(),
            arbitration_url: String::new(),
            data_protection_officer: String::new(),
            security_contact: String::new(),
        }
    }
}

impl PagesConfig {
    /// What the interface needs of it; `district` is the key of the Kreis.
    #[must_use]
    pub fn for_programs(&self, district: &str) -> calluna_api::Settings {
        calluna_api::Settings {
            district: district.to_owned(),
            base_url: self.base_url.trim_end_matches('/').to_owned(),
            contact: self.mail.clone(),
            requests_per_minute: self.requests_per_minute,
            trusted_proxies: self.trusted_proxies.iter().map(|proxy| proxy.0).collect(),
        }
    }
}

impl PagesConfig {
    /// What the pages say of the operator.
    #[must_use]
    pub fn for_people(&self) -> calluna_web::Settings {
        use calluna_web::settings::{Accessibility, Arbitration, Operator};
        calluna_web::Settings {
            base_url: self.base_url.trim_end_matches('/').to_owned(),
            operator: Operator {
                name: self.operator.clone(),
                address: self.operator_address.clone(),
                represented_by: self.represented_by.clone(),
                mail: self.mail.clone(),
                phone: self.phone.clone(),
                supervision: self.supervision.clone(),
            },
            accessibility: Accessibility {
                mail: self.accessibility_mail.clone(),
                phone: self.accessibility_phone.clone(),
                reviewed_on: self.accessibility_reviewed_on.clone(),
                known_barriers: self.accessibility_barriers.clone(),
            },
            arbitration: Arbitration {
                name: self.arbitration.clone(),
                address: self.arbitration_address.clone(),
                mail: self.arbitration_mail.clone(),
                url: self.arbitration_url.clone(),
            },
            data_protection_officer: self.data_protection_officer.clone(),
            security_contact: self.security_contact.clone(),
        }
    }
}

/// A proxy, or a network of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy(pub Network);

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
