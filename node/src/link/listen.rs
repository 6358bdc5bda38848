//! Listening: for nodes that the hub can reach.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::Peer;
use calluna_certs::tls::{self, ALPN_GRPC, explain_io};
use calluna_host::guarded::Guarded;
use calluna_host::tasks::Tasks;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsStream};

use super::heard::Heard;
use super::{HANDSHAKE, HubStream, LinkState, Session, check_hub, prepare};
use crate::keyring::Keyring;

/// How many handshakes may go on at once: strangers can knock, but not fill the memory.
const HANDSHAKES: usize = 64;

/// Accepts the hub, and nobody else.
pub(crate) struct Listener {
    tcp: TcpListener,
    keyring: Arc<Keyring>,
    state: LinkState,
}

impl Listener {
    pub(crate) fn new(tcp: TcpListener, keyring: Arc<Keyring>, state: LinkState) -> Self {
        Self {
            tcp,
            keyring,
            state,
        }
    }

    /// Accepts until the process is asked to stop. Handshakes go on in tasks of their own, so that
    /// nobody who connects and says nothing holds up the others.
    pub(crate) async fn accept(self, streams: mpsc::Sender<HubStream>, tasks: Tasks) {
        let room = Arc::new(Semaphore::new(HANDSHAKES));
        let stop = tasks.token();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.tcp.accept() => accepted,
            };
            let (tcp, from) = match accepted {
                Ok(accepted) => accepted,
                Err(cause) => {
                    // No file handles left, most likely: wait, do not spin.
                    tracing::warn!(%cause, "link: cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                tracing::warn!(%from, "link: too many handshakes at once; a connection was dropped");
                continue;
            };
            // Looked up for each connection: certificate and trust bundle are exchanged meanwhile.
            let badge = self.keyring.now();
            let config = match tls::mutual_server(&badge.identity, &[ALPN_GRPC]) {
                Ok(config) => config,
                Err(cause) => {
                    tracing::error!(%cause, "link: this node cannot prove itself");
                    continue;
                }
            };
            let (acceptor, state) = (TlsAcceptor::from(config), self.state.clone());
            let session = Session {
                peer: Peer::Hub,
                key: Arc::clone(&badge.key),
            };
            let (streams, stop) = (streams.clone(), stop.clone());
            tasks.spawn("connection", async move {
                let stream = greet(tcp, from, &acceptor).await;
                drop(place);
                if let Some(stream) = stream {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = serve_until_gone(stream, session, &streams, &state) => {}
                    }
                }
            });
        }
    }
}

/// The handshake; whoever is not the hub is sent away.
async fn greet(
    tcp: TcpStream,
    from: SocketAddr,
    acceptor: &TlsAcceptor,
) -> Option<TlsStream<TcpStream>> {
    let refused = |why: String| tracing::warn!(%from, %why, "link: a connection was refused");
    if let Err(cause) = prepare(&tcp) {
        refused(cause.to_string());
        return None;
    }
    let stream = match timeout(HANDSHAKE, acceptor.accept(tcp)).await {
        Ok(Ok(stream)) => TlsStream::Server(stream),
        Ok(Err(error)) => {
            refused(explain_io(&error));
            return None;
        }
        Err(_) => {
            refused("the handshake took too long".to_owned());
            return None;
        }
    };
    match check_hub(&stream) {
        Ok(()) => Some(stream),
        Err(why) => {
            refused(why);
            None
        }
    }
}

async fn serve_until_gone(
    stream: TlsStream<TcpStream>,
    session: Session,
    streams: &mpsc::Sender<HubStream>,
    state: &LinkState,
) {
    let (heard, reason) = Heard::new(stream);
    let (guarded, leash) = Guarded::new(heard, session);
    if streams.send(guarded).await.is_ok() {
        state.connected();
        leash.gone().await;
        state.lost(reason.text());
    }
}
