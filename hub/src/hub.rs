//! A hub's data directory, opened: settings, keys, store.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use anyhow::{Context, Result};
use calluna_audit::Draft;
use calluna_certs::Passphrase;
use calluna_host::clock::SystemClock;
use calluna_host::config::Environment;
use calluna_host::data_dir::DataDir;
use calluna_host::workers::Workers;
use calluna_kv::{KvError, Opened, Stamp, Trust};
use calluna_model::clock::{Clock, Moment};
use calluna_model::entropy::Entropy;
use calluna_store::{AuditRecord, EmbeddedStore, HubStore, StoreError, Terms};
use calluna_sync::schedule::Schedule;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::{self, Audit};
use crate::config::{self, CertificateConfig, HubConfig};
use crate::convert;
use crate::current::Current;
use crate::demand::Demand;
use crate::desk::{Desk, kept};
use crate::finder::{News, Public};
use crate::link::Links;
use crate::readers;
use crate::tries::Tries;
use crate::trust::Credentials;
use crate::trust::passphrase::{self, Found};

/// Commits are made when this much waits: large enough that fsync costs little, small enough that
/// a broken night repeats little.
const COMMIT_BYTES: usize = 2 * 1024 * 1024;

/// An opened hub. Only one process has the store open at a time.
pub struct Hub {
    /// Where it lies; nothing for one that was put together from [`Parts`].
    pub dir: Option<DataDir>,
    /// Its settings.
    pub config: HubConfig,
    /// What it keeps.
    pub store: Arc<dyn HubStore>,
    /// What it proves itself with, and issues from.
    pub trust: Credentials,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Live connections to nodes.
    pub links: Links,
    /// Why the store is not to be taken as proof; empty when it is whole.
    pub store_note: String,
    /// When nights begin; nothing when they begin by hand only.
    pub schedule: Option<Schedule>,
    /// The night that runs.
    pub current: Current,
    /// When the next night begins, as the daemon's clock last said.
    next_night: std::sync::Mutex<Option<Moment>>,
    /// Reports that are on their way.
    pub(crate) deliveries: TaskTracker,
    /// The process ends: what waits for another try is given up.
    pub(crate) closing: CancellationToken,
    /// Who does what blocks on the store.
    pub workers: Workers,
    /// A night commits what it staged whenever this many bytes wait.
    pub commit_bytes: usize,
    /// Held while an invitation is used or written: one certificate per token.
    pub(crate) enrolling: std::sync::Mutex<()>,
    /// The audit log.
    pub audit: Audit,
    /// Who tries tokens that do not fit.
    pub(crate) tries: std::sync::Mutex<Tries>,
    /// Where participation figures are judged.
    pub desk: Desk,
    /// Tells the search that what readers see has changed.
    pub news: Arc<News>,
    /// What is looked for and not found.
    pub demand: Arc<Demand>,
    /// What the public gets.
    pub public: Public,
}

/// What a hub is put together from.
#[derive(Debug)]
pub struct Parts {
    /// Its settings.
    pub config: HubConfig,
    /// What it keeps.
    pub store: Arc<dyn HubStore>,
    /// What it proves itself with, and issues from.
    pub trust: Credentials,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
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
    create_sealed(path, setup, None, clock, entropy)
}

/// [`create`], with a passphrase that the authority's key is encrypted with.
///
/// # Errors
/// As there, and when the passphrase is too short; nothing was made then.
pub fn create_sealed(
    path: &Path,
    setup: &Setup,
    passphrase: Option<&Passphrase>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<DataDir> {
    passphrase.map_or(Ok(()), Passphrase::check)?;
    let dir = DataDir::create_new(path)?;
    let hub_days = CertificateConfig::default().hub_days;
    Credentials::create(&dir, &setup.name, hub_days, passphrase, clock, entropy)?;
    audit::make_key(&dir)?;
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
        anyhow::ensure!(
            dir.join(config::FILE).exists(),
            "{} holds no hub: there is no {} in it; check the path given with --data, or make a hub with `calluna-hub init`",
            path.display(),
            config::FILE,
        );
        // A conversion of the store that was broken off at its end is ended first.
        convert::finish(&dir)?;
        let config = config::read(dir.path(), environment)?;
        let schedule = config.night.schedule().context("hub.toml, [night]")?;
        let file = &config.certificates.passphrase_file;
        let found = passphrase::find(environment, dir.path(), file);
        let trust = Credentials::open(&dir, found, Arc::clone(&clock))?;
        let mut epoch = [0; 16];
        entropy.fill(&mut epoch);
        let opened = convert::open(&dir, &config, epoch)?;
        if let Trust::Behind { note, .. } = &opened.trust
            && opened.engine.scan(b"", None).next().is_none()
        {
            // Nothing is left to go on with, members included: readers would see an empty
            // catalogue, and nodes would be strangers.
            let (dir, why) = (dir.join(convert::STORE), note.clone());
            return Err(KvError::Damaged { dir, why }.into());
        }
        // Only now that nobody else can have the store open: one writer for these files too.
        trust.settle()?;
        let (store, store_note) = store_on(opened, epoch, config.night.keep.get())?;
        let audit = Audit::open(&dir, store.as_ref(), clock.now(), &store_note)?;
        let desk = Desk::new(&config.figures, dir.path())?.with(dir.join(kept::FILE));
        let parts = Parts {
            config,
            store,
            trust,
            clock,
            entropy,
        };
        Ok(Self {
            audit,
            desk,
            demand: Arc::new(Demand::open(Some(&dir))),
            dir: Some(dir),
            store_note,
            schedule,
            ..Self::from(parts)
        })
    }
}

