//! The newest release of the monitoring dataset, and how making it went.
//!
//! Beside the releases and in every backup: a hub whose releases are gone still knows which numbers it gave.

use std::fs;

use anyhow::Result;
use calluna_model::clock::Moment;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// Name of the file in the data directory.
pub const FILE: &str = "releases.json";

/// How building went the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Number of the newest release.
    pub newest: u64,
    /// Its kind.
    #[serde(default)]
    pub kind: String,
    /// When it was made.
    #[serde(default)]
    pub built_at: String,
    /// Why the last try failed; empty when it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failure: String,
    /// When it failed.
    #[serde(default)]
    pub failed_at: Option<Moment>,
}

/// How building went the last time; nothing before the first try.
#[must_use]
pub fn noted(hub: &Hub) -> Option<Noted> {
    let bytes = fs::read(hub.dir.as_ref()?.join(FILE)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Notes how it went.
///
/// # Errors
/// When it could not be written.
pub fn note(hub: &Hub, noted: &Noted) -> Result<()> {
    if let Some(dir) = &hub.dir {
        dir.write(FILE, &serde_json::to_vec(noted)?, 0o600)?;
    }
    Ok(())
}
