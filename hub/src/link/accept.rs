//! The one port that nodes dial.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_certs::Peer;
use calluna_certs::tls::{self, explain_io, peer_from_chain};
use calluna_host::guarded::Guarded;
use calluna_host::tasks::Tasks;
use calluna_model::id::ProviderId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use super::Connection;
use crate::hub::Hub;
use crate::members;
use crate::tries::Source;

/// How long a handshake may take. It is short because whoever connects and says nothing takes up
/// a place for as long.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes at once; more wait in the operating system's queue.
const HANDSHAKES: usize = 1_024;
/// Connections for enrolling at once: they need no certificate, so anybody can open one.
const ENROLMENTS: usize = 64;
/// How many of them one source may take: whoever holds connections open must not close the door.
const FROM_ONE_SOURCE: usize = ENROLMENTS / 4;
/// Connections of members that call the hub at once.
const CALLERS: usize = 256;
/// How long such a connection may last. A node needs it for a second.
const CALL: Duration = Duration::from_secs(60);

/// Who calls the hub.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Somebody without a certificate, and where.
    Stranger(Source),
    /// A node that proved itself with this certificate.
    Member(ProviderId, CertificateDer<'static>),
    /// A stream that came through none of our doors.
    Nobody,
}

/// A stream on which somebody calls the hub.
pub type CallStream = Guarded<TlsStream<TcpStream>, Caller>;

/// How many connections for enrolling each source has.
#[derive(Clone, Debug, Default)]
struct Sources(Arc<Mutex<HashMap<Source, usize>>>);

impl Sources {
    /// One more of `source`, as long as the seat is kept; nothing where it has enough.
    fn sit(&self, source: Source) -> Option<Seat> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(source).or_default();
        if *taken >= FROM_ONE_SOURCE {
            return None;
        }
        *taken += 1;
        drop(all);
        let sources = self.clone();
        Some(Seat { source, sources })
    }
}

/// One connection of a source.
#[derive(Debug)]
struct Seat {
    source: Source,
    sources: Sources,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let all = &self.sources.0;
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = all.get_mut(&self.source) {
            *taken -= 1;
            if *taken == 0 {
                all.remove(&self.source);
            }
        }
    }
}

/// The doors behind the port.
struct Doors {
    hub: Arc<Hub>,
    calls: mpsc::Sender<io::Result<CallStream>>,
    strangers: Arc<Semaphore>,
    sources: Sources,
    callers: Arc<Semaphore>,
    tasks: Tasks,
}

/// Accepts connections until the process ends. Streams on which the hub is called are handed to
/// `calls`; connections on which the hub calls appear in its links.
pub fn start(
    hub: &Arc<Hub>,
    listener: TcpListener,
    calls: mpsc::Sender<io::Result<CallStream>>,
    tasks: &Tasks,
) {
    let doors = Arc::new(Doors {
        hub: Arc::clone(hub),
        calls,
        strangers: Arc::new(Semaphore::new(ENROLMENTS)),
        sources: Sources::default(),
        callers: Arc::new(Semaphore::new(CALLERS)),
        tasks: tasks.clone(),
    });
    let (all, stopping) = (tasks.clone(), tasks.stopping());
    tasks.spawn("accept", async move {
        tokio::select! {
            () = stopping => {}
            () = accept(listener, doors, all) => {}
        }
    });
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
                    let leaf = connection.leaf.clone();
                    doors.hub.links.admit(&provider, connection).await;
                    // Put out between the first look and the moment from which it can be cut?
                    if welcome(&doors.hub, &provider, &leaf).await.is_err() {
                        doors.hub.links.cut(&provider);
                    }
                }
                Ok(Ok(None)) => {}
                Ok(Err(cause)) => tracing::info!(cause = explain_io(&cause), "connection refused"),
                Err(_) => tracing::info!("connection refused: the handshake took too long"),
            }
        });
    }
}

