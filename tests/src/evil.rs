//! A member that lies: a real certificate from a real join, and answers that a test has written.
//!
//! It is built from the wire contract and the certificates alone, so it can say what no honest
//! node would.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_certs::tls::{ALPN_REVERSE, Identity, mutual_client, pinned_client, server_name};
use calluna_certs::{JoinToken, NodeKey, Peer};
use calluna_host::guarded::Guarded;
use calluna_model::clock::Moment;
use calluna_model::failure::Reaction;
use calluna_model::fingerprint::{Digester, content_hash};
use calluna_model::head::{Head, SignedHead, signing_bytes};
use calluna_model::id::{ContentHash, Digest, EpochId, ProviderId, Revision};
use calluna_model::offer::Offer;
use calluna_wire::convert::head::signed_to_wire;
use calluna_wire::convert::offer::record_of;
use calluna_wire::status::status_of;
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_client::MembershipClient;
use calluna_wire::v1::provider_node_server::{ProviderNode, ProviderNodeServer};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_stream::Stream;
use tonic::transport::{Endpoint, Server, Uri};
use tonic::{Request, Response, Status};

/// Somebody with a certificate, who knows where the hub is.
#[derive(Debug)]
pub struct Badge {
    /// Who, by the certificate.
    pub identity: Identity,
    key: NodeKey,
    provider: ProviderId,
    hub: String,
}

impl Badge {
    /// Joins with a token, as a node does.
    ///
    /// # Panics
    /// When the hub refuses.
    #[must_use]
    pub fn join(token: &str) -> Self {
        let token: JoinToken = token.parse().expect("a token");
        let key = NodeKey::generate().expect("a key");
        let request = pb::EnrolRequest {
            provider_id: token.provider.to_string(),
            secret: token.secret.expose().to_vec(),
            certificate_request: key.csr_der(&token.provider).expect("a request"),
            listen_address: String::new(),
            software: "evil".to_owned(),
        };
        let answer = runtime().block_on(enrol(&token, request));
        let bundle = &answer.trust_bundle_pem;
        let identity = Identity::from_pem(&answer.certificate_pem, &key.pem(), bundle).expect("a pair");
        Self { identity, key, provider: token.provider, hub: token.hub }
    }

    /// A certificate and a key from files, shown to the hub at `hub`.
    ///
    /// # Panics
    /// When they do not fit together.
    #[must_use]
    pub fn stolen(certificate: &str, key: &str, bundle: &str, hub: &str) -> Self {
        let identity = Identity::from_pem(certificate, key, bundle).expect("a pair");
        let key = NodeKey::from_pem(key).expect("a key");
        Self { identity, key, provider: "nobody".parse().expect("an id"), hub: hub.to_owned() }
    }

    /// Whether the hub takes up a conversation with this certificate.
    #[must_use]
    pub fn is_let_in(&self) -> bool {
        runtime().block_on(async {
            let Ok(mut stream) = dial(&self.hub, &self.identity).await else { return false };
            let mut greeting = [0; 5];
            let heard = stream.read_exact(&mut greeting);
            // TLS 1.3: this side is done before the hub has looked at the certificate. The hub
            // speaks first, as the client of HTTP/2, or hangs up.
            matches!(tokio::time::timeout(Duration::from_secs(20), heard).await, Ok(Ok(_)))
                && &greeting == b"PRI *"
        })
    }
}

/// One record as an evil node tells it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The id under which it is sent.
    pub id: String,
    /// The hash that is stated.
    pub hash: ContentHash,
    /// The bytes.
    pub record: Vec<u8>,
}

impl Told {
    /// An offer, told as it is.
    #[must_use]
    pub fn truly(offer: &Offer) -> Self {
        Self { id: offer.id().to_string(), hash: content_hash(offer), record: record_of(offer) }
    }
}

/// How the changes are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As the contract says.
    #[default]
    Proper,
    /// Without end.
    Endless,
    /// Not at all: the call is taken and never answered.
    Silent,
    /// The second half first.
    Disordered,
    /// No HTTP/2 at all, but noise.
    Noise,
}

/// What an evil node says.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Its catalogue; each record has the revision of its place, from 1.
    pub records: Vec<Told>,
    /// How it tells it.
    pub manner: Manner,
    /// The identity of its store's life.
    pub epoch: u8,
    /// Another digest than the true one.
    pub digest: Option<Digest>,
    /// Another provider for whom it signs.
    pub signs_for: Option<ProviderId>,
}

impl Script {
    /// A catalogue of honest records.
    #[must_use]
    pub fn honest(offers: impl IntoIterator<Item = Offer>) -> Self {
        Self { records: offers.into_iter().map(|offer| Told::truly(&offer)).collect(), ..Self::default() }
    }

    fn head(&self) -> Head {
        let mut sorted: Vec<&Told> = self.records.iter().collect();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        let mut digester = Digester::default();
        sorted.iter().for_each(|told| digester.add(&told.id, &told.hash));
        Head {
            epoch: EpochId([self.epoch; 16]),
            revision: Revision(self.records.len() as u64),
            count: self.records.len() as u64,
            digest: self.digest.unwrap_or_else(|| digester.finish()),
        }
    }

