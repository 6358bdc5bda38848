//! The stage on the embedded store: a provider's log behind what readers see.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use calluna_kv::Batch;
use calluna_kv::packed::{ChunkBuilder, Index, Kind, Loc, Log, Record};
use calluna_model::checkpoint::{Checkpoint, HeldNight, Published, Staged};
use calluna_model::clock::Moment;
use calluna_model::finding::Finding;
use calluna_model::fingerprint::Digester;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, ProviderId, Revision};
use calluna_model::member::Member;
use calluna_model::report::ProviderReport;

use crate::audit::put_member;
use crate::changes::News;
use crate::embedded::Shelf;
use crate::error::StoreError;
use crate::port::{AuditRecord, Holding, Stage, Tally, Visit};
use crate::refusal;
use crate::state::ProviderState;
use crate::tomb::{self, LastTitles, gone_hash};

/// A chunk is closed when its records take this much: its body then lies beside the tree, written
/// once, and its head (some 80 bytes a record) is small enough to stay in it.
const CHUNK_BYTES: usize = 128 * 1024;

/// How an offer stood for readers before this stage touched it.
#[derive(Clone, Copy, Debug)]
struct Before {
    good: Option<Loc>,
    hash: [u8; 32],
    kind: Kind,
}

/// See [`Stage`].
#[derive(Debug)]
pub(crate) struct LogStage {
    shelf: Arc<Shelf>,
    provider: ProviderId,
    state: ProviderState,
    /// When everything was withdrawn, as it stood when this stage was opened or last written.
    withdrawn: Option<Moment>,
    log: Log,
    index: Index,
    /// Offers that this stage touched; empty while readers see nothing at all.
    touched: BTreeMap<Box<str>, Option<Before>>,
    /// Offers that readers see.
    before: u64,
    chunk: ChunkBuilder,
    /// Where the chunk that is being filled will stand.
    seq: u64,
    batch: Batch,
    titles: LastTitles,
    /// When readers see it, where that is not when the night was.
    shown_at: Option<Moment>,
    /// What the next write tells of.
    news: Option<News>,
}

impl LogStage {
    pub(crate) fn open(
        shelf: Arc<Shelf>,
        provider: &ProviderId,
        resume: bool,
    ) -> Result<Self, StoreError> {
        let mut state = shelf.state(provider)?;
        let log = shelf.log(provider);
        let unreadable = |source| StoreError::Log {
            provider: provider.to_string(),
            source,
        };
        let mut batch = Batch::default();
        if !resume {
            log.drop_after(&mut batch, state.visible)
                .map_err(unreadable)?;
            state.staged = None;
            state.held = None;
        }
        let index = log.index(Some(state.visible)).map_err(unreadable)?;
        let before = state.published.map_or(0, |published| published.offers);
        let mut stage = Self {
            seq: state.visible + 1,
            withdrawn: state.withdrawn,
            titles: LastTitles::new(shelf.title_of),
            shown_at: None,
            news: None,
            shelf,
            provider: provider.clone(),
            state,
            log,
            index,
            touched: BTreeMap::new(),
            before,
            chunk: ChunkBuilder::new(),
            batch,
        };
        if resume {
            stage.replay().map_err(unreadable)?;
        }
        Ok(stage)
    }

    /// Reads again what an earlier night left on the stage.
    fn replay(&mut self) -> Result<(), calluna_kv::packed::PackedError> {
        let log = self.log.clone();
        for head in log.heads_from(self.state.visible + 1) {
            let (seq, head) = head?;
            head.entries().for_each(|entry| self.remember(entry.key));
            self.index.apply_head(seq, &head);
            self.seq = seq + 1;
        }
        Ok(())
    }

    fn remember(&mut self, key: &str) {
        if self.before == 0 && self.state.visible == 0 {
            return;
        }
        if !self.touched.contains_key(key) {
            let before = self.index.get(key).map(|e| Before {
                good: e.good,
                hash: e.hash,
                kind: e.kind,
            });
            self.touched.insert(key.into(), before);
        }
    }

    fn append(&mut self, record: &Record<'_>) {
        self.remember(record.key);
        let slot = self.chunk.records();
        self.index.apply(self.seq, slot, record);
        self.chunk.push(record);
        if self.chunk.body_bytes() >= CHUNK_BYTES {
            self.finish_chunk();
        }
    }

