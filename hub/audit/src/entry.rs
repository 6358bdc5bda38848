//! An entry: its canonical bytes, its signature, its line in an export.

use std::fmt;
use std::str::FromStr;

use calluna_certs::{CertError, Fingerprint, PublicKey};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::details::Details;
use crate::event::Event;
use crate::head::{Hash, Head};
use crate::key::{self, AuditKey};

const ENTRY_DOMAIN: &str = "calluna audit entry v1";
const SIGNATURE_DOMAIN: &str = "calluna audit signature v1";
/// Longest line of an export that is read, in bytes; the longest that the hub can write is shorter.
pub const LINE_BYTES: usize = 4 * 1024 * 1024;

/// Who did it. Never a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever may use the hub's command line.
    Operator,
    /// The hub by itself.
    Hub,
    /// The node of a provider.
    Node(ProviderId),
}

/// What shall be recorded: an entry without its place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Who did it.
    pub actor: Actor,
    /// What it was.
    pub event: Event,
    /// Whom it is about.
    pub provider: Option<ProviderId>,
    /// Its particulars.
    pub details: Details,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place; the first is 1.
    pub number: u64,
    /// When it was recorded.
    pub at: Moment,
    /// What it says.
    pub draft: Draft,
    /// Hash of the entry before it.
    pub before: Hash,
    /// The key that signed it.
    pub key: Fingerprint,
    /// Its own hash, as it is stated.
    pub hash: Hash,
    /// The signature over the hash.
    pub signature: Vec<u8>,
}

/// A line that is no entry as the hub writes one.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It is no JSON, or not that of an entry.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It means an entry, but is written in another way.
    #[error("it is not written the way the hub writes it (`time` and spaces included)")]
    OtherForm,
}

impl Draft {
    /// Something that the operator did.
    #[must_use]
    pub fn operator(event: Event) -> Self {
        Self::by(Actor::Operator, event)
    }

    /// Something that the hub did by itself.
    #[must_use]
    pub fn hub(event: Event) -> Self {
        Self::by(Actor::Hub, event)
    }

    /// Something that a provider's node did; it is about that provider.
    #[must_use]
    pub fn node(provider: &ProviderId, event: Event) -> Self {
        Self::by(Actor::Node(provider.clone()), event).about(provider)
    }

    /// The first entry of a log that `key` signs.
    #[must_use]
    pub fn began(key: &PublicKey) -> Self {
        let details = key::introduce(key);
        Self {
            details,
            ..Self::hub(Event::Began)
        }
    }

    /// The change to another key; to be signed by the old one.
    #[must_use]
    pub fn key_changed(new: &PublicKey) -> Self {
        let details = key::introduce(new);
        Self {
            details,
            ..Self::operator(Event::KeyChanged)
        }
    }

    /// Adds whom it is about.
    #[must_use]
    pub fn about(mut self, provider: &ProviderId) -> Self {
        self.provider = Some(provider.clone());
        self
    }

    /// Adds a particular; see [`Details::with`].
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.details.set(key, value);
        self
    }

    fn by(actor: Actor, event: Event) -> Self {
        Self {
            actor,
            event,
            provider: None,
            details: Details::default(),
        }
    }
}

impl Head {
    /// The entry that follows this head. A log continues with [`Entry::head`] of it.
    ///
    /// # Errors
    /// When the operating system gives no randomness for the signature.
    pub fn next(self, at: Moment, draft: Draft, key: &AuditKey) -> Result<Entry, CertError> {
        let mut entry = Entry {
            number: self.number.saturating_add(1),
            at,
            draft,
            before: self.hash,
            key: key.id(),
            hash: Hash::default(),
            signature: Vec::new(),
        };
        entry.hash = entry.computed();
        entry.signature = key.sign(&entry.hash)?;
        Ok(entry)
    }
}

