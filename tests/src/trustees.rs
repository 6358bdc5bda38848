//! A hub and its nodes in this process, on real directories, sockets and TLS, with one clock that is
//! moved by hand: what happens to certificates in a year.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; a panic is how they fail"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::{Facts, JoinToken};
use calluna_host::entropy::OsEntropy;
use calluna_host::tasks::Tasks;
use calluna_hub::hub::{Hub, Setup, create};
use calluna_hub::night::{self, Wish};
use calluna_hub::{config, members, run, upkeep};
use calluna_model::clock::{Clock, HandClock, Moment};
use calluna_model::fixture::an_offer;
use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;
use calluna_model::report::NightReport;
use calluna_model::text::Language;
use calluna_node::membership::{JoinError, Joined, ListenWish, join};
use calluna_node::publish::{Candidate, Terms};
use calluna_node::run::{Node, Serving};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// The day on which everything begins: 2026-03-01T00:00:00Z.
pub const BEGIN: Moment = Moment(1_772_323_200);
/// A day in seconds.
pub const DAY: i64 = 86_400;
/// How long anything may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A hub that runs.
#[expect(
    missing_debug_implementations,
    reason = "the hub has none: it holds a key"
)]
pub struct Office {
    /// Everything lies in it.
    pub home: TempDir,
    /// Everybody's clock.
    pub clock: HandClock,
    /// The hub.
    pub hub: Arc<Hub>,
    address: String,
    tasks: Tasks,
}

/// A node that runs.
#[derive(Debug)]
pub struct School {
    /// The node.
    pub node: Node,
    /// How it serves.
    pub serving: Serving,
    /// Its data directory.
    pub dir: PathBuf,
    tasks: Tasks,
}

impl Office {
    /// A new hub with these lines at the end of its `hub.toml`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn open(settings: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = HandClock::at(BEGIN);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = port.local_addr().unwrap();
        drop(port);
        let setup = Setup {
            name: "Landkreis Musterheide".to_owned(),
            listen,
            web: None,
            address: listen.to_string(),
        };
        let dir = create(&home.path().join("hub"), &setup, &clock, &OsEntropy).unwrap();
        let file = dir.join(config::FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}\n{settings}")).unwrap();
        let (hub, tasks) = start(&home, &clock).await;
        Self {
            home,
            clock,
            hub,
            address: setup.address,
            tasks,
        }
    }

    /// Stops the hub and starts it again.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(self) -> Self {
        self.restart_after(|_| {}).await
    }

    /// Stops the hub, does something to its directory, and starts it again.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart_after(self, change: impl FnOnce(&Path)) -> Self {
        let Self {
            home,
            clock,
            hub,
            address,
            tasks,
        } = self;
        run::stop(&hub, &tasks).await;
        drop(hub);
        change(&home.path().join("hub"));
        let (hub, tasks) = start(&home, &clock).await;
        Self {
            home,
            clock,
            hub,
            address,
            tasks,
        }
    }

    /// `host:port` of the hub.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Joins in `dir`.
    ///
    /// # Errors
    /// Whatever the node says.
    pub async fn join(&self, token: &JoinToken, dir: &Path) -> Result<Joined, JoinError> {
        let wish = ListenWish::default();
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        join(token, dir, &wish, Language::En, &clock).await
    }

    /// A new member whose node runs and has some offers.
    ///
    /// # Panics
    /// When it cannot join.
    pub async fn member(&self, id: &str) -> School {
        let token = self.invite(id, DAY);
        self.joined(id, &token).await
    }

    /// A new member whose node listens.
    ///
    /// # Panics
    /// When it cannot join.
    pub async fn listening_member(&self, id: &str) -> School {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = port.local_addr().unwrap().to_string();
        drop(port);
        let wish = ListenWish {
            address: Some(address),
            ..ListenWish::default()
        };
        self.joined_at(id, &self.invite(id, DAY), &wish).await
    }

    /// A token for a new member, good for so many seconds.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn invite(&self, id: &str, seconds: i64) -> JoinToken {
        let provider: ProviderId = id.parse().unwrap();
        members::invite(&self.hub, &provider, "Muster", ProviderKind::Vhs, seconds).unwrap()
    }

    /// [`Office::member`] with this token.
    ///
    /// # Panics
    /// When it cannot join.
    pub async fn joined(&self, id: &str, token: &JoinToken) -> School {
        self.joined_at(id, token, &ListenWish::default()).await
    }

    async fn joined_at(&self, id: &str, token: &JoinToken, wish: &ListenWish) -> School {
        let dir = self.home.path().join(id);
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        join(token, &dir, wish, Language::En, &clock).await.unwrap();
        let file = dir.join("node.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("reconnect_seconds = 10", "reconnect_seconds = 0");
        std::fs::write(&file, text).unwrap();
        self.school(dir).await
    }

    /// Starts the node in `dir`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn school(&self, dir: PathBuf) -> School {
        let node = Node::open(&dir, Arc::new(self.clock.clone()), Arc::new(OsEntropy)).unwrap();
        publish(&node, 5);
        let tasks = Tasks::default();
        let serving = node.serve(&tasks).await.unwrap();
        School {
            node,
            serving,
            dir,
            tasks,
        }
    }

    /// Everything that is due by the clock on the hub's side, and one night over all providers.
    ///
    /// # Panics
    /// When the night cannot be held.
    pub async fn night(&self) -> NightReport {
        let working = Arc::clone(&self.hub);
        tokio::task::spawn_blocking(move || upkeep::turn(&working))
            .await
            .unwrap();
        let (events, mut happened) = mpsc::channel(64);
        let unheard = async { while happened.recv().await.is_some() {} };
        let wish = Wish::default();
        let (ended, ()) = tokio::join!(night::run(&self.hub, &wish, events), unheard);
        ended.unwrap()
    }

    /// Ends it.
    pub async fn close(self) {
        run::stop(&self.hub, &self.tasks).await;
    }
}

