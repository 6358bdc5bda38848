//! What stands in single values of the store, as JSON.

use calluna_model::clock::Moment;
use calluna_model::head::Head;
use calluna_model::id::Revision;
use serde::{Deserialize, Serialize};

/// Where the catalogue stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// What the hub is told.
    pub head: Head,
    /// The highest revision of a tombstone that was dropped: a hub that stands before it may have
    /// missed a removal, and has to compare whole catalogues.
    pub horizon: Revision,
    /// Number of the last chunk that counts; nothing before the first publication.
    pub last_seq: Option<u64>,
    /// The last time that the store was found behind and was given a new epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mended: Option<Mended>,
}

/// The store did not hold all that it once had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mended {
    /// When that was found.
    pub at: Moment,
    /// What did not fit, in words.
    pub note: String,
}

/// One file of the last import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceFile {
    /// Its name, without its folder.
    pub file: String,
    /// The format that read it.
    pub format: String,
    /// Records in it.
    pub read: u64,
    /// Records that were refused.
    pub refused: u64,
}

/// The last import, for `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportSummary {
    /// When.
    pub at: Moment,
    /// What was read.
    pub files: Vec<SourceFile>,
    /// Offers that were new.
    pub added: u64,
    /// Offers in another version than before.
    pub changed: u64,
    /// Offers as they were.
    pub unchanged: u64,
    /// Offers that went.
    pub removed: u64,
    /// Records that were refused.
    pub refused: u64,
}
