//! The embedded store: [`HubStore`] on `calluna-kv`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use calluna_kv::packed::{Index, Kind, Loc, Log};
use calluna_kv::{Batch, Engine, Stamp};
use calluna_model::checkpoint::{HeldNight, Published};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::limit::{NIGHTS_KEPT, TOMBSTONE_SECONDS};
use calluna_model::member::Member;
use calluna_model::report::{Delivery, NightReport, ProviderReport, Trigger};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::dump::{self, Dumped};
use crate::error::StoreError;
use crate::key;
use crate::migrate;
use crate::port::{
    AuditRecord, Change, ChangeSpan, Found, HubStore, Stage, Visit, VisitAudit, VisitChanges,
    VisitFigures, VisitRefusal,
};
use crate::refusal;
use crate::stage::LogStage;
use crate::state::ProviderState;
use crate::tomb::{TitleOf, gone_at};
use crate::verdict::Verdict;
use crate::views::Views;

/// Steps of space recovery after a night: bounded, so that no night waits for it.
const TIDY_STEPS: usize = 8;

/// The hub's store on an ordered key-value engine.
#[derive(Clone, Debug)]
pub struct EmbeddedStore(Arc<Shelf>);

/// What a store is opened with besides its engine.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Of the nights only so many are kept, at least one: the next one that begins removes those that are older.
    pub nights: u64,
    /// This life of the store, as its engine says it: changes of another one are not gone on with.
    pub life: [u8; 16],
    /// Tells what an offer is called: its tombstone keeps that.
    pub title_of: TitleOf,
}

impl Default for Terms {
    /// Tombstones without titles.
    fn default() -> Self {
        Self {
            nights: NIGHTS_KEPT,
            life: [0; 16],
            title_of: |_| None,
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Version of the layout described in the crate's documentation.
    pub(crate) layout: u32,
    pub(crate) last_night: u64,
    /// When the newest night over all providers began that ended in order.
    #[serde(default)]
    pub(crate) last_whole: Option<Moment>,
}

impl EmbeddedStore {
    /// The store on `engine`. With `doubtful` (the engine opened behind its `STATE`) nothing that
    /// is stored counts as proof: the next night compares everything with every node.
    ///
    /// # Errors
    /// When the layout is of a later release, or the store cannot be read.
    pub fn open(engine: Arc<dyn Engine>, doubtful: bool) -> Result<Self, StoreError> {
        Self::on_terms(engine, doubtful, Terms::default())
    }

    /// As [`EmbeddedStore::open`], on other terms.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`].
    pub fn on_terms(
        engine: Arc<dyn Engine>,
        doubtful: bool,
        terms: Terms,
    ) -> Result<Self, StoreError> {
        let shelf = Shelf {
            engine,
            nights_kept: terms.nights.max(1),
            life: terms.life,
            title_of: terms.title_of,
            views: Views::default(),
            meta: Mutex::new(()),
            states: Mutex::new(()),
            readers: Mutex::default(),
        };
        migrate::forward(&*shelf.engine, shelf.read(key::META)?)?;
        if doubtful {
            shelf.doubt_everything()?;
        }
        Ok(Self(Arc::new(shelf)))
    }

    /// Where each record of a provider stands, up to what readers see.
    pub(crate) fn index(&self, id: &ProviderId, visible: u64) -> Result<Index, StoreError> {
        let unreadable = |source| StoreError::Log {
            provider: id.to_string(),
            source,
        };
        self.0.log(id).index(Some(visible)).map_err(unreadable)
    }
}

/// What store and stages share.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) engine: Arc<dyn Engine>,
    /// How many nights are remembered.
    pub(crate) nights_kept: u64,
    /// This life of the store.
    pub(crate) life: [u8; 16],
    /// Tells what an offer is called.
    pub(crate) title_of: TitleOf,
    /// Where every record stands, of providers that were read lately.
    pub(crate) views: Views,
    /// Held while a night gets its number.
    pub(crate) meta: Mutex<()>,
    /// Held from reading a provider's state until it is written.
    pub(crate) states: Mutex<()>,
    /// Who reads which provider: space is only won back while nobody does.
    readers: Mutex<HashMap<ProviderId, Arc<RwLock<()>>>>,
}

impl Shelf {
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        match self.engine.get(key)? {
            Some(bytes) => parse(key, &bytes).map(Some),
            None => Ok(None),
        }
    }

    fn all<T: DeserializeOwned>(&self, prefix: &[u8]) -> Result<Vec<T>, StoreError> {
        let mut list = Vec::new();
        for pair in self.engine.scan(prefix, None) {
            let (key, value) = pair?;
            list.push(parse(&key, &value)?);
        }
        Ok(list)
    }