    fn finish_chunk(&mut self) {
        if self.chunk.is_empty() {
            return;
        }
        let packed = std::mem::take(&mut self.chunk).finish();
        self.log.append(&mut self.batch, self.seq, packed);
        self.seq += 1;
    }

    fn show(&self, key: &str, at: Loc, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let record = self.log.get(at).map_err(|source| StoreError::Log {
            provider: self.provider.to_string(),
            source,
        })?;
        match record {
            Some(record) => visit(key, &record.body),
            None => Ok(()),
        }
    }

    /// Audit records that the next write takes with it.
    pub(crate) fn take_along(&mut self, audit: &[AuditRecord]) -> Result<(), StoreError> {
        self.shelf.put_audit(&mut self.batch, audit)
    }

    /// Everything goes, at once and for readers too: nothing of it is published any more. What went
    /// stays known for as long as any tombstone. The next write makes it so.
    pub(crate) fn withdraw(&mut self, at: Moment) {
        let present = self.index.iter().filter(|(_, e)| e.kind != Kind::Gone);
        let mut all: Vec<_> = present
            .map(|(id, entry)| (entry.good, id.to_owned()))
            .collect();
        // In the order of the log: every chunk with titles is read once.
        all.sort_by_key(|(good, _)| good.map(|at| (at.seq, at.slot)));
        for (_, id) in &all {
            self.gone(Revision(0), id, at);
        }
        self.finish_chunk();
        self.state.visible = self.seq - 1;
        self.state.published = None;
        self.state.staged = None;
        self.state.held = None;
        self.state.withdrawn = Some(at);
        self.news = Some(self.changed(at));
        // Putting somebody out must not fail because the disk is nearly full.
        self.batch.use_reserve();
    }

    /// Readers see it at this moment, not when the night was.
    pub(crate) fn show_at(&mut self, at: Moment) {
        self.shown_at = Some(at);
    }

    /// What readers see change with this stage.
    fn changed(&self, at: Moment) -> News {
        let mut news = News {
            at,
            ..News::default()
        };
        if self.before == 0 && self.touched.is_empty() {
            let good = self.index.iter().filter(|(_, entry)| entry.good.is_some());
            news.shown = good.map(|(id, _)| id.to_owned()).collect();
            return news;
        }
        for (id, before) in &self.touched {
            let now = self.index.get(id);
            let good_before = before.and_then(|before| before.good);
            match (good_before, now.and_then(|now| now.good)) {
                (None, Some(_)) => news.shown.push(id.to_string()),
                (Some(_), None) => news.gone.push(id.to_string()),
                (Some(old), Some(new)) if old != new => {
                    let same = before
                        .zip(now)
                        .is_some_and(|(b, n)| (b.hash, b.kind) == (n.hash, n.kind));
                    if !same {
                        news.shown.push(id.to_string());
                    }
                }
                _ => {}
            }
        }
        news
    }

    /// The member, for the next write.
    pub(crate) fn take_member(
        &mut self,
        member: &Member,
        enrolment: &[u8],
    ) -> Result<(), StoreError> {
        put_member(&mut self.batch, member, enrolment)
    }

    /// Writes what waits, and the state, in one step.
    pub(crate) fn write(&mut self) -> Result<(), StoreError> {
        self.finish_chunk();
        let shelf = Arc::clone(&self.shelf);
        let _alone = shelf.states.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever holds a provider's stage holds it alone; this is for whoever does not.
        if shelf.state(&self.provider)?.withdrawn != self.withdrawn {
            return Err(StoreError::Withdrawn {
                provider: self.provider.to_string(),
            });
        }
        self.withdrawn = self.state.withdrawn;
        let mut batch = std::mem::take(&mut self.batch);
        if let Some(news) = self.news.take() {
            self.shelf.put_news(&mut batch, &self.provider, news)?;
        }
        self.shelf
            .put_state(&mut batch, &self.provider, &self.state)?;
        self.shelf.commit(batch)
    }
}

impl Stage for LogStage {
    fn put(&mut self, revision: Revision, id: &str, hash: ContentHash, record: &[u8]) {
        let kind = Kind::Value;
        self.append(&Record {
            revision: revision.0,
            key: id,
            hash: hash.0,
            kind,
            body: record,
        });
    }

    fn refuse(
        &mut self,
        revision: Revision,
        id: &str,
        hash: ContentHash,
        findings: &[Finding],
        at: Moment,
    ) {
        let body = refusal::body(findings, at);
        let kind = Kind::Rejected;
        self.append(&Record {
            revision: revision.0,
            key: id,
            hash: hash.0,
            kind,
            body: &body,
        });
    }

