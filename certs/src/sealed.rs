//! An authority's private key at rest, encrypted with a passphrase.
//!
//! The form is PKCS #8 `ENCRYPTED PRIVATE KEY` (PBES2): scrypt makes the key from the passphrase,
//! AES-256-CBC encrypts. `openssl pkey -in ca.key` reads it, so that nobody depends on this
//! program to get at the district's key.
//!
//! scrypt costs N = 2^14, r = 8, p = 5: 16 MiB of memory and 0.1 to 0.3 seconds on a small office
//! server, one of the settings that OWASP recommends. More memory (N = 2^15) openssl refuses to
//! spend. A thief of the file pays as much for each guess; twelve characters that are no word make
//! guessing hopeless, and shorter passphrases are not taken.

use std::fmt;

use calluna_model::entropy::Entropy;
use pkcs8::der::Decode;
use pkcs8::der::pem::PemLabel;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::pkcs5::{EncryptionScheme, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoOwned, LineEnding, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use crate::request::NodeKey;

/// The fewest characters that a key is sealed with.
pub const PASSPHRASE_MIN: usize = 12;

const LOG_N: u8 = 14;
const BLOCK: u32 = 8;
const PARALLEL: u32 = 5;
/// What opening may cost at most, in bytes of memory times parallel runs: a file that asks for
/// more was not made here, and would stop the machine.
const COST_MAX: u64 = 1024 * 1024 * 1024;

/// What the key of an authority is encrypted with. It is never shown, and wiped from memory when
/// dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

/// A key that could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The passphrase is empty.
    #[error("the passphrase is empty; look whether its file or variable holds one line of text")]
    Empty,
    /// The passphrase is too short to seal with.
    #[error(
        "the passphrase has {got} characters, and at least {PASSPHRASE_MIN} are needed; \
         five words that do not belong together are good and easy to remember"
    )]
    Short {
        /// How many it has.
        got: usize,
    },
    /// The key is encrypted, and there is no passphrase.
    #[error(
        "the authority's key is encrypted, and no passphrase was given; put it into a file that only \
         this program's user can read (mode 0600) and name the file in the settings, or type it where \
         the program asks for it"
    )]
    Needed,
    /// The passphrase is another one.
    #[error(
        "the passphrase does not open the authority's key; look for the one that the key was encrypted with \
         (capitals, keyboard layout, blanks at the end), or restore key and certificate from a backup whose passphrase you know"
    )]
    Wrong,
    /// A passphrase is given, and the key is not encrypted.
    #[error(
        "a passphrase was given, but the authority's key is not encrypted, so that whoever can read the file has it; \
         encrypt the key, or take the passphrase out of the settings"
    )]
    NotEncrypted,
    /// The text is no private key in either form.
    #[error(
        "no readable private key (a block that begins with `-----BEGIN PRIVATE KEY-----` or \
         `-----BEGIN ENCRYPTED PRIVATE KEY-----`); restore the file from a backup"
    )]
    Unreadable,
    /// The key is encrypted in a way that is not opened here.
    #[error(
        "the authority's key is encrypted in a way that is not supported; open it with the program that made it, \
         and let this one encrypt it again (PKCS #8, PBES2 with scrypt or PBKDF2, AES)"
    )]
    Unsupported,
    /// The library that encrypts refused.
    #[error("the authority's key could not be encrypted; the file was left as it was")]
    Failed,
}

impl Passphrase {
    /// Takes a passphrase as it was typed or stands in a file; one line break at the end is not
    /// part of it.
    ///
    /// # Errors
    /// [`SealError::Empty`] when nothing is left.
    pub fn new(text: impl Into<String>) -> Result<Self, SealError> {
        let mut text = Zeroizing::new(text.into());
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.trim().is_empty() {
            return Err(SealError::Empty);
        }
        Ok(Self(text))
    }

    /// Whether both are the same: what was typed twice.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Whether a key may be sealed with it.
    ///
    /// # Errors
    /// [`SealError::Short`] when it has fewer than [`PASSPHRASE_MIN`] characters.
    pub fn check(&self) -> Result<(), SealError> {
        let got = self.0.chars().count();
        if got < PASSPHRASE_MIN {
            return Err(SealError::Short { got });
        }
        Ok(())
    }
}

