//! The bare ceiling: the same bytes as a tonic stream over the same TLS, written to sled in
//! batches and flushed. No meaning, no index, no check.

use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use calluna_certs::tls::{self, Identity};
use calluna_certs::{Peer, mint};
use calluna_host::guarded::Guarded;
use calluna_model::fingerprint::content_hash;
use calluna_wire::convert::offer::record_of;
use calluna_wire::v1 as pb;
use calluna_wire::v1::hub_control_client::HubControlClient;
use calluna_wire::v1::hub_control_server::{HubControl, HubControlServer};
use prost::Message;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use calluna_tests::bench::{child, data, meter};

/// Streams at once, as many as a hub reads providers at once.
const WORKERS: usize = 8;
/// Bytes that are written and flushed together.
const FLUSH_BYTES: usize = 1_500_000;

/// Serves every provider's bytes from memory.
pub(crate) async fn serve(args: &[String]) -> Result<()> {
    let [_, providers, offers] = args else {
        anyhow::bail!("bare-server DIR PROVIDERS OFFERS")
    };
    let (providers, offers): (usize, usize) = (providers.parse()?, offers.parse()?);
    let pieces: Vec<Vec<pb::ExportPiece>> = (0..providers).map(|p| pieces(p, offers)).collect();
    let bytes: usize = pieces.iter().flatten().map(|piece| piece.data.len()).sum();
    let identity = identity(args, "node")?;
    let acceptor =
        tokio_rustls::TlsAcceptor::from(tls::mutual_server(&identity, &[tls::ALPN_GRPC])?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (streams, incoming) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(()) = stream.set_nodelay(true) else {
                continue;
            };
            if let Ok(stream) = acceptor.accept(stream).await {
                let (stream, _leash) = Guarded::new(stream, ());
                let _over = streams.send(Ok::<_, std::io::Error>(stream)).await;
            }
        }
    });
    let service = HubControlServer::new(Bare(Arc::new(pieces)));
    let serving = Server::builder()
        .initial_stream_window_size(2 * 1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
        .max_frame_size(256 * 1024)
        .add_service(service)
        .serve_with_incoming(ReceiverStream::new(incoming));
    child::answer(&json!({ "address": address.to_string(), "bytes": bytes }));
    tokio::select! {
        ended = serving => ended.context("serving"),
        _ = child::order() => Ok(()),
    }
}

/// Fetches everything and writes it to sled.
pub(crate) async fn fetch(args: &[String]) -> Result<()> {
    let [dir, providers, offers, address] = args else {
        anyhow::bail!("bare-client DIR PROVIDERS OFFERS ADDRESS")
    };
    let (providers, offers): (usize, usize) = (providers.parse()?, offers.parse()?);
    let identity = identity(args, "hub")?;
    let db_dir = Path::new(dir).join("bare-db");
    let _fresh = std::fs::remove_dir_all(&db_dir);
    let db = sled::Config::new()
        .path(&db_dir)
        .cache_capacity(64 << 20)
        .flush_every_ms(None)
        .open()
        .context("opening sled")?;
    let disk = Arc::new(Disk {
        db,
        file: Mutex::new(std::fs::File::open(db_dir.join("db"))?),
    });
    let begun = tokio::time::Instant::now();
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let channel = dial(&identity, address).await?;
        let disk = Arc::clone(&disk);
        workers.push(tokio::spawn(work(
            channel,
            disk,
            (worker..providers).step_by(WORKERS),
        )));
    }
    let mut bytes = 0;
    for worker in workers {
        bytes += worker.await.context("a worker panicked")??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = (providers * offers) as f64 / seconds;
    child::answer(&json!({
        "seconds": seconds, "rate": rate, "bytes": bytes, "cpu": meter::own().cpu_seconds(), "peak_mib": meter::own().peak_mib(),
    }));
    Ok(())
}

struct Disk {
    db: sled::Db,
    file: Mutex<std::fs::File>,
}

impl Disk {
    fn write(&self, batch: sled::Batch) -> Result<()> {
        let file = self
            .file
            .lock()
            .map_err(|_| anyhow::anyhow!("a writer panicked"))?;
        self.db.apply_batch(batch)?;
        self.db.flush()?;
        Ok(file.sync_all()?)
    }
}

