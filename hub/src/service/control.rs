//! `HubControl`: what the command line asks of a running hub.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Result;
use calluna_host::backup::Pieces;
use calluna_host::tasks::Tasks;
use calluna_model::id::ProviderId;
use calluna_model::member::Stated;
use calluna_model::report::Trigger;
use calluna_monitor::{Correction, Words};
use calluna_wire::v1 as pb;
use calluna_wire::v1::hub_control_server::HubControl;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{audit, exported, to_operator};
use crate::current::End;
use crate::hub::Hub;
use crate::night::{self, Event, Wish, blocking};
use crate::{backup, ca, dataset, gaps, held, members, quarantine, report, revoke, view};

/// Serves the command line.
pub struct ControlService {
    /// The hub.
    pub hub: Arc<Hub>,
    /// Where long answers run.
    pub tasks: Tasks,
}

type Answers<T> = ReceiverStream<Result<T, Status>>;

#[tonic::async_trait]
impl HubControl for ControlService {
    async fn invite(
        &self,
        request: Request<pb::InviteRequest>,
    ) -> Result<Response<pb::InviteResponse>, Status> {
        let pb::InviteRequest {
            provider_id,
            name,
            kind,
            expires_in,
        } = request.into_inner();
        let invited = blocking(&self.hub, move |hub| {
            let provider: ProviderId = provider_id.parse()?;
            Ok(members::invite(
                hub,
                &provider,
                &name,
                kind.parse()?,
                expires_in,
            )?)
        });
        let token = invited.await.map_err(|e| to_operator(&e))?;
        let expires_at = token.expires.0;
        Ok(Response::new(pb::InviteResponse {
            token: token.to_string(),
            expires_at,
        }))
    }

    async fn list_members(
        &self,
        _: Request<pb::ListMembersRequest>,
    ) -> Result<Response<pb::ListMembersResponse>, Status> {
        let json = document(&self.hub, |hub| view::members(hub)).await?;
        Ok(Response::new(pb::ListMembersResponse { json }))
    }

    async fn get_status(
        &self,
        _: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        let json = document(&self.hub, |hub| view::status(hub, true)).await?;
        Ok(Response::new(pb::GetStatusResponse { json }))
    }

    type SyncStream = Answers<pb::SyncEvent>;

