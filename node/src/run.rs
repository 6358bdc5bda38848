//! The composition root: from a data directory to a node that serves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::tls::Identity;
use calluna_certs::{CertError, NodeKey, Peer, files};
use calluna_host::config::Environment;
use calluna_host::durable::FileError;
use calluna_host::socket::{self, SocketError};
use calluna_host::tasks::Tasks;
use calluna_host::workers::Workers;
use calluna_model::clock::Clock;
use calluna_model::entropy::Entropy;
use calluna_model::failure::{Failure, Reaction};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::config::{Config, Settings, SettingsError};
use crate::link::{Dialler, HubStream, LinkState, Listener, Way};
use crate::membership::{BUNDLE, CERTIFICATE, KEY};
use crate::publish::Publisher;
use crate::service::control::node_control;
use crate::service::provider_node::provider_node;
use crate::service::serve_hub;
use crate::status::Observer;
use crate::store::{FOLDER, Store, StoreError};
use crate::watch::Watcher;

/// How long a second process waits for the store.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How long work may go on after the process was asked to stop.
pub const GRACE: Duration = Duration::from_secs(8);

/// A node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data directory or `node.toml`.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A key or certificate.
    #[error("{}: {source}; join again with a new invitation", path.display())]
    Identity {
        /// The file or its directory.
        path: PathBuf,
        /// What is wrong with it.
        source: CertError,
    },
    /// A file that must be private is not, or cannot be read.
    #[error(transparent)]
    CertFile(#[from] files::FileError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The certificate is somebody else's.
    #[error(
        "the certificate belongs to {found}, but node.toml says provider `{expected}`; correct node.toml, or join again"
    )]
    OtherProvider {
        /// Who the certificate names.
        found: Peer,
        /// Who `node.toml` names.
        expected: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The control socket.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The address to listen at.
    #[error(
        "cannot listen at {address}: {source}; another program may use the port: choose another one in [listen] of node.toml"
    )]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Failure for NodeError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Store(error) => error.reaction(),
            _ => Reaction::AskOperator,
        }
    }
}

