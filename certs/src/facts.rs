//! What a certificate says about itself, and when it is time for the next one.

use calluna_model::clock::Moment;
use data_encoding::HEXLOWER;
use rustls_pki_types::CertificateDer;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::X509Certificate;

use crate::authority::DAY;
use crate::error::CertError;
use crate::fingerprint::sha256;
use crate::peer::{Peer, peer_of};
use crate::x509::{certificates, parse, validity};

/// What a leaf says about itself. Whether to *believe* it is for others to say: TLS, and
/// [`crate::TrustBundle::issuer_of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who it belongs to.
    pub peer: Peer,
    /// Its serial number, hexadecimal, as [`crate::Issued::serial`].
    pub serial: String,
    /// From when on it is valid.
    pub not_before: Moment,
    /// Until when it is valid.
    pub not_after: Moment,
    /// SHA-256 of its public key, as [`crate::RequestedKey::fingerprint`].
    pub key: [u8; 32],
    /// The identifier of the key that signed it, hexadecimal: that of the root, or of the
    /// intermediate that issues for it.
    pub issuer_key: Option<String>,
}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// When it cannot be read, or does not say who it belongs to.
    pub fn of(leaf: &CertificateDer<'_>) -> Result<Self, CertError> {
        let certificate = parse(leaf, "certificate")?;
        let valid = validity(&certificate);
        Ok(Self {
            peer: peer_of(leaf)?,
            serial: HEXLOWER.encode(certificate.raw_serial()),
            not_before: valid.from,
            not_after: valid.until,
            key: sha256(certificate.public_key().raw),
            issuer_key: authority_key_id(&certificate).map(|id| HEXLOWER.encode(id)),
        })
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// As [`Facts::of`].
    pub fn of_pem(text: &str) -> Result<Self, CertError> {
        let all = certificates(text, "certificate")?;
        Self::of(all.first().ok_or(CertError::EmptyBundle)?)
    }

    /// When it is time to renew it.
    #[must_use]
    pub fn renew_at(&self) -> Moment {
        renew_at(self.not_before, self.not_after)
    }
}

/// When to renew what is valid between two moments: after two thirds of its life. The last third
/// is for the days on which nobody answers.
#[must_use]
pub fn renew_at(not_before: Moment, not_after: Moment) -> Moment {
    let life = not_after.since(not_before).max(0);
    // Thirds first: twice the life might not fit.
    not_before.plus(life / 3 * 2 + life % 3 * 2 / 3)
}

/// Whole days until `not_after`; negative once it has passed.
#[must_use]
pub fn days_left(not_after: Moment, now: Moment) -> i64 {
    not_after.since(now).div_euclid(DAY)
}

fn authority_key_id<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    certificate
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(key) => {
                key.key_identifier.as_ref().map(|id| id.0)
            }
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint;
    use crate::request::NodeKey;
    use proptest::prelude::*;

    #[test]
    fn the_facts_are_those_it_was_issued_with() {
        let root = mint::district();
        let issuing = mint::issuing(&root);
        let key = NodeKey::generate().unwrap().public_key().unwrap();
        let vhs = mint::provider("vhs");
        let issue = |authority: &crate::Authority| {
            authority
                .issue(&vhs, &key, 30, &mint::clock(), &mint::entropy())
                .unwrap()
        };
        let issued = issue(&issuing);
        let facts = Facts::of_pem(&issued.certificate_pem).unwrap();
        assert_eq!(facts, Facts::of(&issued.certificate_der).unwrap());
        assert_eq!(facts.peer, vhs);
        assert_eq!(facts.serial, issued.serial);
        assert_eq!(facts.not_after, issued.not_after);
        assert_eq!(facts.not_before, mint::NOW.plus(-300));
        assert_eq!(facts.key, key.fingerprint());
        let of_root = Facts::of(&issue(&root).certificate_der).unwrap();
        assert!(facts.issuer_key.is_some());
        assert_ne!(facts.issuer_key, of_root.issuer_key);
        assert!(
            Facts::of(root.root_der()).is_err(),
            "an authority is no peer"
        );
    }

    #[test]
    fn a_certificate_is_renewed_after_two_thirds_of_its_life() {
        let at = |days: i64| Moment(1_000_000).plus(days * DAY);
        assert_eq!(renew_at(at(0), at(30)), at(20));
        assert_eq!(renew_at(at(0), at(90)), at(60));
        assert_eq!(renew_at(Moment(0), Moment(3)), Moment(2));
        assert_eq!(renew_at(Moment(0), Moment(5)), Moment(3));
        assert_eq!(
            renew_at(at(5), at(4)),
            at(5),
            "a life that never was is over"
        );
    }

    #[test]
    fn days_are_counted_down_whole() {
        let end = Moment(1_000_000);
        assert_eq!(days_left(end, end.plus(-DAY)), 1);
        assert_eq!(days_left(end, end.plus(-DAY + 1)), 0);
        assert_eq!(days_left(end, end), 0);
        assert_eq!(days_left(end, end.plus(1)), -1);
    }

    proptest! {
        #[test]
        fn the_time_to_renew_lies_within_the_life(from in any::<i64>(), until in any::<i64>()) {
            let (from, until) = (Moment(from), Moment(until));
            let at = renew_at(from, until);
            prop_assert!(at >= from);
            prop_assert!(at <= until.max(from));
        }
    }
}
