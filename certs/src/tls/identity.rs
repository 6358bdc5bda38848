//! Who this side is: a certificate chain, its key, and whom it trusts.

use std::fmt;
use std::sync::Arc;

use calluna_model::clock::{Clock, Moment};
use rustls::RootCertStore;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::{Error as TlsError, InconsistentKeys};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{TlsClock, provider};
use crate::authority::{not_after, parse};
use crate::error::CertError;
use crate::peer::{Peer, peer_of};
use crate::request::NodeKey;

/// What one side shows of itself, and whom it believes. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    leaf: CertificateDer<'static>,
    roots: Arc<RootCertStore>,
    peer: Peer,
    not_after: Moment,
    time: Arc<dyn TimeProvider>,
}

impl Identity {
    /// Puts an identity together from PEM texts: the certificate (its authority's may follow), its
    /// private key, and the trust bundle (one or more authorities).
    ///
    /// The authority's certificate is presented together with the leaf, taken from the bundle
    /// where it is missing: a joining node has to see it to compare it with its token.
    ///
    /// # Errors
    /// When a text cannot be read, certificate and key are not a pair, the certificate does not
    /// say who it belongs to, or the bundle holds something else than authorities.
    pub fn from_pem(cert_pem: &str, key_pem: &str, bundle_pem: &str) -> Result<Self, CertError> {
        let mut chain = certificates(cert_pem, "certificate")?;
        let bundle = certificates(bundle_pem, "trust bundle")?;
        let leaf = chain.first().ok_or_else(|| missing("certificate"))?.clone();
        let peer = peer_of(&leaf)?;
        let not_after = not_after(&parse(&leaf, "certificate")?);
        let roots = roots(&bundle)?;
        if chain.len() == 1 {
            chain.extend(issuer(&leaf, &bundle)?);
        }
        Ok(Self {
            certified: Arc::new(certified(chain, key_pem)?),
            leaf,
            roots: Arc::new(roots),
            peer,
            not_after,
            time: Arc::new(DefaultTimeProvider),
        })
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
        self.not_after
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
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

pub(super) fn certificates(
    text: &str,
    what: &'static str,
) -> Result<Vec<CertificateDer<'static>>, CertError> {
    let all = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| CertError::Pem {
            what,
            label: "CERTIFICATE",
            reason: error.to_string(),
        })?;
    if all.is_empty() {
        Err(missing(what))
    } else {
        Ok(all)
    }
}

fn missing(what: &'static str) -> CertError {
    CertError::Pem {
        what,
        label: "CERTIFICATE",
        reason: "there is none".to_owned(),
    }
}

/// Only authorities may be trusted: a leaf in the bundle would vouch for itself.
pub(super) fn roots(bundle: &[CertificateDer<'static>]) -> Result<RootCertStore, CertError> {
    let mut roots = RootCertStore::empty();
    for der in bundle {
        let certificate = parse(der, "trust bundle")?;
        if !certificate.is_ca() {
            let subject = certificate.subject().to_string();
            return Err(CertError::NotAnAuthority { subject });
        }
        roots.add(der.clone())?;
    }
    if roots.is_empty() {
        Err(CertError::EmptyBundle)
    } else {
        Ok(roots)
    }
}

/// The authority in the bundle whose key identifier the leaf names; while an authority is being
/// replaced the bundle holds two with the same name.
fn issuer(
    leaf: &CertificateDer<'_>,
    bundle: &[CertificateDer<'static>],
) -> Result<Option<CertificateDer<'static>>, CertError> {
    use x509_parser::extensions::ParsedExtension;
    let leaf = parse(leaf, "certificate")?;
    let wanted = leaf
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(key) => {
                key.key_identifier.as_ref().map(|id| id.0)
            }
            _ => None,
        });
    for der in bundle {
        let root = parse(der, "trust bundle")?;
        let own = root
            .iter_extensions()
            .find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
                _ => None,
            });
        if own.is_some() && own == wanted {
            return Ok(Some(der.clone()));
        }
    }
    Ok(None)
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
        assert_eq!(node.certified.cert.last(), Some(district.certificate_der()));
        assert_eq!(node.certified.cert.len(), 2);
        assert_eq!(
            not_after(&parse(node.leaf(), "x").unwrap()),
            node.not_after()
        );
    }

    #[test]
    fn the_right_one_of_two_authorities_with_one_name_is_presented() {
        let (old, new) = (mint::district(), mint::district());
        let leaf = mint::leaf(&new, &Peer::Hub);
        let bundle = format!("{}{}", old.certificate_pem(), new.certificate_pem());
        let hub = Identity::from_pem(&leaf.certificate_pem, &leaf.key_pem, &bundle).unwrap();
        assert_eq!(hub.certified.cert.last(), Some(new.certificate_der()));
    }

    #[test]
    fn what_does_not_fit_together_is_no_identity() {
        let district = mint::district();
        let (one, two) = (
            mint::leaf(&district, &Peer::Hub),
            mint::leaf(&district, &Peer::Hub),
        );
        let (cert, key) = (one.certificate_pem.as_str(), one.key_pem.as_str());
        let bundle = district.certificate_pem();
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
