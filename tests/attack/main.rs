//! The attacker on releases whose secrets are known: it must find them, and nothing else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail loudly and say what was found"
)]

mod brute;
mod district;
mod folder;
mod known;
mod lists;
mod protected;
mod publisher;
mod releases;
