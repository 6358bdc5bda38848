//! What the node proves itself with, and whom it trusts. Both are exchanged while it runs: whoever
//! opens a connection asks for the badge of that moment, and a connection keeps the one it began with.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use calluna_certs::pair::{PairError, PairFiles};
use calluna_certs::tls::Identity;
use calluna_certs::trust::trust_digest;
use calluna_certs::{CertError, NodeKey, Peer, RevocationList, TrustBundle, files};
use calluna_host::data_dir::DataDir;
use calluna_model::clock::Clock;
use calluna_model::id::ProviderId;
use tokio::sync::watch;
use zeroize::Zeroizing;

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
    reloads: watch::Sender<u64>,
    dir: DataDir,
    provider: ProviderId,
    clock: Arc<dyn Clock>,
}

/// Texts that make a badge.
struct Texts {
    key: Zeroizing<String>,
    certificate: String,
    bundle: String,
    revocations: String,
}

impl Texts {
    fn of(badge: &Badge) -> Self {
        Self {
            key: badge.key.pem(),
            certificate: badge.certificate_pem.clone(),
            bundle: badge.bundle_pem.clone(),
            revocations: badge.revocations_pem.clone(),
        }
    }

    fn read(dir: &DataDir) -> Result<Self, KeyringError> {
        let (key, certificate) = pair_in(dir).read()?;
        let bundle = files::read_text(&dir.join(BUNDLE))?;
        let revocations = match fs::exists(dir.join(REVOCATIONS)) {
            Ok(false) => String::new(),
            _ => files::read_text(&dir.join(REVOCATIONS))?,
        };
        Ok(Self {
            key,
            certificate,
            bundle,
            revocations,
        })
    }

