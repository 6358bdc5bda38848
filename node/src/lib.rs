//! The node: publishes one provider's offers to the district's hub.
//!
//! # Architecture
//! Files come in at the left, the hub reads at the right; the receipt is all that flows back.
//!
//! ```text
//!  files ─► intake ─► publish ─► store (packed log on calluna-kv)
//!            ▲           │  ▲
//!   cli, watch           │  └── service/control ◄── command line (Unix socket)
//!                        ▼
//!             service/provider_node ◄── link (dial or listen, mutual TLS) ◄── hub
//! ```
//! | module | holds |
//! |---|---|
//! | [`cli`] | the commands, one file each |
//! | [`check`] | everything that a node needs, looked at; what is wrong, and the way out |
//! | [`run`] | the composition root: a [`run::Node`] from a directory, and what it serves |
//! | [`service`] | gRPC adapters without decisions of their own |
//! | [`link`] | one connection with the hub, whichever side opened it |
//! | [`watch`] | the drop folder |
//! | [`publish`] | what the catalogue answers and how it changes, without gRPC |
//! | [`figures`] | participation figures: what is kept, published, and forgotten; for the data-protection officer |
//! | [`intake`] | files into candidates for a publication |
//! | [`membership`] | from a join token to an identity on disk |
//! | [`status`] | how the node stands, as one document |
//! | [`backup`] | one file of the whole node, and a node from it |
//! | [`store`] | what the node keeps |
//! | [`keyring`] | what the node proves itself with and whom it trusts, exchanged while it runs |
//! | [`config`], [`text`] | `node.toml`; what people read, in German and English |
//!
//! Arrows point one way: `cli → check → run → {service → status → link, watch} → {text → {intake, membership, backup}
//! → {publish, figures}} → store → keyring → config`.
//!
//! Everything that the hub reads is a still picture: chunks are appended, and rewritten only while
//! nobody reads. The index (about 160 bytes an offer) is loaded for as long as a call needs it, so
//! an idle node is small.

pub mod backup;
pub mod check;
pub mod cli;
pub mod config;
pub mod figures;
#[cfg(test)]
mod fixture;
pub mod intake;
pub mod keyring;
pub mod link;
pub mod membership;
pub mod publish;
pub mod run;
pub mod service;
pub mod status;
pub mod store;
pub mod text;
pub mod watch;