/// Finds out who it is: a node that is to be called, or somebody who calls and is handed on. What
/// the hub shows of itself is looked up for each connection.
async fn greet(
    stream: TcpStream,
    from: SocketAddr,
    doors: &Doors,
) -> io::Result<Option<(ProviderId, Connection)>> {
    stream.set_nodelay(true)?;
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let standing = doors.hub.trust.now();
    if tls::wants_enrolment(&start.client_hello()) {
        let source = Source::from(from.ip());
        let seat = doors.sources.sit(source).ok_or_else(|| {
            io::Error::other("too many connections for enrolling from one address")
        })?;
        let stream = start.into_stream(Arc::clone(&standing.enrol)).await?;
        let room = (&doors.strangers, Some(seat));
        return hand_on(stream, Caller::Stranger(source), room, doors)
            .await
            .map(|()| None);
    }
    let stream = start.into_stream(Arc::clone(&standing.mutual)).await?;
    let asked = stream.get_ref().1.alpn_protocol();
    let calls = asked == Some(tls::ALPN_GRPC);
    if !calls && asked != Some(tls::ALPN_REVERSE) {
        return Err(io::Error::other(
            "a node has to say calluna-rev/1 or h2 when it dials",
        ));
    }
    let chain = stream.get_ref().1.peer_certificates();
    let peer = peer_from_chain(chain).map_err(io::Error::other)?;
    let leaf = chain.and_then(<[CertificateDer<'static>]>::first).cloned();
    let (Peer::Provider(provider), Some(leaf)) = (&peer, leaf) else {
        return Err(io::Error::other("only nodes may dial the hub"));
    };
    let provider = provider.clone();
    if calls {
        // Whether it is welcome is asked again on every call, and answered in words.
        let caller = Caller::Member(provider, leaf);
        return hand_on(stream, caller, (&doors.callers, None), doors)
            .await
            .map(|()| None);
    }
    welcome(&doors.hub, &provider, &leaf).await?;
    let since = doors.hub.clock.now();
    let connection = super::channel_on(stream, peer, leaf, since, from.to_string())
        .await
        .map_err(io::Error::other)?;
    Ok(Some((provider, connection)))
}

/// Whether the certificate opens the doors of this hub.
async fn welcome(
    hub: &Arc<Hub>,
    provider: &ProviderId,
    leaf: &CertificateDer<'static>,
) -> io::Result<()> {
    let (hub, provider, leaf) = (Arc::clone(hub), provider.clone(), leaf.clone());
    let looked = tokio::task::spawn_blocking(move || members::admit(&hub, &provider, &leaf));
    let looked = looked.await.map_err(io::Error::other)?;
    looked.map_err(io::Error::other)
}

/// Hands a stream on to the service that answers callers, and ends it when it lasts too long.
async fn hand_on(
    stream: TlsStream<TcpStream>,
    caller: Caller,
    (room, seat): (&Arc<Semaphore>, Option<Seat>),
    doors: &Doors,
) -> io::Result<()> {
    let place = Arc::clone(room).try_acquire_owned();
    let place = place.map_err(|_| io::Error::other("too many callers at once"))?;
    let member = match &caller {
        Caller::Member(provider, _) => Some(provider.clone()),
        Caller::Stranger(_) | Caller::Nobody => None,
    };
    let (stream, leash) = Guarded::new(stream, caller);
    if let Some(provider) = member
        && !doors.hub.links.calls(&provider, &leash)
    {
        return Err(io::Error::other("too many callers of one member at once"));
    }
    let handed = doors.calls.send(Ok(stream)).await;
    handed.map_err(io::Error::other)?;
    let stopping = doors.tasks.stopping();
    doors.tasks.spawn("caller", async move {
        let _place = (place, seat);
        tokio::select! {
            () = leash.gone() => {}
            () = tokio::time::sleep(CALL) => leash.cut(),
            () = stopping => {}
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn one_source_takes_a_quarter_of_the_places_and_gives_them_back() {
        let sources = Sources::default();
        let here = Source::from(IpAddr::from([192, 0, 2, 1]));
        let other = Source::from(IpAddr::from([192, 0, 2, 2]));
        let mut seats: Vec<Seat> = (0..16).map(|_| sources.sit(here).unwrap()).collect();
        assert!(sources.sit(here).is_none());
        assert!(sources.sit(other).is_some());
        seats.pop();
        seats.push(sources.sit(here).unwrap());
        assert!(sources.sit(here).is_none());
        drop(seats);
        let left = sources.0.lock().unwrap().len();
        assert_eq!(left, 0, "nobody is remembered");
    }
}
