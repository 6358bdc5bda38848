//! A member that lies: a real certificate from a real join, and answers that a test has written.
//!
//! It is built from the wire contract and the certificates alone, so it can say what no honest
//! node would.

mod badge;
mod bent;
mod script;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_host::guarded::Guarded;
use calluna_model::clock::Moment;
use calluna_model::failure::Reaction;
use calluna_model::head::{SignedHead, signing_bytes};
use calluna_wire::convert::head::signed_to_wire;
use calluna_wire::status::status_of;
use calluna_wire::v1 as pb;
use calluna_wire::v1::provider_node_server::ProviderNode;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::client::TlsStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

pub use self::badge::Badge;
use self::badge::dial;
use self::bent::{Bent, bomb};
pub use self::script::{Manner, Script, Told};
use self::script::{batch, endless, hollow};

/// An evil node that is connected to the hub, and connects again when it is cut.
#[derive(Debug)]
pub struct Evil {
    play: Arc<Play>,
    // Dropping it ends everything.
    _runtime: Runtime,
}

impl Evil {
    /// Connects with a badge and plays a script.
    #[must_use]
    pub fn start(badge: Badge, script: Script) -> Self {
        if script.manner == Manner::Bomb {
            let _packed = bomb();
        }
        let runtime = runtime();
        let play = Arc::new(Play {
            badge,
            script: Mutex::new(script),
            receipts: Mutex::default(),
        });
        runtime.spawn(Arc::clone(&play).keep_connected());
        Self {
            play,
            _runtime: runtime,
        }
    }

    /// Plays another script from now on.
    pub fn tell(&self, script: Script) {
        *self
            .play
            .script
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = script;
    }