impl fmt::Debug for Passphrase {
    /// Never shows it, nor how long it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Whether a PEM text holds an encrypted key.
#[must_use]
pub fn is_sealed(pem: &str) -> bool {
    pem.contains(&format!(
        "-----BEGIN {}-----",
        EncryptedPrivateKeyInfoOwned::PEM_LABEL
    ))
}

/// Encrypts a private key (PEM, PKCS #8) with `passphrase`.
///
/// # Errors
/// When the text is no key of ours, or the passphrase is too short.
pub fn seal(
    pem: &str,
    passphrase: &Passphrase,
    entropy: &dyn Entropy,
) -> Result<String, SealError> {
    passphrase.check()?;
    // Nothing is sealed that could not be used afterwards.
    let key = NodeKey::from_pem(pem).map_err(|_| SealError::Unreadable)?;
    let plain = Zeroizing::new(key.into_pair().serialize_der());
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    entropy.fill(&mut salt);
    entropy.fill(&mut iv);
    let cost = scrypt::Params::new(LOG_N, BLOCK, PARALLEL).map_err(|_| SealError::Failed)?;
    let way =
        Parameters::generate_scrypt_aes256cbc(cost, &salt, iv).map_err(|_| SealError::Failed)?;
    let info = PrivateKeyInfoRef::try_from(plain.as_slice()).map_err(|_| SealError::Unreadable)?;
    let sealed = info
        .encrypt_with_params(way, passphrase.0.as_bytes())
        .map_err(|_| SealError::Failed)?;
    sealed
        .to_pem(EncryptedPrivateKeyInfoOwned::PEM_LABEL, LineEnding::LF)
        .map(|text| text.to_string())
        .map_err(|_| SealError::Failed)
}

/// The private key (PEM, PKCS #8, not encrypted) of a PEM text that may be encrypted or not.
/// Wiped from memory when dropped.
///
/// # Errors
/// When it is encrypted and there is no passphrase or the wrong one; when there is a passphrase
/// and it is not encrypted; when it is no key.
pub fn open(pem: &str, passphrase: Option<&Passphrase>) -> Result<Zeroizing<String>, SealError> {
    match (is_sealed(pem), passphrase) {
        (true, Some(passphrase)) => decrypt(pem, passphrase),
        (true, None) => Err(SealError::Needed),
        (false, passphrase) => {
            let key = NodeKey::from_pem(pem).map_err(|_| SealError::Unreadable)?;
            match passphrase {
                Some(_) => Err(SealError::NotEncrypted),
                None => Ok(key.pem()),
            }
        }
    }
}

fn decrypt(pem: &str, passphrase: &Passphrase) -> Result<Zeroizing<String>, SealError> {
    let (label, document) = SecretDocument::from_pem(pem).map_err(|_| SealError::Unreadable)?;
    EncryptedPrivateKeyInfoOwned::validate_pem_label(label).map_err(|_| SealError::Unreadable)?;
    let sealed = EncryptedPrivateKeyInfoOwned::from_der(document.as_bytes())
        .map_err(|_| SealError::Unsupported)?;
    check_cost(&sealed.encryption_algorithm)?;
    // CBC tells a wrong passphrase by its padding, and where that fits by chance, by what comes
    // out, which then is no key.
    let plain = sealed
        .decrypt(passphrase.0.as_bytes())
        .map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(
                pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }
                | pkcs8::pkcs5::Error::NoPbes1CryptSupport
                | pkcs8::pkcs5::Error::AlgorithmParametersInvalid { .. },
            ) => SealError::Unsupported,
            _ => SealError::Wrong,
        })?;
    let text = plain
        .to_pem("PRIVATE KEY", LineEnding::LF)
        .map_err(|_| SealError::Wrong)?;
    let key = NodeKey::from_pem(&text).map_err(|_| SealError::Wrong)?;
    Ok(key.pem())
}

fn check_cost(way: &EncryptionScheme) -> Result<(), SealError> {
    let Some(way) = way.pbes2() else {
        return Err(SealError::Unsupported);
    };
    if let Some(scrypt) = way.kdf.scrypt() {
        let cost = u64::from(scrypt.block_size)
            .saturating_mul(128)
            .saturating_mul(scrypt.cost_parameter)
            .saturating_mul(u64::from(scrypt.parallelization));
        if cost > COST_MAX {
            return Err(SealError::Unsupported);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
