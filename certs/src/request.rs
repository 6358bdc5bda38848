//! A key that never leaves the machine that made it, and the request (CSR) it sends instead.

use std::fmt;

use calluna_model::failure::{Failure, Reaction};
use calluna_model::id::ProviderId;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SanType,
    SigningKey, SubjectPublicKeyInfo,
};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::CertificateDer;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ECDSA_WITH_SHA256, OID_X509_COMMON_NAME,
    OID_X509_ORGANIZATION_NAME,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509;
use zeroize::Zeroizing;

use crate::authority::label;
use crate::error::CertError;
use crate::fingerprint::sha256;
use crate::peer::{Peer, dns_name};
use crate::x509::parse;

/// Longest request that is looked at, in bytes. Ours have about 350.
pub const REQUEST_MAX: usize = 8 * 1024;

/// The private key (ECDSA P-256) of a node or of the hub.
pub struct NodeKey(KeyPair);

/// A public key for which a certificate may be issued. Of a request nothing else is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedKey {
    key: SubjectPublicKeyInfo,
    fingerprint: [u8; 32],
}

/// Why a certificate request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is longer than any honest one.
    #[error("the certificate request has {length} bytes; at most {REQUEST_MAX} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The bytes are not a PKCS #10 request.
    #[error("the certificate request is damaged: it cannot be read as PKCS #10")]
    Damaged,
    /// The key is of a kind that is not issued for.
    #[error(
        "the certificate request holds a key of another kind; only ECDSA keys on P-256, signed with SHA-256, are accepted"
    )]
    Algorithm,
    /// It is not signed by its own key.
    #[error("the certificate request is not signed by the key that it holds")]
    Signature,
    /// It asks to become an authority.
    #[error("the certificate request asks for an authority's rights; only nodes are issued for")]
    WantsAuthority,
    /// It names somebody else.
    #[error("the certificate request names `{asked}`, but is sent for {expected}")]
    OtherName {
        /// The name in the request, shortened and escaped.
        asked: String,
        /// Who the request is for.
        expected: Peer,
    },
}

impl Failure for RequestError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::TooLong { .. } => Reaction::TooMuch,
            Self::OtherName { .. } | Self::WantsAuthority => Reaction::NotYours,
            Self::Damaged | Self::Algorithm | Self::Signature => Reaction::FixRequest,
        }
    }
}

impl NodeKey {
    /// Makes a new key, from the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate() -> Result<Self, CertError> {
        Ok(Self(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?))
    }

    /// Loads a key from PEM (PKCS #8).
    ///
    /// # Errors
    /// When it cannot be read, or is not an ECDSA key on P-256. The text is never quoted.
    pub fn from_pem(text: &str) -> Result<Self, CertError> {
        let pair = KeyPair::from_pem(text).map_err(|_| CertError::Key {
            reason: "it is not a readable PKCS #8 block (`-----BEGIN PRIVATE KEY-----`)".to_owned(),
        })?;
        if pair.algorithm() != &PKCS_ECDSA_P256_SHA256 {
            let reason = "it is a key of another kind".to_owned();
            return Err(CertError::Key { reason });
        }
        Ok(Self(pair))
    }

    /// The key as PEM (PKCS #8), for a file of mode 0600. Wiped from memory when dropped.
    #[must_use]
    pub fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.serialize_pem())
    }

    /// The request (PKCS #10, DER) for a certificate of `provider`, signed by this key.
    ///
    /// # Errors
    /// When the operating system gives no randomness for the signature.
    pub fn csr_der(&self, provider: &ProviderId) -> Result<Vec<u8>, CertError> {
        self.csr_of(&Peer::Provider(provider.clone()))
    }

    /// The request (PKCS #10, DER) for a certificate of `peer`, signed by this key.
    ///
    /// # Errors
    /// As [`NodeKey::csr_der`].
    pub fn csr_of(&self, peer: &Peer) -> Result<Vec<u8>, CertError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, label(peer));
        params.subject_alt_names = vec![SanType::URI(peer.uri().try_into()?)];
        Ok(params.serialize_request(&self.0)?.der().to_vec())
    }

    /// The public half, for whoever issues to itself (the hub).
    ///
    /// # Errors
    /// Never for a key made or loaded here.
    pub fn public_key(&self) -> Result<RequestedKey, CertError> {
        let spki = rcgen::PublicKeyData::subject_public_key_info(&self.0);
        RequestedKey::from_spki(&spki).map_err(|error| CertError::Key {
            reason: error.to_string(),
        })
    }

    /// Signs `bytes`: ECDSA P-256 with SHA-256, ASN.1 DER.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, CertError> {
        Ok(self.0.sign(bytes)?)
    }

    /// The public half: SPKI, DER.
    pub(crate) fn spki(&self) -> Vec<u8> {
        rcgen::PublicKeyData::subject_public_key_info(&self.0)
    }

    pub(crate) fn into_pair(self) -> KeyPair {
        self.0
    }
}

impl fmt::Debug for NodeKey {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKey(..)")
    }
}

