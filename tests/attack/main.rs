//! The attacker on releases whose secrets are known: it must find them, and nothing else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail loudly"
)]

mod brute;
mod district;
mod folder;
mod known;
mod publisher;
mod releases;
