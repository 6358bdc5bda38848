//! The one port that nodes dial.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::tls::{self, explain_io, peer_from_chain};
use calluna_certs::{CertError, Peer};
use calluna_host::guarded::Guarded;
use calluna_host::tasks::Tasks;
use calluna_model::id::ProviderId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use super::Connection;
use crate::hub::Hub;

/// How long a handshake may take. It is short because whoever connects and says nothing takes up
/// a place for as long.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes at once; more wait in the operating system's queue.
const HANDSHAKES: usize = 1_024;
/// Connections for enrolling at once: they need no certificate, so anybody can open one.
const ENROLMENTS: usize = 64;
/// How long such a connection may last. A node needs it for a second.
const ENROLMENT: Duration = Duration::from_secs(60);

/// A stream on which somebody wants to enrol.
pub type EnrolStream = Guarded<TlsStream<TcpStream>, ()>;

/// The doors behind the port.
struct Doors {
    hub: Arc<Hub>,
    mutual: Arc<ServerConfig>,
    enrol: Arc<ServerConfig>,
    enrolments: mpsc::Sender<io::Result<EnrolStream>>,
    room: Arc<Semaphore>,
    tasks: Tasks,
}

/// Accepts connections until the process ends. Streams that want to enrol are handed to
/// `enrolments`; connections of nodes appear in the hub's links.
///
/// # Errors
/// When the hub's own certificate cannot serve.
pub fn start(
    hub: &Arc<Hub>,
    listener: TcpListener,
    enrolments: mpsc::Sender<io::Result<EnrolStream>>,
    tasks: &Tasks,
) -> Result<(), CertError> {
    let doors = Arc::new(Doors {
        hub: Arc::clone(hub),
        mutual: tls::mutual_server(&hub.identity, &[tls::ALPN_REVERSE])?,
        enrol: tls::enrol_server(&hub.identity)?,
        enrolments,
        room: Arc::new(Semaphore::new(ENROLMENTS)),
        tasks: tasks.clone(),
    });
    let (all, stopping) = (tasks.clone(), tasks.stopping());
    tasks.spawn("accept", async move {
        tokio::select! {
            () = stopping => {}
            () = accept(listener, doors, all) => {}
        }
    });
    Ok(())
}

async fn accept(listener: TcpListener, doors: Arc<Doors>, tasks: Tasks) {
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        // The semaphore is never closed; if it were, there would be no room to accept into.
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(cause) => {
                // Out of file handles, mostly: passing, and worse if asked again at once.
                tracing::warn!(%cause, "cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let doors = Arc::clone(&doors);
        tasks.spawn("handshake", async move {
            let greeted = tokio::time::timeout(HANDSHAKE, greet(stream, from, &doors)).await;
            drop(place);
            match greeted {
                Ok(Ok(Some((provider, connection)))) => {
                    tracing::info!(provider = %provider, %from, "node connected");
                    doors.hub.links.admit(&provider, connection).await;
                }
                Ok(Ok(None)) => {}
                Ok(Err(cause)) => tracing::info!(cause = explain_io(&cause), "connection refused"),
                Err(_) => tracing::info!("connection refused: the handshake took too long"),
            }
        });
    }
}

/// Finds out who it is: a node, or somebody who wants to enrol and is handed on.
async fn greet(
    stream: TcpStream,
    from: SocketAddr,
    doors: &Doors,
) -> io::Result<Option<(ProviderId, Connection)>> {
    stream.set_nodelay(true)?;
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    if tls::wants_enrolment(&start.client_hello()) {
        let stream = start.into_stream(Arc::clone(&doors.enrol)).await?;
        return enrolment(stream, doors).await.map(|()| None);
    }
    let stream = start.into_stream(Arc::clone(&doors.mutual)).await?;
    if stream.get_ref().1.alpn_protocol() != Some(tls::ALPN_REVERSE) {
        return Err(io::Error::other(
            "a node has to say calluna-rev/1 when it dials",
        ));
    }
    let chain = stream.get_ref().1.peer_certificates();
    let peer = peer_from_chain(chain).map_err(io::Error::other)?;
    let leaf = chain.and_then(<[CertificateDer<'static>]>::first).cloned();
    let (Peer::Provider(provider), Some(leaf)) = (&peer, leaf) else {
        return Err(io::Error::other("only nodes may dial the hub"));
    };
    let provider = provider.clone();
    let joined = doors
        .hub
        .store
        .member(&provider)
        .map_err(io::Error::other)?;
    if joined.is_none_or(|member| member.joined_at.is_none()) {
        return Err(io::Error::other(format!(
            "`{provider}` is not a member of this hub"
        )));
    }
    let since = doors.hub.clock.now();
    let connection = super::channel_on(stream, peer, leaf, since, from.to_string())
        .await
        .map_err(io::Error::other)?;
    Ok(Some((provider, connection)))
}

/// Hands a stream on to enrolment, and ends it when it lasts too long.
async fn enrolment(stream: TlsStream<TcpStream>, doors: &Doors) -> io::Result<()> {
    let place = Arc::clone(&doors.room).try_acquire_owned();
    let place =
        place.map_err(|_| io::Error::other("too many connections for enrolling at once"))?;
    let (stream, leash) = Guarded::new(stream, ());
    let handed = doors.enrolments.send(Ok(stream)).await;
    handed.map_err(io::Error::other)?;
    let stopping = doors.tasks.stopping();
    doors.tasks.spawn("enrolment", async move {
        let _place = place;
        tokio::select! {
            () = leash.gone() => {}
            () = tokio::time::sleep(ENROLMENT) => leash.cut(),
            () = stopping => {}
        }
    });
    Ok(())
}
