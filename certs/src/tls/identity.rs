//! Who this side is: a certificate chain, its key, and whom it trusts.

use std::fmt;
use std::sync::Arc;

use calluna_model::clock::{Clock, Moment};
use rustls::RootCertStore;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::{Error as TlsError, InconsistentKeys};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};

use super::{TlsClock, provider};
use crate::bundle::TrustBundle;
use crate::error::CertError;
use crate::peer::{Peer, peer_of};
use crate::request::NodeKey;
use crate::revocation::RevocationList;
use crate::x509::{Validity, certificates, parse, root_of, validity};

/// What one side shows of itself, and whom it believes. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    leaf: CertificateDer<'static>,
    bundle: Arc<TrustBundle>,
    roots: Arc<RootCertStore>,
    revocations: Arc<[RevocationList]>,
    peer: Peer,
    valid: Validity,
    time: Arc<dyn TimeProvider>,
}

impl Identity {
    /// Puts an identity together from PEM texts: the certificate (followed by the intermediate
    /// authorities up to its root, when there are any), its private key, and the trust bundle (one
    /// or more roots).
    ///
    /// The root is presented together with the leaf, taken from the bundle where it is missing: a
    /// joining node has to see it to compare it with its token.
    ///
    /// # Errors
    /// When a text cannot be read, certificate and key are not a pair, the certificate does not
    /// say who it belongs to, or the bundle holds something else than roots.
    pub fn from_pem(cert_pem: &str, key_pem: &str, bundle_pem: &str) -> Result<Self, CertError> {
        let mut chain = certificates(cert_pem, "certificate")?;
        let bundle = TrustBundle::from_pem(bundle_pem)?;
        let leaf = chain.first().ok_or(CertError::EmptyBundle)?.clone();
        let peer = peer_of(&leaf)?;
        let valid = validity(&parse(&leaf, "certificate")?);
        let others = chain.get(1..).unwrap_or_default();
        if let Some(root) = root_of(&leaf, others, bundle.ders())
            && !others.contains(root)
        {
            chain.push(root.clone());
        }
        Ok(Self {
            certified: Arc::new(certified(chain, key_pem)?),
            leaf,
            roots: Arc::new(roots(&bundle)?),
            bundle: Arc::new(bundle),
            revocations: Arc::default(),
            peer,
            valid,
            time: Arc::new(DefaultTimeProvider),
        })
    }

    /// The same identity, refusing the certificates on these revocation lists: `lists` is what
    /// [`RevocationList::read`] reads, and may hold none. Lists and bundle belong together: when a
    /// root leaves the bundle, its list has to go in the same step.
    ///
    /// # Errors
    /// When a list cannot be read, or was not signed by an authority of the trust bundle.
    pub fn with_revocations(mut self, lists: &str) -> Result<Self, CertError> {
        self.revocations = RevocationList::read(lists, &self.bundle)?.into();
        Ok(self)
    }

    /// The same identity, with TLS reading the dates of certificates against `clock` instead of
    /// the machine's own.
    #[must_use]
    pub fn timed_by(mut self, clock: Arc<dyn Clock>) -> Self {
        self.time = Arc::new(TlsClock(clock));
        self
    }

    /// Who this is.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The leaf certificate.
    #[must_use]
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.leaf
    }

    /// Until when the leaf is valid.
    #[must_use]
    pub fn not_after(&self) -> Moment {
        self.valid.until
    }

    /// From when on the leaf is valid.
    #[must_use]
    pub fn not_before(&self) -> Moment {
        self.valid.from
    }

    /// Whom this side trusts.
    #[must_use]
    pub fn bundle(&self) -> &TrustBundle {
        &self.bundle
    }

    /// The revocation lists that are applied, one for each authority at most.
    #[must_use]
    pub fn revocations(&self) -> &[RevocationList] {
        &self.revocations
    }

    pub(super) fn crls(&self) -> Vec<CertificateRevocationListDer<'static>> {
        self.revocations
            .iter()
            .map(|list| list.der().clone())
            .collect()
    }

    pub(super) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.certified)))
    }

    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.roots)
    }

    pub(super) fn time(&self) -> Arc<dyn TimeProvider> {
        Arc::clone(&self.time)
    }
}

impl fmt::Debug for Identity {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("peer", &self.peer)
            .field("not_after", &self.valid.until)
            .finish_non_exhaustive()
    }
}

pub(super) fn roots(bundle: &TrustBundle) -> Result<RootCertStore, CertError> {
    let mut roots = RootCertStore::empty();
    for der in bundle.ders() {
        roots.add(der.clone())?;
    }
    Ok(roots)
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key_pem: &str,
) -> Result<CertifiedKey, CertError> {
    let der = NodeKey::from_pem(key_pem)?.into_pair().serialize_der();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der));
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertError::NotAPair,
        other => CertError::Tls(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint;

    #[test]
    fn an_identity_knows_who_it_is_and_presents_its_authority() {
        let district = mint::district();
        let node = mint::node(&district, "vhs");
        assert_eq!(node.peer(), &Peer::Provider("vhs".parse().unwrap()));
        assert_eq!(peer_of(node.leaf()).as_ref(), Ok(node.peer()));
        assert_eq!(node.certified.cert.last(), Some(district.root_der()));
        assert_eq!(node.certified.cert.len(), 2);
        assert_eq!(
            validity(&parse(node.leaf(), "x").unwrap()).until,
            node.not_after()
        );
    }

    #[test]
    fn the_right_one_of_two_authorities_with_one_name_is_presented() {
        let (old, new) = (mint::district(), mint::district());
        let leaf = mint::leaf(&new, &Peer::Hub);
        let bundle = format!("{}{}", old.root_pem(), new.root_pem());
        let hub = Identity::from_pem(&leaf.certificate_pem, &leaf.key_pem, &bundle).unwrap();
        assert_eq!(hub.certified.cert.last(), Some(new.root_der()));
    }

    #[test]
    fn what_does_not_fit_together_is_no_identity() {
        let district = mint::district();
        let (one, two) = (
            mint::leaf(&district, &Peer::Hub),
            mint::leaf(&district, &Peer::Hub),
        );
        let (cert, key) = (one.certificate_pem.as_str(), one.key_pem.as_str());
        let bundle = &district.root_pem();
        let make = Identity::from_pem;
        assert!(make(cert, key, bundle).is_ok());
        assert!(matches!(
            make(cert, &two.key_pem, bundle),
            Err(CertError::NotAPair)
        ));
        assert!(matches!(
            make(cert, key, cert),
            Err(CertError::NotAnAuthority { .. })
        ));
        assert!(matches!(
            make(cert, key, ""),
            Err(CertError::Pem {
                what: "trust bundle",
                ..
            })
        ));
        assert!(matches!(
            make("", key, bundle),
            Err(CertError::Pem {
                what: "certificate",
                ..
            })
        ));
        assert!(matches!(make(cert, "", bundle), Err(CertError::Key { .. })));
        assert!(matches!(
            make(bundle, &district.key_pem(), bundle),
            Err(CertError::Peer(_))
        ));
    }

    #[test]
    fn the_key_is_never_shown() {
        let shown = format!("{:?}", mint::hub(&mint::district()));
        assert_eq!(shown.split(',').count(), 3, "{shown}");
        assert!(
            shown.starts_with("Identity { peer: Hub, not_after: "),
            "{shown}"
        );
    }
}
