//! A hub's data directory, opened: settings, keys, store.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use calluna_certs::tls::Identity;
use calluna_certs::{Authority, HUB_DAYS, NodeKey, Peer, files};
use calluna_host::config::Environment;
use calluna_host::data_dir::DataDir;
use calluna_kv::{Stamp, Trust};
use calluna_model::clock::Clock;
use calluna_model::entropy::Entropy;
use calluna_store::{EmbeddedStore, HubStore};

use crate::config::{self, HubConfig};
use crate::convert;
use crate::link::Links;

const CA_CERT: &str = "ca.crt";
const CA_KEY: &str = "ca.key";
const HUB_CERT: &str = "hub.crt";
const HUB_KEY: &str = "hub.key";

/// An opened hub. Only one process has the store open at a time.
pub struct Hub {
    /// Where it lies.
    pub dir: DataDir,
    /// Its settings.
    pub config: HubConfig,
    /// What it keeps.
    pub store: Arc<dyn HubStore>,
    /// The district's certificate authority.
    pub authority: Authority,
    /// The hub's own certificate and key.
    pub identity: Identity,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Live connections to nodes.
    pub links: Links,
    /// Why the store is not to be taken as proof; empty when it is whole.
    pub store_note: String,
    /// Held while a night runs: one at a time.
    pub(crate) night: tokio::sync::Mutex<()>,
    /// Held while an invitation is used or written: one certificate per token.
    pub(crate) enrolling: std::sync::Mutex<()>,
}

/// What `init` is told.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Name of the district.
    pub name: String,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Address of the pages.
    pub web: Option<SocketAddr>,
    /// `host:port` that nodes dial.
    pub address: String,
}

/// Makes a new hub in an empty directory: authority, the hub's own certificate, settings, store.
///
/// # Errors
/// When the directory is not empty or cannot be written.
pub fn create(
    path: &Path,
    setup: &Setup,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<DataDir> {
    let dir = DataDir::create_new(path)?;
    let authority = Authority::create(&setup.name, clock, entropy)?;
    let key = NodeKey::generate()?;
    let request = key.public_key()?;
    let issued = authority.issue(&Peer::Hub, &request, HUB_DAYS, clock, entropy)?;
    files::write_private(&dir.join(CA_KEY), authority.key_pem().as_bytes())?;
    files::write_public(&dir.join(CA_CERT), authority.certificate_pem().as_bytes())?;
    files::write_private(&dir.join(HUB_KEY), key.pem().as_bytes())?;
    files::write_public(&dir.join(HUB_CERT), issued.certificate_pem.as_bytes())?;
    // The settings come last: a directory that has them is a whole hub.
    let text = config::template(&setup.name, &setup.address, setup.listen, setup.web);
    dir.write(config::FILE, text.as_bytes(), 0o600)?;
    Ok(dir)
}

impl Hub {
    /// Opens the hub in `path`.
    ///
    /// # Errors
    /// When a file is missing or wrong, or another process has the store open. Each text says
    /// which and what to do.
    pub fn open(
        path: &Path,
        environment: &dyn Environment,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        let dir = DataDir::open(path, "calluna-hub init")?;
        // A conversion of the store that was broken off at its end is ended first.
        convert::finish(&dir)?;
        let config = config::read(dir.path(), environment)?;
        let (authority, identity) = read_keys(&dir)?;
        let mut epoch = [0; 16];
        entropy.fill(&mut epoch);
        let opened = convert::open(&dir, &config, epoch)?;
        let mut store_note = String::new();
        let doubtful = if let Trust::Behind { note, .. } = &opened.trust {
            tracing::error!(
                note,
                "the store is behind its STATE file; nothing will be deleted, the next night compares everything with every node"
            );
            store_note.clone_from(note);
            opened.engine.renew_epoch(epoch, Stamp::default())?;
            true
        } else {
            false
        };
        let store: Arc<dyn HubStore> = Arc::new(EmbeddedStore::open(opened.engine, doubtful)?);
        Ok(Self {
            dir,
            config,
            store,
            authority,
            identity,
            clock,
            entropy,
            links: Links::default(),
            store_note,
            night: tokio::sync::Mutex::default(),
            enrolling: std::sync::Mutex::default(),
        })
    }
}

fn read_keys(dir: &DataDir) -> Result<(Authority, Identity)> {
    let text = |name: &str| {
        let path = dir.join(name);
        std::fs::read_to_string(&path).with_context(|| {
            format!(
                "cannot read {}; restore it from a backup of this hub",
                path.display()
            )
        })
    };
    for key in [CA_KEY, HUB_KEY] {
        files::check_private(&dir.join(key))?;
    }
    let bundle = text(CA_CERT)?;
    let authority =
        Authority::from_pem(&bundle, &text(CA_KEY)?).context("reading ca.crt and ca.key")?;
    let identity = Identity::from_pem(&text(HUB_CERT)?, &text(HUB_KEY)?, &bundle)
        .context("reading hub.crt and hub.key")?;
    Ok((authority, identity))
}