/// A node: its catalogue and its identity, ready to serve.
#[derive(Debug)]
pub struct Node {
    settings: Settings,
    identity: Identity,
    publisher: Arc<Publisher>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// What a serving node says about itself.
#[derive(Clone, Debug)]
pub struct Serving {
    /// The address that is really bound, for a node that listens.
    pub listening: Option<SocketAddr>,
    /// How the connection with the hub stands.
    pub link: LinkState,
}

impl Node {
    /// Opens the node in `dir` as its files say, whatever the environment says. Blocks.
    ///
    /// # Errors
    /// When settings, identity or store cannot be used.
    pub fn open(
        dir: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, NodeError> {
        let settings = Settings::load(dir, &BTreeMap::new())?;
        Self::with_settings(settings, clock, entropy)
    }

    /// Opens the node of `settings`. Blocks.
    ///
    /// # Errors
    /// As [`Node::open`].
    pub fn with_settings(
        settings: Settings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, NodeError> {
        let (identity, key) = identity_of(&settings, &clock)?;
        let folder = settings.dir.join(FOLDER);
        let store = Store::open(&folder, &*clock, &*entropy, LOCK_WAIT)?;
        Ok(Self::of_parts(
            settings, identity, key, store, clock, entropy,
        ))
    }

    /// A node of its parts, wherever they come from; `identity` and `key` belong together.
    #[must_use]
    pub fn of_parts(
        settings: Settings,
        identity: Identity,
        key: NodeKey,
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let provider = settings.config.provider.clone();
        let store = Arc::new(store);
        let publisher = Arc::new(Publisher::new(store, provider, key, Arc::clone(&clock)));
        Self {
            settings,
            identity,
            publisher,
            clock,
            entropy,
        }
    }

    /// The catalogue.
    #[must_use]
    pub fn publisher(&self) -> &Arc<Publisher> {
        &self.publisher
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.settings.config
    }

    /// Who looks at it; `link` when it serves.
    #[must_use]
    pub fn observer(&self, link: Option<LinkState>) -> Observer {
        Observer {
            publisher: Arc::clone(&self.publisher),
            config: self.settings.config.clone(),
            not_after: self.identity.not_after(),
            link,
            clock: Arc::clone(&self.clock),
        }
    }

    /// Starts to serve: the hub over the link, the command line over the control socket, the drop
    /// folder. Returns when everything is bound; `tasks` ends it.
    ///
    /// # Errors
    /// When a socket cannot be bound.
    pub async fn serve(&self, tasks: &Tasks) -> Result<Serving, NodeError> {
        let control = socket::bind(&self.settings.socket())?;
        let (streams, received) = mpsc::channel(16);
        let (listening, link) = self.start_link(tasks, streams).await?;
        let service = provider_node(Arc::clone(&self.publisher), Workers::default());
        serve_hub(tasks, service, received);
        let observer = Arc::new(self.observer(Some(link.clone())));
        let (service, stopping) = (
            node_control(
                Arc::clone(&self.publisher),
                observer,
                self.settings.dir.clone(),
            ),
            tasks.stopping(),
        );
        tasks.spawn("control", async move {
            let incoming = socket::incoming(control);
            let server = Server::builder().add_service(service);
            if let Err(error) = server
                .serve_with_incoming_shutdown(incoming, stopping)
                .await
            {
                tracing::error!(%error, "control socket: the server ended");
            }
        });
        self.start_watch(tasks);
        Ok(Serving { listening, link })
    }

    async fn start_link(
        &self,
        tasks: &Tasks,
        streams: mpsc::Sender<HubStream>,
    ) -> Result<(Option<SocketAddr>, LinkState), NodeError> {
        let (config, clock) = (&self.settings.config, Arc::clone(&self.clock));
        let broken = |source| NodeError::Identity {
            path: self.settings.dir.path().to_owned(),
            source,
        };
        let address = &config.listen.address;
        if address.is_empty() {
            let state = LinkState::new(Way::DialsOut, config.hub.clone(), clock);
            let entropy = Arc::clone(&self.entropy);
            let (hub, spread) = (config.hub.clone(), config.link.spread());
            let dialler = Dialler::new(hub, &self.identity, state.clone(), entropy, spread);
            let dialler = dialler.map_err(broken)?;
            let token: CancellationToken = tasks.token();
            tasks.spawn("dial", dialler.keep(streams, token));
            return Ok((None, state));
        }
        let failed = |source| NodeError::Listen {
            address: address.clone(),
            source,
        };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let bound = tcp.local_addr().map_err(failed)?;
        let state = LinkState::new(Way::Listens, bound.to_string(), clock);
        let listener = Listener::new(tcp, &self.identity, state.clone()).map_err(broken)?;
        tasks.spawn("listen", listener.accept(streams, tasks.clone()));
        Ok((Some(bound), state))
    }

    fn start_watch(&self, tasks: &Tasks) {
        let config = &self.settings.config;
        if config.watch.folder.is_empty() {
            return;
        }
        let watcher = Watcher::new(Arc::clone(&self.publisher), config, Arc::clone(&self.clock));
        tasks.spawn("watch", watcher.run(tasks.token()));
    }
}

/// Whether settings, key and certificate in `dir` are there and belong together.
///
/// # Errors
/// Says which do not.
pub fn check_identity(
    dir: &Path,
    environment: &dyn Environment,
    clock: &Arc<dyn Clock>,
) -> Result<(), NodeError> {
    let settings = Settings::load(dir, environment)?;
    identity_of(&settings, clock).map(|_| ())
}

/// The node's certificate and key, checked against each other and against `node.toml`.
fn identity_of(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<(Identity, NodeKey), NodeError> {
    let path = |name| settings.dir.join(name);
    let read = |name| {
        let path = path(name);
        std::fs::read_to_string(&path).map_err(FileError::when("read", &path))
    };
    files::check_private(&path(KEY))?;
    let (certificate, key, bundle) = (read(CERTIFICATE)?, read(KEY)?, read(BUNDLE)?);
    let broken = |name| move |source| NodeError::Identity { path: name, source };
    let identity = Identity::from_pem(&certificate, &key, &bundle)
        .map_err(broken(path(CERTIFICATE)))?
        .timed_by(Arc::clone(clock));
    let expected = &settings.config.provider;
    if identity.peer().provider() != Some(expected) {
        let (found, expected) = (identity.peer().clone(), expected.to_string());
        return Err(NodeError::OtherProvider { found, expected });
    }
    let key = NodeKey::from_pem(&key).map_err(broken(path(KEY)))?;
    Ok((identity, key))
}
