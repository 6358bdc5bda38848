//! The join token: one line that holds all that a new node needs, and survives copy and paste.
//!
//! `cal1-` and then lower-case base32 without padding of
//!
//! | bytes | meaning |
//! |---|---|
//! | 2 | length of all of this in bytes, big endian |
//! | 8 | expiry, seconds since 1970, big endian |
//! | 16 | the secret |
//! | 32 | SHA-256 of the authority's certificate |
//! | 1, n | length of the provider id, and the id |
//! | m | hub address `host:port` |
//! | 4 | first bytes of BLAKE3 (key derivation, context `calluna join token v1`) over all before |

use std::fmt;
use std::str::FromStr;

use calluna_model::clock::Moment;
use calluna_model::entropy::Entropy;
use calluna_model::failure::{Failure, Reaction};
use calluna_model::id::ProviderId;
use data_encoding::BASE32_NOPAD;
use zeroize::{Zeroize, Zeroizing};

use crate::fingerprint::Fingerprint;

const PREFIX: &str = "cal1-";
const CHECKSUM: usize = 4;
/// Everything but the two names.
const FIXED: usize = 2 + 8 + 16 + 32 + 1 + CHECKSUM;
/// Longest hub address, in bytes: the longest DNS name, a colon and a port.
const HUB_MAX: usize = 259;
const PROVIDER_MAX: usize = 40;

/// What the hub prints for an invitation, and `join` reads.
#[derive(Clone)]
pub struct JoinToken {
    /// `host:port` that nodes dial.
    pub hub: String,
    /// SHA-256 of the authority's certificate.
    pub fingerprint: Fingerprint,
    /// What opens the door, once.
    pub secret: TokenSecret,
    /// Who is invited.
    pub provider: ProviderId,
    /// Until when.
    pub expires: Moment,
}

/// The one-time secret of a token. Wiped from memory when dropped; never shown.
#[derive(Clone)]
pub struct TokenSecret([u8; 16]);

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Something else was given.
    #[error(
        "this is not a join token: one begins with `cal1-`; copy the whole line from the invitation"
    )]
    NotAToken,
    /// The end is missing.
    #[error(
        "the token is cut off: {have} characters after `cal1-`, {want} are needed; \
         copy the whole line from the invitation, also where it is wrapped"
    )]
    CutOff {
        /// Characters that are there.
        have: usize,
        /// Characters that there should be.
        want: usize,
    },
    /// The checksum does not fit.
    #[error(
        "the token is mistyped: its checksum does not fit; copy it again from the invitation, or compare it letter by letter"
    )]
    Mistyped,
    /// It was made by a newer hub.
    #[error(
        "the token is of version {version}, this program reads version 1; install the newest calluna-node"
    )]
    Newer {
        /// The version, as written.
        version: String,
    },
    /// It has run out.
    #[error("the token expired {} ago, on {at}; ask the district office for a new invitation, or look whether the clock of this machine is right", Span(*.since))]
    Expired {
        /// When it ran out.
        at: Moment,
        /// How long ago, in seconds.
        since: i64,
    },
    /// The hub's own address cannot be dialled.
    #[error(
        "`{hub}` is not an address that nodes can dial: host:port is, such as hub.landkreis.example:7443"
    )]
    HubAddress {
        /// What was given.
        hub: String,
    },
}

impl Failure for TokenError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Expired { .. } => Reaction::NotYours,
            _ => Reaction::FixRequest,
        }
    }
}

impl JoinToken {
    /// Makes a token with a new secret. The hub keeps only [`secret_hash`] of it.
    ///
    /// # Errors
    /// [`TokenError::HubAddress`] when `hub` is not `host:port`.
    pub fn mint(
        hub: &str,
        fingerprint: Fingerprint,
        provider: ProviderId,
        expires: Moment,
        entropy: &dyn Entropy,
    ) -> Result<Self, TokenError> {
        if !is_address(hub) {
            let hub = hub
                .chars()
                .take(80)
                .flat_map(char::escape_default)
                .collect();
            return Err(TokenError::HubAddress { hub });
        }
        let mut secret = TokenSecret([0; 16]);
        entropy.fill(&mut secret.0);
        Ok(Self {
            hub: hub.to_owned(),
            fingerprint,
            secret,
            provider,
            expires,
        })
    }

    /// Whether the token may still be used, by this machine's clock.
    ///
    /// # Errors
    /// [`TokenError::Expired`] when it may not.
    pub fn check_time(&self, now: Moment) -> Result<(), TokenError> {
        if now >= self.expires {
            return Err(TokenError::Expired {
                at: self.expires,
                since: now.since(self.expires),
            });
        }
        Ok(())
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let total = FIXED + self.provider.as_str().len() + self.hub.len();
        // Enough from the start, so that no copy of the secret is left behind by growing.
        let mut out = Zeroizing::new(Vec::with_capacity(total));
        out.extend_from_slice(&u16::try_from(total).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(&self.expires.0.to_be_bytes());
        out.extend_from_slice(&self.secret.0);
        out.extend_from_slice(&self.fingerprint.0);
        out.push(u8::try_from(self.provider.as_str().len()).unwrap_or(u8::MAX));
        out.extend_from_slice(self.provider.as_str().as_bytes());
        out.extend_from_slice(self.hub.as_bytes());
        let sum = checksum(&out);
        out.extend_from_slice(&sum);
        out
    }

    /// Reads bytes whose checksum was found right.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.get(2..)?;
        let (expires, rest) = rest.split_first_chunk::<8>()?;
        let (secret, rest) = rest.split_first_chunk::<16>()?;
        let (fingerprint, rest) = rest.split_first_chunk::<32>()?;
        let (length, rest) = rest.split_first()?;
        let (provider, hub) = rest.split_at_checked(usize::from(*length))?;
        let hub = std::str::from_utf8(hub)
            .ok()
            .filter(|hub| is_address(hub))?;
        Some(Self {
            hub: hub.to_owned(),
            fingerprint: Fingerprint(*fingerprint),
            secret: TokenSecret(*secret),
            provider: std::str::from_utf8(provider).ok()?.parse().ok()?,
            expires: Moment(i64::from_be_bytes(*expires)),
        })
    }
}

