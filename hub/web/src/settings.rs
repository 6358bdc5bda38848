//! What the operator says of itself. Every value may be empty: the pages then show a marked place to fill in, so
//! that nobody takes a template for a statement.

/// What the operator says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Public address of the pages, such as `https://bildung.example`, without a slash at the end.
    pub base_url: String,
    /// Who is responsible for the pages.
    pub operator: Operator,
    /// Where barriers are reported.
    pub accessibility: Accessibility,
    /// Who arbitrates when a report about a barrier leads nowhere.
    pub arbitration: Arbitration,
    /// How the data protection officer is reached: one line.
    pub data_protection_officer: String,
    /// Where weaknesses are reported: a mail address or an `https` address.
    pub security_contact: String,
}

/// Who is responsible for the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    /// Name of the body.
    pub name: String,
    /// Postal address, one line.
    pub address: String,
    /// Who represents it.
    pub represented_by: String,
    /// Mail address.
    pub mail: String,
    /// Telephone number.
    pub phone: String,
    /// The authority that supervises it.
    pub supervision: String,
}

/// What the accessibility statement needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accessibility {
    /// Mail address for reports about barriers.
    pub mail: String,
    /// Telephone number for them.
    pub phone: String,
    /// When the statement was made or last reviewed, `YYYY-MM-DD`.
    pub reviewed_on: String,
    /// What is known not to be accessible; in words.
    pub known_barriers: String,
}

/// The arbitration body of the Land.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arbitration {
    /// Its name.
    pub name: String,
    /// Its postal address, one line.
    pub address: String,
    /// Its mail address.
    pub mail: String,
    /// Its page, `https`.
    pub url: String,
}

impl Settings {
    /// The value behind a placeholder of the texts, such as `operator.name`; nothing for an unknown one.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        Some(match name {
            "base" => self.base_url.trim_end_matches('/'),
            "operator.name" => &self.operator.name,
            "operator.address" => &self.operator.address,
            "operator.represented" => &self.operator.represented_by,
            "operator.mail" => &self.operator.mail,
            "operator.phone" => &self.operator.phone,
            "operator.supervision" => &self.operator.supervision,
            "accessibility.mail" => &self.accessibility.mail,
            "accessibility.phone" => &self.accessibility.phone,
            "accessibility.reviewed" => &self.accessibility.reviewed_on,
            "accessibility.barriers" => &self.accessibility.known_barriers,
            "arbitration.name" => &self.arbitration.name,
            "arbitration.address" => &self.arbitration.address,
            "arbitration.mail" => &self.arbitration.mail,
            "arbitration.url" => &self.arbitration.url,
            "dpo" => &self.data_protection_officer,
            "security" => &self.security_contact,
            _ => return None,
        })
    }

    /// Public address of a path of ours.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }
}
