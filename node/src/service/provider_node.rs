//! `ProviderNode`: what the hub asks.

use std::sync::Arc;

use calluna_certs::Peer;
use calluna_host::workers::Workers;
use calluna_model::failure::Reaction;
use calluna_model::id::{EpochId, Revision};
use calluna_model::receipt::Receipt;
use calluna_tables::revision::FiguresHead;
use calluna_wire::convert::ContractBroken;
use calluna_wire::convert::head::signed_to_wire;
use calluna_wire::status::{status_of, to_status};
use calluna_wire::v1 as pb;
use calluna_wire::v1::provider_node_server::{ProviderNode, ProviderNodeServer};
use calluna_wire::version;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status, async_trait};

use super::{Answers, MESSAGE_BYTES, blocking, streamed};
use crate::config::SOFTWARE;
use crate::figures::desk::Desk;
use crate::link::Session;
use crate::membership::renew::Hint;
use crate::publish::changes::{Batch, Body};
use crate::publish::{PublishError, Publisher};

/// Answers the hub from a publisher.
#[derive(Debug)]
pub struct HubFacing {
    publisher: Arc<Publisher>,
    hint: Hint,
    workers: Workers,
    figures: Option<Arc<Desk>>,
}

/// Most periods of which a hub may say what it holds: 250 years.
const MOST_PERIODS: usize = 1_000;

/// The service that answers for `publisher`, and only to the hub: every connection says who is at
/// its other end. `hint` is told what the hub says about trust. `workers` read and write the store.
#[must_use]
pub fn provider_node(publisher: Arc<Publisher>, hint: Hint, workers: Workers) -> HubOnly {
    with_figures(publisher, None, hint, workers)
}

/// As [`provider_node`], of a node that has participation figures.
#[must_use]
pub fn with_figures(
    publisher: Arc<Publisher>,
    figures: Option<Arc<Desk>>,
    hint: Hint,
    workers: Workers,
) -> HubOnly {
    let facing = HubFacing {
        publisher,
        hint,
        workers,
        figures,
    };
    let server = ProviderNodeServer::new(facing).max_decoding_message_size(MESSAGE_BYTES);
    InterceptedService::new(server, hub_only)
}

/// [`provider_node`]'s type.
pub type HubOnly = InterceptedService<
    ProviderNodeServer<HubFacing>,
    fn(Request<()>) -> Result<Request<()>, Status>,
>;

fn hub_only(request: Request<()>) -> Result<Request<()>, Status> {
    session(&request).map(|_| ())?;
    Ok(request)
}

/// The connection on which the hub asks; nobody else may.
fn session<T>(request: &Request<T>) -> Result<&Session, Status> {
    let session = request.extensions().get::<Session>();
    session
        .filter(|session| session.peer == Peer::Hub)
        .ok_or_else(|| status_of(Reaction::NotYours, "only the hub may ask this"))
}

#[async_trait]
impl ProviderNode for HubFacing {
    async fn get_head(
        &self,
        request: Request<pb::GetHeadRequest>,
    ) -> Result<Response<pb::SignedHead>, Status> {
        let key = Arc::clone(&session(&request)?.key);
        let pb::GetHeadRequest {
            versions,
            trust_digest,
        } = request.into_inner();
        version::agree(&versions).map_err(|failure| to_status(&failure))?;
        self.publisher.asked();
        self.hint.heard(&trust_digest);
        let signed = self
            .publisher
            .signed_head(&key)
            .map_err(|failure| to_status(&failure))?;
        let figures = match self.figures.clone() {
            Some(desk) => {
                blocking(self.workers, move || Ok::<_, PublishError>(desk.heads())).await?
            }
            None => Vec::new(),
        };
        Ok(Response::new(signed_to_wire(signed, SOFTWARE, &figures)))
    }

    type StreamChangesStream = Answers<pb::ChangeBatch>;

    async fn stream_changes(
        &self,
        request: Request<pb::StreamChangesRequest>,
    ) -> Result<Response<Self::StreamChangesStream>, Status> {
        let pb::StreamChangesRequest {
            epoch,
            after_revision,
        } = request.into_inner();
        let any = epoch.is_empty();
        let epoch = if any {
            None
        } else {
            Some(epoch_of("StreamChangesRequest.epoch", &epoch)?)
        };
        let publisher = Arc::clone(&self.publisher);
        streamed(self.workers, move |out| {
            for batch in publisher.changes(epoch, Revision(after_revision))? {
                if !out.give(batch?.into()) {
                    break;
                }
            }
            Ok::<_, PublishError>(())
        })
        .await
    }

