//! The one call to the hub.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_certs::tls::{self, explain_io};
use calluna_certs::{JoinToken, NodeKey, Peer};
use calluna_model::clock::Clock;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_client::MembershipClient;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint, Uri};

use super::JoinError;
use crate::config::SOFTWARE;

const PATIENCE: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(30);

/// What the hub gives a new member.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The node's certificate, PEM.
    pub certificate_pem: String,
    /// The district's authorities, PEM.
    pub trust_bundle_pem: String,
    /// Name of the district.
    pub district: String,
    /// The provider's public name.
    pub provider_name: String,
}

/// Sends the request for `key`. The secret leaves only after the hub has proved, by the fingerprint
/// in the token, that it is the one that made it.
pub(super) async fn enrol(
    token: &JoinToken,
    key: &NodeKey,
    advertise: &str,
    clock: Arc<dyn Clock>,
) -> Result<Answer, JoinError> {
    let request = pb::EnrolRequest {
        provider_id: token.provider.to_string(),
        secret: token.secret.expose().to_vec(),
        certificate_request: key.csr_der(&token.provider)?,
        listen_address: advertise.to_owned(),
        software: SOFTWARE.to_owned(),
    };
    let channel = connect(token, clock).await?;
    let mut request = tonic::Request::new(request);
    request.set_timeout(CALL);
    let answer = MembershipClient::new(channel).enrol(request).await;
    let answer = answer.map_err(|status| {
        let PeerFailure { reaction, text } = PeerFailure::from(status);
        JoinError::Refused {
            why: text,
            reaction,
        }
    })?;
    let pb::EnrolResponse {
        certificate_pem,
        trust_bundle_pem,
        district,
        provider_name,
    } = answer.into_inner();
    Ok(Answer {
        certificate_pem,
        trust_bundle_pem,
        district,
        provider_name,
    })
}

async fn connect(token: &JoinToken, clock: Arc<dyn Clock>) -> Result<Channel, JoinError> {
    let address = &token.hub;
    let unreachable = |why: String| JoinError::Unreachable {
        address: address.clone(),
        why,
    };
    let not_the_hub = |why: String| JoinError::NotTheHub {
        address: address.clone(),
        why,
    };
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let tcp = timeout(PATIENCE, TcpStream::connect(address)).await;
    let tcp = tcp
        .unwrap_or_else(|_| Err(late()))
        .map_err(|error| unreachable(explain_io(&error)))?;
    let config = tls::pinned_client_at(token.fingerprint, clock)?;
    let name = tls::server_name(&Peer::Hub).map_err(|error| not_the_hub(error.to_string()))?;
    let shaken = timeout(PATIENCE, TlsConnector::from(config).connect(name, tcp)).await;
    let stream = shaken
        .unwrap_or_else(|_| Err(late()))
        .map_err(|error| not_the_hub(explain_io(&error)))?;
    channel_over(stream)
        .await
        .map_err(|error| unreachable(error.to_string()))
}

/// A channel over a stream that is there already, used once: gRPC must not dial again by itself.
async fn channel_over(stream: TlsStream<TcpStream>) -> Result<Channel, tonic::transport::Error> {
    let slot = Mutex::new(Some(TokioIo::new(stream)));
    let connector = tower::service_fn(move |_: Uri| {
        let stream = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
    });
    Endpoint::from_static("http://hub.calluna.internal")
        .connect_with_connector(connector)
        .await
}
