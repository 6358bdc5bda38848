//! Reading a provider's offers by id: where every record stands is kept for providers that were read lately.
//!
//! Loading that from the log takes milliseconds for a large provider; a page with twenty hits would do it twenty
//! times. A view is good for what readers see at one `visible`, until space is won back: places change then. So
//! it is made and used below the provider's reader lock, and forgotten below the writer's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLockReadGuard};

use calluna_kv::packed::{Chunk, Index, Kind, Loc, Log};
use calluna_model::id::ProviderId;

use crate::embedded::Shelf;
use crate::error::StoreError;
use crate::port::{Found, Visit};
use crate::tomb::{self, gone_at};

/// Most records that are kept in view, of all providers together: some 100 bytes each.
const MOST_RECORDS: usize = 500_000;
/// So many offers are read together, each chunk once, and then handed on in order of their ids.
const TOGETHER: usize = 256;

/// What is in view.
#[derive(Debug, Default)]
pub(crate) struct Views(Mutex<HashMap<ProviderId, (u64, Arc<Index>)>>);

impl Views {
    /// Forgets the view of a provider.
    pub(crate) fn forget(&self, id: &ProviderId) {
        self.lock().remove(id);
    }

    fn get(&self, id: &ProviderId, visible: u64) -> Option<Arc<Index>> {
        let views = self.lock();
        let (at, index) = views.get(id)?;
        (*at == visible).then(|| Arc::clone(index))
    }

    fn put(&self, id: &ProviderId, visible: u64, index: &Arc<Index>) {
        let size = |index: &Index| index.count() + index.tombstones();
        let mut views = self.lock();
        views.remove(id);
        let held: usize = views.values().map(|(_, index)| size(index)).sum();
        if held + size(index) > MOST_RECORDS {
            views.clear();
        }
        views.insert(id.clone(), (visible, Arc::clone(index)));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProviderId, (u64, Arc<Index>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What readers see of one provider, at one moment.
struct View {
    log: Log,
    index: Arc<Index>,
}

impl Shelf {
    /// What readers see of a provider; good as long as `_reading` is held.
    fn view(
        &self,
        id: &ProviderId,
        _reading: &RwLockReadGuard<'_, ()>,
    ) -> Result<View, StoreError> {
        let log = self.log(id);
        let visible = self.state(id)?.visible;
        if let Some(index) = self.views.get(id, visible) {
            return Ok(View { log, index });
        }
        let index = log
            .index(Some(visible))
            .map_err(|source| unreadable(id, source))?;
        let index = Arc::new(index);
        self.views.put(id, visible, &index);
        Ok(View { log, index })
    }

    pub(crate) fn look_up(&self, id: &ProviderId, offer: &str) -> Result<Found, StoreError> {
        let lock = self.reader_lock(id);
        let reading = lock.read().unwrap_or_else(PoisonError::into_inner);
        let View { log, index } = self.view(id, &reading)?;
        let Some(entry) = index.get(offer) else {
            return Ok(Found::Unknown);
        };
        let read = |at| log.get(at).map_err(|source| unreadable(id, source));
        if let Some(good) = entry.good {
            let record = read(good)?;
            return Ok(record.map_or(Found::Unknown, |record| Found::Shown(record.body)));
        }
        if entry.kind != Kind::Gone {
            return Ok(Found::Unknown);
        }
        Ok(Found::Gone {
            since: gone_at(&entry.hash),
            title: read(entry.at)?.and_then(|record| tomb::title(&record.body)),
        })
    }

    pub(crate) fn is_shown(&self, id: &ProviderId, offer: &str) -> Result<bool, StoreError> {
        let lock = self.reader_lock(id);
        let reading = lock.read().unwrap_or_else(PoisonError::into_inner);
        let entry = self.view(id, &reading)?.index.get(offer);
        Ok(entry.is_some_and(|entry| entry.good.is_some()))
    }

    pub(crate) fn offer_ids(
        &self,
        id: &ProviderId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let lock = self.reader_lock(id);
        let reading = lock.read().unwrap_or_else(PoisonError::into_inner);
        let View { index, .. } = self.view(id, &reading)?;
        let shown = index
            .iter_after(after)
            .filter(|(_, entry)| entry.good.is_some());
        Ok(shown.map(|(id, _)| id.to_owned()).take(limit).collect())
    }

    pub(crate) fn offers_after(
        &self,
        id: &ProviderId,
        after: &str,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let lock = self.reader_lock(id);
        let reading = lock.read().unwrap_or_else(PoisonError::into_inner);
        let View { log, index } = self.view(id, &reading)?;
        let mut shown = index
            .iter_after(after)
            .filter_map(|(key, entry)| Some((key, entry.good?)))
            .peekable();
        while shown.peek().is_some() {
            let some: Vec<(&str, Loc)> = shown.by_ref().take(TOGETHER).collect();
            for (key, body) in read_together(&log, &some).map_err(|e| unreadable(id, e))? {
                visit(key, &body)?;
            }
        }
        Ok(())
    }
}

/// The bodies of some records, in the order in which they were asked for; each chunk is read once.
fn read_together<'a>(
    log: &Log,
    some: &[(&'a str, Loc)],
) -> Result<Vec<(&'a str, Vec<u8>)>, calluna_kv::packed::PackedError> {
    let mut order: Vec<usize> = (0..some.len()).collect();
    order.sort_by_key(|at| some.get(*at).map(|(_, loc)| (loc.seq, loc.slot)));
    let mut bodies: Vec<Option<Vec<u8>>> = vec![None; some.len()];
    let mut held: Option<(u64, Option<Chunk>)> = None;
    for at in order {
        let (Some((key, loc)), Some(body)) = (some.get(at), bodies.get_mut(at)) else {
            continue;
        };
        if held.as_ref().is_none_or(|(seq, _)| *seq != loc.seq) {
            held = Some((loc.seq, log.chunk(loc.seq)?));
        }
        let chunk = held.as_ref().and_then(|(_, chunk)| chunk.as_ref());
        let record = chunk.and_then(|chunk| chunk.record(usize::try_from(loc.slot).ok()?));
        *body = record
            .filter(|record| record.key == *key)
            .map(|record| record.body.to_vec());
    }
    let read = some.iter().zip(bodies);
    Ok(read
        .filter_map(|((key, _), body)| Some((*key, body?)))
        .collect())
}

fn unreadable(id: &ProviderId, source: calluna_kv::packed::PackedError) -> StoreError {
    StoreError::Log {
        provider: id.to_string(),
        source,
    }
}
