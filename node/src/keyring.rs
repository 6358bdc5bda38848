//! What the node proves itself with, and whom it trusts. Both are exchanged while it runs: whoever
//! opens a connection asks for the badge of that moment, and a connection keeps the one it began with.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use calluna_certs::pair::{PairError, PairFiles};
use calluna_certs::tls::Identity;
use calluna_certs::trust::trust_digest;
use calluna_certs::{CertError, NodeKey, Peer, files};
use calluna_host::data_dir::DataDir;
use calluna_model::clock::Clock;
use calluna_model::id::ProviderId;

/// The node's private key, PEM.
pub const KEY: &str = "node.key";
/// Its certificate, PEM.
pub const CERTIFICATE: &str = "node.crt";
/// The district's authorities, PEM.
pub const BUNDLE: &str = "bundle.pem";
/// What they have revoked, PEM; there is none before the first answer of the hub.
pub const REVOCATIONS: &str = "revoked.pem";

/// Key, certificate or trust bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// What a file holds.
    #[error("{}: {source}; join again with a new invitation", path.display())]
    Content {
        /// The file or its directory.
        path: PathBuf,
        /// What is wrong with it.
        source: CertError,
    },
    /// A file cannot be read or written, or is not as private as it must be.
    #[error(transparent)]
    File(#[from] files::FileError),
    /// The certificate is somebody else's.
    #[error(
        "the certificate belongs to {found}, but node.toml says provider `{expected}`; correct node.toml, or join again"
    )]
    OtherProvider {
        /// Who the certificate names.
        found: Peer,
        /// Who `node.toml` names.
        expected: ProviderId,
    },
}

impl From<PairError> for KeyringError {
    fn from(error: PairError) -> Self {
        match error {
            PairError::File(error) => Self::File(error),
            PairError::Content { path, source } => Self::Content { path, source },
        }
    }
}

/// What the node proves itself with at one moment.
#[derive(Clone, Debug)]
pub struct Badge {
    /// Certificate, key and trusted authorities, for TLS.
    pub identity: Identity,
    /// The key, for signing heads.
    pub key: Arc<NodeKey>,
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// The trusted authorities, PEM.
    pub bundle_pem: String,
    /// What they have revoked, PEM.
    pub revocations_pem: String,
}

impl Badge {
    /// [`trust_digest`] of what this node trusts.
    #[must_use]
    pub fn trust_digest(&self) -> [u8; 32] {
        trust_digest(&self.bundle_pem, &self.revocations_pem)
    }
}

/// Holds the badge, and the files that it comes from.
#[derive(Debug)]
pub struct Keyring {
    now: RwLock<Arc<Badge>>,
    dir: DataDir,
    provider: ProviderId,
    clock: Arc<dyn Clock>,
}

/// Texts that make a badge.
struct Texts<'a> {
    key: &'a str,
    certificate: &'a str,
    bundle: &'a str,
    revocations: &'a str,
}

impl Keyring {
    /// Reads the files in `dir`, and ends a replacement that was cut off.
    ///
    /// # Errors
    /// When a file is missing, can be read by others, or they do not fit together.
    pub fn open(
        dir: &DataDir,
        provider: &ProviderId,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, KeyringError> {
        let pair = pair_in(dir);
        pair.heal()?;
        let (key, certificate) = pair.read()?;
        let bundle = files::read_text(&dir.join(BUNDLE))?;
        let revocations = match fs::exists(dir.join(REVOCATIONS)) {
            Ok(false) => String::new(),
            _ => files::read_text(&dir.join(REVOCATIONS))?,
        };
        let badge = badge(
            dir,
            provider,
            clock,
            &Texts {
                key: &key,
                certificate: &certificate,
                bundle: &bundle,
                revocations: &revocations,
            },
        )?;
        Ok(Self {
            now: RwLock::new(Arc::new(badge)),
            dir: dir.clone(),
            provider: provider.clone(),
            clock: Arc::clone(clock),
        })
    }

    /// The badge of this moment.
    #[must_use]
    pub fn now(&self) -> Arc<Badge> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key for the next certificate: a new one, or the one of a request whose answer was lost.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn next_key(&self) -> Result<NodeKey, KeyringError> {
        Ok(pair_in(&self.dir).next_key()?)
    }

    /// Takes a new certificate, of `key` or, without one, of the present key. Durable when it returns.
    ///
    /// # Errors
    /// When it is not this provider's, does not belong to the key, or cannot be written; the old badge
    /// is in use as before then.
    pub fn take_certificate(
        &self,
        key: Option<&NodeKey>,
        certificate: &str,
    ) -> Result<(), KeyringError> {
        let old = self.now();
        let key_pem = key.map_or_else(|| old.key.pem(), NodeKey::pem);
        let new = self.made(&Texts {
            key: &key_pem,
            certificate,
            bundle: &old.bundle_pem,
            revocations: &old.revocations_pem,
        })?;
        let pair = pair_in(&self.dir);
        match key {
            Some(_) => pair.replace(&key_pem, certificate)?,
            None => pair.replace_certificate(certificate)?,
        }
        self.swap(new);
        Ok(())
    }

    /// Takes a new trust bundle. Durable when it returns.
    ///
    /// # Errors
    /// When it cannot serve, or cannot be written; the old one is in use as before then.
    pub fn take_trust(&self, bundle: &str, revocations: &str) -> Result<(), KeyringError> {
        let old = self.now();
        let new = self.made(&Texts {
            key: &old.key.pem(),
            certificate: &old.certificate_pem,
            bundle,
            revocations,
        })?;
        // Cut off in between, the digest is another one than the hub's, and both are fetched again.
        files::write_public(&self.dir.join(BUNDLE), bundle.as_bytes())?;
        files::write_public(&self.dir.join(REVOCATIONS), revocations.as_bytes())?;
        self.swap(new);
        Ok(())
    }

    fn made(&self, texts: &Texts<'_>) -> Result<Badge, KeyringError> {
        badge(&self.dir, &self.provider, &self.clock, texts)
    }

    fn swap(&self, new: Badge) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }
}

