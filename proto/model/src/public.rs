//! What the public reads of a provider: name, kind, address, website. Its node may state it; it is
//! shown once the operator has approved it.

use serde::{Deserialize, Serialize};

use crate::member::{ProviderKind, UnknownKind};

/// Longest name and longest address, in characters.
const LINE_MAX: usize = 200;
/// Longest website, in bytes.
const WEBSITE_MAX: usize = 2_000;

/// What the public reads of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicData {
    /// Its name.
    pub name: String,
    /// What kind of provider it is.
    pub kind: ProviderKind,
    /// Its postal address, one line; may be empty.
    #[serde(default)]
    pub address: String,
    /// Its website; may be empty.
    #[serde(default)]
    pub website: String,
}

/// What somebody says of a provider. What is left out is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stated {
    /// Its name.
    pub name: Option<String>,
    /// What kind of provider it is.
    pub kind: Option<ProviderKind>,
    /// Its postal address; empty for none.
    pub address: Option<String>,
    /// Its website; empty for none.
    pub website: Option<String>,
}

/// What was said of a provider breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongPublicData {
    /// The name.
    #[error("a provider's name has 1 to 200 characters without control characters")]
    Name,
    /// The kind.
    #[error(transparent)]
    Kind(#[from] UnknownKind),
    /// The address.
    #[error(
        "a provider's address is one line of at most 200 characters without control characters"
    )]
    Address,
    /// The website.
    #[error(
        "a provider's website begins with http:// or https:// and has at most 2000 bytes, such as https://www.vhs.example"
    )]
    Website,
}

impl Stated {
    /// Takes what a node states; an empty text states nothing.
    ///
    /// # Errors
    /// [`WrongPublicData`] names the rule that was broken.
    pub fn from_texts(
        name: &str,
        kind: &str,
        address: &str,
        website: &str,
    ) -> Result<Self, WrongPublicData> {
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let kind = said(kind).map(|kind| kind.parse()).transpose()?;
        Self {
            name: said(name),
            kind,
            address: said(address),
            website: said(website),
        }
        .checked()
    }

    /// The same without white space around, if it keeps the rules.
    ///
    /// # Errors
    /// [`WrongPublicData`] names the rule that was broken.
    pub fn checked(self) -> Result<Self, WrongPublicData> {
        let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned());
        let checked = Self {
            name: trimmed(self.name),
            kind: self.kind,
            address: trimmed(self.address),
            website: trimmed(self.website),
        };
        if checked
            .name
            .as_ref()
            .is_some_and(|name| name.is_empty() || !is_line(name))
        {
            return Err(WrongPublicData::Name);
        }
        if checked
            .address
            .as_ref()
            .is_some_and(|address| !is_line(address))
        {
            return Err(WrongPublicData::Address);
        }
        if checked
            .website
            .as_ref()
            .is_some_and(|site| !site.is_empty() && !is_website(site))
        {
            return Err(WrongPublicData::Website);
        }
        Ok(checked)
    }

    /// This, and where it says nothing, `before`.
    #[must_use]
    pub fn over(self, before: PublicData) -> PublicData {
        PublicData {
            name: self.name.unwrap_or(before.name),
            kind: self.kind.unwrap_or(before.kind),
            address: self.address.unwrap_or(before.address),
            website: self.website.unwrap_or(before.website),
        }
    }

    /// This, and where it says nothing, what `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            kind: self.kind.or(other.kind),
            address: self.address.or(other.address),
            website: self.website.or(other.website),
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn is_line(text: &str) -> bool {
    // Line and paragraph separators are no control characters, and break a line all the same.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().count() <= LINE_MAX && !text.contains(breaks)
}

fn is_website(text: &str) -> bool {
    let written = text.starts_with("http://") || text.starts_with("https://");
    // A parser of addresses passes over line breaks and trims; readers of ours may not.
    let plain = !text.contains(|c: char| c.is_control() || c.is_whitespace());
    let parsed = url::Url::parse(text).ok();
    written
        && plain
        && text.len() <= WEBSITE_MAX
        && parsed.is_some_and(|url| {
            url.has_host() && url.username().is_empty() && url.password().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_states_is_trimmed_and_nothing_is_made_of_nothing() {
        let stated = Stated::from_texts(" VHS Heide ", "vhs", "", "https://vhs.example").unwrap();
        assert_eq!(stated.name.as_deref(), Some("VHS Heide"));
        assert_eq!(stated.address, None);
        assert!(Stated::from_texts("", " ", "", "").unwrap().is_empty());
        let before = PublicData {
            name: "Alt".to_owned(),
            address: "Markt 1".to_owned(),
            ..PublicData::default()
        };
        let now = stated.over(before);
        assert_eq!(
            (now.name.as_str(), now.kind),
            ("VHS Heide", ProviderKind::Vhs)
        );
        assert_eq!(now.address, "Markt 1");
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let address = |text: &str| Stated::from_texts("", "", text, "").unwrap_err();
        for wrong in ["Markt 1\nHeide", "a\u{2028}b", "a\u{7}b", &"x".repeat(201)] {
            assert_eq!(address(wrong), WrongPublicData::Address);
        }
        for wrong in [
            "vhs.example",
            "javascript:alert(1)",
            "ftp://vhs.example",
            "https://",
            "https://a:b@vhs.example",
            "https://vhs.example/\nx",
            "https://vhs.example/a b",
        ] {
            let said = Stated::from_texts("", "", "", wrong);
            assert_eq!(said, Err(WrongPublicData::Website), "{wrong}");
        }
        let kind = Stated::from_texts("", "club", "", "").unwrap_err();
        assert!(kind.to_string().contains("counselling"), "{kind}");
        assert!(Stated::from_texts("a\u{1b}[2Jb", "", "", "").is_err());
        let empty = Stated {
            name: Some("  ".to_owned()),
            ..Stated::default()
        };
        assert_eq!(empty.checked(), Err(WrongPublicData::Name));
    }
}
