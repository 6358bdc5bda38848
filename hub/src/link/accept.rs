//! The one port that nodes dial.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::tls::{self, explain_io, peer_from_chain};
use calluna_certs::{CertError, Peer};
use calluna_host::guarded::Guarded;
use calluna_host::tasks::Tasks;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use crate::hub::Hub;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at once; more wait in the operating system's queue.
const HANDSHAKES: usize = 256;

/// A stream on which somebody wants to enrol.
pub type EnrolStream = Guarded<TlsStream<TcpStream>, ()>;

/// The doors behind the port.
struct Doors {
    hub: Arc<Hub>,
    mutual: Arc<ServerConfig>,
    enrol: Arc<ServerConfig>,
    enrolments: mpsc::Sender<io::Result<EnrolStream>>,
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
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(cause) => {
                // Out of file handles, mostly: passing, and worse if asked again at once.
                tracing::warn!(%cause, "cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let doors = Arc::clone(&doors);
        tasks.spawn("handshake", async move {
            let _place = place;
            match tokio::time::timeout(HANDSHAKE, greet(stream, &doors)).await {
                Ok(Ok(())) => {}
                Ok(Err(cause)) => tracing::info!(cause = explain_io(&cause), "connection refused"),
                Err(_) => tracing::info!("connection refused: the handshake took too long"),
            }
        });
    }
}

async fn greet(stream: TcpStream, doors: &Doors) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    if tls::wants_enrolment(&start.client_hello()) {
        let stream = start.into_stream(Arc::clone(&doors.enrol)).await?;
        let (stream, _leash) = Guarded::new(stream, ());
        return doors
            .enrolments
            .send(Ok(stream))
            .await
            .map_err(io::Error::other);
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
    let connection = super::channel_on(stream, peer, leaf, since)
        .await
        .map_err(io::Error::other)?;
    tracing::info!(provider = %provider, "node connected");
    doors.hub.links.insert(provider, connection);
    Ok(())
}
