//! The trust bundle: the roots that a member believes, the preferred one first. It holds two while
//! an authority is being replaced.

use std::fmt;

use calluna_model::clock::Moment;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use crate::authority::Authority;
use crate::error::CertError;
use crate::fingerprint::{Fingerprint, sha256};
use crate::x509::{
    certificates, common_name, is_authority, is_root, parse, root_of, to_pem, validity,
};

const WHAT: &str = "trust bundle";

/// One or more roots; each is there once.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustBundle(Vec<CertificateDer<'static>>);

/// What there is to show of a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Root {
    /// What it is called.
    pub name: String,
    /// SHA-256 of its certificate.
    pub fingerprint: Fingerprint,
    /// From when on it is valid.
    pub not_before: Moment,
    /// Until when it is valid.
    pub not_after: Moment,
}

impl TrustBundle {
    /// The root at the end of an authority's chain, as it lies in a file.
    ///
    /// # Errors
    /// When the text cannot be read, or does not end in a root.
    pub fn of_chain_pem(chain: &str) -> Result<Self, CertError> {
        let last = certificates(chain, "authority's certificate")?.pop();
        Self::from_pem(&last.map(|der| to_pem(&der)).unwrap_or_default())
    }

    /// Reads a PEM text: roots, the preferred one first. One that comes twice counts once.
    ///
    /// # Errors
    /// When it cannot be read, holds nothing, or holds something else than roots: through a leaf
    /// or an intermediate nobody may be trusted.
    pub fn from_pem(text: &str) -> Result<Self, CertError> {
        let mut kept: Vec<CertificateDer<'static>> = Vec::new();
        for der in certificates(text, WHAT)? {
            let certificate = parse(&der, WHAT)?;
            if !is_authority(&certificate) {
                let subject = certificate.subject().to_string();
                return Err(CertError::NotAnAuthority { subject });
            }
            if !is_root(&certificate) {
                let name = common_name(certificate.subject());
                return Err(CertError::NotARoot { name });
            }
            if !kept.contains(&der) {
                kept.push(der);
            }
        }
        Ok(Self(kept))
    }

    /// The bundle of a district with one authority: its root.
    #[must_use]
    pub fn of(authority: &Authority) -> Self {
        Self(vec![authority.root_der().clone()])
    }

    /// This bundle, followed by those roots of `others` that are not in it.
    #[must_use]
    pub fn followed_by(mut self, others: &Self) -> Self {
        for der in &others.0 {
            if !self.0.contains(der) {
                self.0.push(der.clone());
            }
        }
        self
    }

    /// This bundle without the root `fingerprint`.
    ///
    /// # Errors
    /// [`CertError::EmptyBundle`] when nothing would be left.
    pub fn without(mut self, fingerprint: Fingerprint) -> Result<Self, CertError> {
        self.0.retain(|der| Fingerprint::of(der) != fingerprint);
        if self.0.is_empty() {
            return Err(CertError::EmptyBundle);
        }
        Ok(self)
    }

    /// The text that [`TrustBundle::from_pem`] reads back.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.iter().map(|der| to_pem(der)).collect()
    }

    /// Tells whether two sides have the same roots, in whatever order: SHA-256 over their sorted
    /// fingerprints.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut prints = self.fingerprints();
        prints.sort_unstable();
        let bytes: Vec<u8> = prints.iter().flat_map(|print| print.0).collect();
        sha256(&bytes)
    }

    /// The fingerprints of the roots, the preferred one first.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        self.0.iter().map(|der| Fingerprint::of(der)).collect()
    }

    /// Whether the root `fingerprint` is in it.
    #[must_use]
    pub fn holds(&self, fingerprint: Fingerprint) -> bool {
        self.0.iter().any(|der| Fingerprint::of(der) == fingerprint)
    }

    /// What there is to show of each root.
    #[must_use]
    pub fn roots(&self) -> Vec<Root> {
        let shown = |der: &CertificateDer<'static>| {
            let certificate = parse(der, WHAT).ok()?;
            let valid = validity(&certificate);
            Some(Root {
                name: common_name(certificate.subject()),
                fingerprint: Fingerprint::of(der),
                not_before: valid.from,
                not_after: valid.until,
            })
        };
        // All of them were parsed when they came in.
        self.0.iter().filter_map(shown).collect()
    }

    /// The root that vouches for a leaf; `chain` is the leaf and what was presented with it.
    ///
    /// Signatures and the rights of the authorities are checked, dates are not: "issued by one of
    /// ours" holds of an expired certificate too. Whether it may still be *used* is for others to
    /// say (TLS, [`crate::renew`]).
    ///
    /// # Errors
    /// [`CertError::Stranger`] when none of the roots vouches for it.
    pub fn issuer_of(&self, chain: &[CertificateDer<'_>]) -> Result<Fingerprint, CertError> {
        let (leaf, others) = chain.split_first().ok_or(CertError::Stranger)?;
        root_of(leaf, others, &self.0)
            .map(|root| Fingerprint::of(root))
            .ok_or(CertError::Stranger)
    }

    /// [`TrustBundle::issuer_of`] for a PEM text.
    ///
    /// # Errors
    /// When the text cannot be read, or none of the roots vouches for its first certificate.
    pub fn issuer_of_pem(&self, chain: &str) -> Result<Fingerprint, CertError> {
        self.issuer_of(&certificates(chain, "certificate")?)
    }

    pub(crate) fn ders(&self) -> &[CertificateDer<'static>] {
        &self.0
    }
}

