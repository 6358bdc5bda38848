//! What a publication changes, or would change.

use calluna_model::guard::Shrink;
use serde::{Deserialize, Serialize};

/// Most offers that are shown one by one.
pub const EXAMPLES: usize = 20;
/// Most ids of removed offers that are told one by one.
pub const REMOVED_IDS: usize = 1_000;

/// The difference between the catalogue and what was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Difference {
    /// Offers that are not there yet.
    pub added: u64,
    /// Offers that are there in another version.
    pub changed: u64,
    /// Offers that are there as they are.
    pub unchanged: u64,
    /// Offers that go.
    pub removed: u64,
    /// Their ids; at most 1,000 are listed, `removed` counts all.
    pub removed_ids: Vec<String>,
    /// Some of the changes in detail; at most 20.
    pub examples: Vec<Example>,
    /// What the guard would say: more is removed than goes without a person's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Shrink>,
}

/// One offer that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The fields that differ; at most 10.
    pub fields: Vec<FieldChange>,
}

/// One field that changes; values are shortened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldChange {
    /// Its path, such as `runs[0].start`.
    pub field: String,
    /// Its value now; empty when it has none.
    pub before: String,
    /// Its value then; empty when it has none.
    pub after: String,
}