    fn changes(&self, after: u64) -> Vec<pb::Change> {
        let numbered = (1_u64..).zip(&self.records).filter(|(revision, _)| *revision > after);
        numbered.map(|(revision, told)| change(revision, told)).collect()
    }
}

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
        let runtime = runtime();
        let play = Arc::new(Play { badge, script: Mutex::new(script), receipts: Mutex::default() });
        runtime.spawn(Arc::clone(&play).keep_connected());
        Self { play, _runtime: runtime }
    }

    /// Plays another script from now on.
    pub fn tell(&self, script: Script) {
        *self.play.script.lock().unwrap_or_else(PoisonError::into_inner) = script;
    }

    /// The receipts that the hub handed over, the newest last.
    #[must_use]
    pub fn receipts(&self) -> Vec<pb::Receipt> {
        self.play.receipts.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        self.script.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
            while stream.write_all(b"\x00\xff noise, and no frame of any kind \xfe").await.is_ok() {}
            return;
        }
        let (stream, leash) = Guarded::new(stream, ());
        let service = ProviderNodeServer::from_arc(self);
        let one = tokio_stream::once(Ok::<_, io::Error>(stream));
        // The server waits for connections, the connection ends when the hub hangs up.
        let serving = Server::builder().add_service(service).serve_with_incoming(one);
        tokio::select! {
            _ = serving => {}
            () = leash.gone() => {}
        }
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl ProviderNode for Play {
    async fn get_head(&self, _: Request<pb::GetHeadRequest>) -> Result<Response<pb::SignedHead>, Status> {
        let script = self.script();
        let (head, signed_at) = (script.head(), Moment(1_767_225_600));
        let whose = script.signs_for.as_ref().unwrap_or(&self.badge.provider);
        let message = signing_bytes(whose, &head, signed_at);
        let signature = self.badge.key.sign(&message).map_err(|_| nothing())?;
        Ok(Response::new(signed_to_wire(SignedHead { head, signed_at, signature }, "evil")))
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
            Manner::Proper | Manner::Noise => {
                // Two batches, so that what comes first can be committed alone.
                let late = changes.split_off(changes.len() / 2);
                let middle = after + changes.len() as u64;
                let up_to = script.records.len() as u64;
                let both = [batch(epoch, after, middle, changes), batch(epoch, middle, up_to, late)];
                Box::pin(tokio_stream::iter(both.map(Ok)))
            }
        };
        Ok(Response::new(answers))
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
                content_hash: told.hash.0.to_vec().into(),
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
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).push(receipt);
        Ok(Response::new(pb::AcknowledgeResponse {}))
    }
}

/// The same few records under new ids, for ever.
fn endless(script: &Script, after: u64) -> impl Iterator<Item = pb::ChangeBatch> + Send + 'static {
    const PIECE: u64 = 50;
    let epoch = script.head().epoch;
    let record = script.records.first().map(|told| told.record.clone()).unwrap_or_default();
    (0..).map(move |round| {
        let begin = after + round * PIECE;
        let told = |revision: u64| {
            let hash = ContentHash(*blake3::hash(&revision.to_be_bytes()).as_bytes());
            change(revision, &Told { id: format!("E-{revision}"), hash, record: record.clone() })
        };
        batch(epoch, begin, begin + PIECE, (begin + 1..=begin + PIECE).map(told).collect())
    })
}

fn batch(epoch: EpochId, after: u64, up_to: u64, changes: Vec<pb::Change>) -> pb::ChangeBatch {
    pb::ChangeBatch {
        epoch: epoch.0.to_vec().into(),
        after_revision: after,
        up_to_revision: up_to,
        changes,
    }
}

fn change(revision: u64, told: &Told) -> pb::Change {
    pb::Change {
        revision,
        offer_id: told.id.clone(),
        content_hash: told.hash.0.to_vec().into(),
        body: Some(pb::change::Body::Offer(told.record.clone().into())),
    }
}

fn nothing() -> Status {
    status_of(Reaction::AskOperator, "evil")
}

async fn dial(hub: &str, identity: &Identity) -> io::Result<TlsStream<TcpStream>> {
    let config = mutual_client(identity, ALPN_REVERSE).map_err(io::Error::other)?;
    let name = server_name(&Peer::Hub).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, TcpStream::connect(hub).await?).await
}

async fn enrol(token: &JoinToken, request: pb::EnrolRequest) -> pb::EnrolResponse {
    let config = pinned_client(token.fingerprint).expect("TLS");
    let hub = token.hub.clone();
    let connector = tower::service_fn(move |_: Uri| {
        let (config, hub) = (Arc::clone(&config), hub.clone());
        async move {
            let name = server_name(&Peer::Hub).map_err(io::Error::other)?;
            let stream = TcpStream::connect(hub).await?;
            TlsConnector::from(config).connect(name, stream).await.map(TokioIo::new)
        }
    });
    let endpoint = Endpoint::from_static("http://hub.calluna.internal");
    let channel = endpoint.connect_with_connector(connector).await.expect("the hub answers");
    MembershipClient::new(channel).enrol(request).await.expect("the hub enrols").into_inner()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}
