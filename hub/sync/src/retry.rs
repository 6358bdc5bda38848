//! How long to wait before a provider is tried again within its night.

use std::time::Duration;

use calluna_model::entropy::Entropy;
use calluna_model::outcome::Outcome;

/// Exponential waits with full jitter: anything up to a bound that doubles with every attempt. After
/// something that struck many providers at once (the hub's own line was down) they do not all come
/// back in the same second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    first: Duration,
    most: Duration,
}

impl Retry {
    /// Waits of up to `first` after the first attempt, doubling up to `most`.
    #[must_use]
    pub fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most: most.max(first),
        }
    }

    /// How long to wait after `attempts` attempts (1 or more) that ended in `outcome`; nothing when
    /// another attempt would change nothing.
    pub fn wait(&self, attempts: u32, outcome: Outcome, entropy: &dyn Entropy) -> Option<Duration> {
        if !passes(outcome) {
            return None;
        }
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1));
        let bound = self
            .first
            .saturating_mul(doubled.unwrap_or(u32::MAX))
            .min(self.most);
        let millis = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        // Never at once: half of the bound is waited for certain.
        let half = millis / 2;
        Some(Duration::from_millis(
            half + entropy.below(millis - half + 1),
        ))
    }
}

/// Whether the trouble may pass by itself within the night.
fn passes(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Partial | Outcome::Unreachable | Outcome::Failed => true,
        // Agreed, or waiting for a person, or broken by a peer that will do it again.
        Outcome::Unchanged
        | Outcome::Ok
        | Outcome::OkWithQuarantine
        | Outcome::Held
        | Outcome::Refused => false,
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::entropy::SeededEntropy;

    use super::*;

    const RETRY: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(900));

    #[test]
    fn waits_double_up_to_the_most_and_are_spread() {
        let retry = Retry::new(RETRY.0, RETRY.1);
        let entropy = SeededEntropy::new(5);
        let mut bound = RETRY.0;
        for attempts in 1..80 {
            let wait = retry
                .wait(attempts, Outcome::Unreachable, &entropy)
                .unwrap();
            assert!(wait <= bound && wait >= bound / 2, "{attempts}: {wait:?}");
            bound = (bound * 2).min(RETRY.1);
        }
        let some: std::collections::BTreeSet<_> = (0..50)
            .map(|_| retry.wait(1, Outcome::Partial, &entropy))
            .collect();
        assert!(some.len() > 40, "no herd: {}", some.len());
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let retry = Retry::new(RETRY.0, RETRY.1);
        let again: Vec<_> = Outcome::ALL
            .into_iter()
            .filter(|outcome| retry.wait(1, *outcome, &SeededEntropy::new(1)).is_some())
            .collect();
        assert_eq!(
            again,
            [Outcome::Partial, Outcome::Unreachable, Outcome::Failed]
        );
    }
}
