//! A node and a hub made of its parts, over real TLS on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::tls::{ALPN_GRPC, ALPN_REVERSE, Identity};
use calluna_certs::{Authority, mint, verify_signature};
use calluna_host::tasks::Tasks;
use calluna_model::entropy::SeededEntropy;
use calluna_model::failure::Reaction;
use calluna_model::head::signing_bytes;
use calluna_wire::convert::head::signed_from_wire;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::provider_node_client::ProviderNodeClient;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tonic::transport::{Channel, Endpoint, Uri};

use super::*;
use crate::config::Config;
use crate::fixture::{candidates, member, offers};
use crate::publish::Terms;
use crate::run::{Node, Serving};

const LONG: Duration = Duration::from_secs(20);

struct Running {
    _dir: TempDir,
    node: Node,
    tasks: Tasks,
    serving: Serving,
}

async fn start(authority: &Authority, hub: &str, listen: &str) -> Running {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(hub, "vhs".parse().unwrap());
    config.listen.address = listen.to_owned();
    config.link.reconnect_seconds = 0;
    let data = member(&dir.path().join("n"), authority, &config);
    let node = Node::open(
        data.path(),
        Arc::new(mint::clock()),
        Arc::new(SeededEntropy::new(3)),
    )
    .unwrap();
    node.publisher()
        .publish(&candidates(&offers(100, 1_500)), &Terms::default())
        .unwrap();
    let tasks = Tasks::default();
    let serving = node.serve(&tasks).await.unwrap();
    Running {
        _dir: dir,
        node,
        tasks,
        serving,
    }
}

/// A hub's end of a stream, as a gRPC client.
async fn client<S>(stream: S) -> ProviderNodeClient<Channel>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let slot = Mutex::new(Some(TokioIo::new(stream)));
    let connector = tower::service_fn(move |_: Uri| {
        let stream = slot.lock().unwrap().take();
        async move { stream.ok_or_else(|| std::io::Error::other("used up")) }
    });
    let channel = Endpoint::from_static("http://node")
        .connect_with_connector(connector)
        .await
        .unwrap();
    ProviderNodeClient::new(channel)
}

/// Accepts one node that dials to be called, as a hub does; one that calls is sent away.
async fn accept(tcp: &TcpListener, hub: &Identity) -> tokio_rustls::server::TlsStream<TcpStream> {
    let config = tls::mutual_server(hub, &[ALPN_GRPC, ALPN_REVERSE]).unwrap();
    loop {
        let (stream, _) = timeout(LONG, tcp.accept()).await.unwrap().unwrap();
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        // One that called and gave up meanwhile is none.
        let Ok(stream) = acceptor.accept(stream).await else {
            continue;
        };
        if stream.get_ref().1.alpn_protocol() == Some(ALPN_REVERSE) {
            return stream;
        }
    }
}

async fn dial(
    to: SocketAddr,
    caller: &Identity,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let config = tls::mutual_client(caller, ALPN_GRPC).unwrap();
    let name = tls::server_name(&mint::provider("vhs")).unwrap();
    TlsConnector::from(config)
        .connect(name, TcpStream::connect(to).await?)
        .await
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, waiting)
        .await
        .unwrap_or_else(|_| panic!("never happened: {what}"));
}

#[tokio::test]
async fn a_node_dials_serves_and_dials_again_after_a_loss() {
    let authority = mint::district();
    let hub = mint::hub(&authority);
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap().to_string();
    let running = start(&authority, &address, "").await;
    for _ in 0..2 {
        let stream = accept(&tcp, &hub).await;
        let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
        let mut client = client(stream).await;
        let request = pb::GetHeadRequest {
            versions: vec!["v1".to_owned()],
            trust_digest: Vec::new(),
        };
        let answer = client.get_head(request).await.unwrap().into_inner();
        assert_eq!(answer.versions, ["v1"]);
        let signed = signed_from_wire(answer).unwrap();
        let bytes = signing_bytes(
            running.node.publisher().provider(),
            &signed.head,
            signed.signed_at,
        );
        // The member's certificate and the key that signs belong together.
        verify_signature(&certificate, &bytes, &signed.signature).unwrap();
        let request = pb::StreamChangesRequest::default();
        let mut changes = client.stream_changes(request).await.unwrap().into_inner();
        let mut count = 0;
        while let Some(batch) = changes.message().await.unwrap() {
            count += batch.changes.len();
        }
        assert_eq!(count, 100);
        until("connected", || {
            running.serving.link.look().connected_since.is_some()
        })
        .await;
        drop((changes, client));
        until("lost", || {
            !running.serving.link.look().last_error.is_empty()
        })
        .await;
    }
    drop(tcp);
    // The attempt that was under way may end otherwise; the next one finds nobody.
    until("nobody listens", || {
        let info = running.serving.link.look();
        info.attempts > 0 && info.last_error.contains("nothing listens")
    })
    .await;
    let ended = running.tasks.drain(LONG).await;
    assert_eq!(ended, calluna_host::tasks::Ended::Quietly);
}

