//! The handshake: who is there.

use std::net::SocketAddr;
use std::time::Duration;

use calluna_certs::Peer;
use calluna_certs::tls::{self, ALPN_ENROL, Probe, Proof, Shown, explain_io};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Who answered the handshake.
#[derive(Clone, Debug)]
pub enum Tls {
    /// The hub, and it speaks our protocol. Whether its dates fit stands in [`Shown::proof`].
    Hub(Shown),
    /// It has the hub's certificate and does not speak our protocol: something with that certificate
    /// stands before the hub, or the protocol's name was taken out on the way.
    NoProtocol(Shown),
    /// Somebody else; [`Shown::proof`] says who.
    Refused(Shown),
    /// No certificate was seen at all; why, in words.
    Nothing(String),
}

/// Shakes hands; the stream is there when the hub is at its other end.
pub(super) async fn shake(
    probe: &Probe,
    tcp: TcpStream,
    patience: Duration,
) -> (Tls, Option<TlsStream<TcpStream>>) {
    let name = match tls::server_name(&Peer::Hub) {
        Ok(name) => name,
        Err(error) => return (Tls::Nothing(error.to_string()), None),
    };
    let shaking = TlsConnector::from(probe.config()).connect(name, tcp);
    let why = match timeout(patience, shaking).await {
        Ok(Ok(stream)) => {
            let ours = stream.get_ref().1.alpn_protocol() == Some(ALPN_ENROL);
            return match probe.shown() {
                Some(shown) if ours => (Tls::Hub(shown), Some(stream)),
                Some(shown) => (Tls::NoProtocol(shown), None),
                None => (Tls::Nothing("no certificate was shown".to_owned()), None),
            };
        }
        Ok(Err(error)) => explain_io(&error),
        Err(_) => explain_io(&std::io::ErrorKind::TimedOut.into()),
    };
    match probe.shown() {
        Some(shown) => (Tls::Refused(shown), None),
        None => (Tls::Nothing(why), None),
    }
}

/// A second look without asking for a protocol; `why` is what the first one ended with.
pub(super) async fn again(
    probe: &Probe,
    address: SocketAddr,
    why: String,
    patience: Duration,
) -> Tls {
    let Ok(Ok(tcp)) = timeout(patience, TcpStream::connect(address)).await else {
        return Tls::Nothing(why);
    };
    drop(shake(probe, tcp, patience).await);
    match probe.shown() {
        Some(shown) if matches!(shown.proof, Proof::Hub | Proof::OutOfDate) => {
            Tls::NoProtocol(shown)
        }
        Some(shown) => Tls::Refused(shown),
        None => Tls::Nothing(why),
    }
}
