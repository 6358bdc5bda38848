//! What holds at one moment, read from the files of the data directory.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result};
use calluna_certs::pair::PairFiles;
use calluna_certs::tls::{self, Identity};
use calluna_certs::trust::trust_digest;
use calluna_certs::{
    Authority, AuthorityChain, CertError, Fingerprint, RevocationList, TrustBundle, files, sealed,
};
use calluna_host::data_dir::DataDir;
use calluna_model::clock::Clock;
use calluna_model::failure::{Failure, Reaction};
use tokio_rustls::rustls::ServerConfig;
use zeroize::Zeroizing;

use super::passphrase::Found;
use super::state::{State, certificate_file, key_file};
use super::{HUB_CERT, HUB_KEY};

/// The revocation lists of the authorities, PEM.
pub const REVOCATIONS: &str = "ca.crl";

/// Whether the authority can issue.
#[derive(Clone)]
pub enum Issuing {
    /// It can.
    Ready(Arc<Authority>),
    /// Its key is encrypted, and cannot be opened: why, for the operator.
    Locked(String),
}

/// Nothing can be issued at present. What a caller reads holds nothing of the hub's inside; the operator
/// reads why in `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the hub cannot issue or renew certificates at present, because the key of its authority is locked; \
     it is tried again by itself; if this lasts, tell the district office (calluna-hub status says why)"
)]
pub struct Locked;

impl Failure for Locked {
    fn reaction(&self) -> Reaction {
        Reaction::ComeBackLater
    }
}

/// What holds at one moment.
pub struct Standing {
    /// Which authority plays which part.
    pub state: State,
    /// The authority that issues, if it can.
    pub issuing: Issuing,
    /// What there is to know of it with or without its key.
    pub chain: AuthorityChain,
    /// Of the one that will issue.
    pub next: Option<AuthorityChain>,
    /// Of the one that issued before.
    pub old: Option<AuthorityChain>,
    /// Whether the key of the authority is encrypted on disk.
    pub sealed: bool,
    /// The root that the hub's own certificate comes from.
    pub hub_root: Option<Fingerprint>,
    /// The hub's certificate, key, and whom it trusts.
    pub identity: Identity,
    /// The authorities that members shall trust, PEM, the one that issues first.
    pub bundle_pem: String,
    /// What they have revoked, PEM.
    pub revocations_pem: String,
    /// For authorities that members may not know yet, PEM.
    pub vouchers_pem: String,
    /// For members: mutual TLS.
    pub mutual: Arc<ServerConfig>,
    /// For whoever has no valid certificate.
    pub enrol: Arc<ServerConfig>,
}

impl Standing {
    /// One authority and no files.
    ///
    /// # Errors
    /// When the identity cannot serve.
    pub(super) fn of(authority: Authority, identity: Identity) -> Result<Self, CertError> {
        Ok(Self {
            state: State::default(),
            chain: AuthorityChain::from_pem(&authority.chain_pem())?,
            next: None,
            old: None,
            sealed: false,
            hub_root: Some(authority.fingerprint()),
            bundle_pem: authority.root_pem(),
            revocations_pem: String::new(),
            vouchers_pem: String::new(),
            mutual: tls::mutual_server(&identity, &[tls::ALPN_REVERSE, tls::ALPN_GRPC])?,
            enrol: tls::enrol_server(&identity)?,
            issuing: Issuing::Ready(Arc::new(authority)),
            identity,
        })
    }

    /// Reads what the files in `dir` say.
    ///
    /// # Errors
    /// When one is missing or wrong, or a key can be read by others. An encrypted key that cannot be
    /// opened is no error: everything but issuing goes on.
    pub(super) fn read(dir: &DataDir, found: &Found, clock: &Arc<dyn Clock>) -> Result<Self> {
        let state = State::read(dir)?;
        let chain_of = |stem: &String| -> Result<AuthorityChain> {
            let name = certificate_file(stem);
            let text = text(dir, &name)?;
            AuthorityChain::from_pem(&text).with_context(|| format!("reading {name}"))
        };
        let chain = chain_of(&state.issuing)?;
        let next = state.next.as_ref().map(chain_of).transpose()?;
        let old = state.old.as_ref().map(chain_of).transpose()?;
        let (issuing, sealed) = unlock(dir, &state.issuing, found)?;
        let mut bundle = TrustBundle::from_pem(&chain.root_pem)?;
        for other in [&next, &old].into_iter().flatten() {
            bundle = bundle.followed_by(&TrustBundle::from_pem(&other.root_pem)?);
        }
        let revocations_pem = revocations(dir, &bundle);
        let (identity, hub_root) = identity(dir, &state, old.as_ref(), &bundle)?;
        let identity = identity.timed_by(Arc::clone(clock));
        // At its own door the hub asks its record, on every connection and call: it knows more than the
        // list, and says why in words. A handshake that fails would tell the node nothing.
        let mutual = tls::mutual_server(&identity, &[tls::ALPN_REVERSE, tls::ALPN_GRPC])?;
        let identity = identity.with_revocations(&revocations_pem)?;
        Ok(Self {
            mutual,
            enrol: tls::enrol_server(&identity)?,
            bundle_pem: bundle.to_pem(),
            vouchers_pem: state.vouchers_pem.clone(),
            state,
            issuing,
            chain,
            next,
            old,
            sealed,
            hub_root,
            identity,
            revocations_pem,
        })
    }

