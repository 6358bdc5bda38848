//! The nights that the store remembers: the newest ones, a bounded number.

use std::sync::PoisonError;

use calluna_kv::Batch;
use calluna_model::clock::Moment;
use calluna_model::report::{NightReport, NightState, Trigger};

use crate::embedded::{Shelf, json, parse};
use crate::error::StoreError;
use crate::key;
use crate::port::AuditRecord;

/// Nights that one beginning removes at most: a store that kept more until now gets there step by
/// step, and no night waits for it.
const REMOVED_AT_ONCE: usize = 200;

impl Shelf {
    pub(crate) fn begin_night(
        &self,
        at: Moment,
        trigger: Trigger,
        whole: bool,
    ) -> Result<NightReport, StoreError> {
        let _numbering = self.meta.lock().unwrap_or_else(PoisonError::into_inner);
        let mut meta = self.meta()?;
        meta.last_night += 1;
        let night = meta.last_night;
        let state = NightState::Running;
        let report = NightReport {
            night,
            trigger,
            whole,
            started_at: at,
            ended_at: None,
            state,
            providers: Vec::new(),
        };
        let mut batch = Batch::default();
        batch.use_reserve();
        batch.put(key::META, json(key::META, &meta)?);
        batch.put(key::night(night), json(key::NIGHTS, &report)?);
        self.forget_old_nights(night, &mut batch)?;
        self.commit(batch)?;
        Ok(report)
    }

    fn forget_old_nights(&self, newest: u64, batch: &mut Batch) -> Result<(), StoreError> {
        let oldest_kept = newest.saturating_sub(self.nights_kept - 1);
        for pair in self.engine.scan(key::NIGHTS, None).take(REMOVED_AT_ONCE) {
            let (key, _) = pair?;
            if key::night_of(&key).is_none_or(|night| night >= oldest_kept) {
                break;
            }
            batch.remove(key);
        }
        Ok(())
    }

    pub(crate) fn save_night(
        &self,
        report: &NightReport,
        audit: &[AuditRecord],
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.use_reserve();
        let _numbering = self.meta.lock().unwrap_or_else(PoisonError::into_inner);
        if report.whole && report.state == NightState::Finished {
            let mut meta = self.meta()?;
            meta.last_whole = Some(report.started_at);
            batch.put(key::META, json(key::META, &meta)?);
        }
        batch.put(key::night(report.night), json(key::NIGHTS, report)?);
        self.put_audit(&mut batch, audit)?;
        self.commit(batch)
    }

    pub(crate) fn latest_night(&self) -> Result<Option<NightReport>, StoreError> {
        match self.engine.last(key::NIGHTS)? {
            Some((key, value)) => parse(&key, &value).map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn close_aborted_night(
        &self,
        at: Moment,
    ) -> Result<Option<NightReport>, StoreError> {
        let Some(mut night) = self
            .latest_night()?
            .filter(|n| n.state == NightState::Running)
        else {
            return Ok(None);
        };
        // One night at a time runs, so only the newest can have been cut off.
        night.state = NightState::Aborted;
        night.ended_at = Some(at);
        self.save_night(&night, &[])?;
        Ok(Some(night))
    }

    /// Reads night by night, so that no more than one is held.
    pub(crate) fn nights(
        &self,
        from: Option<u64>,
        visit: &mut dyn FnMut(NightReport) -> bool,
    ) -> Result<(), StoreError> {
        let number =
            |pair: Option<(Vec<u8>, Vec<u8>)>| pair.and_then(|(key, _)| key::night_of(&key));
        let Some(newest) = number(self.engine.last(key::NIGHTS)?) else {
            return Ok(());
        };
        let oldest = self.engine.scan(key::NIGHTS, None).next().transpose()?;
        let oldest = number(oldest).unwrap_or(newest);
        let first = from.map_or(newest, |from| from.min(newest));
        for night in (oldest..=first).rev() {
            if let Some(report) = self.read(&key::night(night))?
                && !visit(report)
            {
                break;
            }
        }
        Ok(())
    }
}