impl RequestedKey {
    /// Checks a request (PKCS #10, DER) that was sent for `expected`, and takes its public key.
    ///
    /// # Errors
    /// When it is not signed by its own key, the key is not on P-256, or it asks for the rights
    /// of an authority or for another name. A request without any name is fine.
    pub fn from_csr(der: &[u8], expected: &Peer) -> Result<Self, RequestError> {
        if der.len() > REQUEST_MAX {
            return Err(RequestError::TooLong { length: der.len() });
        }
        let Ok(([], request)) = X509CertificationRequest::from_der(der) else {
            return Err(RequestError::Damaged);
        };
        let info = &request.certification_request_info;
        let key = Self::from_spki(info.subject_pki.raw)?;
        if request.signature_algorithm.algorithm != OID_SIG_ECDSA_WITH_SHA256 {
            return Err(RequestError::Algorithm);
        }
        // Bits "unused" at the end would make two requests of one.
        if request.signature_value.unused_bits != 0 {
            return Err(RequestError::Damaged);
        }
        UnparsedPublicKey::new(
            &ECDSA_P256_SHA256_ASN1,
            &info.subject_pki.subject_public_key.data,
        )
        .verify(info.raw, &request.signature_value.data)
        .map_err(|_| RequestError::Signature)?;
        check_subject(&info.subject, expected)?;
        for attribute in info.iter_attributes() {
            if let ParsedCriAttribute::ExtensionRequest(asked) = attribute.parsed_attribute() {
                for extension in &asked.extensions {
                    check_extension(extension.parsed_extension(), expected)?;
                }
            }
        }
        Ok(key)
    }

    /// SHA-256 of the public key (SPKI, DER): tells whether the same key asks again.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    pub(crate) fn as_rcgen(&self) -> &SubjectPublicKeyInfo {
        &self.key
    }

    fn from_spki(der: &[u8]) -> Result<Self, RequestError> {
        let (_, spki) =
            x509::SubjectPublicKeyInfo::from_der(der).map_err(|_| RequestError::Damaged)?;
        if !is_p256(&spki) {
            return Err(RequestError::Algorithm);
        }
        let key = SubjectPublicKeyInfo::from_der(der).map_err(|_| RequestError::Algorithm)?;
        Ok(Self {
            key,
            fingerprint: sha256(der),
        })
    }
}

/// Checks a signature (ECDSA P-256, SHA-256, ASN.1 DER) with the public key of a certificate.
///
/// # Errors
/// When the certificate cannot be read, or the signature does not fit.
pub fn verify_signature(
    leaf: &CertificateDer<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), CertError> {
    let certificate = parse(leaf, "certificate")?;
    let spki = certificate.public_key();
    if !is_p256(spki) {
        let reason = "the certificate holds a key of another kind".to_owned();
        return Err(CertError::Key { reason });
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &spki.subject_public_key.data)
        .verify(message, signature)
        .map_err(|_| CertError::Signature)
}

pub(crate) fn is_p256(spki: &x509::SubjectPublicKeyInfo<'_>) -> bool {
    let curve = spki
        .algorithm
        .parameters
        .as_ref()
        .and_then(|any| any.as_oid().ok());
    spki.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && curve == Some(OID_EC_P256)
}

/// A subject may be empty, or hold a CN that is one of the peer's own names. An organisation is
/// left alone: it names no peer.
fn check_subject(subject: &x509::X509Name<'_>, expected: &Peer) -> Result<(), RequestError> {
    for attribute in subject.iter_attributes() {
        let kind = attribute.attr_type();
        let text = attribute.as_str().unwrap_or("(unreadable)");
        let fits = *kind == OID_X509_ORGANIZATION_NAME
            || (*kind == OID_X509_COMMON_NAME
                && (text == label(expected)
                    || text == expected.uri()
                    || text == dns_name(expected)));
        if !fits {
            return Err(other_name(text, expected));
        }
    }
    Ok(())
}

fn check_extension(asked: &ParsedExtension<'_>, expected: &Peer) -> Result<(), RequestError> {
    match asked {
        ParsedExtension::BasicConstraints(basic) if basic.ca => Err(RequestError::WantsAuthority),
        ParsedExtension::KeyUsage(usage) if usage.key_cert_sign() || usage.crl_sign() => {
            Err(RequestError::WantsAuthority)
        }
        ParsedExtension::SubjectAlternativeName(names) => names
            .general_names
            .iter()
            .try_for_each(|name| check_name(name, expected)),
        ParsedExtension::ParseError { .. } => Err(RequestError::Damaged),
        // Nothing else of a request is ever looked at: `issue` decides all of it.
        _ => Ok(()),
    }
}

fn check_name(name: &GeneralName<'_>, expected: &Peer) -> Result<(), RequestError> {
    match name {
        GeneralName::URI(uri) if *uri == expected.uri() => Ok(()),
        GeneralName::DNSName(dns) if *dns == dns_name(expected) => Ok(()),
        other => Err(other_name(&other.to_string(), expected)),
    }
}

fn other_name(asked: &str, expected: &Peer) -> RequestError {
    RequestError::OtherName {
        asked: asked
            .chars()
            .take(80)
            .flat_map(char::escape_default)
            .collect(),
        expected: expected.clone(),
    }
}

#[cfg(test)]
mod tests;