    /// The authority that issues.
    ///
    /// # Errors
    /// When its key is locked.
    pub fn authority(&self) -> Result<&Arc<Authority>, Locked> {
        match &self.issuing {
            Issuing::Ready(authority) => Ok(authority),
            Issuing::Locked(_) => Err(Locked),
        }
    }

    /// SHA-256 of the root above the authority that issues: what tokens pin and certificates go back to.
    #[must_use]
    pub fn root(&self) -> Fingerprint {
        self.chain.root
    }

    /// The newer of the roots that members shall trust.
    #[must_use]
    pub fn newest_root(&self) -> Fingerprint {
        self.next.as_ref().unwrap_or(&self.chain).root
    }

    /// The older of them: the one whose end is nearer.
    #[must_use]
    pub fn oldest(&self) -> &AuthorityChain {
        self.old.as_ref().unwrap_or(&self.chain)
    }

    /// The revocation lists that hold.
    #[must_use]
    pub fn lists(&self) -> &[RevocationList] {
        self.identity.revocations()
    }

    /// Digest of what members are told to trust.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        trust_digest(&self.bundle_pem, &self.revocations_pem)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing")
            .field("state", &self.state)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Opens the key of the authority `stem`, and says whether it is encrypted on disk.
pub(super) fn unlock(dir: &DataDir, stem: &str, found: &Found) -> Result<(Issuing, bool)> {
    let name = key_file(stem);
    let pem = Zeroizing::new(text(dir, &name)?);
    files::check_private(&dir.join(&name))?;
    let sealed = sealed::is_sealed(&pem);
    let passphrase = found.passphrase.as_ref().filter(|_| sealed);
    let opened = match sealed::open(&pem, passphrase) {
        Ok(opened) => opened,
        Err(_) if sealed && !found.trouble.is_empty() => {
            let why = format!("the passphrase of {name} cannot be read: {}", found.trouble);
            return Ok((Issuing::Locked(why), sealed));
        }
        Err(why @ (sealed::SealError::Needed | sealed::SealError::Wrong)) => {
            let from = Some(&found.place).filter(|place| !place.is_empty());
            let from = from.map_or_else(String::new, |place| format!(" (passphrase from {place})"));
            return Ok((Issuing::Locked(format!("{name}{from}: {why}")), sealed));
        }
        Err(why) => return Err(why).with_context(|| format!("reading {name}")),
    };
    let certificate = text(dir, &certificate_file(stem))?;
    let authority = Authority::from_pem(&certificate, &opened)
        .with_context(|| format!("reading {} and {name}", certificate_file(stem)))?;
    Ok((Issuing::Ready(Arc::new(authority)), sealed))
}

/// The hub's certificate and key, and the root that they go back to. While the old authority is trusted
/// still, its word for the new one is shown beside the certificate: it carries over nodes that were away,
/// and invitations from before.
fn identity(
    dir: &DataDir,
    state: &State,
    old: Option<&AuthorityChain>,
    bundle: &TrustBundle,
) -> Result<(Identity, Option<Fingerprint>)> {
    let (key, certificate) = hub_pair(dir)
        .read()
        .with_context(|| missing(dir, HUB_CERT))?;
    let mut shown = certificate.clone();
    if let Some(old) = old {
        shown.push_str(&state.vouchers_pem);
        shown.push_str(&old.root_pem);
    }
    let identity = Identity::from_pem(&shown, &key, &bundle.to_pem())
        .context("reading hub.crt and hub.key")?;
    Ok((identity, bundle.issuer_of_pem(&certificate).ok()))
}

/// The lists as they lie on disk. Those that fit no authority of ours any more are as good as none; new
/// ones are made soon, and until then the record of every certificate says what is void.
fn revocations(dir: &DataDir, bundle: &TrustBundle) -> String {
    let path = dir.join(REVOCATIONS);
    if !path.exists() {
        return String::new();
    }
    let text = files::read_text(&path).map_err(|error| error.to_string());
    let checked = text.and_then(|text| match RevocationList::read(&text, bundle) {
        Ok(_) => Ok(text),
        Err(error) => Err(error.to_string()),
    });
    checked.unwrap_or_else(|error| {
        tracing::warn!(error, "the revocation lists are made anew");
        String::new()
    })
}

pub(super) fn text(dir: &DataDir, name: &str) -> Result<String> {
    files::read_text(&dir.join(name)).with_context(|| missing(dir, name))
}

fn missing(dir: &DataDir, name: &str) -> String {
    format!(
        "cannot read {}; restore it from a backup of this hub",
        dir.join(name).display()
    )
}

pub(super) fn hub_pair(dir: &DataDir) -> PairFiles {
    PairFiles::new(dir.path(), HUB_KEY, HUB_CERT)
}