    /// Without lists that cannot be checked. Bundle and lists are two files: cut off between them, the
    /// lists may be those of an authority that is gone. The digest is another one than the hub's then,
    /// and both are fetched again; a node that does not start could fetch nothing.
    fn usable(mut self) -> Self {
        if let Ok(bundle) = TrustBundle::from_pem(&self.bundle)
            && RevocationList::read(&self.revocations, &bundle).is_err()
        {
            self.revocations.clear();
        }
        self
    }
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
        pair_in(dir).heal()?;
        let read = Texts::read(dir)?;
        let had_lists = !read.revocations.is_empty();
        let texts = read.usable();
        if had_lists && texts.revocations.is_empty() {
            let file = dir.join(REVOCATIONS);
            tracing::warn!(file = %file.display(), "the revocation lists were not signed by a trusted authority; they are \
                left aside, and the hub is asked for new ones");
        }
        Ok(Self {
            now: RwLock::new(Arc::new(badge(dir, provider, clock, &texts)?)),
            reloads: watch::Sender::new(0),
            dir: dir.clone(),
            provider: provider.clone(),
            clock: Arc::clone(clock),
        })
    }

    /// Takes what lies on disk, if it is something else than what is in use: somebody joined again in
    /// this directory while the node runs. Whether it did. What does not fit together (yet) is left.
    ///
    /// # Errors
    /// When a file cannot be read, or they do not fit together.
    pub fn reload_if_changed(&self) -> Result<bool, KeyringError> {
        let (old, texts) = (self.now(), Texts::read(&self.dir)?);
        let same = *texts.key == *old.key.pem()
            && texts.certificate == old.certificate_pem
            && texts.bundle == old.bundle_pem;
        if same && texts.revocations == old.revocations_pem {
            return Ok(false);
        }
        let texts = texts.usable();
        if same && texts.revocations == old.revocations_pem {
            return Ok(false);
        }
        self.swap(self.made(&texts)?);
        self.wake();
        Ok(true)
    }

    /// Changes whenever there is a badge that may open what the one before did not. Whoever waits to
    /// dial again need not wait any longer then.
    #[must_use]
    pub fn reloads(&self) -> watch::Receiver<u64> {
        self.reloads.subscribe()
    }

    /// Says that dialling again is worth it.
    fn wake(&self) {
        self.reloads.send_modify(|count| *count += 1);
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

    /// The key of a request whose answer was lost, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn waiting_key(&self) -> Result<Option<NodeKey>, KeyringError> {
        Ok(pair_in(&self.dir).waiting_key()?)
    }

    /// What this node proved itself with before the last renewal, if that was kept.
    ///
    /// # Errors
    /// When it cannot be read, or is not this provider's.
    pub fn former(&self) -> Result<Option<Badge>, KeyringError> {
        let Some((key, certificate)) = pair_in(&self.dir).old()? else {
            return Ok(None);
        };
        let texts = Texts {
            key,
            certificate,
            ..Texts::of(&self.now())
        };
        self.made(&texts).map(Some)
    }

    /// Takes a new certificate, of `key` or, without one, of the present key. The pair before is kept:
    /// a hub that is restored from a backup may know that one only. Durable when it returns.
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
        let new = self.with_pair(key_pem, certificate)?;
        if certificate != old.certificate_pem {
            pair_in(&self.dir).keep_old()?;
        }
        self.put(new, key.is_some())
    }

    /// Takes a certificate that was given for the [`Keyring::former`] pair, in the place of one that the
    /// hub has forgotten. The former pair stays.
    ///
    /// # Errors
    /// As [`Keyring::take_certificate`].
    pub fn take_back(&self, key: &NodeKey, certificate: &str) -> Result<(), KeyringError> {
        self.put(self.with_pair(key.pem(), certificate)?, true)?;
        self.wake();
        Ok(())
    }

    fn with_pair(&self, key: Zeroizing<String>, certificate: &str) -> Result<Badge, KeyringError> {
        self.made(&Texts {
            key,
            certificate: certificate.to_owned(),
            ..Texts::of(&self.now())
        })
    }

    fn put(&self, new: Badge, other_key: bool) -> Result<(), KeyringError> {
        let pair = pair_in(&self.dir);
        if other_key {
            pair.replace(&new.key.pem(), &new.certificate_pem)?;
        } else {
            pair.replace_certificate(&new.certificate_pem)?;
        }
        self.swap(new);
        Ok(())
    }

    /// Takes a new trust bundle. Of the lists of one authority the later one stays in use, whichever
    /// side has it: an old list, played back, would let revoked peers in again. Durable when it returns.
    ///
    /// # Errors
    /// When it cannot serve, or cannot be written; the old one is in use as before then.
    pub fn take_trust(&self, bundle: &str, revocations: &str) -> Result<(), KeyringError> {
        let old = self.now();
        let revocations = self.latest_lists(&old, bundle, revocations)?;
        let new = self.made(&Texts {
            bundle: bundle.to_owned(),
            revocations: revocations.clone(),
            ..Texts::of(&old)
        })?;
        // Cut off in between, the digest is another one than the hub's, and both are fetched again.
        files::write_public(&self.dir.join(BUNDLE), bundle.as_bytes())?;
        files::write_public(&self.dir.join(REVOCATIONS), revocations.as_bytes())?;
        self.swap(new);
        Ok(())
    }

    /// The text of the offered lists, or, where one of them is older than the one in use, a text with
    /// the later ones.
    fn latest_lists(
        &self,
        old: &Badge,
        bundle: &str,
        offered: &str,
    ) -> Result<String, KeyringError> {
        let broken = |name: &str| {
            let path = self.dir.join(name);
            move |source| KeyringError::Content { path, source }
        };
        let bundle = TrustBundle::from_pem(bundle).map_err(broken(BUNDLE))?;
        let offers = RevocationList::read(offered, &bundle).map_err(broken(REVOCATIONS))?;
        let held = old.identity.revocations();
        let later = |list: &RevocationList| held.iter().find(|held| held.replaces(list)).cloned();
        if offers.iter().all(|list| later(list).is_none()) {
            return Ok(offered.to_owned());
        }
        tracing::warn!(
            "the hub offers a revocation list that is older than the one in use; the later one stays"
        );
        let lists = offers.into_iter().map(|list| later(&list).unwrap_or(list));
        Ok(lists.map(|list| list.to_pem()).collect())
    }

    fn made(&self, texts: &Texts) -> Result<Badge, KeyringError> {
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
    texts: &Texts,
) -> Result<Badge, KeyringError> {
    let broken = |name: &str| {
        let path = dir.join(name);
        move |source| KeyringError::Content { path, source }
    };
    let identity = Identity::from_pem(&texts.certificate, &texts.key, &texts.bundle)
        .map_err(broken(CERTIFICATE))?
        .with_revocations(&texts.revocations)
        .map_err(broken(REVOCATIONS))?
        .timed_by(Arc::clone(clock));
    if identity.peer().provider() != Some(expected) {
        let (found, expected) = (identity.peer().clone(), expected.clone());
        return Err(KeyringError::OtherProvider { found, expected });
    }
    Ok(Badge {
        identity,
        key: Arc::new(NodeKey::from_pem(&texts.key).map_err(broken(KEY))?),
        certificate_pem: texts.certificate.clone(),
        bundle_pem: texts.bundle.clone(),
        revocations_pem: texts.revocations.clone(),
    })
}

#[cfg(test)]
mod tests;
