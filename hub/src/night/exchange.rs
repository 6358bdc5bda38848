//! The calls of one provider's night, in the order that `calluna-sync` decides.

mod figures;
mod finish;
mod reconcile;

use std::sync::Arc;
use std::time::Duration;

use calluna_certs::verify_signature;
use calluna_model::checkpoint::{Checkpoint, HeldNight, Staged};
use calluna_model::clock::Moment;
use calluna_model::failure::Reaction;
use calluna_model::head::{Head, signing_bytes};
use calluna_model::id::{ContentHash, EpochId, Revision};
use calluna_model::limit::BATCH_BYTES;
use calluna_model::member::Member;
use calluna_model::outcome::Outcome;
use calluna_model::receipt::FiguresReceipt;
use calluna_model::report::ProviderReport;
use calluna_store::Stage;
use calluna_sync::step::{Held, Step, Why, first_step};
use calluna_sync::stream::{StreamCheck, Violation};
use calluna_sync::verify::verify;
use calluna_tables::revision::FiguresHead;
use calluna_wire::convert::head::signed_from_wire;
use calluna_wire::convert::offer::open_record;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::provider_node_client::ProviderNodeClient;
use calluna_wire::version::SPOKEN;
use tokio::sync::Mutex;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::Night;
use super::provider::Broken;
use crate::hub::Hub;
use crate::link::Connection;

/// How often a node may move on while we follow it, before the rest is left to the next night.
const FOLLOW: usize = 5;