impl fmt::Display for JoinToken {
    /// The whole token in one line, secret included: this is how it is handed over.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Zeroizing::new(BASE32_NOPAD.encode(&self.to_bytes()));
        text.make_ascii_lowercase();
        write!(f, "{PREFIX}{}", *text)
    }
}

impl fmt::Debug for JoinToken {
    /// Never shows the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinToken")
            .field("hub", &self.hub)
            .field("provider", &self.provider.as_str())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl FromStr for JoinToken {
    type Err = TokenError;

    /// Forgives what mail programs, word processors and people do to a line: white space and line
    /// breaks inside, invisible characters, capitals, quotes around it, a dash for the hyphen.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let clean = clean(text);
        let body = body(&clean)?;
        let want = declared_length(body)?;
        if body.len() < want {
            return Err(TokenError::CutOff {
                have: body.len(),
                want,
            });
        }
        let bytes = BASE32_NOPAD
            .decode(body.as_bytes())
            .map_err(|_| TokenError::Mistyped)?;
        let bytes = Zeroizing::new(bytes);
        let (payload, sum) = bytes
            .split_last_chunk::<CHECKSUM>()
            .ok_or(TokenError::Mistyped)?;
        if *sum != checksum(payload) {
            return Err(TokenError::Mistyped);
        }
        Self::from_bytes(payload).ok_or(TokenError::Mistyped)
    }
}

impl TokenSecret {
    /// The secret with these bytes, as they come over the wire.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be sent to the hub whose certificate was checked, and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(..)")
    }
}

impl Drop for TokenSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What the hub keeps instead of the secret. 128 random bits need no slow hash.
#[must_use]
pub fn secret_hash(secret: &TokenSecret) -> [u8; 32] {
    blake3::derive_key("calluna join token secret v1", &secret.0)
}

fn checksum(payload: &[u8]) -> [u8; CHECKSUM] {
    let [a, b, c, d, ..] = blake3::derive_key("calluna join token v1", payload);
    [a, b, c, d]
}

/// Upper case, without what slips in between; quotes and full stops around it are gone too.
fn clean(text: &str) -> Zeroizing<String> {
    const AROUND: &[char] = &[
        '"', '\'', '`', '´', '„', '“', '”', '‚', '‘', '’', '«', '»', '<', '>', '(', ')', '.', ',',
        ';',
    ];
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars() {
        match c {
            _ if c.is_whitespace() || c.is_control() => {}
            // Zero-width characters, soft hyphen, direction marks, byte order mark.
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{feff}' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            _ => out.push(c.to_ascii_uppercase()),
        }
    }
    let trimmed = out.trim_matches(AROUND);
    Zeroizing::new(trimmed.to_owned())
}

/// What follows the prefix of version 1.
fn body(clean: &str) -> Result<&str, TokenError> {
    let rest = clean.strip_prefix("CAL").ok_or(TokenError::NotAToken)?;
    let (version, body) = rest.split_once('-').ok_or(TokenError::NotAToken)?;
    let numeric =
        !version.is_empty() && version.len() <= 4 && version.bytes().all(|b| b.is_ascii_digit());
    match version {
        "1" => Ok(body),
        _ if numeric => Err(TokenError::Newer {
            version: version.to_owned(),
        }),
        _ => Err(TokenError::NotAToken),
    }
}

/// How many characters the first four promise.
fn declared_length(body: &str) -> Result<usize, TokenError> {
    let shortest = characters(FIXED + 2);
    if body
        .bytes()
        .any(|b| !matches!(b, b'A'..=b'Z' | b'2'..=b'7'))
    {
        return Err(TokenError::Mistyped);
    }
    let Some(start) = body.get(..8) else {
        return Err(TokenError::CutOff {
            have: body.len(),
            want: shortest,
        });
    };
    let start = BASE32_NOPAD
        .decode(start.as_bytes())
        .map_err(|_| TokenError::Mistyped)?;
    let declared = match start.as_slice() {
        [high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    if !(FIXED + 2..=FIXED + PROVIDER_MAX + HUB_MAX).contains(&declared) {
        return Err(TokenError::Mistyped);
    }
    Ok(characters(declared))
}

/// Base32 characters for so many bytes.
fn characters(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

fn is_address(hub: &str) -> bool {
    hub.len() <= HUB_MAX
        && hub.bytes().all(|b| b.is_ascii_graphic())
        && hub.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
        })
}

/// Seconds as people say them.
struct Span(i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.0 {
            ..60 => return f.write_str("less than a minute"),
            60..3_600 => (self.0 / 60, "minute"),
            3_600..172_800 => (self.0 / 3_600, "hour"),
            _ => (self.0 / 86_400, "day"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests;
