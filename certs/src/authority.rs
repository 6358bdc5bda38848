//! The district's own small certificate authority (ECDSA P-256), and what it issues.
//!
//! An [`Authority`] is either the root itself or an intermediate below it. Members trust the root
//! only, and join tokens pin it: so the root's key can lie in a safe while an intermediate issues.

use std::fmt;

use calluna_model::clock::{Clock, Moment};
use calluna_model::entropy::Entropy;
use data_encoding::HEXLOWER;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
    SubjectPublicKeyInfo,
};
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{ASN1Time, X509Certificate};
use zeroize::Zeroizing;

use crate::error::CertError;
use crate::fingerprint::Fingerprint;
use crate::peer::{Peer, dns_name};
use crate::request::{NodeKey, RequestedKey};
use crate::x509::{
    Validity, allows, certificates, common_name, is_authority, is_root, is_signed_by, parse,
    to_pem, validity,
};

/// Days that the hub's own certificate is valid; it renews it itself at two thirds.
pub const HUB_DAYS: u32 = 90;

/// Days that a node's certificate is valid; the node renews it itself at two thirds.
pub const NODE_DAYS: u32 = 30;

/// Days that an intermediate authority is valid, where nothing else is asked for.
pub const INTERMEDIATE_DAYS: u32 = 365;

pub(crate) const DAY: i64 = 86_400;
/// Ten years, leap days included.
const AUTHORITY_DAYS: i64 = 3_652;
/// A node whose clock is a little slow must not find its fresh certificate "not yet valid".
const CLOCK_SLACK: i64 = 300;
/// What X.520 allows for a common name.
const NAME_MAX: usize = 64;
/// X.520 `dnQualifier`.
const DN_QUALIFIER: &[u64] = &[2, 5, 4, 46];

/// An authority of the district: its key, its certificate, and those up to the root.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The issuing certificate first, the root last; a root stands alone.
    chain: Vec<CertificateDer<'static>>,
    root: CertificateDer<'static>,
    valid: Validity,
}

/// A certificate that was just issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, PEM, followed by the intermediate authorities up to the root, which is
    /// not in it: whoever is shown the root has to know it already.
    pub certificate_pem: String,
    /// The certificate alone, DER.
    pub certificate_der: CertificateDer<'static>,
    /// Serial number: 128 random bits, 32 hexadecimal digits.
    pub serial: String,
    /// Until when it is valid.
    pub not_after: Moment,
    /// The root that vouches for it.
    pub root: Fingerprint,
}

impl Authority {
    /// Makes a new root called `name` (such as `Landkreis Heidekreis`), valid ten years.
    ///
    /// One intermediate may stand below it, so that its key can be kept offline, and a successor
    /// that it vouches for ([`Authority::vouch_for`]) between the two. Its subject holds a random qualifier beside the name, so that no two authorities are called the same:
    /// a verifier looks for the revocation list of a certificate by the issuer's name alone.
    ///
    /// # Errors
    /// When the name cannot stand in a certificate, or the key cannot be made.
    pub fn create(name: &str, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Self, CertError> {
        let valid = Validity {
            from: clock.now().plus(-CLOCK_SLACK),
            until: clock.now().plus(AUTHORITY_DAYS * DAY),
        };
        let params = authority_params(name, valid, 2, entropy)?;
        let key = NodeKey::generate()?.into_pair();
        let root = params.self_signed(&key)?.der().clone();
        Ok(Self {
            issuer: Issuer::new(params, key),
            chain: vec![root.clone()],
            root,
            valid,
        })
    }

    /// Makes an intermediate authority below this root, with a key of its own: it issues leaves
    /// and revocation lists, and no further authority (path length 0). It is valid `days` days
    /// (customarily [`INTERMEDIATE_DAYS`]), at most as long as the root. Without a name it is
    /// called as the root is, with the word `issuing`.
    ///
    /// # Errors
    /// When this is no root, it has expired, the name cannot stand in a certificate, or the key
    /// cannot be made.
    pub fn intermediate(
        &self,
        name: Option<&str>,
        days: u32,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, CertError> {
        if !self.is_root() {
            return Err(CertError::NotARoot { name: self.name() });
        }
        let valid = self.within(days, clock)?;
        let name = name.map_or_else(|| issuing_name(&self.name()), ToOwned::to_owned);
        let mut params = authority_params(&name, valid, 0, entropy)?;
        params.use_authority_key_identifier_extension = true;
        let key = NodeKey::generate()?.into_pair();
        let certificate = params.signed_by(&key, &self.issuer)?.der().clone();
        Ok(Self {
            issuer: Issuer::new(params, key),
            chain: vec![certificate, self.root.clone()],
            root: self.root.clone(),
            valid,
        })
    }

    /// Loads an authority from its chain (its own certificate first, the root last) and its
    /// private key, both PEM. A root is a chain of one.
    ///
    /// # Errors
    /// When one of them cannot be read, they are not a pair, a certificate of the chain is not an
    /// authority's or not signed by the next one, or the last one is no root.
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, CertError> {
        const WHAT: &str = "authority's certificate";
        let chain = certificates(chain, WHAT)?;
        let key = NodeKey::from_pem(key)?.into_pair();
        let (own, root, valid) = {
            let parsed = chain
                .iter()
                .map(|der| parse(der, WHAT))
                .collect::<Result<Vec<_>, _>>()?;
            let valid = check_chain(&parsed)?;
            let own = chain.first().ok_or(CertError::EmptyBundle)?;
            let root = chain.last().ok_or(CertError::EmptyBundle)?;
            let fits = parsed.first().is_some_and(|own| {
                own.public_key().subject_public_key.data.as_ref() == key.public_key_raw()
            });
            if !fits {
                return Err(CertError::NotAPair);
            }
            (own.clone(), root.clone(), valid)
        };
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(&own, key)?,
            chain,
            root,
            valid,
        })
    }