/// One provider's night while it runs.
pub(super) struct Exchange<'a> {
    hub: &'a Arc<Hub>,
    member: &'a Member,
    night: &'a Night,
    connection: Connection,
    client: ProviderNodeClient<Channel>,
    line: ProviderReport,
    head: Option<Head>,
    committed: bool,
    /// Why the catalogues were compared as a whole, if they were.
    compared: Option<Why>,
    /// An earlier night waits for the operator.
    was_held: bool,
    /// The hub's own store had lost something.
    doubtful: bool,
    /// The line was written together with the publication.
    noted: bool,
    /// How far the node's participation figures are.
    figure_heads: Vec<FiguresHead>,
    /// What became of those that this night brought.
    figure_receipts: Vec<FiguresReceipt>,
    /// Held while the store works for this exchange, so that nobody goes on beside it.
    busy: Arc<Mutex<()>>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        hub: &'a Arc<Hub>,
        member: &'a Member,
        night: &'a Night,
        connection: Connection,
        line: ProviderReport,
    ) -> Self {
        let client = ProviderNodeClient::new(connection.channel.clone())
            .max_decoding_message_size(hub.config.limits.batch_bytes.max(BATCH_BYTES) + 64 * 1024);
        Self {
            hub,
            member,
            night,
            connection,
            client,
            line,
            head: None,
            committed: false,
            compared: None,
            was_held: false,
            doubtful: false,
            noted: false,
            figure_heads: Vec::new(),
            figure_receipts: Vec::new(),
            busy: Arc::default(),
        }
    }

    pub(super) fn line(&self) -> &ProviderReport {
        &self.line
    }

    pub(super) fn is_noted(&self) -> bool {
        self.noted
    }

    pub(super) fn has_committed(&self) -> bool {
        self.committed
    }

    /// The whole night of this provider.
    pub(super) async fn run(&mut self) -> Result<(), Broken> {
        let mut head = self.fetch_head().await?;
        let id = self.member.id.clone();
        let state = self.store(move |hub| hub.store.provider(&id)).await?;
        self.line.offers = state.published.map_or(0, |published| published.offers);
        self.line.quarantined = state.published.map_or(0, |published| published.quarantined);
        self.was_held = state.held.is_some();
        let published = state.published.map(|published| published.head);
        let leftover = state.held.is_some() || state.staged.is_some();
        let same = |held: &HeldNight| held.head == head && !state.doubtful;
        if let Some(held) = state.held.filter(same) {
            return self.still_held(&held).await;
        }
        // Nothing is built on a held stage: what it has forgotten (the last good version of an offer
        // that came back, say) readers still see.
        let staged = state.staged.filter(|_| state.held.is_none());
        let held = Held {
            published: published.as_ref(),
            staged: staged.as_ref(),
            doubtful: state.doubtful,
        };
        if state.doubtful {
            self.doubtful = true;
            self.line.reconciled = Why::HubStoreBehind.to_string();
        }
        let stage = match first_step(&held, &head) {
            Step::Unchanged if self.night.verify => {
                self.reconcile(&mut head, Why::Verify, false).await?
            }
            Step::Unchanged => {
                if leftover {
                    // What was held back or half done is not what the node has any more.
                    let id = self.member.id.clone();
                    self.store(move |hub| hub.store.discard(&id)).await?;
                }
                self.line.outcome = Outcome::Unchanged;
                self.figures().await;
                if !self.figure_receipts.is_empty() {
                    self.deliver(head).await;
                }
                return Ok(());
            }
            Step::Stream { after, resume } => match self.follow(&mut head, after, resume).await {
                Err(Broken::Peer(failure)) if failure.reaction == Reaction::Reconcile => {
                    self.reconcile(&mut head, Why::NodeAsked, false).await?
                }
                followed if self.night.verify => self.check_stored(followed?, &mut head).await?,
                followed => followed?,
            },
            Step::Reconcile { why } => {
                let resume = why == Why::BrokenOff;
                self.reconcile(&mut head, why, resume).await?
            }
        };
        self.finish(stage, head).await
    }

    /// Streams changes until both sides stand at the same revision.
    async fn follow(
        &mut self,
        head: &mut Head,
        after: Revision,
        resume: bool,
    ) -> Result<Box<dyn Stage>, Broken> {
        let id = self.member.id.clone();
        let mut stage = self.store(move |hub| hub.store.stage(&id, resume)).await?;
        let mut check = StreamCheck::new(head.epoch, after, self.hub.config.limits);
        for _ in 0..FOLLOW {
            stage = self.stream(stage, &mut check, head).await?;
            if check.reached() == head.revision {
                return self.agree_or_reconcile(stage, head).await;
            }
            // The node published more meanwhile: its head has moved on with it.
            *head = self.fetch_head().await?;
        }
        Err(Broken::NoAgreement(
            "the node kept publishing while it was read; the next night goes on",
        ))
    }

    async fn agree_or_reconcile(
        &mut self,
        stage: Box<dyn Stage>,
        head: &mut Head,
    ) -> Result<Box<dyn Stage>, Broken> {
        let holding = stage.holding();
        if verify(holding.count, &holding.digest, head) {
            return Ok(stage);
        }
        drop(stage);
        let why = if self.doubtful {
            Why::HubStoreBehind
        } else {
            Why::DigestDiffers
        };
        self.reconcile(head, why, false).await
    }

    async fn stream(
        &mut self,
        mut stage: Box<dyn Stage>,
        check: &mut StreamCheck,
        head: &Head,
    ) -> Result<Box<dyn Stage>, Broken> {
        let request = pb::StreamChangesRequest {
            epoch: head.epoch.0.to_vec(),
            after_revision: check.reached().0,
        };
        self.line.calls += 1;
        let answer = self.client.stream_changes(request);
        let mut batches = in_time(self.hub, answer).await?.into_inner();
        while let Some(batch) = in_time(self.hub, batches.message()).await? {
            self.take(stage.as_mut(), check, batch)?;
            if stage.pending_bytes() >= self.hub.commit_bytes {
                let at = Checkpoint {
                    epoch: head.epoch,
                    revision: check.reached(),
                };
                stage = self.commit(stage, Staged::Changes(at)).await?;
            }
        }
        check.end(head.revision)?;
        Ok(stage)
    }

    /// Checks and stages one batch. A record that breaks a rule is refused alone.
    fn take(
        &mut self,
        stage: &mut dyn Stage,
        check: &mut StreamCheck,
        batch: pb::ChangeBatch,
    ) -> Result<(), Broken> {
        let bytes = prost::Message::encoded_len(&batch) as u64;
        let pb::ChangeBatch {
            epoch,
            after_revision,
            up_to_revision,
            changes,
        } = batch;
        let epoch = EpochId::from_slice(&epoch)
            .map_err(|e| calluna_wire::convert::ContractBroken::new("ChangeBatch.epoch", e))?;
        self.line.bytes += bytes;
        check.batch(
            epoch,
            Revision(after_revision),
            Revision(up_to_revision),
            bytes,
        )?;
        for change in changes {
            check.change(Revision(change.revision), &change.offer_id)?;
            self.stage_change(stage, change)?;
        }
        check.offers(stage.count())?;
        Ok(())
    }

    fn stage_change(&self, stage: &mut dyn Stage, change: pb::Change) -> Result<(), Violation> {
        let pb::Change {
            revision,
            offer_id,
            content_hash,
            body,
        } = change;
        let at = Revision(revision);
        match body {
            Some(pb::change::Body::Offer(record)) => {
                let hash =
                    ContentHash::from_slice(&content_hash).map_err(|_| Violation::NoHash { at })?;
                match open_record(
                    &offer_id,
                    &hash,
                    &record,
                    self.hub.config.limits.record_bytes,
                ) {
                    Ok(_) => stage.put(at, &offer_id, hash, &record),
                    Err(findings) => {
                        stage.refuse(at, &offer_id, hash, &findings, self.hub.clock.now());
                    }
                }
            }
            Some(pb::change::Body::Gone(pb::Gone { at: when })) => {
                stage.gone(at, &offer_id, Moment(when));
            }
            None => return Err(Violation::NoBody { at }),
        }
        Ok(())
    }

    async fn commit(
        &mut self,
        mut stage: Box<dyn Stage>,
        progress: Staged,
    ) -> Result<Box<dyn Stage>, Broken> {
        let stage = self
            .store(move |_| stage.commit(progress).map(|()| stage))
            .await?;
        self.committed = true;
        Ok(stage)
    }

    /// Asks for the head and checks that the node answers for it.
    async fn fetch_head(&mut self) -> Result<Head, Broken> {
        let versions = SPOKEN.iter().map(ToString::to_string).collect();
        self.line.calls += 1;
        let answer = self.client.get_head(pb::GetHeadRequest {
            versions,
            trust_digest: self.hub.trust.now().digest().to_vec(),
        });
        let wire = in_time(self.hub, answer).await?.into_inner();
        self.line.bytes += prost::Message::encoded_len(&wire) as u64;
        let figures = wire.figures.iter().cloned().map(FiguresHead::try_from);
        let figures = figures.collect::<Result<_, _>>()?;
        let signed = signed_from_wire(wire)?;
        let message = signing_bytes(&self.member.id, &signed.head, signed.signed_at);
        verify_signature(&self.connection.leaf, &message, &signed.signature)
            .map_err(|_| Violation::BadSignature)?;
        if signed.head.count > self.hub.config.limits.offers_per_provider {
            return Err(Violation::TooManyOffers {
                most: self.hub.config.limits.offers_per_provider,
            }
            .into());
        }
        self.head = Some(signed.head);
        self.figure_heads = figures;
        Ok(signed.head)
    }

    /// Runs something that blocks on the disk beside the runtime.
    async fn store<T, F>(&self, work: F) -> Result<T, Broken>
    where
        T: Send + 'static,
        F: FnOnce(&Hub) -> Result<T, calluna_store::StoreError> + Send + 'static,
    {
        let hub = Arc::clone(self.hub);
        let working = Arc::clone(&self.busy).lock_owned().await;
        let done = self.hub.workers.run(move || {
            let _until_done = working;
            work(&hub)
        });
        Ok(done.await.map_err(|_| Broken::Internal)??)
    }

    /// As [`Self::store`], for work whose failure is not the store's alone.
    async fn apart<T, F>(&self, work: F) -> Result<T, Broken>
    where
        T: Send + 'static,
        F: FnOnce(&Hub) -> anyhow::Result<T> + Send + 'static,
    {
        let hub = Arc::clone(self.hub);
        let working = Arc::clone(&self.busy).lock_owned().await;
        let done = self.hub.workers.run(move || {
            let _until_done = working;
            work(&hub)
        });
        done.await
            .map_err(|_| Broken::Internal)?
            .map_err(|error| Broken::Figures(format!("{error:#}")))
    }

    /// Waits until the store has finished what it does for this exchange. A deadline ends the
    /// exchange at once, but not a write that is under way.
    pub(super) async fn settled(&self) {
        drop(self.busy.lock().await);
    }
}

