//! Comparing the catalogues as a whole, moving only what differs (DESIGN 4.3).

use std::collections::BTreeSet;

use calluna_model::checkpoint::Staged;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, Revision};
use calluna_store::Stage;
use calluna_sync::listing::{ListingCheck, ProvenListing};
use calluna_sync::step::Why;
use calluna_sync::stream::Violation;
use calluna_sync::verify::verify;
use calluna_wire::convert::ContractBroken;
use calluna_wire::convert::offer::open_record;
use calluna_wire::v1 as pb;

use super::{Exchange, FOLLOW, in_time};
use crate::night::provider::Broken;

/// Offers asked for in one call.
const FETCH: usize = 500;

impl Exchange<'_> {
    /// Lists, proves the listing against the head, fetches what differs, and takes as gone only
    /// what the proven listing does not have.
    pub(super) async fn reconcile(
        &mut self,
        head: &mut Head,
        why: Why,
        resume: bool,
    ) -> Result<Box<dyn Stage>, Broken> {
        self.line.reconciled = why.to_string();
        self.compared = Some(why);
        tracing::info!(provider = %self.member.id, why = %why, "comparing the catalogues as a whole");
        *head = self.fetch_head().await?;
        let id = self.member.id.clone();
        let stage = self.store(move |hub| hub.store.stage(&id, resume)).await?;
        let (stage, damaged) = self.damaged(stage).await?;
        self.compare(stage, head, &damaged).await
    }

    /// Checks what is stored, record by record, after the changes were followed, and mends what is
    /// not what its fingerprint says.
    pub(super) async fn check_stored(
        &mut self,
        stage: Box<dyn Stage>,
        head: &mut Head,
    ) -> Result<Box<dyn Stage>, Broken> {
        self.line.reconciled = Why::Verify.to_string();
        let (stage, damaged) = self.damaged(stage).await?;
        self.compare(stage, head, &damaged).await
    }

    /// Makes the stage equal to the node's proven listing. `damaged` are fetched in any case.
    async fn compare(
        &mut self,
        mut stage: Box<dyn Stage>,
        head: &mut Head,
        damaged: &BTreeSet<String>,
    ) -> Result<Box<dyn Stage>, Broken> {
        let listing = self.listing_of_now(head).await?;
        let whole = stage
            .fingerprints()
            .filter(|(id, _)| !damaged.contains(*id) || listing.get(id).is_none());
        let difference = listing.against(whole);
        let now = self.hub.clock.now();
        for id in &difference.gone {
            stage.gone(head.revision, id, now);
        }
        for ids in difference.fetch.chunks(FETCH) {
            let ids = ids.iter().map(|(id, _)| id.to_string()).collect();
            stage = self.fetch(stage, head, &listing, ids).await?;
        }
        let holding = stage.holding();
        if verify(holding.count, &holding.digest, head) {
            return Ok(stage);
        }
        self.commit(stage, Staged::Reconciling).await?;
        Err(Broken::NoAgreement(
            "the node changed while it was compared; the next night goes on",
        ))
    }

    /// Which of the records that readers see are not what their fingerprint says. Only when the
    /// operator asked for it: every record is read.
    async fn damaged(
        &self,
        stage: Box<dyn Stage>,
    ) -> Result<(Box<dyn Stage>, BTreeSet<String>), Broken> {
        if !self.night.verify {
            return Ok((stage, BTreeSet::new()));
        }
        let id = self.member.id.clone();
        let found = self
            .store(move |hub| {
                let mut refused = BTreeSet::new();
                hub.store.quarantine(&id, &mut |refusal| {
                    refused.insert(refusal.record);
                    Ok(())
                })?;
                let most = hub.config.limits.record_bytes;
                let mut damaged = BTreeSet::new();
                hub.store.offers(&id, &mut |id, record| {
                    // Of a refused record an earlier version is shown: it has another fingerprint.
                    let stated = stage.fingerprint(id).filter(|_| !refused.contains(id));
                    if stated.is_some_and(|hash| open_record(id, &hash, record, most).is_err()) {
                        damaged.insert(id.to_owned());
                    }
                    Ok(())
                })?;
                Ok((stage, damaged))
            })
            .await?;
        if !found.1.is_empty() {
            tracing::error!(provider = %self.member.id, records = found.1.len(), "stored records are damaged; they are fetched again");
        }
        Ok(found)
    }

    /// The listing that proves the node's head. An honest node may publish between the two calls:
    /// then its head has moved on, and the next listing counts.
    async fn listing_of_now(&mut self, head: &mut Head) -> Result<ProvenListing, Broken> {
        for _ in 0..FOLLOW {
            let differs = match self.listing(head).await {
                Err(broken @ Broken::Violation(Violation::ListingDiffers { .. })) => broken,
                other => return other,
            };
            let now = self.fetch_head().await?;
            if now == *head {
                return Err(differs);
            }
            *head = now;
        }
        Err(Broken::NoAgreement(
            "the node kept publishing while it was compared; the next night goes on",
        ))
    }

    async fn listing(&mut self, head: &Head) -> Result<ProvenListing, Broken> {
        let mut check = ListingCheck::new(*head, self.hub.config.limits);
        let request = pb::ListFingerprintsRequest {
            epoch: head.epoch.0.to_vec(),
        };
        self.line.calls += 1;
        let mut batches = in_time(self.hub, self.client.list_fingerprints(request))
            .await?
            .into_inner();
        while let Some(batch) = in_time(self.hub, batches.message()).await? {
            self.count_bytes(prost::Message::encoded_len(&batch))?;
            for pb::Fingerprint {
                offer_id,
                content_hash,
                revision,
            } in batch.fingerprints
            {
                let hash = ContentHash::from_slice(&content_hash)
                    .map_err(|e| ContractBroken::new("Fingerprint.content_hash", e))?;
                check.entry(&offer_id, hash, Revision(revision))?;
            }
        }
        Ok(check.prove()?)
    }

    async fn fetch(
        &mut self,
        mut stage: Box<dyn Stage>,
        head: &Head,
        listing: &ProvenListing,
        offer_ids: Vec<String>,
    ) -> Result<Box<dyn Stage>, Broken> {
        let request = pb::FetchOffersRequest {
            epoch: head.epoch.0.to_vec(),
            offer_ids,
        };
        self.line.calls += 1;
        let mut batches = in_time(self.hub, self.client.fetch_offers(request))
            .await?
            .into_inner();
        while let Some(batch) = in_time(self.hub, batches.message()).await? {
            self.count_bytes(prost::Message::encoded_len(&batch))?;
            for change in batch.changes {
                // Only what the proven listing has is taken; anything else would not add up.
                let listed = listing.get(&change.offer_id);
                if listed.is_some_and(|(hash, _)| hash.0.as_slice() == change.content_hash.as_ref())
                {
                    self.stage_change(stage.as_mut(), change)?;
                }
            }
            if stage.pending_bytes() >= self.hub.commit_bytes {
                stage = self.commit(stage, Staged::Reconciling).await?;
            }
        }
        Ok(stage)
    }

    fn count_bytes(&mut self, bytes: usize) -> Result<(), Violation> {
        self.line.bytes += bytes as u64;
        let most = self.hub.config.limits.night_bytes;
        if self.line.bytes > most {
            Err(Violation::TooManyBytes { most })
        } else {
            Ok(())
        }
    }
}