    /// The receipts that the hub handed over, the newest last.
    #[must_use]
    pub fn receipts(&self) -> Vec<pb::Receipt> {
        self.play
            .receipts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[derive(Debug)]
struct Play {
    badge: Badge,
    script: Mutex<Script>,
    receipts: Mutex<Vec<pb::Receipt>>,
}

impl Play {
    fn script(&self) -> Script {
        self.script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn keep_connected(self: Arc<Self>) {
        loop {
            if let Ok(stream) = dial(&self.badge.hub, &self.badge.identity).await {
                Arc::clone(&self).speak(stream).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn speak(self: Arc<Self>, mut stream: TlsStream<TcpStream>) {
        if self.script().manner == Manner::Noise {
            while stream
                .write_all(b"\x00\xff noise, and no frame of any kind \xfe")
                .await
                .is_ok()
            {}
            return;
        }
        let (stream, leash) = Guarded::new(stream, ());
        let service = Bent::over(self);
        // One connection, and no end of the list: the server would end with it.
        let one = tokio_stream::once(Ok::<_, io::Error>(stream)).chain(tokio_stream::pending());
        let serving = Server::builder()
            .add_service(service)
            .serve_with_incoming(one);
        tokio::select! {
            _ = serving => {}
            () = leash.gone() => {}
        }
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl ProviderNode for Play {
    async fn get_head(
        &self,
        _: Request<pb::GetHeadRequest>,
    ) -> Result<Response<pb::SignedHead>, Status> {
        let script = self.script();
        let (head, signed_at) = (script.head(), Moment(1_767_225_600));
        let whose = script.signs_for.as_ref().unwrap_or(&self.badge.provider);
        let message = signing_bytes(whose, &head, signed_at);
        let signature = self.badge.key.sign(&message).map_err(|_| nothing())?;
        Ok(Response::new(signed_to_wire(
            SignedHead {
                head,
                signed_at,
                signature,
            },
            "evil",
            &script.figures(),
        )))
    }

    type StreamChangesStream = Answers<pb::ChangeBatch>;

    async fn stream_changes(
        &self,
        request: Request<pb::StreamChangesRequest>,
    ) -> Result<Response<Self::StreamChangesStream>, Status> {
        let script = self.script();
        let after = request.into_inner().after_revision;
        let epoch = script.head().epoch;
        let mut changes = script.changes(after);
        let answers: Self::StreamChangesStream = match script.manner {
            Manner::Silent => Box::pin(tokio_stream::pending()),
            Manner::Endless => Box::pin(tokio_stream::iter(endless(&script, after).map(Ok))),
            Manner::Disordered => {
                changes.reverse();
                let up_to = script.records.len() as u64;
                Box::pin(tokio_stream::once(Ok(batch(epoch, after, up_to, changes))))
            }
            Manner::Hollow => Box::pin(tokio_stream::iter(hollow(&script, after).map(Ok))),
            Manner::Drip => {
                let drops = tokio_stream::iter(endless(&script, after));
                Box::pin(drops.then(|batch| async {
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    Ok(batch)
                }))
            }
            Manner::OneBatch => {
                let up_to = script.records.len() as u64;
                Box::pin(tokio_stream::once(Ok(batch(epoch, after, up_to, changes))))
            }
            Manner::Repeats | Manner::Skips => {
                let late = changes.split_off(changes.len() / 2);
                let middle = after + changes.len() as u64;
                let first = batch(epoch, after, middle, changes);
                let both = match script.manner {
                    Manner::Repeats => vec![first.clone(), first],
                    _ => vec![batch(epoch, middle, script.records.len() as u64, late)],
                };
                Box::pin(tokio_stream::iter(both.into_iter().map(Ok)))
            }
            Manner::Proper | Manner::Noise | Manner::Foreign | Manner::Bomb => {
                // Two batches, so that what comes first can be committed alone.
                let late = changes.split_off(changes.len() / 2);
                let middle = after + changes.len() as u64;
                let up_to = script.records.len() as u64;
                let both = [
                    batch(epoch, after, middle, changes),
                    batch(epoch, middle, up_to, late),
                ];
                Box::pin(tokio_stream::iter(both.map(Ok)))
            }
        };
        Ok(Response::new(answers))
    }

    type StreamTablesStream = Answers<pb::TableRevision>;

    async fn stream_tables(
        &self,
        request: Request<pb::StreamTablesRequest>,
    ) -> Result<Response<Self::StreamTablesStream>, Status> {
        let tables = self.script().tables(&request.into_inner().held);
        Ok(Response::new(Box::pin(tokio_stream::iter(
            tables.into_iter().map(Ok),
        ))))
    }

    type ListFingerprintsStream = Answers<pb::FingerprintBatch>;

    async fn list_fingerprints(
        &self,
        _: Request<pb::ListFingerprintsRequest>,
    ) -> Result<Response<Self::ListFingerprintsStream>, Status> {
        let script = self.script();
        let mut fingerprints: Vec<pb::Fingerprint> = (1..)
            .zip(&script.records)
            .map(|(revision, told)| pb::Fingerprint {
                offer_id: told.id.clone(),
                content_hash: told.hash.0.to_vec(),
                revision,
            })
            .collect();
        fingerprints.sort_by(|a, b| a.offer_id.cmp(&b.offer_id));
        let answer = tokio_stream::once(Ok(pb::FingerprintBatch { fingerprints }));
        Ok(Response::new(Box::pin(answer)))
    }

    type FetchOffersStream = Answers<pb::ChangeBatch>;

    async fn fetch_offers(
        &self,
        request: Request<pb::FetchOffersRequest>,
    ) -> Result<Response<Self::FetchOffersStream>, Status> {
        let script = self.script();
        let wanted = request.into_inner().offer_ids;
        let mut changes = script.changes(0);
        changes.retain(|change| wanted.contains(&change.offer_id));
        let answer = batch(script.head().epoch, 0, script.records.len() as u64, changes);
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(answer)))))
    }

    async fn acknowledge(
        &self,
        request: Request<pb::AcknowledgeRequest>,
    ) -> Result<Response<pb::AcknowledgeResponse>, Status> {
        let receipt = request.into_inner().receipt.ok_or_else(nothing)?;
        self.receipts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(receipt);
        Ok(Response::new(pb::AcknowledgeResponse {}))
    }
}

fn nothing() -> Status {
    status_of(Reaction::AskOperator, "evil")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}
