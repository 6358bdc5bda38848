//! The key that signs entries.

use calluna_certs::{CertError, Fingerprint, NodeKey, PublicKey};
use data_encoding::HEXLOWER;

use crate::details::Details;
use crate::entry::signed_bytes;
use crate::head::Hash;

/// Name of the particular that holds a public key.
const PUBLIC_KEY: &str = "public-key";

/// The hub's audit key (ECDSA P-256). It signs nothing but entries of the audit log.
#[derive(Debug)]
pub struct AuditKey {
    key: NodeKey,
    public: PublicKey,
    id: Fingerprint,
}

impl AuditKey {
    /// The audit key, from a key that was made or loaded.
    ///
    /// # Errors
    /// Never for a key made or loaded by this program.
    pub fn new(key: NodeKey) -> Result<Self, CertError> {
        let public = PublicKey::of(&key)?;
        let id = public.fingerprint();
        Ok(Self { key, public, id })
    }

    /// SHA-256 of its public half: the name under which entries are signed.
    #[must_use]
    pub fn id(&self) -> Fingerprint {
        self.id
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A secret that only the holder of the key can make, for one purpose.
    #[must_use]
    pub fn secret(&self, purpose: &'static str) -> [u8; 32] {
        blake3::derive_key(purpose, self.key.pem().as_bytes())
    }

    /// Signs the hash of an entry.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn sign(&self, hash: &Hash) -> Result<Vec<u8>, CertError> {
        self.key.sign(&signed_bytes(hash))
    }
}

/// Whether `signature` over the hash of an entry is by `key`.
#[must_use]
pub fn is_signed(key: &PublicKey, hash: &Hash, signature: &[u8]) -> bool {
    key.verify(&signed_bytes(hash), signature).is_ok()
}

/// The particulars of an entry that introduces a key.
#[must_use]
pub fn introduce(key: &PublicKey) -> Details {
    Details::default().with(PUBLIC_KEY, HEXLOWER.encode(key.spki()))
}

/// The key that an entry introduces.
#[must_use]
pub fn introduced(details: &Details) -> Option<PublicKey> {
    let spki = HEXLOWER.decode(details.get(PUBLIC_KEY)?.as_bytes()).ok()?;
    PublicKey::from_spki(&spki).ok()
}
