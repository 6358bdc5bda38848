//! The accepting side.

use std::sync::Arc;

use rustls::server::{ClientHello, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};

use super::{ALPN_ENROL, Identity, provider};
use crate::error::CertError;

/// Accepts peers that prove who they are with a certificate of an authority in the bundle, and
/// speak one of the protocols `alpn`.
///
/// *Who* the peer is, and whether it may speak here, is for the caller to ask
/// ([`super::peer_from_chain`]): a node accepts the hub only.
///
/// # Errors
/// When the bundle cannot serve as a verifier.
pub fn mutual_server(identity: &Identity, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>, CertError> {
    // An authority without a list has revoked nothing that is known here, which is the ordinary
    // case while there are several: unknown is let pass. And a list past its next update is used
    // still: an office that missed a week must not strand everybody. What a list cannot say, the
    // hub's record does, which is asked at every connection and every call.
    let verifier = WebPkiClientVerifier::builder_with_provider(identity.roots(), provider())
        .with_crls(identity.crls())
        .allow_unknown_revocation_status()
        .build()?;
    let config = builder(identity)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(identity.resolver());
    Ok(finished(config, alpn))
}

/// Accepts anybody, for enrolment only: the caller has no certificate yet. The token's secret is
/// what opens this door, and the server's chain is what the caller compares with the token.
///
/// # Errors
/// When TLS cannot be prepared.
pub fn enrol_server(identity: &Identity) -> Result<Arc<ServerConfig>, CertError> {
    let config = builder(identity)?
        .with_no_client_auth()
        .with_cert_resolver(identity.resolver());
    Ok(finished(config, &[ALPN_ENROL]))
}

/// Whether a caller, by the first message it sent, wants to enrol: then, and only then,
/// [`enrol_server`] may answer it.
#[must_use]
pub fn wants_enrolment(hello: &ClientHello<'_>) -> bool {
    hello
        .alpn()
        .is_some_and(|mut asked| asked.any(|protocol| protocol == ALPN_ENROL))
}

fn builder(identity: &Identity) -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, CertError> {
    Ok(
        ServerConfig::builder_with_details(provider(), identity.time())
            .with_protocol_versions(&[&TLS13])?,
    )
}

fn finished(mut config: ServerConfig, alpn: &[&[u8]]) -> Arc<ServerConfig> {
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Arc::new(config)
}
