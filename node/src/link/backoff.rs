//! How long to wait before the next attempt: longer each time, and never all nodes at once.

use std::sync::Arc;
use std::time::Duration;

use calluna_model::entropy::Entropy;

const FIRST_MILLIS: u64 = 50;
const MOST_MILLIS: u64 = 30_000;

/// Waiting times with full jitter: anything up to a bound.
///
/// Before a connection has stood, the bound doubles from 50 ms to 30 s: somebody has just started
/// this node and looks at it. A connection that stood and was lost is another case: most likely the
/// hub was restarted, and every node of the district lost its own in the same moment. Then already
/// the first wait is anywhere within `spread`, or a thousand nodes would come back in one heap.
#[derive(Debug)]
pub struct Backoff {
    entropy: Arc<dyn Entropy>,
    bound: u64,
    spread: u64,
}

impl Backoff {
    /// Begins with the shortest bound. `spread` is the bound after a loss; nothing means the
    /// shortest again.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>, spread: Duration) -> Self {
        let spread = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
        Self {
            entropy,
            bound: FIRST_MILLIS,
            spread: spread.max(FIRST_MILLIS),
        }
    }

    /// How long to wait now.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.entropy.below(self.bound.saturating_add(1));
        let most = MOST_MILLIS.max(self.spread);
        self.bound = self.bound.saturating_mul(2).min(most);
        Duration::from_millis(wait)
    }

    /// A connection stood and is gone. Where it had not `lasted`, the waits go on growing: whoever
    /// is sent away each time must not come back at the same pace for ever.
    pub fn lost(&mut self, lasted: bool) {
        self.bound = if lasted {
            self.spread
        } else {
            self.bound.max(self.spread)
        };
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::entropy::SeededEntropy;

    use super::*;

    const SPREAD: Duration = Duration::from_secs(10);

    fn backoff(seed: u64, spread: Duration) -> Backoff {
        Backoff::new(Arc::new(SeededEntropy::new(seed)), spread)
    }

    #[test]
    fn waits_stay_below_a_bound_that_doubles_up_to_thirty_seconds() {
        let mut backoff = backoff(7, SPREAD);
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
        backoff.lost(true);
        assert!(backoff.next_wait() <= SPREAD);
    }

    /// A thousand nodes lose the hub in the same moment.
    #[test]
    fn the_first_retry_after_a_loss_is_spread_evenly() {
        let mut seconds = [0_u32; 10];
        for seed in 0..1_000 {
            let mut backoff = backoff(seed, SPREAD);
            backoff.lost(true);
            let wait = backoff.next_wait().as_secs();
            seconds[usize::try_from(wait).unwrap().min(9)] += 1;
        }
        let peak = seconds.iter().max().unwrap();
        assert!(*peak < 150, "a heap: {seconds:?}");
        assert!(
            seconds.iter().all(|count| *count > 50),
            "a hole: {seconds:?}"
        );
    }

    #[test]
    fn connections_that_do_not_last_are_tried_ever_more_rarely() {
        let mut backoff = backoff(7, Duration::ZERO);
        let mut longest = Duration::ZERO;
        for _ in 0..40 {
            longest = longest.max(backoff.next_wait());
            backoff.lost(false);
        }
        assert!(longest > Duration::from_secs(20), "{longest:?}");
        backoff.lost(true);
        assert!(backoff.next_wait() <= Duration::from_millis(50));
    }
}
