//! Hash of an entry, and where a log ends.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// BLAKE3 over the canonical bytes of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

/// The text is no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a hash of the audit log: 64 of 0-9 and a-f are")]
pub struct InvalidHash;

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| InvalidHash)?;
        bytes.try_into().map(Self).map_err(|_| InvalidHash)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Where a log ends: number and hash of its last entry. As text `57:8c1f…`, short enough for a
/// mail; whoever keeps it can prove later that nothing before it was changed or cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Head {
    /// Number of the last entry; 0 for an empty log.
    pub number: u64,
    /// Its hash; zeros for an empty log.
    pub hash: Hash,
}

/// The text is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the head of an audit log: NUMBER:HASH is, as it stands in the morning report and in `calluna-hub status`"
)]
pub struct InvalidHead(String);

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

impl FromStr for Head {
    type Err = InvalidHead;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.trim().split_once(':').and_then(|(number, hash)| {
            // `+5` and `005` would be a second way to write one head.
            let digits = number.bytes().all(|byte| byte.is_ascii_digit())
                && (number == "0" || !number.starts_with('0'));
            digits.then_some(())?;
            Some(Self {
                number: number.parse().ok()?,
                hash: hash.parse().ok()?,
            })
        });
        parsed.ok_or_else(|| InvalidHead(calluna_model::finding::shorten(text)))
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_survives_its_text_and_nothing_else_is_one() {
        let head = Head {
            number: 57,
            hash: Hash([0xab; 32]),
        };
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(format!(" {head}\n").parse(), Ok(head));
        for wrong in ["", "57", "57:", "57:ab", "x:y"] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
        for number in ["+57", "057", ""] {
            assert!(format!("{number}:{}", head.hash).parse::<Head>().is_err());
        }
        assert!(head.to_string().to_uppercase().parse::<Head>().is_err());
    }
}
