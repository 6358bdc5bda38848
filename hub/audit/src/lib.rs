//! What happened at the hub, so that it can be proved years later and without the hub.
//!
//! Every entry holds the hash of the entry before it and is signed by the hub's audit key. Whoever
//! changes, removes, inserts or moves one breaks the chain at that place; whoever cuts the end off
//! is found with a [`Head`] from elsewhere, such as yesterday's morning report. The crate is pure:
//! it makes and verifies entries, and knows neither a store nor a network.
//!
//! | module | holds |
//! |---|---|
//! | [`event`] | the closed list of what is recorded, with names that never change |
//! | [`details`] | the particulars of an entry: a short, flat map of safe text |
//! | [`head`] | hash of an entry, and where a log ends |
//! | [`entry`] | an entry, its canonical bytes, its line in an export |
//! | [`key`] | the key that signs |
//! | [`export`] | JSON Lines: a first line that says what follows, then one entry a line |
//! | [`verify`] | reads a log once, with bounded memory, and names what is wrong with it |
//! | [`problem`] | what can be wrong, and what to do about it |
//!
//! Nothing about a person stands in an entry: actors are `operator`, `hub` and `node:<provider>`.
//!
//! # Canonical bytes, for other programs
//!
//! Integers are big-endian. `text` is its length in bytes (u32) and then UTF-8. In this order:
//!
//! | field | form |
//! |---|---|
//! | domain | text `calluna audit entry v1` |
//! | number | u64; the first entry is 1, each later one is one more |
//! | at | i64, seconds since 1970-01-01T00:00:00Z |
//! | actor | text |
//! | event | text |
//! | provider | text; empty for none |
//! | details | u32, how many; then key and value of each as text, in ascending order of the key's bytes |
//! | before | 32 bytes: hash of the entry before; zeros for the first |
//! | key | 32 bytes: SHA-256 of the signing key (SPKI, DER) |
//!
//! `hash` is BLAKE3 (32 bytes) over these bytes. `signature` is ECDSA on P-256 with SHA-256
//! (ASN.1 DER) over text `calluna audit signature v1` and the 32 bytes of the hash. Entry 1 is
//! `began`; its detail `public-key` is the signing key (SPKI, DER, hexadecimal). `key-changed` is
//! signed by the old key, and its `public-key` signs every entry after it.
//!
//! # Lines of an export
//!
//! The first line names the form, the first entry and the head at the time of the export, the key
//! in force and the hash before the first entry. Every other line is one entry. Lines are compact
//! JSON with the keys in the order of [`entry::Entry::to_line`]; a line that is written in any other way is
//! refused, so that one changed byte is found wherever it stands. Test vectors: `vectors.rs`.

pub mod details;
pub mod entry;
pub mod event;
pub mod export;
pub mod head;
pub mod key;
pub mod problem;
pub mod verify;

pub use details::Details;
pub use entry::{Actor, Draft, Entry, LineError};
pub use event::Event;
pub use export::Header;
pub use head::{Hash, Head};
pub use key::AuditKey;
pub use problem::{Fault, Problem, Warning};
pub use verify::{Expected, LineVerifier, Verdict, Verifier, verify_lines};

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod vectors;
