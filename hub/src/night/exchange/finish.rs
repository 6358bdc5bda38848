//! How one provider's night ends: guard, publication, receipt.

use calluna_audit::{Draft, Event};
use calluna_model::checkpoint::{Checkpoint, HeldNight, Staged};
use calluna_model::finding::Finding;
use calluna_model::head::Head;
use calluna_model::id::ContentHash;
use calluna_model::offer::OfferDraft;
use calluna_model::outcome::Outcome;
use calluna_model::receipt::{FindingList, Receipt};
use calluna_model::report::ProviderReport;
use calluna_store::{Stage, Tally};
use calluna_sync::hold::{Effect, Hold, hold};
use calluna_sync::rekey;
use calluna_sync::verify::outcome;
use calluna_wire::v1 as pb;

use super::{Exchange, in_time};
use crate::held::with_night;
use crate::hub::Hub;
use crate::night::provider::Broken;

impl Exchange<'_> {
    /// Guard, publication, receipt.
    pub(super) async fn finish(&mut self, stage: Box<dyn Stage>, head: Head) -> Result<(), Broken> {
        let tally = stage.tally();
        self.line.added = tally.added;
        self.line.changed = tally.changed;
        self.line.removed = tally.removed;
        let (stage, rekeyed) = self.rekeyed(stage, &head, tally).await?;
        let effect = Effect {
            before: tally.before,
            removed: tally.removed,
            rekeyed,
        };
        if let Some(hold) = hold(effect, self.compared, self.was_held) {
            self.keep_back(stage, head, tally, rekeyed, hold).await?;
        } else {
            self.show(stage, head, tally).await?;
        }
        self.tell(head).await;
        Ok(())
    }

    /// How many of the offers that would go come back under another id. Contents are read only where
    /// the numbers allow it.
    async fn rekeyed(
        &mut self,
        stage: Box<dyn Stage>,
        head: &Head,
        tally: Tally,
    ) -> Result<(Box<dyn Stage>, u64), Broken> {
        if !rekey::suspicious(tally.before, tally.added, tally.removed) {
            return Ok((stage, 0));
        }
        let at = Checkpoint {
            epoch: head.epoch,
            revision: head.revision,
        };
        let stage = self.commit(stage, Staged::Changes(at)).await?;
        self.store(move |_| {
            let (mut gone, mut come) = (Vec::new(), Vec::new());
            stage.removals(&mut |_, record| {
                gone.extend(likeness(record));
                Ok(())
            })?;
            stage.arrivals(&mut |_, record| {
                come.extend(likeness(record));
                Ok(())
            })?;
            Ok((stage, rekey::again(gone, come)))
        })
        .await
    }

    async fn keep_back(
        &mut self,
        stage: Box<dyn Stage>,
        head: Head,
        tally: Tally,
        rekeyed: u64,
        hold: Hold,
    ) -> Result<(), Broken> {
        let held = HeldNight {
            head,
            night: self.night.number,
            at: self.hub.clock.now(),
            removed: tally.removed,
            before: tally.before,
            reason: hold.reason(),
            added: tally.added,
            changed: tally.changed,
            rekeyed,
        };
        let draft = Draft::hub(Event::Held).about(&self.member.id);
        let draft = with_night(draft, &held).with("reason", hold);
        self.store(move |hub| hub.audited([draft], |audit| stage.hold_audited(held, audit)))
            .await?;
        self.is_held(hold);
        Ok(())
    }

    async fn show(
        &mut self,
        stage: Box<dyn Stage>,
        head: Head,
        tally: Tally,
    ) -> Result<(), Broken> {
        self.line.outcome = outcome(tally.quarantined);
        self.line.offers = tally.offers;
        self.line.quarantined = tally.quarantined;
        let (line, number) = (self.line.clone(), self.night.number);
        let shown = move |hub: &Hub| stage.publish(head, number, Some(&line), hub.clock.now());
        if let Err(broken) = self.store(shown).await {
            self.line.outcome = Outcome::Failed;
            return Err(broken);
        }
        self.noted = true;
        Ok(())
    }

    /// The figures, then the receipt.
    async fn tell(&mut self, head: Head) {
        self.figures().await;
        self.deliver(head).await;
    }

    /// Sends the receipt. A node that is gone now is told by the next night.
    pub(super) async fn deliver(&mut self, head: Head) {
        let line = self.line.clone();
        if let Err(lost) = self.acknowledge(&line, head).await {
            // Both sides agree; only the node does not know it yet.
            self.noted = false;
            let note = format!("the receipt could not be delivered: {lost}");
            self.line.note = if line.note.is_empty() {
                note
            } else {
                format!("{}; {note}", line.note)
            };
        }
    }

    /// The node has exactly what is held back already: nothing to do but to say so again.
    pub(super) async fn still_held(&mut self, held: &HeldNight) -> Result<(), Broken> {
        self.line.added = held.added;
        self.line.changed = held.changed;
        self.line.removed = held.removed;
        let effect = Effect {
            before: held.before,
            removed: held.removed,
            rekeyed: held.rekeyed,
        };
        if let Some(hold) = hold(effect, None, true) {
            self.is_held(hold);
        }
        self.tell(held.head).await;
        Ok(())
    }

    fn is_held(&mut self, hold: Hold) {
        self.line.outcome = Outcome::Held;
        self.line.note = format!(
            "{hold}; held back until the operator says so: calluna-hub release {}",
            self.member.id
        );
    }

    /// Tells the node how its night ended, when it did not end well. It may be gone: no matter.
    pub(in crate::night) async fn acknowledge_failure(&mut self, line: &ProviderReport) {
        if let Some(head) = self.head
            && let Err(lost) = self.acknowledge(line, head).await
        {
            tracing::debug!(provider = %line.provider, cause = %lost, "receipt not delivered");
        }
    }

    async fn acknowledge(&mut self, line: &ProviderReport, head: Head) -> Result<(), Broken> {
        let (findings, findings_left_out) = if line.quarantined > 0 {
            self.findings().await?
        } else {
            (Vec::new(), 0)
        };
        let receipt = Receipt {
            night: self.night.number,
            at: self.hub.clock.now(),
            outcome: line.outcome,
            head,
            added: line.added,
            changed: line.changed,
            removed: line.removed,
            quarantined: line.quarantined,
            findings,
            findings_left_out,
            note: line.note.clone(),
            figures: self.figure_receipts.clone(),
        };
        let request = pb::AcknowledgeRequest {
            receipt: Some(receipt.into()),
        };
        self.line.calls += 1;
        in_time(self.hub, self.client.acknowledge(request)).await?;
        Ok(())
    }

    /// What is refused at present, as much as a receipt takes, and how much more there is.
    async fn findings(&self) -> Result<(Vec<Finding>, u64), Broken> {
        let id = self.member.id.clone();
        let listed = self.store(move |hub| {
            let mut list = FindingList::default();
            hub.store.quarantine(&id, &mut |refusal| {
                for finding in refusal.findings {
                    list.add(finding.of(refusal.record.as_str()));
                }
                Ok(())
            })?;
            Ok(list)
        });
        Ok(listed.await?.into_parts())
    }
}

/// What a stored record says without its names; nothing when it cannot be read.
fn likeness(record: &[u8]) -> Option<ContentHash> {
    let wire = <pb::Offer as prost::Message>::decode(record).ok()?;
    rekey::likeness(OfferDraft::from(wire))
}
