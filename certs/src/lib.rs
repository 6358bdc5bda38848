//! Who is at the other end: the district's own authority, join tokens, enrolment, TLS.
//!
//! Nothing here dials, listens or keeps a store: the crate makes and checks certificates, builds
//! TLS configurations and decides; hub and node do the rest.
//!
//! | module | holds |
//! |---|---|
//! | [`peer`] | who a certificate says is speaking: exactly one URI SAN, never the CN |
//! | [`authority`] | the district's small CA (a root, or an intermediate below it), and what it issues |
//! | [`chain`] | what there is to know of an authority whose key is locked or elsewhere |
//! | [`bundle`] | the roots that a member trusts, and which of them vouches for a certificate |
//! | [`revocation`] | revocation lists: made, checked, applied by [`tls`] |
//! | [`request`] | a key that never leaves its machine, and the request (CSR) it sends |
//! | [`token`] | the join token: one line that survives copy and paste |
//! | [`ledger`], [`enrol`] | what the hub keeps of an invitation, and the decision about a request |
//! | [`renew`], [`facts`] | the decision about a renewal; what a certificate says, and when it is due |
//! | [`sealed`] | an authority's key encrypted at rest |
//! | [`tls`] | server and client configurations: TLS 1.3, mutual, no resumption; failures in words |
//! | [`trust`] | what a member is told about whom to trust, and its digest |
//! | [`inspect`] | what a certificate says of itself, for people |
//! | [`files`], [`pair`] | keys on disk: 0600 from the first byte, whole or not at all; a key and its certificate together |
//! | [`public`] | a public key without a certificate: that of the audit log |
//!
//! # Two names for one peer
//!
//! Every leaf carries a URI SAN (`calluna://hub`, `calluna://provider/<id>`) that says who it
//! is, and a DNS SAN (`hub.calluna.internal`, `<id>.provider.calluna.internal`) because TLS
//! verifiers compare DNS names only. Whoever dials asks for the DNS name, so that the standard
//! verifier refuses everybody else's certificate; whoever accepts reads the URI. The names do
//! not exist in any DNS.

pub mod authority;
pub mod bundle;
pub mod chain;
pub mod enrol;
pub mod error;
pub mod facts;
pub mod files;
pub mod fingerprint;
pub mod inspect;
pub mod ledger;
#[cfg(any(test, feature = "fixture"))]
pub mod mint;
pub mod pair;
pub mod peer;
pub mod public;
pub mod renew;
pub mod request;
pub mod revocation;
pub mod sealed;
pub mod tls;
pub mod token;
pub mod trust;
mod x509;

pub use authority::{Authority, HUB_DAYS, INTERMEDIATE_DAYS, Issued, NODE_DAYS};
pub use bundle::{Root, TrustBundle};
pub use chain::AuthorityChain;
pub use enrol::{Decision, EnrolRefused, decide};
pub use error::CertError;
pub use facts::{Facts, days_left, renew_at};
pub use fingerprint::Fingerprint;
pub use inspect::CertificateFacts;
pub use ledger::{Given, Invitation, Ledger, LedgerError};
pub use peer::{Peer, PeerError, dns_name, peer_of};
pub use public::PublicKey;
pub use renew::{GRACE_DAYS, RenewDecision, RenewRefused, Renewal};
pub use request::{NodeKey, RequestError, RequestedKey, verify_signature};
pub use revocation::{Reason, RevocationList, Revoked};
pub use sealed::{Passphrase, SealError};
pub use token::{JoinToken, TokenError, TokenSecret, secret_hash};
