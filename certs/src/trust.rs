//! What a member is told about whom to trust, and why it may believe it.
//!
//! The hub tells its members over a connection that it proved itself on. That is enough to take an
//! authority away, but not to bring a new one: whoever stole the hub's key (not the authority's) could
//! otherwise make every node trust an authority of his own, for ever. So a new authority needs a
//! *voucher*: a certificate for the same key, signed by an authority that the node trusts
//! already.

use calluna_model::clock::Moment;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::X509Certificate;

use crate::error::CertError;
use crate::x509::{certificates, is_authority, is_signed_by, parse};

/// Domain of the digest, so that it can never be taken for another one.
const DOMAIN: &[u8] = b"calluna trust v1\0";

/// A trust bundle that a node must not take.
#[derive(Debug, thiserror::Error)]
pub enum TrustRefused {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] CertError),
    /// It holds a new authority for which none of the trusted ones vouches.
    #[error(
        "the hub offers the authority `{subject}`, and no authority that is trusted here vouches for it; \
         nothing was changed; ask the district office, by telephone, whether it has a new authority: \
         a new invitation brings it"
    )]
    NoVoucher {
        /// Whose certificate it is, as it says.
        subject: String,
    },
}

/// Digest over a trust bundle and the revocation lists, both as PEM texts: BLAKE3-256 over
/// `calluna trust v1`, a zero byte, the length of the bundle in bytes (8 bytes, big-endian), the
/// bundle, the lists. A node and a hub that have the same one trust the same authorities.
#[must_use]
pub fn trust_digest(bundle_pem: &str, lists_pem: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN);
    hasher.update(&(bundle_pem.len() as u64).to_be_bytes());
    hasher.update(bundle_pem.as_bytes());
    hasher.update(lists_pem.as_bytes());
    *hasher.finalize().as_bytes()
}

/// Whether whoever trusts `trusted_pem` may take `offered_pem` instead: each authority in it is one
/// of the trusted ones, or one of those vouches for it (`vouchers_pem`, may be empty) at the moment
/// `now`.
///
/// # Errors
/// [`TrustRefused`] names the authority.
pub fn check_offered(
    trusted_pem: &str,
    offered_pem: &str,
    vouchers_pem: &str,
    now: Moment,
) -> Result<(), TrustRefused> {
    let trusted = certificates(trusted_pem, "trust bundle")?;
    let vouchers = CertificateDer::pem_slice_iter(vouchers_pem.as_bytes())
        .filter_map(Result::ok)
        .collect::<Vec<_>>();
    for der in certificates(offered_pem, "trust bundle of the hub")? {
        if trusted.contains(&der) {
            continue;
        }
        let offered = parse(&der, "trust bundle of the hub")?;
        let vouched = vouchers.iter().any(|voucher| {
            parse(voucher, "voucher").is_ok_and(|voucher| {
                vouches(&voucher, &offered, now)
                    && trusted.iter().any(|root| {
                        parse(root, "trust bundle").is_ok_and(|root| is_signed_by(&voucher, &root))
                    })
            })
        });
        if !vouched {
            let subject = offered.subject().to_string();
            return Err(TrustRefused::NoVoucher { subject });
        }
    }
    Ok(())
}

/// Whether `voucher` is about the key of `offered`, an authority's, and valid.
fn vouches(voucher: &X509Certificate<'_>, offered: &X509Certificate<'_>, now: Moment) -> bool {
    let valid = voucher.validity();
    is_authority(voucher)
        && is_authority(offered)
        && voucher.public_key().raw == offered.public_key().raw
        && (valid.not_before.timestamp()..valid.not_after.timestamp()).contains(&now.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Authority;
    use crate::mint;

    #[test]
    fn the_border_between_the_two_texts_counts() {
        assert_ne!(trust_digest("ab", "c"), trust_digest("a", "bc"));
        let hex: String = trust_digest("bundle", "lists")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "88180e64c1ec5988b2d52a1417b14b6aa864bb8a877329e1697a693a590687d2"
        );
    }

    fn voucher(of: &Authority, by: &Authority) -> String {
        by.vouch_for(of, &mint::clock(), &mint::entropy()).unwrap()
    }

    #[test]
    fn a_new_authority_needs_a_voucher_of_one_that_is_trusted() {
        let (old, new, stranger) = (mint::district(), mint::district(), mint::district());
        let both = format!("{}{}", new.root_pem(), old.root_pem());
        let check = |trusted: &Authority, offered: &str, vouchers: &str, at| {
            check_offered(&trusted.root_pem(), offered, vouchers, at)
        };
        let now = mint::NOW;
        assert!(check(&old, &both, &voucher(&new, &old), now).is_ok());
        assert!(check(&old, &old.root_pem(), "", now).is_ok());
        let refused = |offered: &str, vouchers: &str, at| {
            let refused = check(&old, offered, vouchers, at);
            assert!(
                matches!(refused, Err(TrustRefused::NoVoucher { .. })),
                "{refused:?}"
            );
        };
        refused(&both, "", now);
        refused(&both, &voucher(&new, &stranger), now);
        refused(&both, &voucher(&stranger, &old), now);
        refused(&both, &voucher(&stranger, &new), now);
        refused(&both, &new.root_pem(), now);
        refused(&stranger.root_pem(), &voucher(&new, &old), now);
        let run_out = old.not_after().max(new.not_after());
        refused(&both, &voucher(&new, &old), run_out);
        assert!(check(&old, "", "", now).is_err());
        let leaf = mint::leaf(&old, &crate::peer::Peer::Hub);
        let with_leaf = format!("{}{}", old.root_pem(), leaf.certificate_pem);
        refused(&with_leaf, &leaf.certificate_pem, now);
    }
}
