//! The composition root: from a data directory to a node that serves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use calluna_host::config::Environment;
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
use crate::figures::book::Book;
use crate::figures::desk::Desk;
use crate::keyring::{Keyring, KeyringError};
use crate::link::{Dialler, HubStream, LinkState, Listener, Way};
use crate::membership::renew::{Hint, RenewalState, Renewer};
use crate::publish::Publisher;
use crate::service::control::node_control;
use crate::service::provider_node::with_figures;
use crate::service::serve_hub;
use crate::status::Observer;
use crate::store::{FOLDER, Store, StoreError};
use crate::watch::Watcher;

/// How long a second process waits for the store.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How long work may go on after the process was asked to stop.
pub const GRACE: Duration = Duration::from_secs(8);
/// How often the daemon looks whether something about persons has to be forgotten; the time for it is
/// counted in days.
const UPKEEP: Duration = Duration::from_secs(6 * 3_600);

/// A node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data directory or `node.toml`.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Key, certificate or trust bundle.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
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
    keyring: Arc<Keyring>,
    publisher: Arc<Publisher>,
    desk: Arc<Desk>,
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
    /// How the renewal of certificate and trust bundle stands.
    pub renewal: RenewalState,
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
        let keyring = Keyring::open(&settings.dir, &settings.config.provider, &clock)?;
        let folder = settings.dir.join(FOLDER);
        let store = Store::open(&folder, &*clock, &*entropy, LOCK_WAIT)?;
        Ok(Self::of_parts(settings, keyring, store, clock, entropy))
    }

    /// A node of its parts, wherever they come from.
    #[must_use]
    pub fn of_parts(
        settings: Settings,
        keyring: Keyring,
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let provider = settings.config.provider.clone();
        let store = Arc::new(store);
        let publisher = Arc::new(Publisher::new(store, provider, Arc::clone(&clock)));
        let desk = Desk::new(
            Book::of(settings.dir.path()),
            settings.config.figures.clone(),
            Arc::clone(&clock),
        );
        Self {
            settings,
            keyring: Arc::new(keyring),
            publisher,
            desk: Arc::new(desk),
            clock,
            entropy,
        }
    }

    /// The catalogue.
    #[must_use]
    pub fn publisher(&self) -> &Arc<Publisher> {
        &self.publisher
    }

    /// What it tells the hub of participation figures.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// What it proves itself with.
    #[must_use]
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
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
            keyring: Arc::clone(&self.keyring),
            renewal: None,
            link,
            book: self.desk.book().clone(),
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
        let hint = Hint::default();
        let (listening, link) = self.start_link(tasks, streams, hint.clone()).await?;
        let renewal = self.start_renewal(tasks, &hint);
        let (publisher, desk) = (Arc::clone(&self.publisher), Arc::clone(&self.desk));
        let service = with_figures(publisher, Some(desk), hint, Workers::default());
        serve_hub(tasks, service, received);
        let observer = Arc::new(Observer {
            renewal: Some(renewal.clone()),
            ..self.observer(Some(link.clone()))
        });
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
        self.start_upkeep(tasks);
        Ok(Serving {
            listening,
            link,
            renewal,
        })
    }

    async fn start_link(
        &self,
        tasks: &Tasks,
        streams: mpsc::Sender<HubStream>,
        hint: Hint,
    ) -> Result<(Option<SocketAddr>, LinkState), NodeError> {
        let (config, clock) = (&self.settings.config, Arc::clone(&self.clock));
        let keyring = Arc::clone(&self.keyring);
        let address = &config.listen.address;
        if address.is_empty() {
            let state = LinkState::new(Way::DialsOut, config.hub.clone(), clock);
            let entropy = Arc::clone(&self.entropy);
            let (hub, spread) = (config.hub.clone(), config.link.spread());
            let sent_away = Arc::new(move || hint.doubt());
            let dialler = Dialler::new(hub, keyring, state.clone(), entropy, spread, sent_away);
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
        let listener = Listener::new(tcp, keyring, state.clone());
        tasks.spawn("listen", listener.accept(streams, tasks.clone()));
        Ok((Some(bound), state))
    }

    /// Keeps the certificate and the trust bundle fresh.
    fn start_renewal(&self, tasks: &Tasks, hint: &Hint) -> RenewalState {
        let state = RenewalState::default();
        let renewer = Renewer {
            hub: self.settings.config.hub.clone(),
            keyring: Arc::clone(&self.keyring),
            hint: hint.clone(),
            state: state.clone(),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
        };
        tasks.spawn("renewal", renewer.keep(tasks.token()));
        state
    }

    /// Forgets persons in time, from the start on.
    fn start_upkeep(&self, tasks: &Tasks) {
        let (desk, token) = (Arc::clone(&self.desk), tasks.token());
        tasks.spawn("figures", async move {
            loop {
                let desk = Arc::clone(&desk);
                let done = Workers::default().run(move || desk.upkeep()).await;
                if done.is_err() {
                    tracing::error!("figures: looking what has to be forgotten failed inside");
                }
                tokio::select! {
                    () = token.cancelled() => return,
                    () = tokio::time::sleep(UPKEEP) => {}
                }
            }
        });
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
    let Settings { dir, config } = Settings::load(dir, environment)?;
    Keyring::open(&dir, &config.provider, clock)?;
    Ok(())
}