    async fn sync(
        &self,
        request: Request<pb::SyncRequest>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        let (answers, stream) = mpsc::channel(64);
        let (hub, ask) = (Arc::clone(&self.hub), request.into_inner());
        self.tasks.spawn("sync", async move {
            let ended = sync(&hub, ask, &answers).await;
            let _caller_may_be_gone = answers.send(ended.map_err(|e| to_operator(&e))).await;
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    type ExportStream = Answers<pb::ExportPiece>;

    async fn export(
        &self,
        request: Request<pb::ExportRequest>,
    ) -> Result<Response<Self::ExportStream>, Status> {
        let (answers, stream) = mpsc::channel(4);
        let (hub, ask) = (Arc::clone(&self.hub), request.into_inner());
        self.tasks.spawn("export", async move {
            let pieces = answers.clone();
            let done = blocking(&hub, move |hub| exported::send(hub, &ask, &pieces));
            if let Err(error) = done.await {
                let _caller_may_be_gone = answers.send(Err(to_operator(&error))).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn find_gaps(
        &self,
        request: Request<pb::FindGapsRequest>,
    ) -> Result<Response<pb::FindGapsResponse>, Status> {
        let ask = request.into_inner();
        let json = document(&self.hub, move |hub| gaps::find(hub, &ask)).await?;
        Ok(Response::new(pb::FindGapsResponse { json }))
    }

    async fn release(
        &self,
        request: Request<pb::ReleaseRequest>,
    ) -> Result<Response<pb::ReleaseResponse>, Status> {
        let decided = self.decide(request.into_inner().provider_id, held::release);
        let held::Decided { removed, offers } = decided.await.map_err(|e| to_operator(&e))?;
        let count = offers;
        Ok(Response::new(pb::ReleaseResponse { removed, count }))
    }

    async fn discard(
        &self,
        request: Request<pb::DiscardRequest>,
    ) -> Result<Response<pb::DiscardResponse>, Status> {
        let decided = self.decide(request.into_inner().provider_id, held::discard);
        let held::Decided { removed, offers } = decided.await.map_err(|e| to_operator(&e))?;
        let count = offers;
        Ok(Response::new(pb::DiscardResponse { removed, count }))
    }

    async fn list_held(
        &self,
        request: Request<pb::ListHeldRequest>,
    ) -> Result<Response<pb::ListHeldResponse>, Status> {
        let pb::ListHeldRequest { provider_id, limit } = request.into_inner();
        let listed = list_held(&self.hub, &provider_id, limit).await;
        let listed = listed.map_err(|e| to_operator(&e))?;
        let json = serde_json::to_string(&listed).map_err(|e| to_operator(&e.into()))?;
        Ok(Response::new(pb::ListHeldResponse { json }))
    }

    async fn cancel(
        &self,
        _: Request<pb::CancelRequest>,
    ) -> Result<Response<pb::CancelResponse>, Status> {
        let night = self.hub.current.end(End::Operator).unwrap_or(0);
        Ok(Response::new(pb::CancelResponse { night }))
    }

    async fn list_nights(
        &self,
        request: Request<pb::ListNightsRequest>,
    ) -> Result<Response<pb::ListNightsResponse>, Status> {
        let limit = request.into_inner().limit;
        let json = document(&self.hub, move |hub| view::nights(hub, limit)).await?;
        Ok(Response::new(pb::ListNightsResponse { json }))
    }

    async fn get_night(
        &self,
        request: Request<pb::GetNightRequest>,
    ) -> Result<Response<pb::GetNightResponse>, Status> {
        let night = request.into_inner().night;
        let json = document(&self.hub, move |hub| view::night(hub, night)).await?;
        Ok(Response::new(pb::GetNightResponse { json }))
    }

    type ListRefusalsStream = Answers<pb::RefusalPiece>;

    async fn list_refusals(
        &self,
        request: Request<pb::ListRefusalsRequest>,
    ) -> Result<Response<Self::ListRefusalsStream>, Status> {
        let (answers, stream) = mpsc::channel(4);
        let (hub, ids) = (Arc::clone(&self.hub), request.into_inner().provider_ids);
        self.tasks.spawn("quarantine", async move {
            let pieces = answers.clone();
            let done = blocking(&hub, move |hub| refusals(hub, &ids, &pieces));
            if let Err(error) = done.await {
                let _caller_may_be_gone = answers.send(Err(to_operator(&error))).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::GetReportResponse>, Status> {
        let night = request.into_inner().night;
        let night = (night > 0).then_some(night);
        let json = document(&self.hub, move |hub| report::asked(hub, night)).await?;
        Ok(Response::new(pb::GetReportResponse { json }))
    }

    type ReadAuditStream = Answers<pb::AuditPiece>;

    async fn read_audit(
        &self,
        request: Request<pb::ReadAuditRequest>,
    ) -> Result<Response<Self::ReadAuditStream>, Status> {
        let (answers, stream) = mpsc::channel(4);
        let (hub, ask) = (Arc::clone(&self.hub), request.into_inner());
        self.tasks.spawn("audit", async move {
            let pieces = answers.clone();
            let done = blocking(&hub, move |hub| audit::read(hub, ask, &pieces));
            if let Err(error) = done.await {
                let _caller_may_be_gone = answers.send(Err(to_operator(&error))).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    type BackupStream = Answers<pb::BackupPiece>;

    async fn backup(
        &self,
        _: Request<pb::BackupRequest>,
    ) -> Result<Response<Self::BackupStream>, Status> {
        let (answers, stream) = mpsc::channel(4);
        let hub = Arc::clone(&self.hub);
        self.tasks.spawn("backup", async move {
            let pieces = answers.clone();
            if let Err(error) = blocking(&hub, move |hub| backed_up(hub, &pieces)).await {
                tracing::warn!(error = format!("{error:#}"), "a backup was not made");
                let _caller_may_be_gone = answers.send(Err(to_operator(&error))).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn revoke(
        &self,
        request: Request<pb::RevokeRequest>,
    ) -> Result<Response<pb::RevokeResponse>, Status> {
        let pb::RevokeRequest {
            provider_id,
            reason,
            key_compromised,
            figures,
        } = request.into_inner();
        let revoking = async {
            let id: ProviderId = provider_id.parse()?;
            let why = members::Why {
                reason,
                key_compromised,
                figures: figures.parse()?,
            };
            let done = revoke::revoke(&self.hub, &id, why).await?;
            anyhow::Ok(serde_json::to_string(&view::revoked(&id, &done))?)
        };
        let json = revoking.await.map_err(|e| to_operator(&e))?;
        Ok(Response::new(pb::RevokeResponse { json }))
    }

    async fn look_up_offer(
        &self,
        request: Request<pb::LookUpOfferRequest>,
    ) -> Result<Response<pb::LookUpOfferResponse>, Status> {
        let pb::LookUpOfferRequest {
            provider_id,
            offer_id,
        } = request.into_inner();
        let json = document(&self.hub, move |hub| {
            export::look_up(hub, &provider_id.parse()?, &offer_id)
        });
        let json = json.await?;
        Ok(Response::new(pb::LookUpOfferResponse { json }))
    }

    async fn ca(
        &self,
        request: Request<pb::CaRequest>,
    ) -> Result<Response<pb::CaResponse>, Status> {
        let pb::CaRequest { act, force } = request.into_inner();
        let json = document(&self.hub, move |hub| ca::act(hub, act.parse()?, force)).await?;
        Ok(Response::new(pb::CaResponse { json }))
    }

    async fn list_invitations(
        &self,
        _: Request<pb::ListInvitationsRequest>,
    ) -> Result<Response<pb::ListInvitationsResponse>, Status> {
        let json = document(&self.hub, |hub| view::invitations(hub)).await?;
        Ok(Response::new(pb::ListInvitationsResponse { json }))
    }

    async fn cancel_invitation(
        &self,
        request: Request<pb::CancelInvitationRequest>,
    ) -> Result<Response<pb::CancelInvitationResponse>, Status> {
        let id = request.into_inner().provider_id;
        let json = document(&self.hub, move |hub| view::cancelled(hub, &id.parse()?)).await?;
        Ok(Response::new(pb::CancelInvitationResponse { json }))
    }

    async fn approve(
        &self,
        request: Request<pb::ApproveRequest>,
    ) -> Result<Response<pb::ApproveResponse>, Status> {
        let pb::ApproveRequest {
            provider_id,
            name,
            kind,
            address,
            website,
        } = request.into_inner();
        let json = document(&self.hub, move |hub| {
            let word = Stated {
                name,
                kind: kind.map(|kind| kind.parse()).transpose()?,
                address,
                website,
            };
            Ok(members::approve(hub, &provider_id.parse()?, word)?)
        });
        let json = json.await?;
        Ok(Response::new(pb::ApproveResponse { json }))
    }

    async fn build_dataset(
        &self,
        request: Request<pb::BuildDatasetRequest>,
    ) -> Result<Response<pb::BuildDatasetResponse>, Status> {
        let pb::BuildDatasetRequest {
            corrects,
            reason_de: de,
            reason_en: en,
        } = request.into_inner();
        let json = document(&self.hub, move |hub| {
            let correction = (corrects != 0).then_some(Correction {
                corrects,
                reason: Words { de, en },
            });
            dataset::build(hub, correction.as_ref())
        });
        let json = json.await?;
        Ok(Response::new(pb::BuildDatasetResponse { json }))
    }
}

fn backed_up(hub: &Hub, pieces: &mpsc::Sender<Result<pb::BackupPiece, Status>>) -> Result<()> {
    let read = Cell::new(0);
    let give = |data: Vec<u8>, manifest_json| {
        let piece = pb::BackupPiece {
            data,
            read: read.get(),
            manifest_json,
        };
        let gone = |_| io::Error::other("whoever asked for the backup is gone");
        pieces.blocking_send(Ok(piece)).map_err(gone)
    };
    let out = Pieces::new(|data| give(data, String::new()));
    let (manifest, mut out) = backup::make(hub, out, &mut |more| read.set(read.get() + more))?;
    out.flush()?;
    give(Vec::new(), serde_json::to_string(&manifest)?)?;
    tracing::info!(keys = manifest.store.keys, "a backup was made");
    Ok(())
}

impl ControlService {
    /// The operator's word on one provider, never while a night writes to the same stage.
    async fn decide(
        &self,
        id: String,
        word: fn(&Hub, &ProviderId) -> Result<held::Decided>,
    ) -> Result<held::Decided> {
        let id: ProviderId = id.parse()?;
        let _stage = self.hub.current.stage(&id).await;
        blocking(&self.hub, move |hub| word(hub, &id)).await
    }
}

/// The held nights of one provider, or of all.
pub(crate) async fn list_held(
    hub: &Arc<Hub>,
    only: &str,
    limit: u64,
) -> Result<Vec<held::HeldDocument>> {
    let ids = if only.is_empty() {
        let members = hub.store.members()?;
        members.into_iter().map(|member| member.id).collect()
    } else {
        vec![only.parse()?]
    };
    let mut list = Vec::new();
    for id in ids {
        let _stage = hub.current.stage(&id).await;
        list.extend(blocking(hub, move |hub| held::show(hub, &id, limit)).await?);
    }
    Ok(list)
}

/// Pieces of refused records are handed on when they reach this size.
const PIECE_BYTES: usize = 256 * 1024;

fn refusals(
    hub: &Hub,
    ids: &[String],
    pieces: &mpsc::Sender<Result<pb::RefusalPiece, Status>>,
) -> Result<()> {
    let only = ids
        .iter()
        .map(|id| Ok(id.parse()?))
        .collect::<Result<Vec<ProviderId>>>()?;
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    quarantine::quarantine(hub, &only, &mut |refusal| {
        let json = serde_json::to_string(&refusal)?;
        bytes += json.len();
        waiting.push(json);
        if bytes >= PIECE_BYTES {
            bytes = 0;
            let refusals_json = std::mem::take(&mut waiting);
            pieces.blocking_send(Ok(pb::RefusalPiece { refusals_json }))?;
        }
        Ok(())
    })?;
    let last = pb::RefusalPiece {
        refusals_json: waiting,
    };
    Ok(pieces.blocking_send(Ok(last))?)
}

async fn document<T: Serialize + 'static>(
    hub: &Arc<Hub>,
    make: impl FnOnce(&Arc<Hub>) -> Result<T> + Send + 'static,
) -> Result<String, Status> {
    let shared = Arc::clone(hub);
    let made = blocking(hub, move |_| Ok(serde_json::to_string(&make(&shared)?)?));
    made.await.map_err(|e| to_operator(&e))
}

async fn sync(
    hub: &Arc<Hub>,
    ask: pb::SyncRequest,
    answers: &mpsc::Sender<Result<pb::SyncEvent, Status>>,
) -> Result<pb::SyncEvent> {
    let pb::SyncRequest {
        provider_ids,
        verify,
        patient,
    } = ask;
    let only = provider_ids
        .iter()
        .map(|id| Ok(id.parse()?))
        .collect::<Result<Vec<ProviderId>>>()?;
    let wish = Wish {
        only,
        verify,
        patient,
        trigger: Trigger::Hand,
    };
    let (events, mut happened) = mpsc::channel(64);
    let running = night::run(hub, &wish, events);
    let telling = async {
        while let Some(event) = happened.recv().await {
            if let Ok(event) = told(&event) {
                let _caller_may_be_gone =
                    answers.send(Ok(pb::SyncEvent { event: Some(event) })).await;
            }
        }
    };
    let (report, ()) = tokio::join!(running, telling);
    let json = serde_json::to_string(&report?)?;
    Ok(pb::SyncEvent {
        event: Some(pb::sync_event::Event::ReportJson(json)),
    })
}

fn told(event: &Event) -> Result<pb::sync_event::Event> {
    Ok(match event {
        Event::Waits => pb::sync_event::Event::Waits(true),
        Event::Begins(providers) => pb::sync_event::Event::Providers(*providers as u64),
        Event::Provider(line) => pb::sync_event::Event::ProviderJson(serde_json::to_string(line)?),
    })
}
