//! Provider → gRPC channel, whichever side opened the connection.
//!
//! On every channel the *hub* is the gRPC client and the node serves. [`accept`] takes the
//! connections that nodes dial, [`dial`] opens the ones to nodes that listen. There is at most one
//! live connection per provider: the newest wins, the older one is cut. Two nodes that take turns
//! with one identity are found by [`twin`].

pub mod accept;
pub mod dial;
pub mod twin;

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use calluna_certs::Peer;
use calluna_host::guarded::{Guarded, Leash};
use calluna_host::h2;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tonic::transport::Channel;
use tower::service_fn;

use self::twin::Twins;

/// Connections on which one member may call the hub at once. A node needs one.
const CALLERS: usize = 4;

/// A live connection to a node.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Calls go here.
    pub channel: Channel,
    /// The certificate with which the node proved itself.
    pub leaf: CertificateDer<'static>,
    /// Since when.
    pub since: Moment,
    /// Where the other end is.
    pub from: String,
    leash: Leash,
}

/// Every live connection.
#[derive(Debug, Default)]
pub struct Links {
    live: Mutex<HashMap<ProviderId, Connection>>,
    /// Connections that this side opened, for as long as they are used.
    dialled: Mutex<HashMap<ProviderId, Leash>>,
    /// Connections on which members call the hub.
    callers: Mutex<HashMap<ProviderId, Vec<Leash>>>,
    changed: Notify,
    twins: Twins,
}

impl Links {
    /// Takes a new connection of `provider`. The older one is given back if it still lives: it is
    /// no longer used, and is the caller's to cut.
    fn replace(&self, provider: &ProviderId, connection: Connection) -> Option<Connection> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|_, old| !old.leash.is_gone());
        let old = live.insert(provider.clone(), connection);
        drop(live);
        self.changed.notify_waiters();
        old
    }

    /// The live connection of `provider`.
    #[must_use]
    pub fn get(&self, provider: &ProviderId) -> Option<Connection> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.get(provider)
            .filter(|connection| !connection.leash.is_gone())
            .cloned()
    }

    /// The live connection of `provider`, waiting for it at most `patience`.
    pub async fn wait(&self, provider: &ProviderId, patience: Duration) -> Option<Connection> {
        let waiting = async {
            loop {
                // Registered before the look, so that no change is missed in between.
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if let Some(connection) = self.get(provider) {
                    return connection;
                }
                changed.await;
            }
        };
        tokio::time::timeout(patience, waiting).await.ok()
    }

    /// Ends the connections of `provider`, whichever side opened them.
    pub fn cut(&self, provider: &ProviderId) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = live.remove(provider) {
            connection.leash.cut();
        }
        drop(live);
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leash) = dialled.remove(provider) {
            leash.cut();
        }
        drop(dialled);
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers
            .remove(provider)
            .into_iter()
            .flatten()
            .for_each(|leash| leash.cut());
    }

    /// Notes a connection on which `provider` calls the hub; false when it has too many of them already,
    /// so that one member cannot take the places of all.
    pub(crate) fn calls(&self, provider: &ProviderId, leash: &Leash) -> bool {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers.retain(|_, all| {
            all.retain(|leash| !leash.is_gone());
            !all.is_empty()
        });
        let all = callers.entry(provider.clone()).or_default();
        let room = all.len() < CALLERS;
        if room {
            all.push(leash.clone());
        }
        room
    }

    /// Notes a connection that this side opened, so that it can be cut.
    pub(crate) fn dialled(&self, provider: &ProviderId, connection: &Connection) {
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        dialled.retain(|_, leash| !leash.is_gone());
        dialled.insert(provider.clone(), connection.leash.clone());
    }

    /// Ends every connection, so that the process can end.
    pub fn cut_all(&self) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.drain()
            .for_each(|(_, connection)| connection.leash.cut());
    }
}

/// Makes a channel on an open stream whose other end was proved to be `peer`, with `leaf`.
///
/// # Errors
/// When the other side does not speak HTTP/2.
pub async fn channel_on<S>(
    stream: S,
    peer: Peer,
    leaf: CertificateDer<'static>,
    since: Moment,
    from: String,
) -> Result<Connection, tonic::transport::Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (stream, leash) = Guarded::new(stream, peer);
    // The stream can be used once: a lost connection is never dialled again from here.
    let slot = Mutex::new(Some(stream));
    let connector = service_fn(move |_: tonic::transport::Uri| {
        let stream = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move {
            stream
                .map(TokioIo::new)
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))
        }
    });
    let channel = h2::caller("http://node.calluna.internal")
        .connect_with_connector(connector)
        .await?;
    Ok(Connection {
        channel,
        leaf,
        since,
        from,
        leash,
    })
}