#[tokio::test]
async fn errors_reach_the_hub_with_their_reaction() {
    let authority = mint::district();
    let running = start(&authority, "127.0.0.1:1", "127.0.0.1:0").await;
    let to = running.serving.listening.unwrap();
    let mut client = client(dial(to, &mint::hub(&authority)).await.unwrap()).await;
    let reaction = |status: tonic::Status| PeerFailure::from(status).reaction;
    let epoch = vec![9; 16];
    let other = client
        .stream_changes(pb::StreamChangesRequest {
            epoch: epoch.clone(),
            after_revision: 0,
        })
        .await;
    assert_eq!(reaction(other.unwrap_err()), Reaction::Reconcile);
    let other = client
        .list_fingerprints(pb::ListFingerprintsRequest { epoch })
        .await;
    assert_eq!(reaction(other.unwrap_err()), Reaction::Reconcile);
    let short = client
        .stream_changes(pb::StreamChangesRequest {
            epoch: vec![1],
            after_revision: 0,
        })
        .await;
    assert_eq!(reaction(short.unwrap_err()), Reaction::FixRequest);
    let version = client
        .get_head(pb::GetHeadRequest {
            versions: vec!["v9".to_owned()],
            trust_digest: Vec::new(),
        })
        .await;
    assert_eq!(reaction(version.unwrap_err()), Reaction::FixRequest);
    let missing = client
        .acknowledge(pb::AcknowledgeRequest { receipt: None })
        .await;
    assert_eq!(reaction(missing.unwrap_err()), Reaction::FixRequest);
    running.tasks.drain(LONG).await;
}

#[tokio::test]
async fn inv2_a_listening_node_answers_the_hub_and_nobody_else() {
    let authority = mint::district();
    let running = start(&authority, "127.0.0.1:1", "127.0.0.1:0").await;
    let to = running.serving.listening.unwrap();
    // Somebody who connects and says nothing holds up nobody.
    let silent = TcpStream::connect(to).await.unwrap();
    let request = || pb::GetHeadRequest {
        versions: vec!["v1".to_owned()],
        trust_digest: Vec::new(),
    };
    for stranger in [
        mint::node(&authority, "school"),
        mint::foreign(&mint::district(), &Peer::Hub, &authority),
    ] {
        let refused = match dial(to, &stranger).await {
            // In TLS 1.3 the refusal comes with the first answer.
            Ok(stream) => {
                let config = Endpoint::from_static("http://node");
                let slot = Mutex::new(Some(TokioIo::new(stream)));
                let connector = tower::service_fn(move |_: Uri| {
                    let stream = slot.lock().unwrap().take();
                    async move { stream.ok_or_else(|| std::io::Error::other("used up")) }
                });
                match config.connect_with_connector(connector).await {
                    Ok(channel) => ProviderNodeClient::new(channel)
                        .get_head(request())
                        .await
                        .is_err(),
                    Err(_) => true,
                }
            }
            Err(_) => true,
        };
        assert!(refused);
    }
    assert_eq!(running.serving.link.look().connected_since, None);
    let mut hub = client(dial(to, &mint::hub(&authority)).await.unwrap()).await;
    assert!(hub.get_head(request()).await.is_ok());
    drop(silent);
    running.tasks.drain(LONG).await;
}

#[tokio::test]
async fn inv2_a_dialling_node_serves_nobody_but_the_hub() {
    let authority = mint::district();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = start(&authority, &tcp.local_addr().unwrap().to_string(), "").await;
    let impostor = tls::mutual_server(&mint::node(&authority, "school"), &[ALPN_REVERSE]).unwrap();
    let (stream, _) = tcp.accept().await.unwrap();
    assert!(TlsAcceptor::from(impostor).accept(stream).await.is_err());
    until("refused", || running.serving.link.look().attempts > 0).await;
    let why = running.serving.link.look().last_error;
    assert!(why.contains("hub.calluna.internal"), "{why}");
    running.tasks.drain(LONG).await;
}
