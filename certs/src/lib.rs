//! Who is at the other end: the district's own authority, join tokens, enrolment, TLS.
//!
//! Nothing here dials, listens or keeps a store: the crate makes and checks certificates, builds
//! TLS configurations and decides; hub and node do the rest.
//!
//! | module | holds |
//! |---|---|
//! | [`peer`] | who a certificate says is speaking: exactly one URI SAN, never the CN |
//! | [`authority`] | the district's small CA, and what it issues |
//! | [`request`] | a key that never leaves its machine, and the request (CSR) it sends |
//! | [`token`] | the join token: one line that survives copy and paste |
//! | [`ledger`], [`enrol`] | what the hub keeps of an invitation, and the decision about a request |
//! | [`tls`] | server and client configurations: TLS 1.3, mutual, no resumption; failures in words |
//! | [`facts`] | what a certificate says of itself, for people |
//! | [`files`] | keys on disk: 0600 from the first byte, whole or not at all |
//!
//! # Two names for one peer
//!
//! Every leaf carries a URI SAN (`calluna://hub`, `calluna://provider/<id>`) that says who it
//! is, and a DNS SAN (`hub.calluna.internal`, `<id>.provider.calluna.internal`) because TLS
//! verifiers compare DNS names only. Whoever dials asks for the DNS name, so that the standard
//! verifier refuses everybody else's certificate; whoever accepts reads the URI. The names do
//! not exist in any DNS.

pub mod authority;
pub mod enrol;
pub mod error;
pub mod facts;
pub mod files;
pub mod fingerprint;
pub mod ledger;
#[cfg(any(test, feature = "fixture"))]
pub mod mint;
pub mod peer;
pub mod request;
pub mod tls;
pub mod token;

pub use authority::{Authority, HUB_DAYS, Issued, NODE_DAYS};
pub use enrol::{Decision, EnrolRefused, decide};
pub use error::CertError;
pub use facts::CertificateFacts;
pub use fingerprint::Fingerprint;
pub use ledger::{Invitation, Ledger, LedgerError, Used};
pub use peer::{Peer, PeerError, dns_name, peer_of};
pub use request::{NodeKey, RequestError, RequestedKey, verify_signature};
pub use token::{JoinToken, TokenError, TokenSecret, secret_hash};
