//! What there is to know of an authority without its key: who it is, and until when it is good. A hub
//! whose key is locked lives by it.

use calluna_model::clock::Moment;

use crate::authority::check_chain;
use crate::error::CertError;
use crate::fingerprint::Fingerprint;
use crate::x509::{certificates, common_name, parse, to_pem, validity};

const WHAT: &str = "authority's certificate";

/// An authority's certificate, with those up to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityChain {
    /// What the issuing one is called, for people.
    pub name: String,
    /// Whether it is the root itself.
    pub is_root: bool,
    /// Until when it can issue: it and everything above it are valid.
    pub not_after: Moment,
    /// SHA-256 of the root's certificate.
    pub root: Fingerprint,
    /// The root's certificate, PEM.
    pub root_pem: String,
    /// Until when the root is valid.
    pub root_not_after: Moment,
}

impl AuthorityChain {
    /// Reads a PEM text: the issuing certificate first, the root last.
    ///
    /// # Errors
    /// When it cannot be read, one of them is not an authority's or not signed by the next one, or the
    /// last one is no root.
    pub fn from_pem(text: &str) -> Result<Self, CertError> {
        let ders = certificates(text, WHAT)?;
        let parsed = ders
            .iter()
            .map(|der| parse(der, WHAT))
            .collect::<Result<Vec<_>, _>>()?;
        let valid = check_chain(&parsed)?;
        let (Some(own), Some(root), Some(der)) = (parsed.first(), parsed.last(), ders.last())
        else {
            return Err(CertError::EmptyBundle);
        };
        Ok(Self {
            name: common_name(own.subject()),
            is_root: parsed.len() == 1,
            not_after: valid.until,
            root: Fingerprint::of(der),
            root_pem: to_pem(der),
            root_not_after: validity(root).until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint;

    #[test]
    fn it_says_the_same_as_the_authority_with_its_key() {
        let root = mint::district();
        for authority in [mint::issuing(&root), root] {
            let chain = AuthorityChain::from_pem(&authority.chain_pem()).unwrap();
            assert_eq!(chain.name, authority.name());
            assert_eq!(chain.is_root, authority.is_root());
            assert_eq!(chain.not_after, authority.not_after());
            assert_eq!(chain.root, authority.fingerprint());
            assert_eq!(chain.root_pem, authority.root_pem());
            assert!(chain.root_not_after >= chain.not_after);
        }
        let leaf = mint::leaf(&mint::district(), &crate::Peer::Hub);
        assert!(AuthorityChain::from_pem(&leaf.certificate_pem).is_err());
    }
}