/// The hub's store on an engine that was opened, and why it is not to be taken as proof; that is
/// empty when it is whole. `epoch` is the new life of a store that is not.
/// The newest `nights_kept` nights are remembered.
///
/// # Errors
/// When the store cannot be read or written.
pub fn store_on(
    opened: Opened,
    epoch: [u8; 16],
    nights_kept: u64,
) -> Result<(Arc<dyn HubStore>, String)> {
    let mut store_note = String::new();
    let doubtful = if let Trust::Behind { note, .. } = &opened.trust {
        tracing::error!(
            note,
            "the store is behind its STATE file; nothing will be deleted, the next night compares everything with every node"
        );
        store_note.clone_from(note);
        true
    } else {
        false
    };
    let terms = Terms {
        nights: nights_kept,
        // A doubtful store goes on under a new life: what was changed before is not known for sure.
        life: if doubtful { epoch } else { opened.epoch },
        title_of: readers::title_of,
    };
    let store = EmbeddedStore::on_terms(Arc::clone(&opened.engine), doubtful, terms)?;
    if doubtful {
        // Only now that the doubt itself is kept: whoever is cut off in between doubts again.
        opened.engine.renew_epoch(epoch, Stamp::default())?;
    }
    Ok((Arc::new(store), store_note))
}

impl From<Parts> for Hub {
    /// A hub without a directory: no control socket, whatever store it was given.
    fn from(parts: Parts) -> Self {
        let Parts {
            config,
            store,
            trust,
            clock,
            entropy,
        } = parts;
        Self {
            dir: None,
            config,
            store,
            trust,
            clock,
            entropy,
            links: Links::default(),
            store_note: String::new(),
            schedule: None,
            current: Current::default(),
            next_night: std::sync::Mutex::default(),
            deliveries: TaskTracker::new(),
            closing: CancellationToken::new(),
            workers: Workers::default(),
            commit_bytes: COMMIT_BYTES,
            enrolling: std::sync::Mutex::default(),
            audit: Audit::off(),
            tries: std::sync::Mutex::default(),
            desk: Desk::usual(),
            news: Arc::default(),
            demand: Arc::new(Demand::open(None)),
            public: Public::default(),
        }
    }
}

impl Hub {
    /// Makes a change together with the audit entries that tell of it; see [`Audit::with`].
    ///
    /// # Errors
    /// When the entries cannot be made, or the change fails; nothing has changed then.
    pub fn audited<T, E: From<StoreError>>(
        &self,
        drafts: impl IntoIterator<Item = Draft>,
        change: impl FnOnce(&[AuditRecord]) -> Result<T, E>,
    ) -> Result<T, E> {
        let store = self.store.as_ref();
        self.audit.with(store, self.clock.now(), drafts, change)
    }

    /// Records something in the audit log that changes nothing else in the store.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub fn record(&self, drafts: impl IntoIterator<Item = Draft>) -> Result<(), StoreError> {
        let store = self.store.as_ref();
        self.audit.note(store, self.clock.now(), drafts)
    }

    /// Writes down refusals at the door: those of the hour that is over, or all where the process ends.
    pub(crate) fn record_refusals(&self, all: bool) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let drafts = if all {
            tries.rest()
        } else {
            tries.due(self.clock.now())
        };
        drop(tries);
        if drafts.is_empty() {
            return;
        }
        if let Err(error) = self.record(drafts) {
            tracing::error!(%error, "refusals at the door could not be recorded in the audit log");
        }
    }

    /// Notes when the next night begins by the clock.
    pub(crate) fn show_next_night(&self, next: Option<Moment>) {
        *self
            .next_night
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// When the next night begins by the clock; nothing without a running daemon.
    #[must_use]
    pub fn next_night(&self) -> Option<Moment> {
        *self
            .next_night
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the keys and certificates in `dir` belong together.
///
/// # Errors
/// Says which do not.
pub(crate) fn check_keys(dir: &DataDir) -> Result<()> {
    // Whether they have expired is not asked, so any clock does. A key that is encrypted stays so.
    Credentials::open(dir, Found::default(), Arc::new(SystemClock)).map(|_| ())
}
