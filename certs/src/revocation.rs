//! Revocation lists (CRL): which certificates are void before they expire.

use calluna_model::clock::{Clock, Moment};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::authority::{Authority, DAY, date};
use crate::bundle::TrustBundle;
use crate::error::CertError;
use crate::fingerprint::{Fingerprint, sha256};
use crate::x509::{armour, certificates, fits, parse, root_above, to_pem};

/// Longest text of lists that is read: a district with 100,000 revoked certificates has less.
const TEXT_MAX: usize = 16 * 1024 * 1024;
/// What RFC 5280 allows for a serial number.
const SERIAL_MAX: usize = 20;

/// Why a certificate was revoked; what others read in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing is said about it.
    #[default]
    Unspecified,
    /// Somebody else may have the key: a machine was stolen, a backup lost.
    KeyCompromise,
    /// A newer certificate took its place.
    Superseded,
    /// The provider left the district, or closed.
    CessationOfOperation,
}

/// A certificate that is void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Since when.
    pub at: Moment,
    /// Why.
    pub reason: Reason,
}

/// A list that an authority of ours signed. There is no other way to have one than to make it or
/// to have its signature checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    der: CertificateRevocationListDer<'static>,
    between: Vec<CertificateDer<'static>>,
    root: Fingerprint,
    issuing_key: [u8; 32],
    number: u64,
    this_update: Moment,
    next_update: Moment,
    serials: Vec<String>,
}

impl Authority {
    /// Signs the list of the certificates of *this* authority that are void. `number` has to grow
    /// with every list; the next one is announced for in `days` days, and this one is used until
    /// then and after.
    ///
    /// # Errors
    /// When a serial number is none, or the clock shows a year that no list can hold.
    pub fn revocation_list(
        &self,
        revoked: &[Revoked],
        number: u64,
        days: u32,
        clock: &dyn Clock,
    ) -> Result<RevocationList, CertError> {
        let this_update = clock.now();
        let next_update = this_update.plus(i64::from(days.max(1)) * DAY);
        let list = CertificateRevocationListParams {
            this_update: date(this_update)?.to_datetime(),
            next_update: date(next_update)?.to_datetime(),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect::<Result<_, _>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(self.as_rcgen())?;
        let bundle = TrustBundle::of(self);
        verified(list.der().clone(), self.between(), &bundle)
    }
}

impl RevocationList {
    /// Reads the lists of a PEM text (`X509 CRL` blocks), each signed by a root of the bundle, or
    /// by an intermediate below one whose certificate is in the text too. Of several lists of one
    /// authority the one with the highest number counts. A text without lists is fine.
    ///
    /// # Errors
    /// When a block cannot be read, or a list was signed by somebody else.
    pub fn read(text: &str, bundle: &TrustBundle) -> Result<Vec<Self>, CertError> {
        if text.len() > TEXT_MAX {
            return Err(unusable("it is far too long"));
        }
        let others = if text.contains("BEGIN CERTIFICATE") {
            certificates(text, "revocation list")?
        } else {
            Vec::new()
        };
        let mut kept: Vec<Self> = Vec::new();
        for der in CertificateRevocationListDer::pem_slice_iter(text.as_bytes()) {
            let der = der.map_err(|error| unusable(error.to_string()))?;
            let list = verified(der, &others, bundle)?;
            match kept
                .iter_mut()
                .find(|other| other.issuing_key == list.issuing_key)
            {
                Some(other) if list.replaces(other) => *other = list,
                Some(_) => {}
                None => kept.push(list),
            }
        }
        Ok(kept)
    }

    /// The text that [`RevocationList::read`] reads back: the list, followed by the intermediates
    /// that lead from its signer to the root.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let mut text = armour("X509 CRL", &self.der);
        text.extend(self.between.iter().map(|der| to_pem(der)));
        text
    }

