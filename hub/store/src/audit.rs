//! The audit records, and the changes that they tell of.

use std::sync::{Arc, PoisonError};

use calluna_kv::Batch;
use calluna_model::checkpoint::HeldNight;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::Member;

use crate::embedded::{Shelf, json};
use crate::error::StoreError;
use crate::key;
use crate::port::{AuditRecord, Change, Stage as _, VisitAudit};
use crate::stage::LogStage;

/// Adds a member and what is kept of its way in to a batch.
pub(crate) fn put_member(
    batch: &mut Batch,
    member: &Member,
    enrolment: &[u8],
) -> Result<(), StoreError> {
    let key = key::member(&member.id);
    let value = json(&key, member)?;
    batch.put(key, value);
    batch.put(key::enrolment(&member.id), enrolment);
    Ok(())
}

impl Shelf {
    pub(crate) fn apply(
        this: &Arc<Self>,
        change: &Change<'_>,
        audit: &[AuditRecord],
    ) -> Result<Option<HeldNight>, StoreError> {
        match *change {
            Change::Nothing => {
                let mut batch = Batch::default();
                // What happened is told also where the disk is nearly full.
                batch.use_reserve();
                this.put_audit(&mut batch, audit)?;
                this.commit(batch).map(|()| None)
            }
            Change::Member(member, enrolment) => {
                this.save_member(member, enrolment, audit).map(|()| None)
            }
            Change::Withdraw(member, enrolment, at) => {
                let mut stage = LogStage::open(Arc::clone(this), &member.id, false)?;
                stage.withdraw(at);
                stage.take_member(member, enrolment)?;
                stage.take_along(audit)?;
                stage.write()?;
                Ok(None)
            }
            Change::Figures(id, records) => {
                let mut batch = Batch::default();
                let _states = this.states.lock().unwrap_or_else(PoisonError::into_inner);
                let mut state = this.state(id)?;
                for record in records {
                    let key = key::revision(id, &record.period, record.number);
                    batch.put(key, record.bytes.as_slice());
                    state.accept(record);
                }
                this.put_state(&mut batch, id, &state)?;
                this.put_audit(&mut batch, audit)?;
                this.commit(batch).map(|()| None)
            }
            Change::Night(report) => this.save_night(report, audit).map(|()| None),
            Change::Verdict(verdict) => this.save_verdict(verdict, audit).map(|()| None),
            Change::Release(id, now) => Self::release(this, id, now, audit).map(Some),
            Change::Discard(id) => {
                let held = this.state(id)?.held;
                let mut stage = LogStage::open(Arc::clone(this), id, false)?;
                stage.take_along(audit)?;
                stage.write()?;
                Ok(held)
            }
        }
    }

    fn save_member(
        &self,
        member: &Member,
        enrolment: &[u8],
        audit: &[AuditRecord],
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        // A member that cannot renew its certificate is lost; that is worth some of the reserve.
        batch.use_reserve();
        put_member(&mut batch, member, enrolment)?;
        self.put_audit(&mut batch, audit)?;
        self.commit(batch)
    }

    fn release(
        this: &Arc<Self>,
        id: &ProviderId,
        now: Moment,
        audit: &[AuditRecord],
    ) -> Result<HeldNight, StoreError> {
        let not_held = || StoreError::NotHeld {
            provider: id.to_string(),
        };
        let held = this.state(id)?.held.ok_or_else(not_held)?;
        let mut stage = Box::new(LogStage::open(Arc::clone(this), id, true)?);
        stage.take_along(audit)?;
        stage.show_at(now);
        stage.publish(held.head, held.night, None, held.at)?;
        Ok(held)
    }

    /// Adds records to a batch. Whoever writes them does so one after the other: only then is the
    /// newest one still the newest when the batch is committed.
    pub(crate) fn put_audit(
        &self,
        batch: &mut Batch,
        audit: &[AuditRecord],
    ) -> Result<(), StoreError> {
        if audit.is_empty() {
            return Ok(());
        }
        let mut last = self.audit_last()?.map_or(0, |record| record.number);
        for AuditRecord { number, bytes } in audit {
            if last.checked_add(1) != Some(*number) {
                let number = *number;
                return Err(StoreError::AuditOrder { last, number });
            }
            batch.put(key::audit(*number), bytes.as_slice());
            last = *number;
        }
        Ok(())
    }

    pub(crate) fn audit_last(&self) -> Result<Option<AuditRecord>, StoreError> {
        let last = self.engine.last(key::AUDIT)?;
        Ok(last.and_then(|(key, bytes)| {
            let number = key::audit_of(&key)?;
            Some(AuditRecord { number, bytes })
        }))
    }

    pub(crate) fn audit(&self, from: u64, visit: &mut VisitAudit<'_>) -> Result<(), StoreError> {
        for pair in self.engine.scan(key::AUDIT, Some(&key::audit(from))) {
            let (key, bytes) = pair?;
            if let Some(number) = key::audit_of(&key)
                && !visit(number, &bytes)
            {
                break;
            }
        }
        Ok(())
    }
}
