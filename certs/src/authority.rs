//! The district's own small certificate authority (ECDSA P-256), and what it issues.

use std::fmt;

use calluna_model::clock::{Clock, Moment};
use calluna_model::entropy::Entropy;
use data_encoding::HEXLOWER;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SubjectPublicKeyInfo,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::error::CertError;
use crate::fingerprint::Fingerprint;
use crate::peer::{Peer, dns_name};
use crate::request::{NodeKey, RequestedKey};

/// Days that the hub's own certificate is valid.
pub const HUB_DAYS: u32 = 90;

/// Days that a node's certificate is valid.
pub const NODE_DAYS: u32 = 30;

const DAY: i64 = 86_400;
/// Ten years, leap days included.
const AUTHORITY_DAYS: i64 = 3_652;
/// A node whose clock is a little slow must not find its fresh certificate "not yet valid".
const CLOCK_SLACK: i64 = 300;
/// What X.520 allows for a common name.
const NAME_MAX: usize = 64;

/// The district's authority: its certificate and its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    certificate_der: CertificateDer<'static>,
    valid: Validity,
}

/// A certificate that was just issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The same, DER.
    pub certificate_der: CertificateDer<'static>,
    /// Serial number: 128 random bits, 32 hexadecimal digits.
    pub serial: String,
    /// Until when it is valid.
    pub not_after: Moment,
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) from: Moment,
    pub(crate) until: Moment,
}

impl Authority {
    /// Makes a new authority called `name` (such as `Landkreis Heidekreis`), valid ten years.
    ///
    /// One intermediate may stand below it, so that its key can be kept offline one day.
    ///
    /// # Errors
    /// When the name cannot stand in a certificate, or the key cannot be made.
    pub fn create(name: &str, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Self, CertError> {
        if name.is_empty() || name.chars().count() > NAME_MAX || name.contains(char::is_control) {
            let name = name
                .chars()
                .take(80)
                .flat_map(char::escape_default)
                .collect();
            return Err(CertError::Name { name });
        }
        let from = clock.now().plus(-CLOCK_SLACK);
        let valid = Validity {
            from,
            until: clock.now().plus(AUTHORITY_DAYS * DAY),
        };
        let mut params = params(name, valid, random_serial(entropy))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = NodeKey::generate()?.into_pair();
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            valid,
        })
    }

    /// Loads an authority from its certificate and its private key, both PEM.
    ///
    /// # Errors
    /// When one of them cannot be read, they are not a pair, or the certificate is not an
    /// authority's.
    pub fn from_pem(cert: &str, key: &str) -> Result<Self, CertError> {
        let certificate_der = certificate_from_pem(cert)?;
        let key = NodeKey::from_pem(key)?.into_pair();
        let valid = {
            let certificate = parse(&certificate_der, "authority's certificate")?;
            if !certificate.is_ca() {
                let subject = certificate.subject().to_string();
                return Err(CertError::NotAnAuthority { subject });
            }
            if certificate.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
                return Err(CertError::NotAPair);
            }
            validity(&certificate)
        };
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(&certificate_der, key)?,
            certificate_pem: cert.to_owned(),
            certificate_der,
            valid,
        })
    }

    /// The certificate that members trust, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key, PEM (PKCS #8). Wiped from memory when dropped.
    #[must_use]
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
    }

    /// The certificate that members trust, DER.
    #[must_use]
    pub fn certificate_der(&self) -> &CertificateDer<'static> {
        &self.certificate_der
    }

    /// SHA-256 of the certificate: what a join token pins.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate_der)
    }

    /// Until when the authority is valid.
    #[must_use]
    pub fn not_after(&self) -> Moment {
        self.valid.until
    }

    /// Issues a certificate for `peer` and its public key, valid `days` days from now, at most as
    /// long as the authority itself.
    ///
    /// Every name in it is decided here, none is taken from the request. It may be used for both
    /// TLS roles: a node that dials out serves on that connection, and a hub that accepts calls.
    ///
    /// # Errors
    /// When the authority has expired, or the clock shows a year that no certificate can hold.
    pub fn issue(
        &self,
        peer: &Peer,
        public_key: &RequestedKey,
        days: u32,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Issued, CertError> {
        let now = clock.now();
        if now >= self.valid.until {
            return Err(CertError::AuthorityExpired {
                at: self.valid.until,
            });
        }
        let valid = Validity {
            from: now.plus(-CLOCK_SLACK).max(self.valid.from),
            until: now.plus(i64::from(days) * DAY).min(self.valid.until),
        };
        let serial = random_serial(entropy);
        let mut params = params(label(peer), valid, serial)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.subject_alt_names = vec![
            SanType::URI(peer.uri().try_into()?),
            SanType::DnsName(dns_name(peer).try_into()?),
        ];
        let certificate = params.signed_by(public_key.as_rcgen(), &self.issuer)?;
        Ok(Issued {
            certificate_pem: certificate.pem(),
            certificate_der: certificate.der().clone(),
            serial: HEXLOWER.encode(&serial),
            not_after: valid.until,
        })
    }
}

