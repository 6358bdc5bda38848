//! The way to the hub's `Membership` service, through whichever of its doors is open to the caller.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_certs::tls::{self, explain_io};
use calluna_certs::{CertError, Peer};
use calluna_host::h2;
use calluna_wire::v1::membership_client::MembershipClient;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tonic::transport::{Channel, Uri};

/// How long a connection, and then its handshake, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a call may take.
pub(super) const CALL: Duration = Duration::from_secs(30);

/// There is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoHub {
    /// Nobody answers.
    #[error("the hub at {address} cannot be reached: {why}")]
    Unreachable {
        /// The address.
        address: String,
        /// Why, in words.
        why: String,
    },
    /// Somebody answers, but is not the hub, or refuses this node.
    #[error("no secure connection with the hub at {address}: {why}")]
    NotTheHub {
        /// The address.
        address: String,
        /// Why, in words.
        why: String,
    },
    /// TLS cannot be prepared.
    #[error(transparent)]
    Tls(#[from] CertError),
}

/// Opens a connection to the hub at `address`. `config` says which door, and whom it trusts.
pub(super) async fn connect(
    address: &str,
    config: Arc<ClientConfig>,
) -> Result<MembershipClient<Channel>, NoHub> {
    let unreachable = |why: String| NoHub::Unreachable {
        address: address.to_owned(),
        why,
    };
    let not_the_hub = |why: String| NoHub::NotTheHub {
        address: address.to_owned(),
        why,
    };
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let tcp = timeout(PATIENCE, TcpStream::connect(address)).await;
    let tcp = tcp
        .unwrap_or_else(|_| Err(late()))
        .map_err(|error| unreachable(explain_io(&error)))?;
    let name = tls::server_name(&Peer::Hub).map_err(|error| not_the_hub(error.to_string()))?;
    let shaken = timeout(PATIENCE, TlsConnector::from(config).connect(name, tcp)).await;
    let stream = shaken
        .unwrap_or_else(|_| Err(late()))
        .map_err(|error| not_the_hub(explain_io(&error)))?;
    let channel = channel_over(stream)
        .await
        .map_err(|error| unreachable(error.to_string()))?;
    Ok(MembershipClient::new(channel))
}

/// A channel over a stream that is there already, used once: gRPC must not dial again by itself.
async fn channel_over(stream: TlsStream<TcpStream>) -> Result<Channel, tonic::transport::Error> {
    let slot = Mutex::new(Some(TokioIo::new(stream)));
    let connector = tower::service_fn(move |_: Uri| {
        let stream = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
    });
    h2::caller("http://hub.calluna.internal")
        .connect_with_connector(connector)
        .await
}
