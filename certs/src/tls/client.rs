//! The dialling side.

use std::sync::Arc;

use calluna_model::clock::Clock;
use rustls::client::{Resumption, WantsClientCert, WebPkiServerVerifier};
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use rustls::version::TLS13;
use rustls::{ClientConfig, ConfigBuilder};

use super::pin::PinnedAuthority;
use super::{ALPN_ENROL, Identity, TlsClock, provider};
use crate::error::CertError;
use crate::fingerprint::Fingerprint;

/// Dials a peer whose certificate comes from an authority in the bundle, shows its own, and asks
/// for the protocol `alpn`.
///
/// Dial with [`super::server_name`]: it is what makes the verifier refuse a certificate of
/// somebody else.
///
/// # Errors
/// When the bundle cannot serve as a verifier.
pub fn mutual_client(identity: &Identity, alpn: &[u8]) -> Result<Arc<ClientConfig>, CertError> {
    let config = trusting(identity)?.with_client_cert_resolver(identity.resolver());
    Ok(finished(config, alpn))
}

/// Dials the hub over the door for enrolment, to renew a certificate that has expired: trusts whom
/// this identity trusts and shows no certificate, since an expired one opens nothing. Dial with
/// the server name of [`crate::peer::Peer::Hub`].
///
/// # Errors
/// When the bundle cannot serve as a verifier.
pub fn grace_client(identity: &Identity) -> Result<Arc<ClientConfig>, CertError> {
    let config = trusting(identity)?.with_no_client_auth();
    Ok(finished(config, ALPN_ENROL))
}

fn trusting(
    identity: &Identity,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, CertError> {
    // As on the accepting side; `super::server::mutual_server` says why.
    let verifier = WebPkiServerVerifier::builder_with_provider(identity.roots(), provider())
        .with_crls(identity.crls())
        .allow_unknown_revocation_status()
        .build()?;
    Ok(
        ClientConfig::builder_with_details(provider(), identity.time())
            .with_protocol_versions(&[&TLS13])?
            .with_webpki_verifier(verifier),
    )
}

/// Dials the hub for enrolment, trusting only the authority with this fingerprint. Dial with the
/// server name of [`crate::peer::Peer::Hub`].
///
/// # Errors
/// When TLS cannot be prepared.
pub fn pinned_client(fingerprint: Fingerprint) -> Result<Arc<ClientConfig>, CertError> {
    pinned(fingerprint, Arc::new(DefaultTimeProvider))
}

/// [`pinned_client`], reading the dates of certificates against `clock`.
///
/// # Errors
/// When TLS cannot be prepared.
pub fn pinned_client_at(
    fingerprint: Fingerprint,
    clock: Arc<dyn Clock>,
) -> Result<Arc<ClientConfig>, CertError> {
    pinned(fingerprint, Arc::new(TlsClock(clock)))
}

fn pinned(
    fingerprint: Fingerprint,
    time: Arc<dyn TimeProvider>,
) -> Result<Arc<ClientConfig>, CertError> {
    let verifier = Arc::new(PinnedAuthority::new(fingerprint, provider()));
    let config = ClientConfig::builder_with_details(provider(), time)
        .with_protocol_versions(&[&TLS13])?
        // "Dangerous" because it replaces the standard verifier; `pin.rs` hands over to it.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(finished(config, ALPN_ENROL))
}

pub(super) fn finished(mut config: ClientConfig, alpn: &[u8]) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    Arc::new(config)
}