impl Authority {
    /// Vouches for another authority: a certificate (PEM) for its key and name, signed by this one. Whoever
    /// trusts this authority can see by it that the other one comes from the same office; see
    /// [`crate::trust::check_offered`].
    ///
    /// # Errors
    /// When this authority has expired, or the other one's certificate cannot be read.
    pub fn vouch_for(
        &self,
        other: &Self,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<String, CertError> {
        let now = clock.now();
        if now >= self.valid.until {
            return Err(CertError::AuthorityExpired {
                at: self.valid.until,
            });
        }
        let name = parse(&other.certificate_der, "authority's certificate")?
            .subject()
            .iter_common_name()
            .find_map(|name| name.as_str().ok().map(str::to_owned))
            .unwrap_or_default();
        let valid = Validity {
            from: now.plus(-CLOCK_SLACK).max(self.valid.from),
            until: other.valid.until.min(self.valid.until),
        };
        let mut params = params(&name, valid, random_serial(entropy))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.use_authority_key_identifier_extension = true;
        let key = SubjectPublicKeyInfo::from_der(&other.issuer.key().subject_public_key_info())?;
        Ok(params.signed_by(&key, &self.issuer)?.pem())
    }
}

impl fmt::Debug for Authority {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("fingerprint", &self.fingerprint().to_string())
            .field("not_after", &self.valid.until)
            .finish_non_exhaustive()
    }
}

/// What stands in the CN, for people who look at a certificate; nothing ever reads it back.
pub(crate) fn label(peer: &Peer) -> &str {
    peer.provider().map_or("hub", |id| id.as_str())
}

/// Reads the first certificate of a PEM text.
pub(crate) fn certificate_from_pem(text: &str) -> Result<CertificateDer<'static>, CertError> {
    CertificateDer::from_pem_slice(text.as_bytes()).map_err(|error| CertError::Pem {
        what: "certificate",
        label: "CERTIFICATE",
        reason: error.to_string(),
    })
}

/// Reads every certificate of a PEM text, at least one; `what` names it in the error.
pub(crate) fn certificates_from_pem(
    text: &str,
    what: &'static str,
) -> Result<Vec<CertificateDer<'static>>, CertError> {
    let wrong = |reason: String| CertError::Pem {
        what,
        label: "CERTIFICATE",
        reason,
    };
    let all = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    if all.is_empty() {
        return Err(wrong("there is none".to_owned()));
    }
    Ok(all)
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

/// Until when a certificate is valid.
#[cfg(test)]
pub(crate) fn not_after(certificate: &X509Certificate<'_>) -> Moment {
    validity(certificate).until
}

/// From when until when a certificate is valid.
pub(crate) fn validity(certificate: &X509Certificate<'_>) -> Validity {
    Validity {
        from: Moment(certificate.validity().not_before.timestamp()),
        until: Moment(certificate.validity().not_after.timestamp()),
    }
}

fn params(
    common_name: &str,
    valid: Validity,
    serial: [u8; 16],
) -> Result<CertificateParams, CertError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Calluna");
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from(serial.to_vec()));
    params.not_before = date(valid.from)?.to_datetime();
    params.not_after = date(valid.until)?.to_datetime();
    Ok(params)
}

/// X.509 holds the years 1950 to 9999; before 1970 only a broken clock would go.
fn date(at: Moment) -> Result<ASN1Time, CertError> {
    const YEAR_10000: i64 = 253_402_300_800;
    if !(0..YEAR_10000).contains(&at.0) {
        return Err(CertError::Date { at });
    }
    ASN1Time::from_timestamp(at.0).map_err(|_| CertError::Date { at })
}

/// 128 random bits, of which two are fixed: positive (RFC 5280), and always 16 bytes long.
fn random_serial(entropy: &dyn Entropy) -> [u8; 16] {
    let mut serial = [0; 16];
    entropy.fill(&mut serial);
    let [first, ..] = &mut serial;
    *first = (*first & 0x7f) | 0x40;
    serial
}

#[cfg(test)]
mod tests {
    use super::*;
    use calluna_model::clock::HandClock;
    use calluna_model::entropy::SeededEntropy;
    use x509_parser::extensions::GeneralName;

    const NOW: Moment = Moment(1_800_000_000);

