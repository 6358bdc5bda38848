//! An engine in memory, for tests: the same promises but the one about disks.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{MARK_KEY, Snapshot, after_prefix, scan_start};
use crate::{Batch, Engine, KvError, Opened, Pair, Pairs, Stamp, Trust};

/// A sorted map behind a lock.
#[derive(Debug, Default)]
struct Memory {
    map: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

/// A new, empty store.
pub(super) fn open(fresh_epoch: [u8; 16]) -> Opened {
    Opened {
        engine: Arc::new(Memory::default()),
        trust: Trust::Fresh,
        epoch: fresh_epoch,
        stamp: Stamp::default(),
    }
}

impl Memory {
    /// A panic in another thread cannot leave the map half-changed: no caller's code runs under the lock.
    fn map(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a scan begins and ends.
type Span = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Bounds that `BTreeMap::range` accepts: it panics where the start lies behind the end.
fn bounds(prefix: &[u8], from: Option<&[u8]>) -> Option<Span> {
    let start = scan_start(prefix, from);
    let end = match after_prefix(prefix) {
        Some(end) if end <= start => return None,
        Some(end) => Bound::Excluded(end),
        None => Bound::Unbounded,
    };
    Some((Bound::Included(start), end))
}

impl Engine for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.map().get(key).cloned())
    }

    fn scan<'a>(&'a self, prefix: &[u8], from: Option<&[u8]>) -> Pairs<'a> {
        let Some(bounds) = bounds(prefix, from) else {
            return Box::new(std::iter::empty());
        };
        let found: Vec<_> = self
            .map()
            .range(bounds)
            .map(|(key, value)| Ok((key.clone(), value.clone())))
            .collect();
        Box::new(found.into_iter())
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, KvError> {
        let Some(bounds) = bounds(prefix, None) else {
            return Ok(None);
        };
        Ok(self
            .map()
            .range(bounds)
            .next_back()
            .map(|(key, value)| (key.clone(), value.clone())))
    }

    fn commit(&self, batch: Batch) -> Result<(), KvError> {
        if batch.touches(|key| key == MARK_KEY) {
            return Err(KvError::ReservedKey {
                dir: PathBuf::from("memory"),
            });
        }
        let mut map = self.map();
        for (key, value) in batch.into_writes() {
            match value {
                Some(value) => drop(map.insert(key, value)),
                None => drop(map.remove(&key)),
            }
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Snapshot<'_>, KvError> {
        // A scan copies under the lock, and the end with the process is the end of the epoch too.
        Ok(Snapshot {
            epoch: [0; 16],
            stamp: Stamp::default(),
            pairs: self.scan(b"", None),
        })
    }

    fn size_on_disk(&self) -> Result<u64, KvError> {
        Ok(0)
    }

    fn renew_epoch(&self, _epoch: [u8; 16], _stamp: Stamp) -> Result<(), KvError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_conforms() {
        crate::conformance::suite(&mut || super::open([1; 16]).engine).unwrap();
    }
}
