//! One connection with the hub at a time, whichever side opened it; on it the node serves.
//!
//! `dial` opens it towards the hub, `listen` waits for the hub. Both hand their streams to one
//! gRPC server, after they have proved that the hub is at the other end.

mod backoff;
mod dial;
mod heard;
mod listen;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use calluna_certs::{NodeKey, Peer, tls};
use calluna_host::guarded::Guarded;
use calluna_host::h2::{KEEP_ALIVE, KEEP_ALIVE_ANSWER};
use calluna_model::clock::{Clock, Moment};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

pub use self::backoff::Backoff;
pub(crate) use self::dial::Dialler;
use self::heard::Heard;
pub(crate) use self::listen::Listener;

/// How long a connection and its handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection at whose other end the hub is.
pub(crate) type HubStream = Guarded<Heard<TlsStream<TcpStream>>, Session>;

/// What is known of a connection: who is at its other end, and the key with which this side proved
/// itself. What is signed on a connection is signed with that one, also when the node has a new
/// certificate meanwhile.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who is there.
    pub peer: Peer,
    /// The key of the certificate that was shown.
    pub key: Arc<NodeKey>,
}

/// Which side opens the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The node dials the hub.
    #[default]
    DialsOut,
    /// The hub dials the node.
    Listens,
}

/// How the connection with the hub stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkInfo {
    /// Which side opens it.
    pub way: Way,
    /// The hub's address, or the address that the node listens at.
    pub address: String,
    /// Since when it stands; nothing while there is none.
    pub connected_since: Option<Moment>,
    /// Attempts since the last connection.
    pub attempts: u64,
    /// Why the last attempt failed or the last connection ended, in words; empty when all is well.
    pub last_error: String,
}

/// [`LinkInfo`] that changes. Clones show the same.
#[derive(Clone, Debug)]
pub struct LinkState {
    info: Arc<Mutex<LinkInfo>>,
    clock: Arc<dyn Clock>,
}

impl LinkState {
    /// A link that has not been tried yet.
    #[must_use]
    pub fn new(way: Way, address: String, clock: Arc<dyn Clock>) -> Self {
        let info = LinkInfo {
            way,
            address,
            ..LinkInfo::default()
        };
        Self {
            info: Arc::new(Mutex::new(info)),
            clock,
        }
    }

    /// How it stands.
    #[must_use]
    pub fn look(&self) -> LinkInfo {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, LinkInfo> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connected(&self) {
        tracing::info!("link: connected with the hub");
        let now = self.clock.now();
        let mut info = self.lock();
        info.connected_since = Some(now);
        info.attempts = 0;
        info.last_error.clear();
    }

    fn lost(&self, why: String) {
        tracing::info!(%why, "link: the connection with the hub ended");
        let mut info = self.lock();
        info.connected_since = None;
        info.last_error = why;
    }

    fn failed(&self, why: String) {
        let mut info = self.lock();
        info.attempts += 1;
        if info.last_error == why {
            tracing::debug!(%why, attempts = info.attempts, "link: still no connection with the hub");
        } else {
            tracing::warn!(%why, "link: no connection with the hub");
            info.last_error = why;
        }
    }
}

/// Prepares a connection: small messages go at once, and a peer that vanished is noticed.
fn prepare(tcp: &TcpStream) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(KEEP_ALIVE)
        .with_interval(KEEP_ALIVE_ANSWER);
    socket2::SockRef::from(tcp).set_tcp_keepalive(&keepalive)
}

/// Whether the hub is at the other end; otherwise why not, in words.
fn check_hub(stream: &TlsStream<TcpStream>) -> Result<(), String> {
    let (_, session) = stream.get_ref();
    match tls::peer_from_chain(session.peer_certificates()) {
        Ok(Peer::Hub) => Ok(()),
        Ok(other) => Err(format!(
            "{other} is at the other end, and only the hub may be; the connection was refused"
        )),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
