//! JSON Lines: a first line that says what follows, then one entry a line.

use calluna_certs::PublicKey;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::entry::LineError;
use crate::head::{Hash, Head};

/// Name and version of the form.
pub const FORM: &str = "calluna-audit/1";

/// The first line of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the first entry that follows.
    pub from: u64,
    /// Hash of the entry before it; zeros where it is the first of the log.
    pub before: Hash,
    /// Where the log ended when it was exported.
    pub head: Head,
    /// The key that signed the first entry that follows.
    pub key: PublicKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    form: String,
    from: u64,
    before: Hash,
    head: Head,
    #[serde(rename = "public-key")]
    key: Hex,
}

struct Hex(Vec<u8>);

impl Header {
    /// The header as one line, without the line's end.
    ///
    /// # Errors
    /// Never for a header that was made or read here.
    pub fn to_line(&self) -> Result<String, LineError> {
        let line = Line {
            form: FORM.to_owned(),
            from: self.from,
            before: self.before,
            head: self.head,
            key: Hex(self.key.spki().to_vec()),
        };
        Ok(serde_json::to_string(&line)?)
    }

    /// Reads a first line.
    ///
    /// # Errors
    /// When it is none, is of another version, or is written in another way.
    pub fn from_line(text: &str) -> Result<Self, LineError> {
        let line: Line = serde_json::from_str(text)?;
        let key = PublicKey::from_spki(&line.key.0).map_err(|_| LineError::OtherForm)?;
        let header = Self {
            from: line.from,
            before: line.before,
            head: line.head,
            key,
        };
        if header.to_line()? == text {
            Ok(header)
        } else {
            Err(LineError::OtherForm)
        }
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER
            .decode(text.as_bytes())
            .map_err(de::Error::custom)?;
        Ok(Self(bytes))
    }
}
