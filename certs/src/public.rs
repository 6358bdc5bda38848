//! A public key that stands by itself, without a certificate around it: that of the audit log.

use std::fmt;

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::FromDer;
use x509_parser::x509;

use crate::error::CertError;
use crate::fingerprint::Fingerprint;
use crate::request::{NodeKey, is_p256};

/// An ECDSA key on P-256 (SPKI, DER).
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
    point: Vec<u8>,
}

impl PublicKey {
    /// The public half of a key.
    ///
    /// # Errors
    /// Never for a key made or loaded here.
    pub fn of(key: &NodeKey) -> Result<Self, CertError> {
        Self::from_spki(&key.spki())
    }

    /// Reads SPKI, DER.
    ///
    /// # Errors
    /// When the bytes are not exactly one ECDSA key on P-256.
    pub fn from_spki(der: &[u8]) -> Result<Self, CertError> {
        let other = |reason: &str| CertError::Key {
            reason: reason.to_owned(),
        };
        let Ok(([], spki)) = x509::SubjectPublicKeyInfo::from_der(der) else {
            return Err(other("the public half cannot be read"));
        };
        if !is_p256(&spki) {
            return Err(other("the public half is of another kind"));
        }
        Ok(Self {
            spki: der.to_vec(),
            point: spki.subject_public_key.data.to_vec(),
        })
    }

    /// Reads what [`PublicKey::pem`] writes.
    ///
    /// # Errors
    /// When there is no such block, or it holds another key.
    pub fn from_pem(text: &str) -> Result<Self, CertError> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes());
        let der = der.map_err(|error| CertError::Pem {
            what: "public key",
            label: "PUBLIC KEY",
            reason: error.to_string(),
        })?;
        Self::from_spki(&der)
    }

    /// SPKI, DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key as PEM (`-----BEGIN PUBLIC KEY-----`), as other programs read it.
    #[must_use]
    pub fn pem(&self) -> String {
        let text = data_encoding::BASE64.encode(&self.spki);
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.extend(line.iter().map(|byte| char::from(*byte)));
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    /// SHA-256 of the SPKI.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.spki)
    }

    /// Checks a signature (ECDSA P-256, SHA-256, ASN.1 DER).
    ///
    /// # Errors
    /// When the signature does not fit.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), CertError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point)
            .verify(message, signature)
            .map_err(|_| CertError::Signature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_verifies_what_its_key_signed_and_nothing_else() {
        let key = NodeKey::generate().unwrap();
        let public = PublicKey::of(&key).unwrap();
        let signature = key.sign(b"message").unwrap();
        public.verify(b"message", &signature).unwrap();
        assert!(public.verify(b"massage", &signature).is_err());
        let other = PublicKey::of(&NodeKey::generate().unwrap()).unwrap();
        assert!(other.verify(b"message", &signature).is_err());
    }

    #[test]
    fn it_survives_its_bytes_and_its_text() {
        let public = PublicKey::of(&NodeKey::generate().unwrap()).unwrap();
        assert_eq!(PublicKey::from_spki(public.spki()).unwrap(), public);
        assert_eq!(PublicKey::from_pem(&public.pem()).unwrap(), public);
        assert!(PublicKey::from_pem("").is_err());
    }

    #[test]
    fn other_bytes_are_no_key() {
        let public = PublicKey::of(&NodeKey::generate().unwrap()).unwrap();
        let longer = [public.spki(), &[0]].concat();
        for bytes in [&b""[..], b"abc", &longer, &longer[..50]] {
            assert!(PublicKey::from_spki(bytes).is_err());
        }
    }
}
