//! `NodeControl`: what the command line asks a running node.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::Arc;

use calluna_host::backup::Pieces;
use calluna_host::data_dir::DataDir;
use calluna_host::workers::Workers;
use calluna_model::failure::Reaction;
use calluna_model::id::Revision;
use calluna_model::offer::Offer;
use calluna_wire::convert::ContractBroken;
use calluna_wire::status::{status_of, to_status};
use calluna_wire::v1 as pb;
use calluna_wire::v1::node_control_server::{NodeControl, NodeControlServer};
use prost::Message;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{Answers, MESSAGE_BYTES, Out, blocking, streamed};
use crate::backup::{self, Trouble};
use crate::publish::changes::Body;
use crate::publish::{Candidate, PublishError, Publisher, Terms};
use crate::status::Observer;

/// Answers the command line.
#[derive(Debug)]
pub struct Control {
    publisher: Arc<Publisher>,
    observer: Arc<Observer>,
    dir: DataDir,
}

/// The control service of a node.
#[must_use]
pub fn node_control(
    publisher: Arc<Publisher>,
    observer: Arc<Observer>,
    dir: DataDir,
) -> NodeControlServer<Control> {
    NodeControlServer::new(Control {
        publisher,
        observer,
        dir,
    })
    .max_decoding_message_size(MESSAGE_BYTES)
}

#[async_trait]
impl NodeControl for Control {
    async fn get_status(
        &self,
        _: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        let observer = Arc::clone(&self.observer);
        let status = blocking(Workers::Threads, move || observer.look()).await?;
        Ok(Response::new(pb::GetStatusResponse {
            json: json(&status)?,
        }))
    }

    async fn publish(
        &self,
        request: Request<Streaming<pb::PublishPiece>>,
    ) -> Result<Response<pb::PublishResponse>, Status> {
        let (terms, offers) = receive(request.into_inner()).await?;
        let publisher = Arc::clone(&self.publisher);
        let (published, receipt) = blocking(Workers::Threads, move || {
            let published = publisher.publish(&offers, &terms)?;
            let receipt = publisher.store().receipts()?.into_iter().next();
            Ok::<_, PublishError>((published, receipt))
        })
        .await?;
        Ok(Response::new(pb::PublishResponse {
            json: json(&published.difference)?,
            head: Some(published.head.into()),
            receipt: receipt.map(Into::into),
        }))
    }

    type OffersStream = Answers<pb::EncodedOffers>;

    async fn offers(
        &self,
        _: Request<pb::OffersRequest>,
    ) -> Result<Response<Self::OffersStream>, Status> {
        let publisher = Arc::clone(&self.publisher);
        streamed(Workers::Threads, move |out| {
            for batch in publisher.changes(None, Revision(0))? {
                let offers = batch?
                    .changes
                    .into_iter()
                    .filter_map(|change| match change.body {
                        Body::Offer { record, .. } => Some(record),
                        Body::Gone { .. } => None,
                    });
                let offers = offers.collect();
                if !out.give(pb::EncodedOffers { offers }) {
                    break;
                }
            }
            Ok::<_, PublishError>(())
        })
        .await
    }

    type BackupStream = Answers<pb::BackupPiece>;

    async fn backup(
        &self,
        _: Request<pb::BackupRequest>,
    ) -> Result<Response<Self::BackupStream>, Status> {
        let (publisher, observer) = (Arc::clone(&self.publisher), Arc::clone(&self.observer));
        let dir = self.dir.clone();
        streamed(Workers::Threads, move |pieces| {
            let read = Cell::new(0);
            let give = |data: Vec<u8>, manifest_json| {
                let piece = pb::BackupPiece {
                    data,
                    read: read.get(),
                    manifest_json,
                };
                give(pieces, piece)
            };
            let out = Pieces::new(|data| give(data, String::new()));
            let step = &mut |more| read.set(read.get() + more);
            let (store, clock) = (publisher.store(), &*observer.clock);
            let (manifest, mut out) = backup::make(dir.path(), store, clock, out, step)?;
            out.flush()?;
            Ok::<_, Trouble>(give(Vec::new(), serde_json::to_string(&manifest)?)?)
        })
        .await
    }
}

fn give(pieces: &Out<pb::BackupPiece>, piece: pb::BackupPiece) -> io::Result<()> {
    if pieces.give(piece) {
        return Ok(());
    }
    Err(io::Error::other("whoever asked for the backup is gone"))
}

/// All pieces: the terms, then the offers, each checked again.
async fn receive(
    mut pieces: Streaming<pb::PublishPiece>,
) -> Result<(Terms, Vec<Candidate>), Status> {
    use pb::publish_piece::Piece;
    let mut terms = None;
    let mut offers = Vec::new();
    while let Some(pb::PublishPiece { piece }) = pieces.message().await? {
        match (piece, &terms) {
            (Some(Piece::Terms(said)), None) => terms = Some(terms_of(said)?),
            (Some(Piece::Offers(encoded)), Some(_)) => {
                offers.append(
                    &mut blocking(Workers::Threads, move || candidates(&encoded.offers)).await?,
                );
            }
            _ => {
                return Err(broken(
                    "PublishPiece.piece",
                    "is missing or out of order: terms first, then offers",
                ));
            }
        }
    }
    let terms = terms.ok_or_else(|| broken("PublishPiece.terms", "is missing"))?;
    Ok((terms, offers))
}

fn terms_of(wire: pb::PublishTerms) -> Result<Terms, Status> {
    let pb::PublishTerms {
        replace,
        dry_run,
        confirmed,
        keep,
        sources_json,
    } = wire;
    let sources = serde_json::from_str(&sources_json)
        .map_err(|error| broken("PublishTerms.sources_json", error))?;
    Ok(Terms {
        replace,
        dry_run,
        confirmed,
        keep: keep.into_iter().collect(),
        sources,
    })
}

fn candidates(records: &[prost::bytes::Bytes]) -> Result<Vec<Candidate>, ContractBroken> {
    records.iter().map(|record| candidate(record)).collect()
}

fn candidate(record: &[u8]) -> Result<Candidate, ContractBroken> {
    let broken = |why: String| ContractBroken::new("EncodedOffers.offers", why);
    let wire = pb::Offer::decode(record).map_err(|error| broken(error.to_string()))?;
    let offer = Offer::check(wire.into()).map_err(|findings| {
        let rules: Vec<_> = findings
            .iter()
            .map(|finding| format!("{} {}", finding.field, finding.rule))
            .collect();
        broken(format!("break rules: {}", rules.join(", ")))
    })?;
    Ok(Candidate::of(&offer))
}

fn broken(field: &'static str, why: impl std::fmt::Display) -> Status {
    to_status(&ContractBroken::new(field, why))
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Status> {
    serde_json::to_string(value)
        .map_err(|error| status_of(Reaction::AskOperator, error.to_string()))
}