impl Entry {
    /// Where the log ends with this entry.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            number: self.number,
            hash: self.hash,
        }
    }

    /// The bytes that the hash is made of; see the crate's page.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let Draft {
            actor,
            event,
            provider,
            details,
        } = &self.draft;
        let mut out = Vec::with_capacity(256);
        put_text(&mut out, ENTRY_DOMAIN);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.at.0.to_be_bytes());
        put_text(&mut out, &actor.to_string());
        put_text(&mut out, event.as_str());
        put_text(&mut out, provider.as_ref().map_or("", ProviderId::as_str));
        put_length(&mut out, details.len());
        for (key, value) in details.iter() {
            put_text(&mut out, key);
            put_text(&mut out, value);
        }
        out.extend_from_slice(&self.before.0);
        out.extend_from_slice(&self.key.0);
        out
    }

    /// The hash that the content has, whatever [`Entry::hash`] states.
    #[must_use]
    pub fn computed(&self) -> Hash {
        Hash(*blake3::hash(&self.canonical()).as_bytes())
    }

    /// The entry as one line of JSON, without the line's end: `number`, `at` (seconds), `time` (the
    /// same for people), `actor`, `event`, `provider` (or null), `details`, `before`, `key`,
    /// `hash`, `signature` (hexadecimal).
    ///
    /// # Errors
    /// Never for an entry that was made or read here.
    pub fn to_line(&self) -> Result<String, LineError> {
        let line = Line {
            number: self.number,
            at: self.at,
            time: self.at.to_string(),
            actor: self.draft.actor.clone(),
            event: self.draft.event,
            provider: self.draft.provider.clone(),
            details: self.draft.details.clone(),
            before: self.before,
            key: self.key,
            hash: self.hash,
            signature: HEXLOWER.encode(&self.signature),
        };
        Ok(serde_json::to_string(&line)?)
    }

    /// Reads one line. Whether hash and signature fit is not looked at here.
    ///
    /// # Errors
    /// When it is no entry, or is written in another way than [`Entry::to_line`] does.
    pub fn from_line(text: &str) -> Result<Self, LineError> {
        let line: Line = serde_json::from_str(text)?;
        let signature = HEXLOWER.decode(line.signature.as_bytes());
        let entry = Self {
            number: line.number,
            at: line.at,
            draft: Draft {
                actor: line.actor,
                event: line.event,
                provider: line.provider,
                details: line.details,
            },
            before: line.before,
            key: line.key,
            hash: line.hash,
            signature: signature.map_err(|_| LineError::OtherForm)?,
        };
        // One entry has one line: then a changed byte is found wherever it stands.
        if entry.to_line()? == text {
            Ok(entry)
        } else {
            Err(LineError::OtherForm)
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    number: u64,
    at: Moment,
    time: String,
    actor: Actor,
    event: Event,
    provider: Option<ProviderId>,
    details: Details,
    before: Hash,
    key: Fingerprint,
    hash: Hash,
    signature: String,
}

/// What is signed of an entry.
pub(crate) fn signed_bytes(hash: &Hash) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    put_text(&mut out, SIGNATURE_DOMAIN);
    out.extend_from_slice(&hash.0);
    out
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_length(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    // Every text is far shorter: `Details` and `ProviderId` see to it.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.pad("operator"),
            Self::Hub => f.pad("hub"),
            Self::Node(provider) => f.pad(&format!("node:{provider}")),
        }
    }
}

impl FromStr for Actor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "operator" => Ok(Self::Operator),
            "hub" => Ok(Self::Hub),
            other => other
                .strip_prefix("node:")
                .and_then(|provider| provider.parse().ok())
                .map(Self::Node)
                .ok_or_else(|| {
                    "the actor is `operator`, `hub` or `node:` and a provider".to_owned()
                }),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{key, log};

    #[test]
    fn an_entry_survives_its_line_and_only_in_that_form() {
        for entry in log(&key(), 6) {
            let line = entry.to_line().unwrap();
            assert_eq!(Entry::from_line(&line).unwrap(), entry);
            for other in [
                line.replace("\"number\":", "\"number\": "),
                line.replace("{\"number\"", "{\"x\":1,\"number\""),
                format!("{line} "),
                line.to_uppercase(),
            ] {
                assert!(Entry::from_line(&other).is_err(), "{other}");
            }
        }
    }

    #[test]
    fn the_longest_entry_is_a_line_that_is_read() {
        let mut draft = Draft::hub(Event::Night);
        for number in 0..1_000 {
            let key = format!("{number:0>64}");
            draft = draft.with(&key, "\u{10FFFF}".repeat(600));
        }
        let entry = Head::default().next(Moment(0), draft, &key()).unwrap();
        let line = entry.to_line().unwrap();
        assert!(line.len() < LINE_BYTES, "{}", line.len());
        assert_eq!(Entry::from_line(&line).unwrap(), entry);
    }

    #[test]
    fn two_splits_of_one_text_are_two_hashes() {
        let of = |key: &str, value: &str| {
            let entry = Head::default().next(
                Moment(0),
                Draft::hub(Event::Night).with(key, value),
                &self::key(),
            );
            entry.unwrap().canonical()
        };
        assert_ne!(of("ab", "c"), of("a", "bc"));
    }
}