    /// Whether this is the root itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.chain.len() == 1
    }

    /// What it is called, for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.chain
            .first()
            .and_then(|own| parse(own, "authority's certificate").ok())
            .map(|own| common_name(own.subject()))
            .unwrap_or_default()
    }

    /// What [`Authority::from_pem`] reads back beside the key: its own certificate first, the root
    /// last, PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|der| to_pem(der)).collect()
    }

    /// The certificate that members trust, PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        to_pem(&self.root)
    }

    /// The certificate that members trust, DER.
    #[must_use]
    pub fn root_der(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The private key, PEM (PKCS #8), not encrypted: [`crate::sealed::seal`] does that. Wiped
    /// from memory when dropped.
    #[must_use]
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
    }

    /// SHA-256 of the root's certificate: what a join token pins.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.root)
    }

    /// Until when it can issue: the authority itself and everything above it are valid.
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
        let valid = self.within(days, clock)?;
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
        let certificate_der = params
            .signed_by(public_key.as_rcgen(), &self.issuer)?
            .der()
            .clone();
        let mut certificate_pem = to_pem(&certificate_der);
        certificate_pem.extend(self.between().iter().map(|der| to_pem(der)));
        Ok(Issued {
            certificate_pem,
            certificate_der,
            serial: HEXLOWER.encode(&serial),
            not_after: valid.until,
            root: self.fingerprint(),
        })
    }

    /// The certificates between a leaf and the root: none when this is the root.
    pub(crate) fn between(&self) -> &[CertificateDer<'static>] {
        self.chain.split_last().map_or(&[], |(_, between)| between)
    }

    /// The certificate that it signs with.
    pub(crate) fn own(&self) -> &CertificateDer<'static> {
        self.chain.first().unwrap_or(&self.root)
    }

    pub(crate) fn as_rcgen(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// `days` from now on, inside of what the authority itself is valid for. Nothing leaves that was
    /// valid at no time: a token or a renewal would be spent on it.
    fn within(&self, days: u32, clock: &dyn Clock) -> Result<Validity, CertError> {
        let now = clock.now();
        if now >= self.valid.until {
            let at = self.valid.until;
            return Err(CertError::AuthorityExpired { at });
        }
        let valid = Validity {
            from: now.plus(-CLOCK_SLACK).max(self.valid.from),
            until: now.plus(i64::from(days) * DAY).min(self.valid.until),
        };
        // A clock that went back: what is issued now would never have been valid.
        if now < self.valid.from || valid.until <= valid.from {
            let from = self.valid.from;
            return Err(CertError::BeforeAuthority { now, from });
        }
        Ok(valid)
    }
}

