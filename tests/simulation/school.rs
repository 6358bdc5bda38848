//! A provider's node: the product's publisher and service on a disk that outlives them, beside the
//! model of what they should hold.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use calluna_certs::{Authority, NodeKey, Peer, mint};
use calluna_host::guarded::Guarded;
use calluna_host::tasks::Tasks;
use calluna_host::workers::Workers;
use calluna_kv::{KvError, Trust};
use calluna_model::clock::HandClock;
use calluna_model::guard::shrink;
use calluna_model::head::Head;
use calluna_model::id::ProviderId;
use calluna_node::link::Session;
use calluna_node::membership::renew::Hint;
use calluna_node::publish::{Candidate, PublishError, Publisher, Terms};
use calluna_node::service::provider_node::provider_node;
use calluna_node::service::serve_hub;
use calluna_node::store::{Store, StoreError};
use tokio::sync::mpsc;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::chance::{Chance, entropy};
use crate::disk::{Backup, Disk, Life, Watch};
use crate::model::{Catalogue, HeadKey, Memory, Version, key_of};
use crate::net::{NODE, Stream, Wires};
use crate::op::Work;

/// Copies of a data directory that are kept.
const BACKUPS: usize = 3;

/// Where connections are handed to the node's server; nothing while it does not run.
pub(crate) type Door = Arc<Mutex<Option<(mpsc::Sender<Guarded<Stream, Session>>, Session)>>>;

/// What all parts of a world share.
#[derive(Clone, Debug)]
pub(crate) struct Town {
    pub(crate) seed: u64,
    pub(crate) clock: HandClock,
    /// Counts up with every action of an owner.
    pub(crate) actions: u64,
}

/// A process.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) life: Arc<Life>,
    tasks: Tasks,
}

/// A provider.
#[derive(Debug)]
pub(crate) struct School {
    pub(crate) id: ProviderId,
    number: u64,
    pub(crate) leaf: CertificateDer<'static>,
    key: String,
    disk: Disk,
    pub(crate) running: Option<Running>,
    pub(crate) door: Door,
    pub(crate) wires: Wires,
    lives: u64,
    ids: u64,
    /// What the node acknowledged.
    pub(crate) now: Catalogue,
    /// What was being written when it was killed.
    in_doubt: Option<Catalogue>,
    /// The list in the owner's own program.
    truth: BTreeMap<String, Version>,
    pub(crate) memory: Memory,
    backups: Vec<(Backup, Catalogue)>,
    /// Every head since the night began.
    pub(crate) tonight: Vec<HeadKey>,
    /// Neither it nor the hub ever lost or forgot anything: no night needs to compare catalogues.
    pub(crate) straight: bool,
    watch: Watch,
}

impl School {
    pub(crate) fn new(number: u64, authority: &Authority, watch: Watch) -> Self {
        let id: ProviderId = format!("school-{number:02}").parse().unwrap();
        let leaf = mint::leaf(authority, &Peer::Provider(id.clone()));
        let identity = calluna_certs::tls::Identity::from_pem(
            &leaf.certificate_pem,
            &leaf.key_pem,
            &authority.root_pem(),
        );
        Self {
            id,
            number,
            leaf: identity.unwrap().leaf().clone(),
            key: leaf.key_pem,
            disk: Disk::new(),
            running: None,
            door: Door::default(),
            wires: Wires::default(),
            lives: 0,
            ids: 0,
            now: Catalogue::default(),
            in_doubt: None,
            truth: BTreeMap::new(),
            memory: Memory::default(),
            backups: Vec::new(),
            tonight: Vec::new(),
            straight: true,
            watch,
        }
    }

