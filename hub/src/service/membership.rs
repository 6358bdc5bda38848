//! `Membership`: how a node becomes a member.

use std::sync::Arc;

use calluna_certs::TokenSecret;
use calluna_model::failure::Reaction;
use calluna_model::id::ProviderId;
use calluna_wire::status::{status_of, to_status};
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_server::Membership;
use calluna_wire::version;
use tonic::{Request, Response, Status};

use crate::hub::Hub;
use crate::members::{JoinRequest, enrol};

/// Serves joining nodes.
pub struct MembershipService(pub Arc<Hub>);

#[tonic::async_trait]
impl Membership for MembershipService {
    async fn enrol(
        &self,
        request: Request<pb::EnrolRequest>,
    ) -> Result<Response<pb::EnrolResponse>, Status> {
        let pb::EnrolRequest {
            provider_id,
            secret,
            certificate_request,
            listen_address,
            software: _,
        } = request.into_inner();
        let wrong =
            |error: &dyn std::fmt::Display| status_of(Reaction::FixRequest, error.to_string());
        let provider: ProviderId = provider_id.parse().map_err(|e| wrong(&e))?;
        let secret: [u8; 16] = secret
            .try_into()
            .map_err(|_| wrong(&"the secret of a token has 16 bytes"))?;
        let secret = TokenSecret::from_bytes(secret);
        let hub = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let csr = &certificate_request;
            let listen_address = &listen_address;
            enrol(
                &hub,
                &JoinRequest {
                    provider: &provider,
                    secret: &secret,
                    csr,
                    listen_address,
                },
            )
        });
        let ended = done
            .await
            .map_err(|_| status_of(Reaction::AskOperator, "the hub ended a task; try again"))?;
        let (member, certificate_pem) = ended.map_err(|refused| {
            tracing::warn!(provider = provider_id, cause = %refused, "enrolment refused");
            to_status(&refused)
        })?;
        Ok(Response::new(pb::EnrolResponse {
            certificate_pem,
            trust_bundle_pem: self.0.authority.certificate_pem().to_owned(),
            district: self.0.config.name.clone(),
            provider_name: member.name,
        }))
    }

    async fn greet(
        &self,
        _: Request<pb::GreetRequest>,
    ) -> Result<Response<pb::GreetResponse>, Status> {
        Ok(Response::new(pb::GreetResponse {
            now: self.0.clock.now().0,
            software: concat!("calluna-hub ", env!("CARGO_PKG_VERSION")).to_owned(),
            district: self.0.config.name.clone(),
            versions: version::SPOKEN.iter().map(|v| (*v).to_owned()).collect(),
        }))
    }
}
