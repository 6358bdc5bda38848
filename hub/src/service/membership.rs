//! `Membership`: how a node becomes a member, and stays one.

use std::sync::Arc;

use calluna_certs::{RenewRefused, TokenSecret};
use calluna_model::failure::Reaction;
use calluna_model::id::ProviderId;
use calluna_model::member::Stated;
use calluna_wire::status::{status_of, to_status};
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_server::Membership;
use calluna_wire::version;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tonic::{Request, Response, Status};

use crate::hub::Hub;
use crate::link::accept::Caller;
use crate::members::{self, JoinRequest, MemberError};
use crate::tries::Source;

/// Serves nodes that call the hub.
pub struct MembershipService(pub Arc<Hub>);

impl MembershipService {
    /// Runs what blocks on the store beside the asynchronous work.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hub) -> Result<T, MemberError> + Send + 'static,
    ) -> Result<T, Status> {
        let hub = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&hub));
        let ended = done
            .await
            .map_err(|_| status_of(Reaction::AskOperator, "the hub ended a task; try again"))?;
        ended.map_err(|refused| to_status(&refused))
    }
}

fn wrong(error: &dyn std::fmt::Display) -> Status {
    status_of(Reaction::FixRequest, error.to_string())
}

fn caller<T>(request: &Request<T>) -> Caller {
    let caller = request.extensions().get::<Caller>();
    caller.cloned().unwrap_or(Caller::Nobody)
}

/// Where a stranger is that calls.
fn stranger(caller: &Caller) -> Result<Source, Status> {
    match caller {
        Caller::Stranger(source) => Ok(*source),
        Caller::Member(..) | Caller::Nobody => Err(status_of(
            Reaction::NotYours,
            "a token is exchanged at the door for enrolment (calluna-enrol/1), not by a member",
        )),
    }
}

/// The member that calls, with the certificate that it showed.
fn member<T>(request: &Request<T>) -> Result<(ProviderId, CertificateDer<'static>), Status> {
    match caller(request) {
        Caller::Member(provider, leaf) => Ok((provider, leaf)),
        Caller::Stranger(_) | Caller::Nobody => Err(status_of(
            Reaction::Unauthenticated,
            "only members may ask this, over mutual TLS",
        )),
    }
}

#[tonic::async_trait]
impl Membership for MembershipService {
    async fn enrol(
        &self,
        request: Request<pb::EnrolRequest>,
    ) -> Result<Response<pb::EnrolResponse>, Status> {
        let source = stranger(&caller(&request))?;
        let pb::EnrolRequest {
            provider_id,
            secret,
            certificate_request,
            listen_address,
            software: _,
            name,
            kind,
            address,
            website,
        } = request.into_inner();
        let provider: ProviderId = provider_id.parse().map_err(|e| wrong(&e))?;
        let secret: [u8; 16] = secret
            .try_into()
            .map_err(|_| wrong(&"the secret of a token has 16 bytes"))?;
        let secret = TokenSecret::from_bytes(secret);
        let stated = Stated::from_texts(&name, &kind, &address, &website).map_err(|e| wrong(&e))?;
        let (member, certificate_pem) = self
            .blocking(move |hub| {
                let ask = JoinRequest {
                    provider: &provider,
                    secret: &secret,
                    csr: &certificate_request,
                    listen_address: &listen_address,
                    stated,
                };
                members::enrol_from(hub, source, &ask)
            })
            .await?;
        Ok(Response::new(pb::EnrolResponse {
            certificate_pem,
            trust_bundle_pem: self.0.trust.now().bundle_pem.clone(),
            district: self.0.config.name.clone(),
            provider_name: member.name,
            waiting: member.waiting,
        }))
    }

    async fn renew(
        &self,
        request: Request<pb::RenewRequest>,
    ) -> Result<Response<pb::RenewResponse>, Status> {
        let caller = caller(&request);
        let pb::RenewRequest {
            certificate_request,
            certificate_pem,
            software: _,
        } = request.into_inner();
        let certificate_pem = self
            .blocking(move |hub| match caller {
                Caller::Member(provider, leaf) => {
                    members::renew_counted(hub, &provider, &leaf, &certificate_request)
                }
                Caller::Stranger(source) => {
                    members::renew_expired_from(hub, source, &certificate_pem, &certificate_request)
                }
                Caller::Nobody => Err(RenewRefused::Unknown.into()),
            })
            .await?;
        Ok(Response::new(pb::RenewResponse { certificate_pem }))
    }

    async fn get_trust_bundle(
        &self,
        request: Request<pb::GetTrustBundleRequest>,
    ) -> Result<Response<pb::GetTrustBundleResponse>, Status> {
        let (provider, leaf) = member(&request)?;
        let pb::GetTrustBundleRequest { digest } = request.into_inner();
        let standing = self.0.trust.now();
        let current = standing.digest().to_vec();
        let has_it = digest == current;
        let heard = self
            .blocking(move |hub| members::hears_trust(hub, &provider, &leaf, has_it))
            .await?;
        let text = |text: &String| if has_it { String::new() } else { text.clone() };
        Ok(Response::new(pb::GetTrustBundleResponse {
            digest: current,
            trust_bundle_pem: text(&standing.bundle_pem),
            revocation_lists_pem: text(&standing.revocations_pem),
            vouchers_pem: text(&standing.vouchers_pem),
            renew: heard.renew,
            now: self.0.clock.now().0,
            waiting: heard.waiting,
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
