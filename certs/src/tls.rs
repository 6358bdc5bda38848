//! The only TLS configurations in the project: TLS 1.3, ring handed over explicitly, no
//! resumption.
//!
//! **No resumption** is not a matter of taste. A TLS 1.3 session ticket is resumed without the
//! client verifier being asked, so a member who was put out would walk back in with an old
//! ticket. Servers here keep no sessions and send no tickets, clients offer none.
//!
//! A hub listens on one port; the protocol that the caller asks for (ALPN) decides what happens
//! on the connection. A caller that asks for none passes the handshake, so whoever accepts looks
//! at the outcome and hangs up when there is none.

mod client;
mod explain;
mod identity;
mod pin;
mod probe;
mod server;

use std::sync::Arc;
use std::time::Duration;

use calluna_model::clock::Clock;
use rustls::crypto::{CryptoProvider, ring};
use rustls::time_provider::TimeProvider;
use rustls_pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};

pub use client::{grace_client, mutual_client, pinned_client, pinned_client_at};
pub use explain::{explain, explain_io};
pub use identity::Identity;
pub use pin::{PinMismatch, pinned_root};
pub use probe::{Probe, Proof, Shown};
pub use server::{enrol_server, mutual_server, wants_enrolment};

use crate::peer::{Peer, PeerError, dns_name, peer_of};

/// Ordinary gRPC: whoever dials calls.
pub const ALPN_GRPC: &[u8] = b"h2";

/// Turned round: whoever dials *serves* gRPC on this connection, and whoever accepts calls.
pub const ALPN_REVERSE: &[u8] = b"calluna-rev/1";

/// gRPC for one purpose, enrolment: the caller has no certificate yet.
pub const ALPN_ENROL: &[u8] = b"calluna-enrol/1";

/// Who is at the other end of a connection whose handshake is done; `certs` is what
/// `peer_certificates()` says.
///
/// # Errors
/// When there is no certificate, or it does not say who it belongs to.
pub fn peer_from_chain(certs: Option<&[CertificateDer<'static>]>) -> Result<Peer, PeerError> {
    peer_of(
        certs
            .and_then(<[_]>::first)
            .ok_or(PeerError::NoCertificate)?,
    )
}

/// The name to ask for when dialling `peer`: the standard verifier then refuses the certificate
/// of everybody else.
///
/// # Errors
/// Never for a peer that was checked; a provider id always makes a valid label.
pub fn server_name(peer: &Peer) -> Result<ServerName<'static>, InvalidDnsNameError> {
    ServerName::try_from(dns_name(peer))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Our clock in the shape that rustls asks for.
#[derive(Debug)]
struct TlsClock(Arc<dyn Clock>);

impl TimeProvider for TlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().0).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

#[cfg(test)]
mod handshake;