    /// Starts the node. What it acknowledged has to be there, and of what was being written all or
    /// nothing (invariant 3).
    pub(crate) fn start(&mut self, town: &Town) -> Result<(), String> {
        if self.running.is_some() {
            return Ok(());
        }
        self.lives += 1;
        let chance = entropy(town.seed, &[1, self.number, self.lives]);
        let mut epoch = [0; 16];
        chance.fill(&mut epoch);
        let (opened, life) = self.disk.open(epoch, self.watch.clone());
        let behind = matches!(opened.trust, Trust::Behind { .. });
        let store = Store::settle(opened, &town.clock, chance.as_ref());
        let store = store.map_err(|error| format!("{} does not start: {error}", self.id))?;
        let key = NodeKey::from_pem(&self.key).unwrap();
        let clock = Arc::new(town.clock.clone());
        let publisher = Arc::new(Publisher::new(Arc::new(store), self.id.clone(), clock));
        self.found(&publisher.head(), behind)?;
        let tasks = Tasks::default();
        let (streams, received) = mpsc::channel(16);
        let service = provider_node(Arc::clone(&publisher), Hint::default(), Workers::Inline);
        serve_hub(&tasks, service, received);
        let session = Session {
            peer: Peer::Hub,
            key: Arc::new(key),
        };
        *self.door.lock().unwrap() = Some((streams, session));
        self.running = Some(Running {
            publisher,
            life,
            tasks,
        });
        Ok(())
    }

    fn found(&mut self, head: &Head, behind: bool) -> Result<(), String> {
        let there = (head.count, head.digest);
        let doubt = self.in_doubt.take();
        if self.now.digest() != there {
            match doubt.filter(|doubt| doubt.digest() == there) {
                Some(written) => self.now = written,
                None => {
                    return Err(format!(
                        "{} starts with {} offers at revision {}: neither what it acknowledged ({}) nor \
                         what was being written",
                        self.id,
                        head.count,
                        head.revision,
                        self.now.digest().0
                    ));
                }
            }
        }
        if behind
            && self
                .memory
                .heads
                .keys()
                .any(|(epoch, ..)| *epoch == head.epoch.0)
        {
            return Err(format!(
                "{} lost something and goes on in the same epoch",
                self.id
            ));
        }
        self.learn(head);
        Ok(())
    }

    fn learn(&mut self, head: &Head) {
        self.memory.learn(head, &self.now);
        self.tonight.push(key_of(head));
    }

    /// Ends the process: in order, or by the loss of its machine.
    pub(crate) fn stop(&mut self, told: bool) {
        *self.door.lock().unwrap() = None;
        if let Some(running) = self.running.take() {
            running.life.kill();
            running.tasks.stop();
        }
        self.wires.sever(NODE, told);
    }

    pub(crate) fn backup(&mut self) {
        if self.backups.len() == BACKUPS {
            self.backups.remove(1);
        }
        self.backups.push((self.disk.backup(), self.now.clone()));
    }

    /// Puts an old copy back; false when there is none.
    pub(crate) fn restore(&mut self, chance: &Chance, with_state: bool) -> bool {
        if self.backups.is_empty() {
            return false;
        }
        self.stop(true);
        let (backup, catalogue) = &self.backups[chance.place(self.backups.len())];
        self.disk.restore(backup, with_state);
        self.now = catalogue.clone();
        self.in_doubt = None;
        self.straight = false;
        true
    }

    pub(crate) fn wipe(&mut self) {
        self.stop(true);
        self.disk.wipe();
        self.straight = false;
        self.now = Catalogue::default();
        self.in_doubt = None;
    }