    /// The list alone, DER.
    #[must_use]
    pub fn der(&self) -> &CertificateRevocationListDer<'static> {
        &self.der
    }

    /// The root of the authority that signed it.
    #[must_use]
    pub fn root(&self) -> Fingerprint {
        self.root
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> Moment {
        self.this_update
    }

    /// Until when the next one is due.
    #[must_use]
    pub fn next_update(&self) -> Moment {
        self.next_update
    }

    /// The serial numbers on it, hexadecimal.
    #[must_use]
    pub fn serials(&self) -> &[String] {
        &self.serials
    }

    /// Whether the certificate with this serial number, by the same authority, is void.
    #[must_use]
    pub fn holds(&self, serial: &str) -> bool {
        self.serials.iter().any(|other| other == serial)
    }

    /// Whether this authority signed it.
    #[must_use]
    pub fn is_of(&self, authority: &Authority) -> bool {
        parse(authority.own(), "authority's certificate")
            .is_ok_and(|own| self.issuing_key == sha256(own.public_key().raw))
    }

    /// Whether it is a later list of the same authority than `other`. One that is not must not
    /// take its place: an old list, played back, would let revoked peers in again.
    #[must_use]
    pub fn replaces(&self, other: &Self) -> bool {
        self.issuing_key == other.issuing_key && self.number > other.number
    }
}

fn entry(revoked: &Revoked) -> Result<RevokedCertParams, CertError> {
    let serial = HEXLOWER_PERMISSIVE
        .decode(revoked.serial.as_bytes())
        .ok()
        .filter(|bytes| (1..=SERIAL_MAX).contains(&bytes.len()))
        .ok_or_else(|| CertError::Serial {
            serial: revoked
                .serial
                .chars()
                .take(80)
                .flat_map(char::escape_default)
                .collect(),
        })?;
    let reason = match revoked.reason {
        Reason::Unspecified => None,
        Reason::KeyCompromise => Some(RevocationReason::KeyCompromise),
        Reason::Superseded => Some(RevocationReason::Superseded),
        Reason::CessationOfOperation => Some(RevocationReason::CessationOfOperation),
    };
    Ok(RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date(revoked.at)?.to_datetime(),
        reason_code: reason,
        invalidity_date: None,
    })
}

/// Parses a list and finds who signed it.
fn verified(
    der: CertificateRevocationListDer<'static>,
    others: &[CertificateDer<'static>],
    bundle: &TrustBundle,
) -> Result<RevocationList, CertError> {
    let Ok(([], list)) = CertificateRevocationList::from_der(&der) else {
        return Err(unusable("it is damaged"));
    };
    only_one_of_that_name(&list, bundle)?;
    let signer = bundle
        .ders()
        .iter()
        .chain(others)
        .filter(|der| signed(&list, der))
        .find_map(|signer| Some((signer, root_above(signer, others, bundle.ders())?)));
    let Some((signer, root)) = signer else {
        return Err(unusable("none of the trusted authorities signed it"));
    };
    let number = list
        .crl_number()
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| unusable("it has no number"))?;
    let next_update = list
        .next_update()
        .ok_or_else(|| unusable("it does not say when the next one is due"))?;
    let issuing_key = sha256(parse(signer, "authority's certificate")?.public_key().raw);
    let parts = RevocationList {
        between: if signer == root {
            Vec::new()
        } else {
            vec![signer.clone()]
        },
        root: Fingerprint::of(root),
        issuing_key,
        number,
        this_update: Moment(list.last_update().timestamp()),
        next_update: Moment(next_update.timestamp()),
        serials: list
            .iter_revoked_certificates()
            .map(|revoked| HEXLOWER.encode(revoked.raw_serial()))
            .collect(),
        der: der.clone(),
    };
    Ok(parts)
}

/// Whether the authority `signer` signed the list, and may sign lists.
fn signed(list: &CertificateRevocationList<'_>, signer: &CertificateDer<'_>) -> bool {
    parse(signer, "authority's certificate").is_ok_and(|signer| {
        let may_sign = matches!(signer.key_usage(), Ok(Some(usage)) if usage.value.crl_sign());
        may_sign
            && list.issuer().as_raw() == signer.subject().as_raw()
            && fits(
                signer.public_key(),
                &list.signature_algorithm,
                list.tbs_cert_list.as_ref(),
                &list.signature_value.data,
            )
    })
}

/// rustls looks for the list of a certificate by the name of the issuer alone; with two roots of
/// that name it would hold the list of one against the members of the other, and refuse them all.
fn only_one_of_that_name(
    list: &CertificateRevocationList<'_>,
    bundle: &TrustBundle,
) -> Result<(), CertError> {
    let named = |der: &&CertificateDer<'static>| {
        parse(der, "trust bundle")
            .is_ok_and(|root| root.subject().as_raw() == list.issuer().as_raw())
    };
    if bundle.ders().iter().filter(named).count() > 1 {
        let subject = list.issuer().to_string();
        return Err(CertError::SameSubject { subject });
    }
    Ok(())
}

fn unusable(reason: impl Into<String>) -> CertError {
    CertError::RevocationList {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests;
