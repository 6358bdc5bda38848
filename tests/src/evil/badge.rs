//! A real certificate, honestly come by or stolen, and the way to the hub with it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::tls::{ALPN_REVERSE, Identity, mutual_client, pinned_client, server_name};
use calluna_certs::{JoinToken, NodeKey, Peer};
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_client::MembershipClient;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Endpoint, Uri};

use super::runtime;

/// Somebody with a certificate, who knows where the hub is.
#[derive(Debug)]
pub struct Badge {
    /// Who, by the certificate.
    pub identity: Identity,
    pub(super) key: NodeKey,
    pub(super) provider: ProviderId,
    pub(super) hub: String,
}

impl Badge {
    /// Joins with a token, as a node does.
    ///
    /// # Panics
    /// When the hub refuses.
    #[must_use]
    pub fn join(token: &str) -> Self {
        let token: JoinToken = token.parse().expect("a token");
        let key = NodeKey::generate().expect("a key");
        let request = pb::EnrolRequest {
            provider_id: token.provider.to_string(),
            secret: token.secret.expose().to_vec(),
            certificate_request: key.csr_der(&token.provider).expect("a request"),
            listen_address: String::new(),
            software: "evil".to_owned(),
            ..pb::EnrolRequest::default()
        };
        let answer = runtime().block_on(enrol(&token, request));
        let bundle = &answer.trust_bundle_pem;
        let identity =
            Identity::from_pem(&answer.certificate_pem, &key.pem(), bundle).expect("a pair");
        Self {
            identity,
            key,
            provider: token.provider,
            hub: token.hub,
        }
    }

    /// A certificate and a key from files, shown to the hub at `hub`.
    ///
    /// # Panics
    /// When they do not fit together.
    #[must_use]
    pub fn stolen(certificate: &str, key: &str, bundle: &str, hub: &str) -> Self {
        let identity = Identity::from_pem(certificate, key, bundle).expect("a pair");
        let key = NodeKey::from_pem(key).expect("a key");
        Self {
            identity,
            key,
            provider: "nobody".parse().expect("an id"),
            hub: hub.to_owned(),
        }
    }

    /// Whether the hub takes up a conversation with this certificate.
    #[must_use]
    pub fn is_let_in(&self) -> bool {
        runtime().block_on(async {
            let Ok(mut stream) = dial(&self.hub, &self.identity).await else {
                return false;
            };
            let mut greeting = [0; 5];
            let heard = stream.read_exact(&mut greeting);
            // TLS 1.3: this side is done before the hub has looked at the certificate. The hub
            // speaks first, as the client of HTTP/2, or hangs up.
            matches!(
                tokio::time::timeout(Duration::from_secs(20), heard).await,
                Ok(Ok(_))
            ) && &greeting == b"PRI *"
        })
    }
}

/// A connection on which the hub may call.
pub(super) async fn dial(hub: &str, identity: &Identity) -> io::Result<TlsStream<TcpStream>> {
    let config = mutual_client(identity, ALPN_REVERSE).map_err(io::Error::other)?;
    let name = server_name(&Peer::Hub).map_err(io::Error::other)?;
    TlsConnector::from(config)
        .connect(name, TcpStream::connect(hub).await?)
        .await
}

async fn enrol(token: &JoinToken, request: pb::EnrolRequest) -> pb::EnrolResponse {
    let config = pinned_client(token.fingerprint).expect("TLS");
    let hub = token.hub.clone();
    let connector = tower::service_fn(move |_: Uri| {
        let (config, hub) = (Arc::clone(&config), hub.clone());
        async move {
            let name = server_name(&Peer::Hub).map_err(io::Error::other)?;
            let stream = TcpStream::connect(hub).await?;
            TlsConnector::from(config)
                .connect(name, stream)
                .await
                .map(TokioIo::new)
        }
    });
    let endpoint = Endpoint::from_static("http://hub.calluna.internal");
    let channel = endpoint
        .connect_with_connector(connector)
        .await
        .expect("the hub answers");
    MembershipClient::new(channel)
        .enrol(request)
        .await
        .expect("the hub enrols")
        .into_inner()
}
