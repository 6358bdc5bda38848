//! The hub: the product's night, links, store and control service on a disk that outlives them.

use std::sync::Arc;

use calluna_certs::tls::Identity;
use calluna_certs::{Authority, Facts, Given, Invitation, mint};
use calluna_host::tasks::Tasks;
use calluna_host::workers::Workers;
use calluna_hub::config::HubConfig;
use calluna_hub::hub::{Hub, Parts, store_on};
use calluna_hub::service::control::ControlService;
use calluna_kv::Trust;
use calluna_model::clock::Clock;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::limit::NIGHTS_KEPT;
use calluna_model::member::{Member, ProviderKind, Reach};
use calluna_model::report::NightState;
use calluna_wire::v1::ReleaseRequest;
use calluna_wire::v1::hub_control_server::HubControl;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tonic::Request;

use crate::chance::{Chance, entropy};
use crate::disk::{Backup, Death, Disk, Life, Watch};
use crate::model::{RECORD_BYTES, Seen, View};
use crate::school::Town;

/// Copies of the data directory that are kept.
const BACKUPS: usize = 3;
/// A night commits this often, so that there is much to break off.
const COMMIT_BYTES: usize = 4 * 1024;

/// The district office's machine.
pub(crate) struct Office {
    disk: Disk,
    authority: (String, String),
    identity: Identity,
    pub(crate) running: Option<(Arc<Hub>, Arc<Life>)>,
    backups: Vec<(Backup, Vec<Option<Seen>>)>,
    lives: u64,
    watch: Watch,
    /// Its store was found behind, and no start since has come to its end.
    doubts: bool,
    /// Since when the hub knows all that it acknowledged.
    pub(crate) remembers_since: Moment,
}

impl Office {
    pub(crate) fn new(authority: &Authority, watch: Watch) -> Self {
        let pem = (authority.root_pem(), authority.key_pem().to_string());
        Self {
            disk: Disk::new(),
            authority: pem,
            identity: mint::hub(authority),
            running: None,
            backups: Vec::new(),
            lives: 0,
            watch,
            doubts: false,
            remembers_since: Moment(0),
        }
    }

    fn trust(&self, town: &Town) -> calluna_hub::trust::Credentials {
        let (certificate, key) = &self.authority;
        let authority = Authority::from_pem(certificate, key).unwrap();
        let clock = Arc::new(town.clock.clone());
        calluna_hub::trust::Credentials::of(authority, self.identity.clone(), clock).unwrap()
    }

    /// Starts the hub, as `calluna-hub serve` does; false when it was killed meanwhile.
    pub(crate) fn start(
        &mut self,
        town: &Town,
        killed: Option<(Death, u64)>,
    ) -> Result<bool, String> {
        self.lives += 1;
        let chance = entropy(town.seed, &[2, self.lives]);
        let mut epoch = [0; 16];
        chance.fill(&mut epoch);
        let (opened, life) = self.disk.open(epoch, self.watch.clone());
        self.doubts |= matches!(opened.trust, Trust::Behind { .. });
        if let Some((death, n)) = killed {
            life.die_at(death, n);
        }
        let started = store_on(opened, epoch, NIGHTS_KEPT).and_then(|(store, store_note)| {
            let parts = Parts {
                config: config(),
                store,
                trust: self.trust(town),
                clock: Arc::new(town.clock.clone()),
                entropy: chance,
            };
            let mut hub = Hub::from(parts);
            hub.store_note = store_note;
            hub.workers = Workers::Inline;
            hub.commit_bytes = COMMIT_BYTES;
            hub.store.close_aborted_night(town.clock.now())?;
            Ok(hub)
        });
        match started {
            Err(_) if life.is_dead() => Ok(false),
            Err(error) => Err(format!("the hub does not start: {error:#}")),
            Ok(hub) => {
                life.spare();
                let latest = hub
                    .store
                    .latest_night()
                    .map_err(|error| error.to_string())?;
                if latest.is_some_and(|night| night.state == NightState::Running) {
                    return Err("a night is running, and nobody runs it".to_owned());
                }
                if std::mem::take(&mut self.doubts) {
                    doubts_all(&hub)?;
                }
                self.running = Some((Arc::new(hub), life));
                Ok(true)
            }
        }
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.running.as_ref().unwrap().0
    }

