//! Names of things. Nothing makes one from text that was not checked.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A name that does not follow the rule of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is not a {what}: {rule}")]
pub struct InvalidId {
    got: String,
    what: &'static str,
    rule: &'static str,
}

impl InvalidId {
    fn new(got: &str, what: &'static str, rule: &'static str) -> Self {
        Self {
            got: got
                .chars()
                .take(60)
                .flat_map(char::escape_default)
                .collect(),
            what,
            rule,
        }
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let ok: fn(&str) -> bool = $ok;
                if ok(text) { Ok(Self(text.into())) } else { Err(InvalidId::new(text, $what, $rule)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let ok: fn(&str) -> bool = $ok;
                if ok(&text) { Ok(Self(text.into())) } else { Err(InvalidId::new(&text, $what, $rule)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
            }
        }
    };
}

text_id! {
    /// Local, stable name of a provider.
    ///
    /// It is the only thing that a certificate says about who is speaking.
    ProviderId, "provider id",
    "2 to 40 of a-z, 0-9 and -, a letter first, no - at the end",
    |text| {
        (2..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }
}

text_id! {
    /// A provider's own stable name of an offer; unique together with the [`ProviderId`].
    ///
    /// It stands in public addresses, so it holds nothing that a path or a query would mistake.
    OfferId, "offer id",
    "1 to 128 of A-Z, a-z, 0-9, `-`, `.`, `_`, `~`, `:`; a letter or digit first",
    |text| {
        (1..=128).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:".contains(&b))
    }
}

impl OfferId {
    /// An id made from a name of another system, which may hold anything.
    ///
    /// A name that already follows the rule stays as it is. Otherwise every other character
    /// becomes `-`, the text is cut, and a short hash of the whole original is added, so that two
    /// different names never become one id and the same name always becomes the same id.
    ///
    /// # Errors
    /// When `foreign` is empty or only blank.
    pub fn from_foreign(foreign: &str) -> Result<Self, InvalidId> {
        let foreign = foreign.trim();
        if let Ok(id) = foreign.parse() {
            return Ok(id);
        }
        let mut kept: String = foreign
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "-._~:".contains(c) {
                    c
                } else {
                    '-'
                }
            })
            .take(96)
            .collect();
        if !kept.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            kept.insert(0, 'x');
        }
        if foreign.is_empty() {
            return Err(InvalidId::new(foreign, "offer id", "it must not be empty"));
        }
        let hash = blake3::hash(foreign.as_bytes()).to_hex();
        format!("{kept}~{}", &hash[..12]).try_into()
    }
}

text_id! {
    /// Name of a run within its offer.
    RunId, "run id",
    "1 to 128 of A-Z, a-z, 0-9, `-`, `.`, `_`, `~`, `:`; a letter or digit first",
    |text| text.parse::<OfferId>().is_ok()
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $what:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// Takes exactly the right number of bytes, or says what is wrong.
            ///
            /// # Errors
            /// When the length differs.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, InvalidId> {
                bytes.try_into().map(Self).map_err(|_| {
                    InvalidId::new(&format!("{} bytes", bytes.len()), $what, $rule)
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wrong = || InvalidId::new(text, $what, $rule);
                if text.len() != 2 * $bytes || !text.is_ascii() {
                    return Err(wrong());
                }
                let mut bytes = [0_u8; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
                    let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
                    *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

hex_id! {
    /// Identity of one life of a store: a store that is rebuilt or restored gets a new one.
    EpochId, 16, "epoch", "16 bytes, as 32 hexadecimal digits"
}
hex_id! {
    /// BLAKE3 over the canonical bytes of one offer.
    ContentHash, 32, "content hash", "32 bytes, as 64 hexadecimal digits"
}
hex_id! {
    /// BLAKE3 over the sorted (offer id, content hash) pairs of one provider.
    Digest, 32, "digest", "32 bytes, as 64 hexadecimal digits"
}

/// Counts the changes within one epoch; the first change is 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_id_is_what_a_certificate_may_say() {
        for good in ["vhs-heidekreis", "a1", "bbs-walsrode-2"] {
            assert!(good.parse::<ProviderId>().is_ok(), "{good}");
        }
        let long = "a".repeat(41);
        for bad in [
            "",
            "a",
            "1a",
            "VHS",
            "vhs_x",
            "vhs/x",
            "vhs-",
            "..",
            "ä-b",
            long.as_str(),
        ] {
            assert!(bad.parse::<ProviderId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn foreign_names_become_ids_without_meeting() {
        assert_eq!(
            OfferId::from_foreign("VG5010105").unwrap().as_str(),
            "VG5010105"
        );
        let a = OfferId::from_foreign("Kurs 12/A").unwrap();
        let b = OfferId::from_foreign("Kurs 12 A").unwrap();
        assert_ne!(a, b);
        assert!(a.as_str().starts_with("Kurs-12-A~"));
        assert_eq!(a, OfferId::from_foreign(" Kurs 12/A ").unwrap());
        assert!(OfferId::from_foreign("  ").is_err());
        assert!(OfferId::from_foreign(&"ü".repeat(500)).is_ok());
        assert!(
            OfferId::from_foreign("../../etc/passwd")
                .unwrap()
                .as_str()
                .starts_with("x..-")
        );
    }

    #[test]
    fn hexadecimal_names_survive_text() {
        let epoch = EpochId([7; 16]);
        assert_eq!(epoch.to_string().parse::<EpochId>(), Ok(epoch));
        assert!("zz".repeat(16).parse::<EpochId>().is_err());
        assert!("é".repeat(16).parse::<EpochId>().is_err());
    }
}
