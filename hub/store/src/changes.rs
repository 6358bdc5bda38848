//! What readers saw change, night by night: a journal beside the providers' logs.
//!
//! A log cannot tell it: recovery of space rewrites it, and the numbers in it are each node's own. So whatever
//! moves what readers see writes, in the same batch, the ids of the offers that it changed; of a night without a
//! change nothing. An entry costs some ten bytes an offer, and nothing has to be read for it that the stage does
//! not know anyway.
//!
//! Entries have numbers without gaps. The oldest ones go when they are older than the tombstones, or when there
//! are more than [`MOST_ITEMS`] items; the newest stays, so that numbers never begin again.

use calluna_kv::Batch;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::limit::TOMBSTONE_SECONDS;
use serde::{Deserialize, Serialize};

use crate::embedded::{Shelf, json, parse};
use crate::error::StoreError;
use crate::key;
use crate::port::{ChangeSet, ChangeSpan};

/// Most ids in one entry: what reading a stretch holds at once.
const ITEMS_PER_ENTRY: usize = 1_000;
/// Most items that are remembered, of all entries together.
const MOST_ITEMS: u64 = 2_000_000;
/// Entries that one write removes at most.
const REMOVED_AT_ONCE: usize = 200;

/// Offers that came or changed, and offers that went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) at: Moment,
    pub(crate) shown: Vec<String>,
    pub(crate) gone: Vec<String>,
}

/// An entry as it is stored.
#[derive(Serialize, Deserialize)]
struct Entry {
    provider: ProviderId,
    at: Moment,
    /// Items of this entry and of all before it.
    sum: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shown: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<String>,
}

impl Shelf {
    /// Adds entries to a batch. Whoever calls holds `states`: only then is the newest number still the newest
    /// when the batch is committed.
    pub(crate) fn put_news(
        &self,
        batch: &mut Batch,
        provider: &ProviderId,
        news: News,
    ) -> Result<(), StoreError> {
        let News { at, shown, gone } = news;
        let (mut number, mut sum) = match self.engine.last(key::CHANGES)? {
            Some((key, value)) => {
                let newest: Entry = parse(&key, &value)?;
                (key::change_of(&key).unwrap_or(0), newest.sum)
            }
            None => (0, 0),
        };
        if shown.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let mut put = |shown: &[String], gone: &[String]| {
            number += 1;
            sum += (shown.len() + gone.len()) as u64;
            let key = key::change(number);
            let entry = Entry {
                provider: provider.clone(),
                at,
                sum,
                shown: shown.to_vec(),
                gone: gone.to_vec(),
            };
            let value = json(&key, &entry)?;
            batch.put(key, value);
            Ok::<_, StoreError>(())
        };
        for ids in gone.chunks(ITEMS_PER_ENTRY) {
            put(&[], ids)?;
        }
        for ids in shown.chunks(ITEMS_PER_ENTRY) {
            put(ids, &[])?;
        }
        self.forget_old_changes(batch, at, number, sum)
    }

    fn forget_old_changes(
        &self,
        batch: &mut Batch,
        now: Moment,
        newest: u64,
        sum: u64,
    ) -> Result<(), StoreError> {
        for pair in self.engine.scan(key::CHANGES, None).take(REMOVED_AT_ONCE) {
            let (key, value) = pair?;
            let entry: Entry = parse(&key, &value)?;
            let old = now.since(entry.at) > TOMBSTONE_SECONDS || sum - entry.sum >= MOST_ITEMS;
            if !old || key::change_of(&key) == Some(newest) {
                break;
            }
            batch.remove(key);
        }
        Ok(())
    }

    pub(crate) fn change_span(&self) -> Result<ChangeSpan, StoreError> {
        let number = |pair: Option<(Vec<u8>, Vec<u8>)>| {
            pair.and_then(|(key, _)| key::change_of(&key)).unwrap_or(0)
        };
        let oldest = self.engine.scan(key::CHANGES, None).next().transpose()?;
        Ok(ChangeSpan {
            life: self.life,
            oldest: number(oldest),
            newest: number(self.engine.last(key::CHANGES)?),
        })
    }

    pub(crate) fn changes(
        &self,
        from: u64,
        visit: &mut dyn FnMut(ChangeSet) -> bool,
    ) -> Result<(), StoreError> {
        for pair in self.engine.scan(key::CHANGES, Some(&key::change(from))) {
            let (key, value) = pair?;
            let Some(number) = key::change_of(&key) else {
                continue;
            };
            let Entry {
                provider,
                at,
                sum: _,
                shown,
                gone,
            } = parse(&key, &value)?;
            let set = ChangeSet {
                number,
                provider,
                at,
                shown,
                gone,
            };
            if !visit(set) {
                break;
            }
        }
        Ok(())
    }
}
