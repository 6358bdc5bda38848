//! What a certificate says of itself, for people who have to find out why it does not serve.

use calluna_model::clock::Moment;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::x509::X509Name;

use crate::error::CertError;
use crate::fingerprint::Fingerprint;
use crate::x509::parse;

/// Longest name that is kept: a stranger may write what he likes into his certificate.
const NAME_CHARS: usize = 120;

/// Names, dates and fingerprint of a certificate; nothing of it has been proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Whose it is.
    pub subject: String,
    /// Who signed it, by its own word.
    pub issuer: String,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// From when it is valid.
    pub not_before: Moment,
    /// Until when it is valid.
    pub not_after: Moment,
}

impl CertificateFacts {
    /// Reads one certificate.
    ///
    /// # Errors
    /// When the bytes are not an X.509 certificate.
    pub fn of(der: &CertificateDer<'_>) -> Result<Self, CertError> {
        let certificate = parse(der, "certificate")?;
        let validity = certificate.validity();
        Ok(Self {
            subject: name(certificate.subject()),
            issuer: name(certificate.issuer()),
            fingerprint: Fingerprint::of(der),
            not_before: Moment(validity.not_before.timestamp()),
            not_after: Moment(validity.not_after.timestamp()),
        })
    }

    /// Reads every certificate of a PEM text.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn all_of(pem: &str) -> Result<Vec<Self>, CertError> {
        CertificateDer::pem_slice_iter(pem.as_bytes())
            .map(|der| {
                let der = der.map_err(|error| CertError::Pem {
                    what: "certificate",
                    label: "CERTIFICATE",
                    reason: error.to_string(),
                })?;
                Self::of(&der)
            })
            .collect()
    }

    /// Whole days from `now` until it runs out; negative when it has expired.
    #[must_use]
    pub fn days_left(&self, now: Moment) -> i64 {
        self.not_after.since(now).div_euclid(86_400)
    }
}

/// The common name, with the organisation where it says more; the whole name where there is neither.
fn name(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().find_map(|part| part.as_str().ok());
    let house = name.iter_organization().find_map(|part| part.as_str().ok());
    let text = match (common, house) {
        (Some(common), Some(house)) if house != "Calluna" => format!("{common}, {house}"),
        (Some(one), _) | (None, Some(one)) => one.to_owned(),
        (None, None) => name.to_string(),
    };
    text.chars()
        .filter(|c| !c.is_control())
        .take(NAME_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint;
    use crate::peer::Peer;

    #[test]
    fn names_dates_and_fingerprint_are_those_of_the_certificate() {
        let authority = mint::district();
        let leaf = mint::leaf(&authority, &Peer::Hub);
        let text = format!("{}{}", leaf.certificate_pem, authority.root_pem());
        let all = CertificateFacts::all_of(&text).unwrap();
        let [own, above] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!(
            (own.subject.as_str(), own.issuer.as_str()),
            ("hub", "Landkreis Musterheide")
        );
        assert_eq!(above.fingerprint, authority.fingerprint());
        assert_eq!(above.not_after, authority.not_after());
        assert_eq!(own.days_left(own.not_after.plus(-86_400)), 1);
        assert_eq!(own.days_left(own.not_after.plus(1)), -1);
        assert!(CertificateFacts::all_of("-----BEGIN CERTIFICATE-----\nxx").is_err());
    }
}