impl fmt::Debug for TrustBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.fingerprints().iter().map(ToString::to_string))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint;
    use crate::peer::Peer;

    #[test]
    fn roots_are_kept_once_and_in_their_order() {
        let (old, new) = (mint::district(), mint::district());
        let text = [new.root_pem(), old.root_pem(), new.root_pem()].concat();
        let bundle = TrustBundle::from_pem(&text).unwrap();
        assert_eq!(
            bundle.fingerprints(),
            [new.fingerprint(), old.fingerprint()]
        );
        assert_eq!(TrustBundle::from_pem(&bundle.to_pem()).unwrap(), bundle);
        assert_eq!(
            TrustBundle::of(&new).followed_by(&TrustBundle::of(&old)),
            bundle
        );
        let turned = TrustBundle::of(&old).followed_by(&bundle);
        assert_eq!(turned.digest(), bundle.digest());
        assert_ne!(TrustBundle::of(&old).digest(), bundle.digest());
        let left = bundle.without(new.fingerprint()).unwrap();
        assert!(left.holds(old.fingerprint()) && !left.holds(new.fingerprint()));
        assert!(matches!(
            left.without(old.fingerprint()),
            Err(CertError::EmptyBundle)
        ));
    }

    #[test]
    fn inv2_only_roots_are_trusted() {
        let root = mint::district();
        let issuing = mint::issuing(&root);
        let leaf = mint::leaf(&root, &Peer::Hub);
        let read = TrustBundle::from_pem;
        assert!(matches!(
            read(&leaf.certificate_pem),
            Err(CertError::NotAnAuthority { .. })
        ));
        // The whole chain, and the intermediate alone.
        let alone = issuing.chain_pem().replace(&root.root_pem(), "");
        for text in [issuing.chain_pem(), alone] {
            assert!(matches!(read(&text), Err(CertError::NotARoot { .. })));
        }
        assert!(matches!(read(""), Err(CertError::Pem { .. })));
    }

    #[test]
    fn the_root_that_vouches_is_found_for_expired_certificates_too() {
        let (old, new) = (mint::district(), mint::district());
        let issuing = mint::issuing(&old);
        let bundle = TrustBundle::of(&new).followed_by(&TrustBundle::of(&old));
        let expired = mint::expired(&old, &Peer::Hub);
        assert_eq!(
            bundle.issuer_of(&[expired.leaf().clone()]).unwrap(),
            old.fingerprint()
        );
        let below = mint::leaf(&issuing, &Peer::Hub);
        assert_eq!(
            bundle.issuer_of_pem(&below.certificate_pem).unwrap(),
            old.fingerprint()
        );
        // Without the intermediate nothing leads to the root.
        let leaf = certificates(&below.certificate_pem, "x").unwrap();
        assert!(matches!(
            bundle.issuer_of(&leaf[..1]),
            Err(CertError::Stranger)
        ));
        let stranger = mint::leaf(&mint::district(), &Peer::Hub);
        assert!(bundle.issuer_of_pem(&stranger.certificate_pem).is_err());
        assert!(bundle.issuer_of(&[]).is_err());
    }

    #[test]
    fn a_root_is_shown_with_its_name_and_dates() {
        let district = mint::district();
        let roots = TrustBundle::of(&district).roots();
        assert_eq!(roots.len(), 1);
        assert_eq!(roots[0].name, "Landkreis Musterheide");
        assert_eq!(roots[0].not_after, district.not_after());
        assert_eq!(roots[0].fingerprint, district.fingerprint());
    }
}