async fn start(home: &TempDir, clock: &HandClock) -> (Arc<Hub>, Tasks) {
    // Whoever is away is away for weeks: no night waits for it.
    let environment = [
        ("CALLUNA_NIGHT_SCHEDULE", "off"),
        ("CALLUNA_NIGHT_WAIT_SECONDS", "1"),
    ];
    let environment: BTreeMap<String, String> = environment
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let hub = Hub::open(
        &home.path().join("hub"),
        &environment,
        Arc::new(clock.clone()),
        Arc::new(OsEntropy),
    );
    let (hub, tasks) = (Arc::new(hub.unwrap()), Tasks::default());
    let _bound = run::open_doors(&hub, &tasks).await.unwrap();
    (hub, tasks)
}

fn publish(node: &Node, offers: usize) {
    let offers: Vec<Candidate> = (0..offers)
        .map(|n| Candidate::of(&an_offer(&format!("K-{n}")).build()))
        .collect();
    let publisher = node.publisher();
    publisher.publish(&offers, &Terms::default()).unwrap();
}

impl School {
    /// Publishes so many offers.
    ///
    /// # Panics
    /// When they cannot be published.
    pub fn publish(&self, offers: usize) {
        publish(&self.node, offers);
    }

    /// Serial number of its certificate.
    ///
    /// # Panics
    /// When the certificate cannot be read.
    #[must_use]
    pub fn serial(&self) -> String {
        let text = std::fs::read_to_string(self.dir.join("node.crt")).unwrap();
        Facts::of_pem(&text).unwrap().serial
    }

    /// Stops it; its directory.
    pub async fn close(self) -> PathBuf {
        self.tasks.stop();
        self.tasks.drain(Duration::from_secs(20)).await;
        self.dir
    }
}

/// Waits until `holds`.
///
/// # Panics
/// When it never does.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let happened = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(happened.is_ok(), "never happened: {what}");
}