async fn work(
    channel: Channel,
    disk: Arc<Disk>,
    providers: impl Iterator<Item = usize>,
) -> Result<usize> {
    let mut client = HubControlClient::new(channel).max_decoding_message_size(4 << 20);
    let mut total = 0;
    for provider in providers {
        let request = pb::ExportRequest {
            format: String::new(),
            provider_id: provider.to_string(),
            ..pb::ExportRequest::default()
        };
        let mut stream = client.export(request).await?.into_inner();
        let (mut batch, mut waiting, mut seq) = (sled::Batch::default(), 0, 0_u64);
        while let Some(piece) = stream.message().await? {
            let key = [&(provider as u64).to_be_bytes()[..], &seq.to_be_bytes()].concat();
            seq += 1;
            waiting += piece.data.len();
            total += piece.data.len();
            batch.insert(key, piece.data.as_ref());
            if waiting >= FLUSH_BYTES {
                let (full, disk) = (std::mem::take(&mut batch), Arc::clone(&disk));
                waiting = 0;
                tokio::task::spawn_blocking(move || disk.write(full)).await??;
            }
        }
        let disk = Arc::clone(&disk);
        tokio::task::spawn_blocking(move || disk.write(batch)).await??;
    }
    Ok(total)
}

async fn dial(identity: &Identity, address: &str) -> Result<Channel> {
    let connector = tokio_rustls::TlsConnector::from(tls::mutual_client(identity, tls::ALPN_GRPC)?);
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = tls::server_name(&mint::provider("node"))?;
    let stream = connector.connect(name, stream).await?;
    let slot = Mutex::new(Some(stream));
    let once = tower::service_fn(move |_: tonic::transport::Uri| {
        let stream = slot.lock().ok().and_then(|mut slot| slot.take());
        async move {
            let gone = || std::io::Error::from(std::io::ErrorKind::NotConnected);
            stream.map(hyper_util::rt::TokioIo::new).ok_or_else(gone)
        }
    });
    Ok(Endpoint::from_static("http://bare")
        .initial_stream_window_size(2 * 1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
        .connect_with_connector(once)
        .await?)
}

/// Both roles mint from one authority that lies in the directory.
fn identity(args: &[String], who: &str) -> Result<Identity> {
    let dir = Path::new(args.first().context("no directory")?);
    let read =
        |name: &str| std::fs::read_to_string(dir.join(name)).context("reading the authority");
    let authority =
        calluna_certs::Authority::from_pem(&read("bare-ca.crt")?, &read("bare-ca.key")?)?;
    let peer = if who == "hub" {
        Peer::Hub
    } else {
        mint::provider("node")
    };
    let leaf = mint::leaf(&authority, &peer);
    Ok(Identity::from_pem(
        &leaf.certificate_pem,
        &leaf.key_pem,
        &authority.root_pem(),
    )?)
}

/// The very messages that a node would stream, as opaque bytes.
fn pieces(provider: usize, offers: usize) -> Vec<pb::ExportPiece> {
    let mut pieces = Vec::new();
    let mut batch = pb::ChangeBatch {
        epoch: vec![1; 16],
        ..pb::ChangeBatch::default()
    };
    let mut waiting = 0;
    for (n, offer) in data::offers(provider, offers, 0).iter().enumerate() {
        let record = record_of(offer);
        waiting += record.len();
        batch.changes.push(pb::Change {
            revision: n as u64 + 1,
            offer_id: offer.id().to_string(),
            content_hash: content_hash(offer).0.to_vec().into(),
            body: Some(pb::change::Body::Offer(record.into())),
        });
        if waiting >= calluna_model::limit::BATCH_TARGET_BYTES || n + 1 == offers {
            pieces.push(pb::ExportPiece {
                data: batch.encode_to_vec().into(),
                offers: batch.changes.len() as u64,
                ..pb::ExportPiece::default()
            });
            batch.changes.clear();
            waiting = 0;
        }
    }
    pieces
}

/// Streams pieces; it borrows the shape of the hub's export because that carries plain bytes.
struct Bare(Arc<Vec<Vec<pb::ExportPiece>>>);

fn not_here<T>() -> Result<Response<T>, Status> {
    Err(calluna_wire::status::status_of(
        calluna_model::failure::Reaction::NotThere,
        "the ceiling only streams",
    ))
}

#[tonic::async_trait]
impl HubControl for Bare {
    type BackupStream = ReceiverStream<Result<pb::BackupPiece, Status>>;
    type ExportStream = ReceiverStream<Result<pb::ExportPiece, Status>>;
    type SyncStream = ReceiverStream<Result<pb::SyncEvent, Status>>;
    type ListRefusalsStream = ReceiverStream<Result<pb::RefusalPiece, Status>>;

    async fn export(
        &self,
        request: Request<pb::ExportRequest>,
    ) -> Result<Response<Self::ExportStream>, Status> {
        let Ok(provider) = request.into_inner().provider_id.parse::<usize>() else {
            return not_here();
        };
        let (answers, stream) = mpsc::channel(4);
        let all = Arc::clone(&self.0);
        tokio::spawn(async move {
            for piece in all.get(provider).into_iter().flatten() {
                if answers.send(Ok(piece.clone())).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn invite(
        &self,
        _: Request<pb::InviteRequest>,
    ) -> Result<Response<pb::InviteResponse>, Status> {
        not_here()
    }

    async fn list_members(
        &self,
        _: Request<pb::ListMembersRequest>,
    ) -> Result<Response<pb::ListMembersResponse>, Status> {
        not_here()
    }

    async fn get_status(
        &self,
        _: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        not_here()
    }

    async fn sync(
        &self,
        _: Request<pb::SyncRequest>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        not_here()
    }

    async fn release(
        &self,
        _: Request<pb::ReleaseRequest>,
    ) -> Result<Response<pb::ReleaseResponse>, Status> {
        not_here()
    }

    async fn discard(
        &self,
        _: Request<pb::DiscardRequest>,
    ) -> Result<Response<pb::DiscardResponse>, Status> {
        not_here()
    }

    async fn list_held(
        &self,
        _: Request<pb::ListHeldRequest>,
    ) -> Result<Response<pb::ListHeldResponse>, Status> {
        not_here()
    }

    async fn cancel(
        &self,
        _: Request<pb::CancelRequest>,
    ) -> Result<Response<pb::CancelResponse>, Status> {
        not_here()
    }

    async fn list_nights(
        &self,
        _: Request<pb::ListNightsRequest>,
    ) -> Result<Response<pb::ListNightsResponse>, Status> {
        not_here()
    }

    async fn get_night(
        &self,
        _: Request<pb::GetNightRequest>,
    ) -> Result<Response<pb::GetNightResponse>, Status> {
        not_here()
    }

    async fn get_report(
        &self,
        _: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::GetReportResponse>, Status> {
        not_here()
    }

    async fn backup(
        &self,
        _: Request<pb::BackupRequest>,
    ) -> Result<Response<Self::BackupStream>, Status> {
        not_here()
    }

    async fn list_refusals(
        &self,
        _: Request<pb::ListRefusalsRequest>,
    ) -> Result<Response<Self::ListRefusalsStream>, Status> {
        not_here()
    }

    type ReadAuditStream = ReceiverStream<Result<pb::AuditPiece, Status>>;

    async fn read_audit(
        &self,
        _: Request<pb::ReadAuditRequest>,
    ) -> Result<Response<Self::ReadAuditStream>, Status> {
        not_here()
    }

    async fn revoke(
        &self,
        _: Request<pb::RevokeRequest>,
    ) -> Result<Response<pb::RevokeResponse>, Status> {
        not_here()
    }

    async fn find_gaps(
        &self,
        _: Request<pb::FindGapsRequest>,
    ) -> Result<Response<pb::FindGapsResponse>, Status> {
        not_here()
    }

    async fn look_up_offer(
        &self,
        _: Request<pb::LookUpOfferRequest>,
    ) -> Result<Response<pb::LookUpOfferResponse>, Status> {
        not_here()
    }

    async fn ca(&self, _: Request<pb::CaRequest>) -> Result<Response<pb::CaResponse>, Status> {
        not_here()
    }

    async fn list_invitations(
        &self,
        _: Request<pb::ListInvitationsRequest>,
    ) -> Result<Response<pb::ListInvitationsResponse>, Status> {
        not_here()
    }

    async fn cancel_invitation(
        &self,
        _: Request<pb::CancelInvitationRequest>,
    ) -> Result<Response<pb::CancelInvitationResponse>, Status> {
        not_here()
    }

    async fn approve(
        &self,
        _: Request<pb::ApproveRequest>,
    ) -> Result<Response<pb::ApproveResponse>, Status> {
        not_here()
    }

    async fn build_dataset(
        &self,
        _: Request<pb::BuildDatasetRequest>,
    ) -> Result<Response<pb::BuildDatasetResponse>, Status> {
        not_here()
    }
}
