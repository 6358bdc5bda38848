//! Reading certificates: PEM, DER, and who signed whom. Dates are nobody's business here.

use calluna_model::clock::Moment;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::oid_registry::OID_SIG_ECDSA_WITH_SHA256;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name};

use crate::error::CertError;
use crate::request::is_p256;

/// How many authorities may stand between a leaf and its root, the root not counted. Ours have
/// one at most; the bound is for what strangers send.
const BETWEEN_MAX: usize = 3;
/// How many certificates of a presented chain are looked at.
const PRESENTED_MAX: usize = 8;
/// How many signatures are checked on the way to a root. One of ours takes three at most, in a bundle
/// whose roots have names of their own; a chain of authorities that all sign each other takes thousands.
const CHECKS_MAX: usize = 16;

/// Between which moments a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from: Moment,
    pub(crate) until: Moment,
}

/// Every certificate of a PEM text, at least one; `what` names the text in the error.
pub(crate) fn certificates(
    text: &str,
    what: &'static str,
) -> Result<Vec<CertificateDer<'static>>, CertError> {
    let all = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| no_pem(what, error.to_string()))?;
    if all.is_empty() {
        return Err(no_pem(what, "there is none".to_owned()));
    }
    Ok(all)
}

fn no_pem(what: &'static str, reason: String) -> CertError {
    CertError::Pem {
        what,
        label: "CERTIFICATE",
        reason,
    }
}

/// The PEM text of a certificate.
pub(crate) fn to_pem(der: &[u8]) -> String {
    armour("CERTIFICATE", der)
}

/// A PEM text.
pub(crate) fn armour(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let body = data_encoding::BASE64.encode(der);
    let mut rest = body.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII, so every place is a boundary.
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Parses a certificate; `what` names it in the error.
pub(crate) fn parse<'a>(
    der: &'a CertificateDer<'_>,
    what: &'static str,
) -> Result<X509Certificate<'a>, CertError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(CertError::Damaged { what }),
    }
}

/// Between which moments a certificate is valid.
pub(crate) fn validity(certificate: &X509Certificate<'_>) -> Validity {
    Validity {
        from: Moment(certificate.validity().not_before.timestamp()),
        until: Moment(certificate.validity().not_after.timestamp()),
    }
}

/// The CN of a subject, for people; an authority without one is shown whole.
pub(crate) fn common_name(name: &X509Name<'_>) -> String {
    name.iter_common_name()
        .next()
        .and_then(|attribute| attribute.as_str().ok())
        .map_or_else(|| name.to_string(), ToOwned::to_owned)
}

/// An authority: CA:TRUE, and its key may sign certificates.
pub(crate) fn is_authority(certificate: &X509Certificate<'_>) -> bool {
    let may_sign = match certificate.key_usage() {
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Ok(None) => true,
        Err(_) => false,
    };
    certificate.is_ca() && may_sign
}

/// A root: an authority that signed itself.
pub(crate) fn is_root(certificate: &X509Certificate<'_>) -> bool {
    is_signed_by(certificate, certificate)
}

/// Whether the authority `issuer` signed `certificate`.
pub(crate) fn is_signed_by(
    certificate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> bool {
    is_named_by(certificate, issuer)
        && fits(
            issuer.public_key(),
            &certificate.signature_algorithm,
            certificate.tbs_certificate.as_ref(),
            &certificate.signature_value.data,
        )
}

/// Whether `certificate` says that the authority `issuer` signed it.
fn is_named_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == issuer.subject().as_raw() && is_authority(issuer)
}

/// Whether `signature` over `message` was made with `key`: ECDSA on P-256 with SHA-256 only, as
/// all that is made here.
pub(crate) fn fits(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    algorithm.algorithm == OID_SIG_ECDSA_WITH_SHA256
        && is_p256(key)
        && UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.subject_public_key.data)
            .verify(message, signature)
            .is_ok()
}

/// The root among `roots` that vouches for `leaf`, directly or through `others`: every signature,
/// CA:TRUE and the path lengths are checked, dates are not.
pub(crate) fn root_of<'a, 'b>(
    leaf: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    roots: &'a [CertificateDer<'b>],
) -> Option<&'a CertificateDer<'b>> {
    climb(leaf, others, roots, 0).0
}

/// The root among `roots` that vouches for the authority `issuing`, which may be the root itself.
pub(crate) fn root_above<'a, 'b>(
    issuing: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    roots: &'a [CertificateDer<'b>],
) -> Option<&'a CertificateDer<'b>> {
    if let Some(root) = roots.iter().find(|root| *root == issuing) {
        return Some(root);
    }
    climb(issuing, others, roots, 1).0
}

/// Looks for a root above `from`, which has `between` authorities below itself, level by level; says
/// as well how many signatures were checked for it.
///
/// What strangers send must not cost much: each certificate is climbed from at most once, at the level
/// where it is met first (which is the one where most is allowed to it), and the signatures are counted.
fn climb<'a, 'b>(
    from: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    roots: &'a [CertificateDer<'b>],
    between: usize,
) -> (Option<&'a CertificateDer<'b>>, usize) {
    let parsed = |der| parse(der, "certificate").ok();
    let Some(from) = parsed(from) else {
        return (None, 0);
    };
    let others = others.get(..PRESENTED_MAX).unwrap_or(others);
    let mut unmet: Vec<_> = others.iter().filter_map(parsed).collect();
    unmet.retain(|other| *other != from);
    let mut checks = 0;
    let mut vouches = |issuer: &X509Certificate<'_>, below: &X509Certificate<'_>, between| {
        if !allows(issuer, between) || !is_named_by(below, issuer) || checks == CHECKS_MAX {
            return false;
        }
        checks += 1;
        is_signed_by(below, issuer)
    };
    let mut level = vec![from];
    for between in between..=BETWEEN_MAX {
        let mut above = Vec::new();
        for certificate in &level {
            let root = roots.iter().find(|root| {
                parse(root, "certificate").is_ok_and(|root| vouches(&root, certificate, between))
            });
            if root.is_some() {
                return (root, checks);
            }
            above.extend(unmet.extract_if(.., |other| vouches(other, certificate, between)));
        }
        level = above;
    }
    (None, checks)
}

/// Whether `issuer` may have that many authorities between itself and a leaf.
pub(crate) fn allows(issuer: &X509Certificate<'_>, between: usize) -> bool {
    let Ok(Some(basic)) = issuer.basic_constraints() else {
        return false;
    };
    let limit = basic.value.path_len_constraint;
    limit.is_none_or(|limit| u32::try_from(between).is_ok_and(|between| between <= limit))
}

#[cfg(test)]
mod tests;
