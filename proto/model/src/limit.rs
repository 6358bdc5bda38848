//! Every limit of the exchange, with unit and default.

use serde::{Deserialize, Serialize};

/// Longest encoded offer, in bytes.
pub const RECORD_BYTES: usize = 64 * 1024;
/// Longest encoded batch on the wire, in bytes.
pub const BATCH_BYTES: usize = 1024 * 1024;
/// Batches are filled up to here before they are sent, in bytes: small enough for fine
/// checkpoints, large enough that framing costs nothing.
pub const BATCH_TARGET_BYTES: usize = 64 * 1024;
/// Most offers of one provider.
pub const OFFERS_PER_PROVIDER: u64 = 100_000;
/// Most bytes that one provider may send in one night.
pub const NIGHT_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Longest key of a record that is not a valid offer id but still has to be counted, in bytes.
pub const RECORD_KEY_BYTES: usize = 256;
/// Most findings that are kept for one record.
pub const FINDINGS_PER_RECORD: usize = 50;
/// Most findings that a receipt carries back; the rest is counted.
pub const FINDINGS_PER_RECEIPT: usize = 20_000;
/// Most bytes that the findings of a receipt take: with the rest of it they fit into one message
/// to a node (4 MiB).
pub const RECEIPT_BYTES: usize = 3 * 1024 * 1024;
/// How many nights the hub remembers unless it is told otherwise: two years of one night a day,
/// and some by hand.
pub const NIGHTS_KEPT: u64 = 800;
/// How long a node keeps a tombstone, in seconds (400 days).
pub const TOMBSTONE_SECONDS: i64 = 400 * 86_400;
/// How many receipts a node keeps.
pub const RECEIPTS_KEPT: usize = 10;
/// Longest time that one call to a node may take without a byte arriving, in seconds.
pub const CALL_SECONDS: u64 = 30;
/// Longest time that one provider's night may take, in seconds.
pub const PROVIDER_SECONDS: u64 = 900;

/// The limits that an operator may change, as `[limits]` of `hub.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest encoded offer, in bytes.
    pub record_bytes: usize,
    /// Longest encoded batch, in bytes.
    pub batch_bytes: usize,
    /// Most offers of one provider.
    pub offers_per_provider: u64,
    /// Most bytes from one provider in one night.
    pub night_bytes: u64,
    /// Longest silence within a call, in seconds.
    pub call_seconds: u64,
    /// Longest night of one provider, in seconds.
    pub provider_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: RECORD_BYTES,
            batch_bytes: BATCH_BYTES,
            offers_per_provider: OFFERS_PER_PROVIDER,
            night_bytes: NIGHT_BYTES,
            call_seconds: CALL_SECONDS,
            provider_seconds: PROVIDER_SECONDS,
        }
    }
}