    fn made() -> (Authority, HandClock, SeededEntropy) {
        let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(1));
        let authority = Authority::create("Landkreis Heidekreis", &clock, &entropy).unwrap();
        (authority, clock, entropy)
    }

    fn some_key() -> RequestedKey {
        NodeKey::generate().unwrap().public_key().unwrap()
    }

    #[test]
    fn an_authority_is_one_and_can_do_nothing_else() {
        let (authority, ..) = made();
        let certificate = parse(authority.certificate_der(), "x").unwrap();
        assert!(certificate.is_ca());
        let constraints = certificate.basic_constraints().unwrap().unwrap();
        assert!(constraints.critical);
        assert_eq!(constraints.value.path_len_constraint, Some(1));
        let usage = certificate.key_usage().unwrap().unwrap().value;
        assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
        assert_eq!(not_after(&certificate), NOW.plus(3_652 * DAY));
        assert!(
            certificate
                .subject()
                .to_string()
                .contains("Landkreis Heidekreis")
        );
    }

    #[test]
    fn a_leaf_says_who_it_is_and_can_serve_and_call() {
        let (authority, clock, entropy) = made();
        let peer = Peer::Provider("vhs".parse().unwrap());
        let issued = authority
            .issue(&peer, &some_key(), 30, &clock, &entropy)
            .unwrap();
        let leaf = parse(&issued.certificate_der, "x").unwrap();
        assert!(!leaf.is_ca());
        assert!(
            leaf.basic_constraints().unwrap().is_some(),
            "CA:FALSE is written"
        );
        let usage = leaf.key_usage().unwrap().unwrap().value;
        assert!(usage.digital_signature() && !usage.key_cert_sign());
        let purpose = leaf.extended_key_usage().unwrap().unwrap().value;
        assert!(purpose.server_auth && purpose.client_auth && !purpose.any);
        let names = leaf.subject_alternative_name().unwrap().unwrap().value;
        assert_eq!(
            names.general_names,
            [
                GeneralName::URI("calluna://provider/vhs"),
                GeneralName::DNSName("vhs.provider.calluna.internal")
            ]
        );
        assert_eq!(leaf.validity().not_before.timestamp(), NOW.0 - 300);
        assert_eq!(not_after(&leaf), issued.not_after);
        assert_eq!(issued.not_after, NOW.plus(30 * DAY));
    }

    #[test]
    fn serials_are_positive_random_and_128_bits_long() {
        let (authority, clock, entropy) = made();
        let issue = || {
            authority
                .issue(&Peer::Hub, &some_key(), 1, &clock, &entropy)
                .unwrap()
        };
        let (one, two) = (issue(), issue());
        assert_ne!(one.serial, two.serial);
        let leaf = parse(&one.certificate_der, "x").unwrap();
        assert_eq!(HEXLOWER.encode(leaf.raw_serial()), one.serial);
        assert_eq!(one.serial.len(), 32);
        assert!(one.serial.as_bytes()[0] < b'8', "{}", one.serial);
    }

    #[test]
    fn a_leaf_never_outlives_its_authority() {
        let (authority, clock, entropy) = made();
        clock.forward(3_651 * DAY);
        let issued = authority
            .issue(&Peer::Hub, &some_key(), 825, &clock, &entropy)
            .unwrap();
        assert_eq!(issued.not_after, authority.not_after());
        clock.forward(DAY);
        let late = authority.issue(&Peer::Hub, &some_key(), 825, &clock, &entropy);
        assert!(matches!(late, Err(CertError::AuthorityExpired { .. })));
    }

    #[test]
    fn what_was_written_down_can_be_loaded_and_issues() {
        let (authority, clock, entropy) = made();
        let loaded =
            Authority::from_pem(authority.certificate_pem(), &authority.key_pem()).unwrap();
        assert_eq!(loaded.fingerprint(), authority.fingerprint());
        assert_eq!(loaded.not_after(), authority.not_after());
        let issued = loaded
            .issue(&Peer::Hub, &some_key(), 1, &clock, &entropy)
            .unwrap();
        assert_eq!(
            parse(&issued.certificate_der, "x").unwrap().issuer(),
            parse(authority.certificate_der(), "x").unwrap().subject()
        );
    }

    #[test]
    fn what_does_not_fit_together_is_not_loaded() {
        let (one, clock, entropy) = made();
        let (two, ..) = made();
        let load = Authority::from_pem;
        assert!(matches!(
            load(one.certificate_pem(), &two.key_pem()),
            Err(CertError::NotAPair)
        ));
        let key = NodeKey::generate().unwrap();
        let leaf = one
            .issue(&Peer::Hub, &key.public_key().unwrap(), 1, &clock, &entropy)
            .unwrap();
        assert!(matches!(
            load(&leaf.certificate_pem, &key.pem()),
            Err(CertError::NotAnAuthority { .. })
        ));
        assert!(matches!(
            load("", &one.key_pem()),
            Err(CertError::Pem { .. })
        ));
        assert!(matches!(
            load(one.certificate_pem(), "x"),
            Err(CertError::Key { .. })
        ));
    }

    #[test]
    fn names_and_clocks_that_no_certificate_can_hold_are_refused() {
        let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(1));
        for name in [String::new(), "x".repeat(65), "a\nb".to_owned()] {
            let made = Authority::create(&name, &clock, &entropy);
            assert!(matches!(made, Err(CertError::Name { .. })), "{name}");
        }
        for second in [i64::MIN, -1, 0, 253_402_300_800, i64::MAX] {
            let made = Authority::create("x", &HandClock::at(Moment(second)), &entropy);
            assert!(matches!(made, Err(CertError::Date { .. })), "{second}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let (authority, ..) = made();
        assert!(authority.key_pem().contains("PRIVATE KEY"));
        assert!(!format!("{authority:?}").contains("PRIVATE"));
    }
}
