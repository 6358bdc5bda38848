//! Deletion needs proof (invariant 4): how much may be removed at once without a person's word.
//! The hub applies it to a night, the node to an import of a complete list.

use serde::{Deserialize, Serialize};

/// Removing more offers than this, and more than [`SHARE_PERCENT`] of them, needs a person's word.
pub const FEW: u64 = 3;
/// See [`FEW`].
pub const SHARE_PERCENT: u64 = 30;

/// What would be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{removed} of {before} offers would be removed")]
pub struct Shrink {
    /// Offers that would go.
    pub removed: u64,
    /// Offers that are there now.
    pub before: u64,
}

/// Whether removing `removed` of `before` offers needs a person's word: more than 30 % and more
/// than 3, or all of them.
#[must_use]
pub fn shrink(before: u64, removed: u64) -> Option<Shrink> {
    let all = removed > 0 && removed >= before;
    let many = removed > FEW && removed.saturating_mul(100) > before.saturating_mul(SHARE_PERCENT);
    (all || many).then_some(Shrink { removed, before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv4_removing_much_at_once_is_held() {
        for (before, removed, held) in [
            (0, 0, false),
            (10, 0, false),
            (10, 3, false),
            (10, 4, true),
            (4, 3, false),
            (4, 4, true),
            (1, 1, true),
            (3, 3, true),
            (100, 30, false),
            (100, 31, true),
            (100_000, 100_000, true),
        ] {
            assert_eq!(
                shrink(before, removed).is_some(),
                held,
                "{removed} of {before}"
            );
        }
    }
}
