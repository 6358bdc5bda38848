//! Trust before there is a bundle: the authority whose fingerprint stands in the token.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::fingerprint::Fingerprint;
use crate::x509::parse;

/// The other side presented no authority with the fingerprint of the token. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the other side is not the hub that the token was made by: no certificate authority with the fingerprint {expected} was shown; \
     either the address leads to another hub, or something in between (a TLS-inspecting proxy or firewall) opens the connection; \
     the secret was not sent; ask your network's administrator to exempt the hub's address, or the district office for a new invitation"
)]
pub struct PinMismatch {
    /// The fingerprint in the token.
    pub expected: Fingerprint,
}

/// The authority with this fingerprint among the presented certificates, the leaf excluded: what a
/// node keeps as its first trust bundle.
#[must_use]
pub fn pinned_root<'a, 'b>(
    chain: &'a [CertificateDer<'b>],
    fingerprint: Fingerprint,
) -> Option<&'a CertificateDer<'b>> {
    chain
        .get(1..)?
        .iter()
        .find(|der| is_pinned(der, fingerprint))
}

fn is_pinned(der: &CertificateDer<'_>, fingerprint: Fingerprint) -> bool {
    Fingerprint::of(der) == fingerprint
        && parse(der, "authority's certificate").is_ok_and(|found| found.is_ca())
}

/// Finds the pinned authority in the presented chain, and has the standard verifier check
/// everything (chain, name, dates, purpose) with that authority as the only root.
#[derive(Debug)]
pub(super) struct PinnedAuthority {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl PinnedAuthority {
    pub(super) fn new(fingerprint: Fingerprint, provider: Arc<CryptoProvider>) -> Self {
        Self {
            fingerprint,
            provider,
        }
    }

    fn find(&self, others: &[CertificateDer<'_>]) -> Result<CertificateDer<'static>, Error> {
        others
            .iter()
            .find(|der| is_pinned(der, self.fingerprint))
            .map(|der| der.clone().into_owned())
            .ok_or_else(|| {
                let mismatch = PinMismatch {
                    expected: self.fingerprint,
                };
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(mismatch))))
            })
    }
}

impl ServerCertVerifier for PinnedAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.find(intermediates)?)?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
