//! Joining: the one call to the hub.

use std::sync::Arc;

use calluna_certs::{JoinToken, NodeKey, tls};
use calluna_model::clock::Clock;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;

use super::JoinError;
use super::hub::{CALL, NoHub, connect};
use crate::config::{Public, SOFTWARE};

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
    /// Whether the district still has to approve the provider.
    pub waiting: bool,
}

impl From<NoHub> for JoinError {
    fn from(error: NoHub) -> Self {
        match error {
            NoHub::Unreachable { address, why } => Self::Unreachable { address, why },
            NoHub::NotTheHub { address, why } => Self::NotTheHub { address, why },
            NoHub::Tls(error) => Self::Certificate(error),
        }
    }
}

/// Sends the request for `key`. The secret leaves only after the hub has proved, by the fingerprint
/// in the token, that it is the one that made it.
pub(super) async fn enrol(
    token: &JoinToken,
    key: &NodeKey,
    advertise: &str,
    public: &Public,
    clock: Arc<dyn Clock>,
) -> Result<Answer, JoinError> {
    let request = pb::EnrolRequest {
        provider_id: token.provider.to_string(),
        secret: token.secret.expose().to_vec(),
        certificate_request: key.csr_der(&token.provider)?,
        listen_address: advertise.to_owned(),
        software: SOFTWARE.to_owned(),
        name: public.name.clone(),
        kind: public.kind.clone(),
        address: public.address.clone(),
        website: public.website.clone(),
    };
    let config = tls::pinned_client_at(token.fingerprint, clock)?;
    let mut hub = connect(&token.hub, config).await?;
    let mut request = tonic::Request::new(request);
    request.set_timeout(CALL);
    let answer = hub.enrol(request).await.map_err(|status| {
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
        waiting,
    } = answer.into_inner();
    Ok(Answer {
        certificate_pem,
        trust_bundle_pem,
        district,
        provider_name,
        waiting,
    })
}