impl Authority {
    /// Vouches for the root of another authority: a certificate (PEM) for its key and its name, signed
    /// by this root. Whoever trusts this root can see by it that the other one comes from the same office
    /// ([`crate::trust::check_offered`]), and, when it is shown beside a certificate of the other one, can
    /// check that as if this root stood above both.
    ///
    /// # Errors
    /// When this is no root, it has expired, or the other one's certificate cannot be read.
    pub fn vouch_for(
        &self,
        other: &Self,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<String, CertError> {
        if !self.is_root() {
            return Err(CertError::NotARoot { name: self.name() });
        }
        let mut valid = self.within(0, clock)?;
        let root = parse(&other.root, "authority's certificate")?;
        valid.until = validity(&root).until.min(self.valid.until);
        let name = common_name(root.subject());
        let mut params = params(&name, valid, random_serial(entropy))?;
        if let Some(qualifier) = qualifier_of(&root) {
            set_qualifier(&mut params, &qualifier)?;
        }
        // The other one may have an intermediate below it.
        make_authority(&mut params, 1);
        params.use_authority_key_identifier_extension = true;
        let key = SubjectPublicKeyInfo::from_der(root.public_key().raw)?;
        Ok(params.signed_by(&key, &self.issuer)?.pem())
    }
}

impl fmt::Debug for Authority {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("fingerprint", &self.fingerprint().to_string())
            .field("root", &self.is_root())
            .field("not_after", &self.valid.until)
            .finish_non_exhaustive()
    }
}

/// Each is an authority that the next one signed, the last one a root; says for how long all of
/// them are valid.
pub(crate) fn check_chain(chain: &[X509Certificate<'_>]) -> Result<Validity, CertError> {
    let mut valid = Validity {
        from: Moment(i64::MIN),
        until: Moment(i64::MAX),
    };
    for (place, certificate) in chain.iter().enumerate() {
        if !is_authority(certificate) {
            let subject = certificate.subject().to_string();
            return Err(CertError::NotAnAuthority { subject });
        }
        let name = common_name(certificate.subject());
        match chain.get(place + 1) {
            Some(next) if !is_signed_by(certificate, next) || !allows(next, place + 1) => {
                let by = common_name(next.subject());
                return Err(CertError::NotSignedBy { name, by });
            }
            None if !is_root(certificate) => return Err(CertError::NotARoot { name }),
            _ => {}
        }
        let own = validity(certificate);
        valid.from = valid.from.max(own.from);
        valid.until = valid.until.min(own.until);
    }
    Ok(valid)
}

/// What stands in the CN, for people who look at a certificate; nothing ever reads it back.
pub(crate) fn label(peer: &Peer) -> &str {
    peer.provider().map_or("hub", |id| id.as_str())
}

fn issuing_name(root: &str) -> String {
    const ENDING: &str = " (issuing)";
    let kept = root.chars().take(NAME_MAX - ENDING.len());
    kept.chain(ENDING.chars()).collect()
}

/// An authority that may have `below` further ones below it.
fn authority_params(
    name: &str,
    valid: Validity,
    below: u8,
    entropy: &dyn Entropy,
) -> Result<CertificateParams, CertError> {
    if name.is_empty() || name.chars().count() > NAME_MAX || name.contains(char::is_control) {
        let name = name
            .chars()
            .take(80)
            .flat_map(char::escape_default)
            .collect();
        return Err(CertError::Name { name });
    }
    let mut params = params(name, valid, random_serial(entropy))?;
    let mut qualifier = [0; 8];
    entropy.fill(&mut qualifier);
    set_qualifier(&mut params, &HEXLOWER.encode(&qualifier))?;
    make_authority(&mut params, below);
    Ok(params)
}

fn make_authority(params: &mut CertificateParams, below: u8) {
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
}

fn set_qualifier(params: &mut CertificateParams, qualifier: &str) -> Result<(), CertError> {
    params.distinguished_name.push(
        DnType::CustomDnType(DN_QUALIFIER.to_vec()),
        DnValue::PrintableString(qualifier.try_into()?),
    );
    Ok(())
}

fn qualifier_of(certificate: &X509Certificate<'_>) -> Option<String> {
    let mut attributes = certificate.subject().iter_attributes();
    let found = attributes.find(|attribute| {
        let oid = attribute.attr_type().iter();
        oid.is_some_and(|oid| oid.eq(DN_QUALIFIER.iter().copied()))
    })?;
    found.as_str().ok().map(ToOwned::to_owned)
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
pub(crate) fn date(at: Moment) -> Result<ASN1Time, CertError> {
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
mod tests;
