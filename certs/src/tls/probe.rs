//! Looking at who answers at an address, without believing or telling it anything.
//!
//! A probe shakes hands as somebody who enrols does, so it shows no certificate of its own. It keeps
//! what the other side presented even when that is refused: only so can a person be told *who*
//! opens the connection in between.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_model::clock::{Clock, Moment};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::version::TLS13;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::client::finished;
use super::identity::roots;
use super::{ALPN_ENROL, TlsClock, provider};
use crate::bundle::TrustBundle;
use crate::error::CertError;
use crate::inspect::CertificateFacts;
use crate::peer::{Peer, peer_of};

/// Who the certificate that was presented belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The hub of the district whose bundle was given.
    Hub,
    /// The hub, but not valid at the time that this machine shows.
    OutOfDate,
    /// Somebody else of the same district.
    Other(String),
    /// Nobody of the district: no authority of the bundle stands behind it.
    Stranger,
}

/// What the other side presented.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The leaf.
    pub leaf: CertificateDer<'static>,
    /// What it says.
    pub facts: CertificateFacts,
    /// What is behind it.
    pub proof: Proof,
}

/// One look at a server.
#[derive(Clone, Debug)]
pub struct Probe {
    config: Arc<ClientConfig>,
    shown: Arc<Mutex<Option<Shown>>>,
}

impl Probe {
    /// A look with the authorities of a bundle (PEM). `protocol`: whether to ask for the enrolment
    /// protocol, or for none (some filters answer only then).
    ///
    /// # Errors
    /// When the bundle cannot be used.
    pub fn new(bundle_pem: &str, protocol: bool, clock: Arc<dyn Clock>) -> Result<Self, CertError> {
        let roots = Arc::new(roots(&TrustBundle::from_pem(bundle_pem)?)?);
        let shown = Arc::new(Mutex::new(None));
        let verifier = Watcher {
            inner: WebPkiServerVerifier::builder_with_provider(roots, provider()).build()?,
            shown: Arc::clone(&shown),
        };
        let config = ClientConfig::builder_with_details(provider(), Arc::new(TlsClock(clock)))
            .with_protocol_versions(&[&TLS13])?
            // "Dangerous" because it replaces the standard verifier; it hands over to it.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        let mut config = Arc::unwrap_or_clone(finished(config, ALPN_ENROL));
        if !protocol {
            config.alpn_protocols.clear();
        }
        let config = Arc::new(config);
        Ok(Self { config, shown })
    }

    /// With what to shake hands; the server name is that of [`Peer::Hub`].
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// What was presented; nothing when the handshake did not come so far.
    #[must_use]
    pub fn shown(&self) -> Option<Shown> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Keeps what is presented. It lets the hub through also when only the dates are wrong: what follows
/// is a greeting that tells nothing, and the hub's answer tells whose clock is wrong.
#[derive(Debug)]
struct Watcher {
    inner: Arc<WebPkiServerVerifier>,
    shown: Arc<Mutex<Option<Shown>>>,
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let facts =
            CertificateFacts::of(end_entity).map_err(|error| Error::General(error.to_string()))?;
        let at = |time| {
            self.inner.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                time,
            )
        };
        let today = at(now);
        // Dates are looked at before signatures, so a stranger's certificate may read as expired.
        let proof = match &today {
            Ok(_) => Proof::Hub,
            Err(_) => match at(unix(facts.not_before)) {
                Ok(_) => Proof::OutOfDate,
                Err(error) => proof_of(&error, end_entity),
            },
        };
        let verified = match proof {
            Proof::Hub | Proof::OutOfDate => Ok(ServerCertVerified::assertion()),
            Proof::Other(_) | Proof::Stranger => today,
        };
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Shown {
            leaf: end_entity.clone().into_owned(),
            facts,
            proof,
        });
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Only the name is wrong: then an authority of the bundle vouches for somebody else.
fn proof_of(error: &Error, leaf: &CertificateDer<'_>) -> Proof {
    let wrong_name = matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    );
    match peer_of(leaf) {
        Ok(peer) if wrong_name && peer != Peer::Hub => Proof::Other(peer.to_string()),
        _ => Proof::Stranger,
    }
}

fn unix(at: Moment) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at.0).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use calluna_model::clock::HandClock;

    use super::super::server_name;
    use super::*;
    use crate::authority::Authority;
    use crate::mint;
    use crate::tls::Identity;

    /// What a probe with the bundle of `district` makes of a certificate, and whether it goes on.
    fn look(district: &Authority, shown: &Identity, now: Moment) -> (Proof, bool) {
        let clock = Arc::new(HandClock::at(now));
        let probe = Probe::new(&district.root_pem(), true, clock).unwrap();
        let server = super::super::enrol_server(shown).unwrap();
        let name = server_name(&Peer::Hub).unwrap();
        let mut client = rustls::ClientConnection::new(probe.config(), name).unwrap();
        let mut server = rustls::ServerConnection::new(server).unwrap();
        let mut through = true;
        for _ in 0..4 {
            let mut bytes = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            server.read_tls(&mut bytes.as_slice()).unwrap();
            let _refused = server.process_new_packets();
            let mut answer = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut answer).unwrap();
            }
            client.read_tls(&mut answer.as_slice()).unwrap();
            through &= client.process_new_packets().is_ok();
        }
        let proof = probe.shown().unwrap().proof;
        (proof, through && !client.is_handshaking())
    }

    #[test]
    fn the_hub_goes_through_also_when_a_clock_is_wrong() {
        let district = mint::district();
        let hub = mint::hub(&district);
        assert_eq!(look(&district, &hub, mint::NOW), (Proof::Hub, true));
        let years = 20 * 365 * 86_400;
        for wrong in [mint::NOW.plus(-years), mint::NOW.plus(years)] {
            assert_eq!(look(&district, &hub, wrong), (Proof::OutOfDate, true));
        }
        let old = mint::expired(&district, &Peer::Hub);
        assert_eq!(look(&district, &old, mint::NOW), (Proof::OutOfDate, true));
    }

    #[test]
    fn a_stranger_is_refused_whatever_names_and_dates_it_has() {
        let (district, other) = (mint::district(), mint::district());
        for stranger in [
            mint::hub(&other),
            mint::expired(&other, &Peer::Hub),
            mint::node(&other, "vhs"),
        ] {
            assert_eq!(
                look(&district, &stranger, mint::NOW),
                (Proof::Stranger, false)
            );
        }
        let member = mint::node(&district, "vhs");
        let proof = Proof::Other("provider vhs".to_owned());
        assert_eq!(look(&district, &member, mint::NOW), (proof, false));
    }
}