    type StreamTablesStream = Answers<pb::TableRevision>;

    async fn stream_tables(
        &self,
        request: Request<pb::StreamTablesRequest>,
    ) -> Result<Response<Self::StreamTablesStream>, Status> {
        let pb::StreamTablesRequest { held } = request.into_inner();
        if held.len() > MOST_PERIODS {
            let field = "StreamTablesRequest.held";
            return Err(to_status(&ContractBroken::new(
                field,
                "has too many entries",
            )));
        }
        let held = held.into_iter().map(FiguresHead::try_from);
        let held: Vec<FiguresHead> = held
            .collect::<Result<_, _>>()
            .map_err(|failure| to_status(&failure))?;
        let Some(desk) = self.figures.clone() else {
            return Ok(Response::new(Box::pin(tokio_stream::empty())));
        };
        streamed(self.workers, move |out| {
            desk.stream(&held, |revision| out.give(revision.into()))
        })
        .await
    }

    type ListFingerprintsStream = Answers<pb::FingerprintBatch>;

    async fn list_fingerprints(
        &self,
        request: Request<pb::ListFingerprintsRequest>,
    ) -> Result<Response<Self::ListFingerprintsStream>, Status> {
        let pb::ListFingerprintsRequest { epoch } = request.into_inner();
        let epoch = epoch_of("ListFingerprintsRequest.epoch", &epoch)?;
        let publisher = Arc::clone(&self.publisher);
        streamed(self.workers, move |out| {
            publisher.fingerprints(epoch, |piece| {
                let fingerprints =
                    piece
                        .into_iter()
                        .map(|(offer_id, hash, revision)| pb::Fingerprint {
                            offer_id,
                            content_hash: hash.0.to_vec(),
                            revision: revision.0,
                        });
                out.give(pb::FingerprintBatch {
                    fingerprints: fingerprints.collect(),
                })
            })
        })
        .await
    }

    type FetchOffersStream = Answers<pb::ChangeBatch>;

    async fn fetch_offers(
        &self,
        request: Request<pb::FetchOffersRequest>,
    ) -> Result<Response<Self::FetchOffersStream>, Status> {
        let pb::FetchOffersRequest { epoch, offer_ids } = request.into_inner();
        let epoch = epoch_of("FetchOffersRequest.epoch", &epoch)?;
        let publisher = Arc::clone(&self.publisher);
        streamed(self.workers, move |out| {
            publisher.fetch(epoch, &offer_ids, |batch| out.give(batch.into()))
        })
        .await
    }

    async fn acknowledge(
        &self,
        request: Request<pb::AcknowledgeRequest>,
    ) -> Result<Response<pb::AcknowledgeResponse>, Status> {
        let pb::AcknowledgeRequest { receipt } = request.into_inner();
        let missing = || {
            to_status(&ContractBroken::new(
                "AcknowledgeRequest.receipt",
                "is missing",
            ))
        };
        let receipt = Receipt::try_from(receipt.ok_or_else(missing)?)
            .map_err(|failure| to_status(&failure))?;
        tracing::info!(night = receipt.night, outcome = %receipt.outcome, "receipt from the hub");
        let publisher = Arc::clone(&self.publisher);
        let figures = self.figures.clone();
        let kept = receipt.clone();
        blocking(self.workers, move || publisher.acknowledge(&kept)).await?;
        if let Some(desk) = figures {
            blocking(self.workers, move || desk.acknowledge(&receipt)).await?;
        }
        Ok(Response::new(pb::AcknowledgeResponse {}))
    }
}

fn epoch_of(field: &'static str, bytes: &[u8]) -> Result<EpochId, Status> {
    EpochId::from_slice(bytes).map_err(|error| to_status(&ContractBroken::new(field, error)))
}

impl From<Batch> for pb::ChangeBatch {
    fn from(batch: Batch) -> Self {
        let Batch {
            epoch,
            after,
            up_to,
            changes,
        } = batch;
        let changes = changes.into_iter().map(|change| {
            let revision = change.revision.0;
            let (content_hash, body) = match change.body {
                Body::Offer { hash, record } => (hash.0.to_vec(), pb::change::Body::Offer(record)),
                Body::Gone { at } => (Vec::new(), pb::change::Body::Gone(pb::Gone { at: at.0 })),
            };
            pb::Change {
                revision,
                offer_id: change.id,
                content_hash: content_hash.into(),
                body: Some(body),
            }
        });
        Self {
            epoch: epoch.0.to_vec(),
            after_revision: after.0,
            up_to_revision: up_to.0,
            changes: changes.collect(),
        }
    }
}
