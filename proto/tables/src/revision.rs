//! What one provider publishes of one period at one time.
//!
//! Canonical bytes, for digests and for whoever writes another implementation: every number in little
//! endian; texts with their length (8 bytes) before them. In order: `period`, `number` (4), kind
//! (1: 0 provisional, 1 final, 2 correction), `at` (8), `layout`, threshold, sensitive threshold and
//! batch (4 each), the count (8) of sensitive codes and each, `waiting` (8), the digest of the revision before (32 bytes, zeros for
//! the first), the count (8) of values and each as 4 bytes: the number itself, or `0xFFFFFFFF` hidden,
//! `0xFFFFFFFE` structural, `0xFFFFFFFD` left out. The digest is BLAKE3 over them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::period::Period;
use crate::rules::Rules;

/// One number as the public sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// The number.
    Value(u32),
    /// Protected. There is one word for it, whatever the reason.
    Hidden,
    /// Zero because nothing of the kind is offered; everybody can see that in the catalogue.
    Structural,
    /// Not published at all: a table that is not due yet, or too fine to be protected.
    LeftOut,
}

impl Shown {
    /// The value where one is known.
    #[must_use]
    pub fn value(self) -> Option<u32> {
        match self {
            Self::Value(value) => Some(value),
            Self::Structural => Some(0),
            Self::Hidden | Self::LeftOut => None,
        }
    }

    /// As one number for the wire: the value, or -1 hidden, -2 structural, -3 left out.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::Value(value) => i64::from(value),
            Self::Hidden => -1,
            Self::Structural => -2,
            Self::LeftOut => -3,
        }
    }

    /// From [`Self::code`]; nothing for any other number. At most 1,000,000,000.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        match code {
            -1 => Some(Self::Hidden),
            -2 => Some(Self::Structural),
            -3 => Some(Self::LeftOut),
            0..=1_000_000_000 => u32::try_from(code).ok().map(Self::Value),
            _ => None,
        }
    }

    fn bytes(self) -> [u8; 4] {
        let number = match self {
            Self::Value(value) => value,
            Self::Hidden => u32::MAX,
            Self::Structural => u32::MAX - 1,
            Self::LeftOut => u32::MAX - 2,
        };
        number.to_le_bytes()
    }
}

/// What kind of revision it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// While the period runs: the nightly tables.
    Provisional,
    /// The period is closed: all tables.
    Final,
    /// A correction of a final one.
    Correction,
}

impl Kind {
    /// Its word in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Final => "final",
            Self::Correction => "correction",
        }
    }

    /// Its number on the wire and in the canonical bytes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Provisional => 0,
            Self::Final => 1,
            Self::Correction => 2,
        }
    }

    /// From [`Self::code`].
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Provisional),
            1 => Some(Self::Final),
            2 => Some(Self::Correction),
            _ => None,
        }
    }
}

/// BLAKE3 over the canonical bytes of a revision, which hold the digest of the one before: a digest
/// stands for all revisions of its period up to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RevisionDigest(pub [u8; 32]);

impl fmt::Display for RevisionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RevisionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How far one period has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiguresHead {
    /// The quarter.
    pub period: Period,
    /// The newest revision, from 1.
    pub number: u32,
    /// Its digest.
    pub digest: RevisionDigest,
}

/// The numbers of one period, as they are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The quarter.
    pub period: Period,
    /// Counts the revisions of the period at this provider, from 1.
    pub number: u32,
    /// Provisional, final or a correction.
    pub kind: Kind,
    /// When it was made, by the node's clock: seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// [`crate::Layout::fingerprint`] of what the values mean.
    pub layout: String,
    /// The rules that it was made under.
    pub rules: Rules,
    /// Persons whose registration is not in it yet, or not as it is now, rounded to 10: the known error.
    pub waiting: u64,
    /// The digest of the revision before; zeros for the first.
    pub before: RevisionDigest,
    /// One for each number of the [`crate::Web`], in its order; a provisional one holds the nightly
    /// numbers only.
    pub values: Vec<Shown>,
}

impl Revision {
    /// The canonical bytes: see the first page of the module.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(200 + self.values.len() * 4);
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend((text.len() as u64).to_le_bytes());
            out.extend(text.as_bytes());
        };
        text(&mut out, &self.period.to_string());
        out.extend(self.number.to_le_bytes());
        out.push(self.kind.code());
        out.extend(self.at.to_le_bytes());
        text(&mut out, &self.layout);
        for number in [
            self.rules.threshold,
            self.rules.sensitive_threshold,
            self.rules.batch,
        ] {
            out.extend(number.to_le_bytes());
        }
        out.extend((self.rules.sensitive.len() as u64).to_le_bytes());
        for code in &self.rules.sensitive {
            text(&mut out, code);
        }
        out.extend(self.waiting.to_le_bytes());
        out.extend(self.before.0);
        out.extend((self.values.len() as u64).to_le_bytes());
        for value in &self.values {
            out.extend(value.bytes());
        }
        out
    }

    /// The digest of this revision and, through `before`, of all before it.
    #[must_use]
    pub fn digest(&self) -> RevisionDigest {
        RevisionDigest(*blake3::hash(&self.canonical()).as_bytes())
    }

    /// How far the period has come with this revision.
    #[must_use]
    pub fn head(&self) -> FiguresHead {
        FiguresHead {
            period: self.period,
            number: self.number,
            digest: self.digest(),
        }
    }

    /// A number of the web; left out where the revision does not reach so far.
    #[must_use]
    pub fn value(&self, number: u32) -> Shown {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        self.values.get(at).copied().unwrap_or(Shown::LeftOut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision() -> Revision {
        Revision {
            period: "2026-Q3".parse().unwrap(),
            number: 1,
            kind: Kind::Provisional,
            at: 1_790_000_000,
            layout: "layout".to_owned(),
            rules: Rules::default(),
            waiting: 10,
            before: RevisionDigest::default(),
            values: vec![
                Shown::Value(57),
                Shown::Hidden,
                Shown::Structural,
                Shown::LeftOut,
            ],
        }
    }

    #[test]
    fn every_part_counts_in_the_digest() {
        let first = revision().digest();
        let changes: [fn(&mut Revision); 8] = [
            |r| r.number = 2,
            |r| r.kind = Kind::Final,
            |r| r.at += 1,
            |r| r.layout.push('x'),
            |r| r.rules.batch = 6,
            |r| r.waiting = 20,
            |r| r.before.0[31] = 1,
            |r| r.values[0] = Shown::Hidden,
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut other = revision();
            change(&mut other);
            assert_ne!(other.digest(), first, "change {at}");
        }
        assert_eq!(revision().digest(), first);
    }

    #[test]
    fn codes_go_there_and_back() {
        for shown in [
            Shown::Value(0),
            Shown::Value(7),
            Shown::Hidden,
            Shown::Structural,
            Shown::LeftOut,
        ] {
            assert_eq!(Shown::from_code(shown.code()), Some(shown));
        }
        for code in [-4, 1_000_000_001, i64::MAX, i64::MIN] {
            assert_eq!(Shown::from_code(code), None);
        }
        for kind in [Kind::Provisional, Kind::Final, Kind::Correction] {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
        }
    }
}