    /// The owner works. Says what came of it.
    pub(crate) fn work(
        &mut self,
        work: Work,
        town: &mut Town,
        chance: &Chance,
    ) -> Result<&'static str, String> {
        let Some(running) = &self.running else {
            return Ok("off");
        };
        let (publisher, life) = (Arc::clone(&running.publisher), Arc::clone(&running.life));
        town.actions += 1;
        let (next, list, terms) = self.plan(work, town.actions, chance);
        let before = publisher.head();
        match publisher.publish(&list, &terms) {
            Ok(published) => {
                self.now = next;
                self.truth = match work {
                    Work::Whole => std::mem::take(&mut self.truth),
                    _ => self.now.alive.clone(),
                };
                let head = published.head;
                if self.now.digest() != (head.count, head.digest) {
                    return Err(format!(
                        "{} says that {work:?} makes {} offers, not {}",
                        self.id,
                        head.count,
                        self.now.digest().0
                    ));
                }
                if head.revision < before.revision
                    || (head != before && head.revision == before.revision)
                {
                    return Err(format!("{} published without a new revision", self.id));
                }
                self.learn(&head);
                Ok("done")
            }
            Err(_) if life.is_dead() => {
                self.in_doubt = Some(next);
                Ok("killed")
            }
            Err(error) => {
                let said = self.refused(&error, &next, &terms)?;
                if publisher.head() != before {
                    return Err(format!(
                        "{} refused {work:?} and changed all the same",
                        self.id
                    ));
                }
                Ok(said)
            }
        }
    }

    /// Whether the node was right to refuse.
    fn refused(
        &self,
        error: &PublishError,
        next: &Catalogue,
        terms: &Terms,
    ) -> Result<&'static str, String> {
        let before = self.now.alive.len() as u64;
        let removed = self
            .now
            .alive
            .keys()
            .filter(|id| !next.alive.contains_key(*id))
            .count() as u64;
        match error {
            PublishError::WouldShrink(_) | PublishError::NothingAccepted { .. }
                if !terms.confirmed && shrink(before, removed).is_some() =>
            {
                Ok("guarded")
            }
            PublishError::Store(StoreError::Kv(KvError::Full { .. })) => Ok("full"),
            error => Err(format!("{} refused a publication: {error}", self.id)),
        }
    }

    fn plan(
        &mut self,
        work: Work,
        now: u64,
        chance: &Chance,
    ) -> (Catalogue, Vec<Candidate>, Terms) {
        let mut next = self.now.clone();
        let mut touched: Vec<String> = Vec::new();
        let mut terms = Terms::default();
        let length = |large: bool| {
            if large {
                5_200
            } else {
                chance.between(40, 3_600)
            }
        };
        match work {
            Work::Add(n) => {
                for _ in 0..n {
                    self.ids += 1;
                    touched.push(format!("o{:03}", self.ids));
                }
            }
            Work::Change(n) | Work::Large(n) => touched = some(&next, n, chance),
            Work::Term => touched = next.alive.keys().cloned().collect(),
            Work::Remove(n, confirmed) => {
                some(&next, n, chance)
                    .iter()
                    .for_each(|id| next.withdraw(id, now));
                (terms.replace, terms.confirmed) = (true, confirmed);
            }
            Work::Clear => {
                let all: Vec<String> = next.alive.keys().cloned().collect();
                all.iter().for_each(|id| next.withdraw(id, now));
                (terms.replace, terms.confirmed) = (true, true);
            }
            Work::Whole => {
                next.become_whole(&self.truth, now);
                (terms.replace, terms.confirmed) = (true, true);
            }
        }
        for id in &touched {
            let large = matches!(work, Work::Large(_));
            next.put(id, Version::written(id, now, length(large)));
        }
        let listed = next
            .alive
            .iter()
            .filter(|(id, _)| terms.replace || touched.contains(id));
        let list = listed
            .map(|(_, version)| Candidate::clone(&version.candidate))
            .collect();
        (next, list, terms)
    }
}

/// Some offers, each once.
fn some(catalogue: &Catalogue, n: u64, chance: &Chance) -> Vec<String> {
    let mut ids: Vec<String> = catalogue.alive.keys().cloned().collect();
    let mut chosen = Vec::new();
    for _ in 0..n {
        if !ids.is_empty() {
            chosen.push(ids.swap_remove(chance.place(ids.len())));
        }
    }
    chosen
}
