//! What the hub proves itself with, issues from, and tells its members to trust. All of it is
//! exchanged as a whole while the hub runs: whoever opens or accepts a connection asks for what holds
//! at that moment, and a connection keeps what it began with. So no connection is dropped when a
//! certificate is renewed, and a TLS configuration never holds half of two states.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use calluna_certs::pair::PairFiles;
use calluna_certs::tls::{self, Identity};
use calluna_certs::trust::trust_digest;
use calluna_certs::{Authority, CertError, NodeKey, Peer, files, renew_at};
use calluna_host::data_dir::DataDir;
use calluna_model::clock::{Clock, Moment};
use calluna_model::entropy::Entropy;
use tokio_rustls::rustls::ServerConfig;

/// The certificate of the authority that issues, PEM.
pub const CA_CERT: &str = "ca.crt";
/// Its key, PEM.
pub const CA_KEY: &str = "ca.key";
/// The hub's certificate, PEM.
pub const HUB_CERT: &str = "hub.crt";
/// Its key, PEM.
pub const HUB_KEY: &str = "hub.key";

/// What holds at one moment.
pub struct Standing {
    /// The authority that issues.
    pub authority: Arc<Authority>,
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
    /// # Errors
    /// When the identity cannot serve.
    fn new(authority: Arc<Authority>, identity: Identity) -> Result<Self, CertError> {
        Ok(Self {
            bundle_pem: authority.root_pem(),
            revocations_pem: String::new(),
            vouchers_pem: String::new(),
            mutual: tls::mutual_server(&identity, &[tls::ALPN_REVERSE, tls::ALPN_GRPC])?,
            enrol: tls::enrol_server(&identity)?,
            authority,
            identity,
        })
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
            .field("authority", &self.authority)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Holds what holds now.
#[derive(Debug)]
pub struct Credentials {
    now: ArcSwap<Standing>,
    dir: Option<DataDir>,
    clock: Arc<dyn Clock>,
    trouble: Mutex<String>,
}

impl Credentials {
    /// Without files: nothing of it can be exchanged.
    ///
    /// # Errors
    /// When the identity cannot serve.
    pub fn of(
        authority: Authority,
        identity: Identity,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CertError> {
        Ok(Self {
            now: ArcSwap::from_pointee(Standing::new(Arc::new(authority), identity)?),
            dir: None,
            clock,
            trouble: Mutex::default(),
        })
    }

    /// Makes authority and hub certificate in a new data directory.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn create(
        dir: &DataDir,
        district: &str,
        hub_days: u32,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let authority = Authority::create(district, clock, entropy)?;
        let key = NodeKey::generate()?;
        let request = key.public_key()?;
        let issued = authority.issue(&Peer::Hub, &request, hub_days, clock, entropy)?;
        files::write_private(&dir.join(CA_KEY), authority.key_pem().as_bytes())?;
        files::write_public(&dir.join(CA_CERT), authority.chain_pem().as_bytes())?;
        files::write_private(&dir.join(HUB_KEY), key.pem().as_bytes())?;
        files::write_public(&dir.join(HUB_CERT), issued.certificate_pem.as_bytes())?;
        Ok(())
    }

    /// Reads the files in the data directory.
    ///
    /// # Errors
    /// When one is missing or wrong, or a key can be read by others.
    pub fn open(dir: &DataDir, clock: Arc<dyn Clock>) -> Result<Self> {
        let missing = |name: &str| {
            format!(
                "cannot read {}; restore it from a backup of this hub",
                dir.join(name).display()
            )
        };
        let text = |name: &str| files::read_text(&dir.join(name)).with_context(|| missing(name));
        files::check_private(&dir.join(CA_KEY))?;
        let pair = hub_pair(dir);
        pair.heal()?;
        let (key, certificate) = pair.read().with_context(|| missing(HUB_CERT))?;
        let authority = Authority::from_pem(&text(CA_CERT)?, &text(CA_KEY)?)
            .context("reading ca.crt and ca.key")?;
        let identity = Identity::from_pem(&certificate, &key, &authority.root_pem())
            .context("reading hub.crt and hub.key")?
            .timed_by(Arc::clone(&clock));
        Ok(Self {
            dir: Some(dir.clone()),
            ..Self::of(authority, identity, clock)?
        })
    }

    /// What holds now.
    #[must_use]
    pub fn now(&self) -> Arc<Standing> {
        self.now.load_full()
    }

    /// Notes why something that was due could not be done; empty when all is well.
    pub(crate) fn note_trouble(&self, trouble: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why something that was due could not be done; empty when all is well.
    #[must_use]
    pub fn trouble(&self) -> String {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the hub's certificate is to be renewed: two thirds of its life.
    #[must_use]
    pub fn renewal_due(&self) -> Moment {
        let standing = self.now();
        renew_at(
            standing.identity.not_before(),
            standing.identity.not_after(),
        )
    }

    /// Gives the hub a new key and certificate, valid `days` days. Connections that stand stay; new
    /// ones see the new certificate. Gives until when it is valid.
    ///
    /// # Errors
    /// When it cannot be issued or written; the old one is in use as before then.
    pub fn renew_hub(&self, days: u32, entropy: &dyn Entropy) -> Result<Moment> {
        let dir = self.dir.as_ref().context("this hub has no files")?;
        let standing = self.now();
        let key = NodeKey::generate()?;
        let public = key.public_key()?;
        let issued =
            standing
                .authority
                .issue(&Peer::Hub, &public, days, self.clock.as_ref(), entropy)?;
        let identity =
            Identity::from_pem(&issued.certificate_pem, &key.pem(), &standing.bundle_pem)?
                .timed_by(Arc::clone(&self.clock));
        let new = Standing::new(Arc::clone(&standing.authority), identity)?;
        hub_pair(dir).replace(&key.pem(), &issued.certificate_pem)?;
        self.now.store(Arc::new(new));
        Ok(issued.not_after)
    }
}

fn hub_pair(dir: &DataDir) -> PairFiles {
    PairFiles::new(dir.path(), HUB_KEY, HUB_CERT)
}
