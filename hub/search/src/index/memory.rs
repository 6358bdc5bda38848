//! What the index remembers beside its documents, written with each commit: which state of each provider it
//! holds, and which words the catalogue has added to the dictionary.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::VERSION;

/// Most late parts; more of them, and the index is due to be built anew.
pub(crate) const LATE_MAX: usize = 20_000;

/// Travels in the payload of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// [`VERSION`] of the one who wrote it.
    pub(crate) version: u32,
    /// District that places were read for.
    pub(crate) district: String,
    /// Version of each provider that the index holds.
    pub(crate) providers: BTreeMap<String, u64>,
    /// Words that the catalogue added to the dictionary, folded.
    pub(crate) words: BTreeSet<String>,
    /// Part to compounds that were indexed before the dictionary knew the part.
    pub(crate) late: BTreeMap<String, BTreeSet<String>>,
}

impl Memory {
    /// Of an index that holds nothing.
    pub(crate) fn new(district: &str) -> Self {
        Self {
            version: VERSION,
            district: district.to_owned(),
            providers: BTreeMap::new(),
            words: BTreeSet::new(),
            late: BTreeMap::new(),
        }
    }

    /// What a payload says, when it is as it was written, and one of ours for this district.
    pub(crate) fn read(payload: Option<&str>, district: &str) -> Option<Self> {
        let (digest, text) = payload?.split_once('\n')?;
        let memory: Self = serde_json::from_str(text).ok()?;
        if blake3::hash(text.as_bytes()).to_hex().as_str() != digest {
            return None;
        }
        (memory.version == VERSION && memory.district == district).then_some(memory)
    }

    /// As it travels, with a digest: nothing else of a commit's file is checked.
    pub(crate) fn payload(&self) -> serde_json::Result<String> {
        let text = serde_json::to_string(self)?;
        Ok(format!("{}\n{text}", blake3::hash(text.as_bytes())))
    }
}