    pub(crate) fn meta(&self) -> Result<Meta, StoreError> {
        Ok(self.read(key::META)?.unwrap_or(Meta {
            layout: migrate::LAYOUT,
            last_night: 0,
            last_whole: None,
        }))
    }

    pub(crate) fn state(&self, id: &ProviderId) -> Result<ProviderState, StoreError> {
        Ok(self.read(&key::provider(id))?.unwrap_or_default())
    }

    pub(crate) fn put_state(
        &self,
        batch: &mut Batch,
        id: &ProviderId,
        state: &ProviderState,
    ) -> Result<(), StoreError> {
        let key = key::provider(id);
        let value = json(&key, state)?;
        batch.put(key, value);
        if let Some(Published {
            head,
            night,
            offers,
            ..
        }) = state.published
        {
            // The hub has no head of its own: its STATE names the newest publication.
            batch.stamp(Stamp {
                revision: night,
                count: offers,
                digest: head.digest.0,
            });
        }
        Ok(())
    }

    pub(crate) fn log(&self, id: &ProviderId) -> Log {
        Log::new(Arc::clone(&self.engine), key::log(id))
    }

    pub(crate) fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        Ok(self.engine.commit(batch)?)
    }

    pub(crate) fn reader_lock(&self, id: &ProviderId) -> Arc<RwLock<()>> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(readers.entry(id.clone()).or_default())
    }

    /// Wins back space of older versions, a few steps, if nobody reads this provider now. Failing
    /// is no harm: nothing that is needed was touched, and the next night tries again.
    pub(crate) fn tidy(
        &self,
        id: &ProviderId,
        log: &Log,
        index: &mut Index,
        visible: u64,
        now: Moment,
    ) {
        let lock = self.reader_lock(id);
        let Ok(_alone) = lock.try_write() else { return };
        // Places change now. Nobody looks one up meanwhile, and afterwards it is looked up anew.
        self.views.forget(id);
        for _ in 0..TIDY_STEPS {
            let step = log.compact_step(index, visible, &mut |record| {
                now.since(gone_at(&record.hash)) < TOMBSTONE_SECONDS
            });
            let done = match step {
                Ok(Some(batch)) => self.commit(batch).map_err(|error| error.to_string()),
                Ok(None) => return,
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = done {
                tracing::warn!(provider = %id, error, "space of older versions was not won back");
                return;
            }
        }
    }

    fn doubt_everything(&self) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for pair in self.engine.scan(key::PROVIDERS, None) {
            let (key, value) = pair?;
            let mut state: ProviderState = parse(&key, &value)?;
            state.doubtful = true;
            let value = json(&key, &state)?;
            batch.put(key, value);
        }
        batch.use_reserve();
        self.commit(batch)
    }
}