fn pair_in(dir: &DataDir) -> PairFiles {
    PairFiles::new(dir.path(), KEY, CERTIFICATE)
}

fn badge(
    dir: &DataDir,
    expected: &ProviderId,
    clock: &Arc<dyn Clock>,
    texts: &Texts<'_>,
) -> Result<Badge, KeyringError> {
    let broken = |name: &str| {
        let path = dir.join(name);
        move |source| KeyringError::Content { path, source }
    };
    let identity = Identity::from_pem(texts.certificate, texts.key, texts.bundle)
        .map_err(broken(CERTIFICATE))?
        .with_revocations(texts.revocations)
        .map_err(broken(REVOCATIONS))?
        .timed_by(Arc::clone(clock));
    if identity.peer().provider() != Some(expected) {
        let (found, expected) = (identity.peer().clone(), expected.clone());
        return Err(KeyringError::OtherProvider { found, expected });
    }
    Ok(Badge {
        identity,
        key: Arc::new(NodeKey::from_pem(texts.key).map_err(broken(KEY))?),
        certificate_pem: texts.certificate.to_owned(),
        bundle_pem: texts.bundle.to_owned(),
        revocations_pem: texts.revocations.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use calluna_certs::mint;

    use super::*;
    use crate::config::Config;
    use crate::fixture::member;

    #[test]
    fn a_new_certificate_and_a_new_bundle_are_in_use_at_once_and_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (mint::district(), mint::district());
        let config = Config::new("hub.example:7443", "vhs".parse().unwrap());
        let data = member(&dir.path().join("n"), &old, &config);
        let clock: Arc<dyn Clock> = Arc::new(mint::clock());
        let open = || Keyring::open(&data, &config.provider, &clock).unwrap();
        let keyring = open();
        let before = keyring.now();
        let bundle = format!("{}{}", new.root_pem(), old.root_pem());
        keyring.take_trust(&bundle, "").unwrap();
        let key = keyring.next_key().unwrap();
        let issue = |key: &NodeKey, who: &str| {
            let public = key.public_key().unwrap();
            let issued = new.issue(
                &mint::provider(who),
                &public,
                30,
                &mint::clock(),
                &mint::entropy(),
            );
            issued.unwrap().certificate_pem
        };
        keyring
            .take_certificate(Some(&key), &issue(&key, "vhs"))
            .unwrap();
        for now in [keyring.now(), open().now()] {
            assert_eq!(now.key.pem(), key.pem());
            assert_ne!(now.identity.leaf(), before.identity.leaf());
            assert_eq!(now.bundle_pem, bundle);
            assert_ne!(now.trust_digest(), before.trust_digest());
        }
        // The same key again, as after an expired certificate.
        keyring.take_certificate(None, &issue(&key, "vhs")).unwrap();
        assert_eq!(open().now().key.pem(), key.pem());
        // Whatever does not fit changes nothing.
        let held = keyring.now();
        let wrong = [
            issue(&key, "aha"),
            before.certificate_pem.clone(),
            String::new(),
        ];
        for certificate in &wrong {
            assert!(keyring.take_certificate(None, certificate).is_err());
        }
        assert!(keyring.take_trust("", "").is_err());
        for now in [keyring.now(), open().now()] {
            assert_eq!(now.certificate_pem, held.certificate_pem);
            assert_eq!(now.bundle_pem, bundle);
        }
    }
}
