//! Dialling out: no port has to be open at the school.

use std::sync::Arc;
use std::time::Duration;

use calluna_certs::Peer;
use calluna_certs::tls::{self, ALPN_REVERSE, explain_io};
use calluna_host::guarded::Guarded;
use calluna_model::entropy::Entropy;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_rustls::{TlsConnector, TlsStream};
use tokio_util::sync::CancellationToken;

use super::heard::Heard;
use super::{Backoff, HANDSHAKE, HubStream, LinkState, Session, check_hub, prepare};
use crate::keyring::{Badge, Keyring};

/// A connection that ends sooner than this counts as a failed attempt: whoever is refused right
/// after the handshake must not come back at once, for ever.
const LASTED: Duration = Duration::from_secs(10);

/// Keeps one connection to the hub.
pub(crate) struct Dialler {
    address: String,
    keyring: Arc<Keyring>,
    state: LinkState,
    sent_away: Arc<dyn Fn() + Send + Sync>,
    backoff: Backoff,
}

impl Dialler {
    /// `sent_away` is called when a connection ended as soon as it stood: the hub may have a reason.
    pub(crate) fn new(
        address: String,
        keyring: Arc<Keyring>,
        state: LinkState,
        entropy: Arc<dyn Entropy>,
        spread: Duration,
        sent_away: Arc<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self {
            sent_away,
            address,
            keyring,
            state,
            backoff: Backoff::new(entropy, spread),
        }
    }

    /// Dials, and dials again, until `stop`.
    pub(crate) async fn keep(mut self, streams: mpsc::Sender<HubStream>, stop: CancellationToken) {
        let mut reloads = self.keyring.reloads();
        loop {
            reloads.mark_unchanged();
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.once(&streams) => {}
            }
            let wait = self.backoff.next_wait();
            tokio::select! {
                () = stop.cancelled() => return,
                // Whoever joined again while this node runs is not to wait for minutes.
                Ok(()) = reloads.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One connection, from the first packet to its end.
    async fn once(&mut self, streams: &mpsc::Sender<HubStream>) {
        let badge = self.keyring.now();
        let stream = match self.dial(&badge).await {
            Ok(stream) => stream,
            Err(why) => return self.state.failed(why),
        };
        let (heard, reason) = Heard::new(stream);
        let session = Session {
            peer: Peer::Hub,
            key: Arc::clone(&badge.key),
        };
        let (guarded, leash) = Guarded::new(heard, session);
        let begun = Instant::now();
        self.state.connected();
        if streams.send(guarded).await.is_err() {
            return;
        }
        leash.gone().await;
        let mut why = reason.text();
        let lasted = begun.elapsed() >= LASTED;
        self.backoff.lost(lasted);
        if !lasted {
            (self.sent_away)();
        }
        if why.is_empty() {
            "the hub closed the connection".clone_into(&mut why);
        }
        self.state.lost(why);
    }

    async fn dial(&self, badge: &Badge) -> Result<TlsStream<TcpStream>, String> {
        let config =
            tls::mutual_client(&badge.identity, ALPN_REVERSE).map_err(|error| error.to_string())?;
        let connecting = async {
            let tcp = TcpStream::connect(&self.address).await?;
            prepare(&tcp)?;
            let name = tls::server_name(&Peer::Hub).map_err(std::io::Error::other)?;
            TlsConnector::from(config).connect(name, tcp).await
        };
        let stream = match timeout(HANDSHAKE, connecting).await {
            Ok(Ok(stream)) => TlsStream::Client(stream),
            Ok(Err(error)) => return Err(explain_io(&error)),
            Err(_) => return Err(explain_io(&std::io::ErrorKind::TimedOut.into())),
        };
        if stream.get_ref().1.alpn_protocol() != Some(ALPN_REVERSE) {
            return Err("the other side did not agree on Calluna's protocol; a proxy or firewall may \
                        open the connection: ask your network's administrator to exempt the hub's address"
                .to_owned());
        }
        check_hub(&stream)?;
        Ok(stream)
    }
}