impl HubStore for EmbeddedStore {
    fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.0.all(key::MEMBERS)
    }

    fn member(&self, id: &ProviderId) -> Result<Option<Member>, StoreError> {
        self.0.read(&key::member(id))
    }

    fn enrolment(&self, id: &ProviderId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.engine.get(&key::enrolment(id))?)
    }

    fn provider(&self, id: &ProviderId) -> Result<ProviderState, StoreError> {
        self.0.state(id)
    }

    fn note_exchange(&self, line: &ProviderReport, at: Moment) -> Result<(), StoreError> {
        // Whoever withdraws everything meanwhile must not find it back.
        let _alone = self.0.states.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.0.state(&line.provider)?;
        state.note(line, at);
        let mut batch = Batch::default();
        batch.use_reserve();
        self.0.put_state(&mut batch, &line.provider, &state)?;
        self.0.commit(batch)
    }

    fn stage(&self, id: &ProviderId, resume: bool) -> Result<Box<dyn Stage>, StoreError> {
        Ok(Box::new(LogStage::open(Arc::clone(&self.0), id, resume)?))
    }

    fn offers(&self, id: &ProviderId, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let unreadable = |source| StoreError::Log {
            provider: id.to_string(),
            source,
        };
        let lock = self.0.reader_lock(id);
        let _reading = lock.read().unwrap_or_else(PoisonError::into_inner);
        let visible = self.0.state(id)?.visible;
        let log = self.0.log(id);
        let index = log.index(Some(visible)).map_err(unreadable)?;
        for head in log.heads_from(0) {
            let (seq, _) = head.map_err(unreadable)?;
            if seq > visible {
                break;
            }
            let Some(chunk) = log.chunk(seq).map_err(unreadable)? else {
                continue;
            };
            for slot in 0..chunk.len() {
                let Some(record) = chunk.record(slot) else {
                    continue;
                };
                let here = Loc {
                    seq,
                    slot: u32::try_from(slot).unwrap_or(u32::MAX),
                };
                let good = index.get(record.key).and_then(|entry| entry.good);
                if record.kind == Kind::Value && good == Some(here) {
                    visit(record.key, record.body)?;
                }
            }
        }
        Ok(())
    }

    fn offers_after(
        &self,
        id: &ProviderId,
        after: &str,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        self.0.offers_after(id, after, visit)
    }

    fn offer_ids(
        &self,
        id: &ProviderId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.0.offer_ids(id, after, limit)
    }

    fn look_up(&self, id: &ProviderId, offer: &str) -> Result<Found, StoreError> {
        self.0.look_up(id, offer)
    }

    fn is_shown(&self, id: &ProviderId, offer: &str) -> Result<bool, StoreError> {
        self.0.is_shown(id, offer)
    }

    fn change_span(&self) -> Result<ChangeSpan, StoreError> {
        self.0.change_span()
    }

    fn changes(&self, from: u64, visit: &mut VisitChanges<'_>) -> Result<(), StoreError> {
        self.0.changes(from, visit)
    }

    fn verdicts(&self) -> Result<Vec<Verdict>, StoreError> {
        self.0.all(key::VERDICTS)
    }

    fn figures(
        &self,
        id: &ProviderId,
        period: Option<&str>,
        visit: &mut VisitFigures<'_>,
    ) -> Result<(), StoreError> {
        for pair in self.0.engine.scan(&key::figures(id, period), None) {
            let (key, bytes) = pair?;
            let known = key::revision_of(id, &key);
            if known.is_some_and(|(period, number)| !visit(period, number, &bytes)) {
                break;
            }
        }
        Ok(())
    }

    fn quarantine(&self, id: &ProviderId, visit: &mut VisitRefusal<'_>) -> Result<(), StoreError> {
        let unreadable = |source| StoreError::Log {
            provider: id.to_string(),
            source,
        };
        let lock = self.0.reader_lock(id);
        let _reading = lock.read().unwrap_or_else(PoisonError::into_inner);
        let log = self.0.log(id);
        let index = log
            .index(Some(self.0.state(id)?.visible))
            .map_err(unreadable)?;
        refusal::visit_all(&log, &index, visit, &unreadable)
    }

    fn begin_night(
        &self,
        at: Moment,
        trigger: Trigger,
        whole: bool,
    ) -> Result<NightReport, StoreError> {
        self.0.begin_night(at, trigger, whole)
    }

    fn latest_night(&self) -> Result<Option<NightReport>, StoreError> {
        self.0.latest_night()
    }

    fn close_aborted_night(&self, at: Moment) -> Result<Option<NightReport>, StoreError> {
        self.0.close_aborted_night(at)
    }

    fn last_whole_night(&self) -> Result<Option<Moment>, StoreError> {
        Ok(self.0.meta()?.last_whole)
    }

    fn size_on_disk(&self) -> Result<u64, StoreError> {
        Ok(self.0.engine.size_on_disk()?)
    }

    fn night(&self, number: u64) -> Result<Option<NightReport>, StoreError> {
        self.0.read(&key::night(number))
    }

    fn nights(
        &self,
        from: Option<u64>,
        visit: &mut dyn FnMut(NightReport) -> bool,
    ) -> Result<(), StoreError> {
        self.0.nights(from, visit)
    }

    fn dump(
        &self,
        out: &mut dyn std::io::Write,
        step: &mut dyn FnMut(u64),
    ) -> Result<Dumped, StoreError> {
        dump::dump(&self.0, out, step)
    }

    fn deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        self.0.all(key::DELIVERIES)
    }

    fn save_delivery(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        let key = key::delivery(delivery.way);
        let value = json(&key, delivery)?;
        batch.put(key, value);
        self.0.commit(batch)
    }

    fn apply(
        &self,
        change: &Change<'_>,
        audit: &[AuditRecord],
    ) -> Result<Option<HeldNight>, StoreError> {
        Shelf::apply(&self.0, change, audit)
    }

    fn audit_last(&self) -> Result<Option<AuditRecord>, StoreError> {
        self.0.audit_last()
    }

    fn audit_record(&self, number: u64) -> Result<Option<AuditRecord>, StoreError> {
        let bytes = self.0.engine.get(&key::audit(number))?;
        Ok(bytes.map(|bytes| AuditRecord { number, bytes }))
    }

    fn audit(&self, from: u64, visit: &mut VisitAudit<'_>) -> Result<(), StoreError> {
        self.0.audit(from, visit)
    }
}

pub(crate) fn json(key: &[u8], value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|source| StoreError::Unreadable {
        key: name(key),
        source,
    })
}

pub(crate) fn parse<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(value).map_err(|source| StoreError::Unreadable {
        key: name(key),
        source,
    })
}

fn name(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}

#[cfg(test)]
mod audit;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod nth_write;
#[cfg(test)]
mod tests;
