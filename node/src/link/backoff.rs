//! How long to wait before the next attempt: longer each time, and never all nodes at once.

use std::sync::Arc;
use std::time::Duration;

use calluna_model::entropy::Entropy;

const FIRST_MILLIS: u64 = 50;
const MOST_MILLIS: u64 = 30_000;

/// Waiting times with full jitter: anything up to a bound that doubles from 50 ms to 30 s.
#[derive(Debug)]
pub struct Backoff {
    entropy: Arc<dyn Entropy>,
    bound: u64,
}

impl Backoff {
    /// Begins with the shortest bound.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self {
            entropy,
            bound: FIRST_MILLIS,
        }
    }

    /// How long to wait now.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.entropy.below(self.bound + 1);
        self.bound = (self.bound * 2).min(MOST_MILLIS);
        Duration::from_millis(wait)
    }

    /// Begins again: a connection has lasted.
    pub fn reset(&mut self) {
        self.bound = FIRST_MILLIS;
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::entropy::SeededEntropy;

    use super::*;

    #[test]
    fn waits_stay_below_a_bound_that_doubles_up_to_thirty_seconds() {
        let mut backoff = Backoff::new(Arc::new(SeededEntropy::new(7)));
        let mut bound = 50;
        let mut longest = 0;
        for _ in 0..200 {
            let wait = u64::try_from(backoff.next_wait().as_millis()).unwrap();
            assert!(wait <= bound, "{wait} > {bound}");
            bound = (bound * 2).min(30_000);
            longest = longest.max(wait);
        }
        assert!(
            longest > 20_000,
            "jitter uses the whole range, the longest was {longest}"
        );
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(50));
    }
}