/// Waits for an answer, at most as long as the limits say.
async fn in_time<T>(
    hub: &Hub,
    answer: impl Future<Output = Result<T, Status>>,
) -> Result<T, Broken> {
    let limit = Duration::from_secs(hub.config.limits.call_seconds);
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(status)) => Err(from_status(status)),
        Err(_) => Err(Broken::Lost(format!(
            "the node did not answer within {} s",
            limit.as_secs()
        ))),
    }
}

/// A status without a word of ours is the transport's: the connection is gone.
fn from_status(status: Status) -> Broken {
    if is_no_answer_of_ours(&status) {
        return Broken::NotOurs(status.message().chars().take(300).collect());
    }
    let failure = PeerFailure::from(status);
    if failure.reaction == Reaction::ComeBackLater {
        return Broken::Lost(format!(
            "the connection to the node was lost: {}",
            failure.text
        ));
    }
    Broken::Peer(failure)
}

/// A message that is too large, compressed, or no message of the contract at all: what our own side
/// says about such an answer has neither a word of the node's nor a cause in the transport.
fn is_no_answer_of_ours(status: &Status) -> bool {
    let code = matches!(
        status.code(),
        Code::OutOfRange | Code::Unimplemented | Code::Internal | Code::DataLoss
    );
    code && status.details().is_empty() && std::error::Error::source(status).is_none()
}
