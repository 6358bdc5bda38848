//! `[mail]` and `[webhook]`: where the morning report goes. Both are off until somebody fills them in.

use std::fmt;
use std::path::PathBuf;

use calluna_host::config::Secret;
use calluna_model::text::Language;
use lettre::message::Mailbox;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

/// When a report is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// After every night.
    #[default]
    Always,
    /// Only after a night that somebody should look at.
    Problems,
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// In the clear at first, then TLS or nothing at all.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// In the clear: only for a server on this machine or in a network of one's own.
    None,
}

impl MailTls {
    /// The port that goes with it.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// `[mail]`: the report as an e-mail.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// Host name of the mail server; empty: no mail.
    pub server: String,
    /// Its port; without one, that of `tls`.
    pub port: Option<u16>,
    /// How the way there is protected.
    pub tls: MailTls,
    /// Name to log in with; empty: no login.
    #[serde(skip_serializing)]
    pub username: String,
    /// File with the password, alone on its first line; relative to the data directory.
    pub password_file: PathBuf,
    /// File with authorities (PEM) to trust besides those of the system; relative likewise.
    pub ca_file: PathBuf,
    /// Who the mail is from.
    #[serde(skip_serializing)]
    pub from: Address,
    /// Who gets it.
    #[serde(skip_serializing)]
    pub to: Vec<Address>,
    /// After which nights.
    pub when: When,
    /// In which language.
    pub lang: Language,
}

/// `[webhook]`: the report as JSON to an address, and the sign of life.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookConfig {
    /// Where the report is posted; empty: nowhere.
    #[serde(skip_serializing)]
    pub url: WebAddress,
    /// File with a bearer token, alone on its first line; relative to the data directory.
    pub token_file: PathBuf,
    /// File with authorities (PEM) to trust besides those of the system; relative likewise.
    pub ca_file: PathBuf,
    /// After which nights.
    pub when: When,
    /// In which language the text in it is.
    pub lang: Language,
    /// An address that is called after each night in which all is well; empty: none.
    #[serde(skip_serializing)]
    pub heartbeat_url: WebAddress,
}

/// A mail address, with or without a name; empty where none was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address(pub Option<Mailbox>);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        let address = text.parse::<Mailbox>().map_err(|_| {
            D::Error::custom("expected a mail address such as `Hub <hub@landkreis.example>`")
        })?;
        Ok(Self(Some(address)))
    }
}

/// An `http` or `https` address. Many carry their secret in the path, so it is shown nowhere: only
/// the host is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WebAddress(Option<Secret>);

impl WebAddress {
    /// The address; nothing where none was given.
    #[must_use]
    pub fn get(&self) -> Option<&Secret> {
        self.0.as_ref()
    }

    /// The host in it, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        let url = self.0.as_ref().map_or("", Secret::expose);
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default()
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host())
    }
}

impl<'de> Deserialize<'de> for WebAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let url = Secret::deserialize(deserializer)?;
        if url.expose().trim().is_empty() {
            return Ok(Self(None));
        }
        let found = Self(Some(url));
        let url = found.0.as_ref().map_or("", Secret::expose);
        let web = url.starts_with("https://") || url.starts_with("http://");
        if !web
            || found.host().is_empty()
            || url.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            // "a secret text" keeps the value out of the message: see `calluna_host::config`.
            return Err(D::Error::custom(
                "expected a secret text that is a whole address with https:// or http://",
            ));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_its_host_and_nothing_else() {
        #[derive(Debug, Deserialize)]
        struct Holder {
            url: WebAddress,
        }
        let read = |text: &str| serde_json::from_str::<Holder>(&format!(r#"{{"url":"{text}"}}"#));
        let holder = read("https://user:pw@chat.example:8443/hooks/s3cr3t?k=s3cr3t").unwrap();
        assert_eq!(holder.url.host(), "chat.example:8443");
        assert_eq!(format!("{holder:?}"), "Holder { url: chat.example:8443 }");
        assert!(read("").unwrap().url.get().is_none());
        for wrong in [
            "chat.example",
            "ftp://x",
            "https://",
            "https:///s3cr3t",
            "https://a b",
        ] {
            let refused = read(wrong).unwrap_err().to_string();
            assert!(
                refused.contains("a secret text") && !refused.contains("s3cr3t"),
                "{refused}"
            );
        }
    }
}
