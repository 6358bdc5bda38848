//! Chance that a seed determines, and that forks: who draws more than before changes nobody else's.

use std::sync::Arc;

use calluna_model::entropy::{Entropy, SeededEntropy};

/// A source of decisions.
#[derive(Debug)]
pub(crate) struct Chance(SeededEntropy);

impl Chance {
    /// The source of `seed` for the purpose that `path` names.
    pub(crate) fn of(seed: u64, path: &[u64]) -> Self {
        Self(SeededEntropy::new(derive(seed, path)))
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A place in a list of `len`.
    pub(crate) fn place(&self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn percent(&self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A seed for a part of a world.
pub(crate) fn derive(seed: u64, path: &[u64]) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("calluna simulation v1");
    hasher.update(&seed.to_le_bytes());
    for step in path {
        hasher.update(&step.to_le_bytes());
    }
    u64::from_le_bytes(*hasher.finalize().as_bytes().first_chunk().unwrap())
}

/// The product's own source of chance.
pub(crate) fn entropy(seed: u64, path: &[u64]) -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(derive(seed, path)))
}
