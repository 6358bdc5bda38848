//! What stands in a certificate, for whoever decides about it. Whether it can be *trusted* is the TLS
//! verifier's business.

use calluna_model::clock::Moment;
use data_encoding::HEXLOWER;
use rustls_pki_types::CertificateDer;

use crate::authority::{certificate_from_pem, parse, validity};
use crate::error::CertError;
use crate::fingerprint::sha256;
use crate::peer::{Peer, peer_of};

/// What stands in a leaf certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who it belongs to.
    pub peer: Peer,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// SHA-256 of the public key (SPKI).
    pub key: [u8; 32],
    /// From when on it is valid.
    pub not_before: Moment,
    /// Until when.
    pub not_after: Moment,
}

/// Of a certificate in DER.
///
/// # Errors
/// When it cannot be read, or does not say who it belongs to.
pub fn of_der(leaf: &CertificateDer<'_>) -> Result<Facts, CertError> {
    let certificate = parse(leaf, "certificate")?;
    let valid = validity(&certificate);
    Ok(Facts {
        peer: peer_of(leaf)?,
        serial: HEXLOWER.encode(certificate.raw_serial()),
        key: sha256(certificate.public_key().raw),
        not_before: valid.from,
        not_after: valid.until,
    })
}

/// Of the first certificate of a PEM text.
///
/// # Errors
/// When it cannot be read, or does not say who it belongs to.
pub fn of_pem(text: &str) -> Result<Facts, CertError> {
    of_der(&certificate_from_pem(text)?)
}