    pub(crate) fn life(&self) -> &Arc<Life> {
        &self.running.as_ref().unwrap().1
    }

    /// The process ends.
    pub(crate) fn stop(&mut self) {
        if let Some((_, life)) = self.running.take() {
            life.kill();
        }
    }

    pub(crate) fn invite(&self, id: &ProviderId, leaf: &CertificateDer<'static>, at: Moment) {
        let member = Member {
            id: id.clone(),
            name: id.to_string(),
            kind: ProviderKind::Vhs,
            invited_at: at,
            joined_at: Some(at),
            reach: Reach::DialsOut,
            revoked_at: None,
            address: String::new(),
            website: String::new(),
            waiting: false,
        };
        let facts = Facts::of(leaf).unwrap();
        let given = Given {
            at,
            key: facts.key,
            certificate_pem: String::new(),
            serial: facts.serial,
            not_after: facts.not_after,
            issuer: None,
            revoked: None,
        };
        let invitation = Invitation {
            provider: id.clone(),
            secret_hash: [0; 32],
            expires: at,
            used: Some(given.clone()),
            cancelled: None,
        };
        let kept = serde_json::json!({ "v": 2, "invitation": invitation, "given": [given] });
        let kept = kept.to_string();
        self.hub()
            .store
            .save_member(&member, kept.as_bytes())
            .unwrap();
    }

    pub(crate) fn backup(&mut self, seen: &[Option<Seen>]) {
        if self.backups.len() == BACKUPS {
            self.backups.remove(1);
        }
        self.backups.push((self.disk.backup(), seen.to_vec()));
    }

    /// Puts an old copy back: what readers were shown then; nothing when there is none.
    pub(crate) fn restore(
        &mut self,
        chance: &Chance,
        with_state: bool,
        now: Moment,
    ) -> Option<Vec<Option<Seen>>> {
        if self.backups.is_empty() {
            return None;
        }
        self.stop();
        let (backup, seen) = &self.backups[chance.place(self.backups.len())];
        self.disk.restore(backup, with_state);
        self.remembers_since = now;
        Some(seen.clone())
    }

    /// What the operator's `release` does.
    pub(crate) async fn release(&self, id: &ProviderId) -> Result<u64, String> {
        let service = ControlService {
            hub: Arc::clone(self.hub()),
            tasks: Tasks::default(),
        };
        let provider_id = id.to_string();
        let answer = service
            .release(Request::new(ReleaseRequest { provider_id }))
            .await;
        match answer {
            Ok(answer) => Ok(answer.into_inner().removed),
            Err(status) => Err(status.message().to_owned()),
        }
    }

    /// What readers are shown of a provider.
    pub(crate) fn view(&self, id: &ProviderId) -> Result<View, String> {
        let mut view = View::new();
        let mut twice = None;
        let read = self.hub().store.offers(id, &mut |offer, record| {
            if view.insert(offer.to_owned(), record.to_vec()).is_some() {
                twice = Some(offer.to_owned());
            }
            Ok(())
        });
        read.map_err(|error| format!("the catalogue cannot be read: {error}"))?;
        twice.map_or(Ok(view), |offer| {
            Err(format!("readers are shown {offer} twice"))
        })
    }
}

/// A store that was found behind takes nothing that it holds as proof, whatever happened while it
/// started.
fn doubts_all(hub: &Hub) -> Result<(), String> {
    let members = hub.store.members().map_err(|error| error.to_string())?;
    for member in members {
        let state = hub
            .store
            .provider(&member.id)
            .map_err(|error| error.to_string())?;
        if state.published.is_some() && !state.doubtful {
            return Err(format!(
                "{}: the hub lost something and has forgotten it",
                member.id
            ));
        }
    }
    Ok(())
}

fn config() -> HubConfig {
    let text = format!(
        "name = \"Musterheide\"\naddress = \"hub:7443\"\nlisten = \"127.0.0.1:0\"\n\
         [limits]\nrecord_bytes = {RECORD_BYTES}\n"
    );
    toml::from_str(&text).unwrap()
}