    fn gone(&mut self, revision: Revision, id: &str, at: Moment) {
        let hash = gone_hash(at);
        let kind = Kind::Gone;
        let title = self.titles.find(&self.log, &self.index, id);
        let body = tomb::body(title.as_deref());
        self.append(&Record {
            revision: revision.0,
            key: id,
            hash,
            kind,
            body: &body,
        });
    }

    fn pending_bytes(&self) -> usize {
        self.batch.bytes() + self.chunk.body_bytes()
    }

    fn commit(&mut self, progress: Staged) -> Result<(), StoreError> {
        self.state.staged = Some(progress);
        self.write()
    }

    fn fingerprint(&self, id: &str) -> Option<ContentHash> {
        let entry = self.index.get(id).filter(|entry| entry.kind != Kind::Gone);
        entry.map(|entry| ContentHash(entry.hash))
    }

    fn fingerprints(&self) -> Box<dyn Iterator<Item = (&str, ContentHash)> + '_> {
        let present = self
            .index
            .iter()
            .filter(|(_, entry)| entry.kind != Kind::Gone);
        Box::new(present.map(|(key, entry)| (key, ContentHash(entry.hash))))
    }

    fn count(&self) -> u64 {
        self.index.count() as u64
    }

    fn holding(&self) -> Holding {
        let mut digester = Digester::default();
        self.fingerprints()
            .for_each(|(id, hash)| digester.add(id, &hash));
        Holding {
            count: digester.count(),
            digest: digester.finish(),
        }
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally {
            before: self.before,
            ..Tally::default()
        };
        for (_, entry) in self.index.iter() {
            tally.offers += u64::from(entry.good.is_some());
            tally.quarantined += u64::from(entry.kind == Kind::Rejected);
        }
        if self.before == 0 && self.touched.is_empty() {
            tally.added = tally.offers;
            return tally;
        }
        for (key, before) in &self.touched {
            let now = self.index.get(key);
            let good_now = now.and_then(|entry| entry.good);
            let good_before = before.and_then(|before| before.good);
            match (good_before, good_now) {
                (None, Some(_)) => tally.added += 1,
                (Some(_), None) => tally.removed += 1,
                (Some(old), Some(new)) if old != new => {
                    let same = before.zip(now).is_some_and(|(b, n)| b.hash == n.hash);
                    tally.changed += u64::from(!same);
                }
                _ => {}
            }
        }
        tally
    }

    fn removals(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        for (key, before) in &self.touched {
            let good_before = before.and_then(|before| before.good);
            let good_now = self.index.get(key).and_then(|entry| entry.good);
            if let (Some(at), None) = (good_before, good_now) {
                self.show(key, at, visit)?;
            }
        }
        Ok(())
    }

    fn arrivals(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        for (key, before) in &self.touched {
            let good_before = before.and_then(|before| before.good);
            let good_now = self.index.get(key).and_then(|entry| entry.good);
            if let (None, Some(at)) = (good_before, good_now) {
                self.show(key, at, visit)?;
            }
        }
        Ok(())
    }

    fn publish(
        mut self: Box<Self>,
        head: Head,
        night: u64,
        line: Option<&ProviderReport>,
        at: Moment,
    ) -> Result<(), StoreError> {
        let Tally {
            offers,
            quarantined,
            ..
        } = self.tally();
        self.news = Some(self.changed(self.shown_at.unwrap_or(at)));
        self.finish_chunk();
        self.state.visible = self.seq - 1;
        self.state.published = Some(Published {
            head,
            night,
            at,
            offers,
            quarantined,
        });
        self.state.staged = None;
        self.state.held = None;
        self.state.doubtful = false;
        self.state.withdrawn = None;
        if let Some(line) = line {
            self.state.note(line, at);
        }
        self.write()?;
        let Self {
            shelf,
            provider,
            log,
            mut index,
            state,
            ..
        } = *self;
        shelf.tidy(&provider, &log, &mut index, state.visible, at);
        Ok(())
    }

    fn hold_audited(
        mut self: Box<Self>,
        held: HeldNight,
        audit: &[AuditRecord],
    ) -> Result<(), StoreError> {
        self.take_along(audit)?;
        let Head {
            epoch, revision, ..
        } = held.head;
        self.state.held = Some(held);
        self.state.staged = Some(Staged::Changes(Checkpoint { epoch, revision }));
        self.write()
    }
}
