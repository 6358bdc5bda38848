//! Long-lived work of one process: started by name, stopped in order.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;

/// Long-lived work of one process, so that it can be ended in order. Clones share the work.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    stop: CancellationToken,
    running: TaskTracker,
}

/// How the work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything came to its own end.
    Quietly,
    /// The time of grace ran out first.
    Cut {
        /// Tasks that had not ended.
        still_running: usize,
    },
}

impl Tasks {
    /// Starts a piece of work. It should end soon after [`Tasks::stopping`]. If it panics, that is
    /// logged under its name and the others go on.
    pub fn spawn<F>(&self, name: &'static str, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.running.spawn(async move {
            // What the panic said goes to stderr by the panic hook; here only whose it was.
            if AssertUnwindSafe(future).catch_unwind().await.is_err() {
                tracing::error!(task = name, "task panicked");
            } else {
                tracing::debug!(task = name, "task ended");
            }
        });
    }

    /// Resolves when the process is asked to stop. It holds no borrow, so it can be moved into a
    /// server as its shutdown signal.
    pub fn stopping(&self) -> WaitForCancellationFutureOwned {
        self.stop.clone().cancelled_owned()
    }

    /// The token behind [`Tasks::stopping`], for code that asks between two steps.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Asks everything to stop, without waiting.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Asks everything to stop, then waits, at most `grace`. A provider in the middle of a batch
    /// finishes it.
    pub async fn drain(&self, grace: Duration) -> Ended {
        self.stop.cancel();
        self.running.close();
        match tokio::time::timeout(grace, self.running.wait()).await {
            Ok(()) => Ended::Quietly,
            Err(_) => Ended::Cut {
                still_running: self.running.len(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn work_that_heeds_the_stop_ends_quietly() {
        let tasks = Tasks::default();
        let finished = Arc::new(AtomicBool::new(false));
        let (stopping, flag) = (tasks.stopping(), Arc::clone(&finished));
        tasks.spawn("heeding", async move {
            stopping.await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            flag.store(true, Ordering::SeqCst);
        });
        assert_eq!(tasks.drain(Duration::from_secs(10)).await, Ended::Quietly);
        assert!(finished.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn work_that_does_not_heed_it_is_cut_and_counted() {
        let tasks = Tasks::default();
        tasks.spawn("deaf", std::future::pending());
        tasks.spawn("heeding", tasks.stopping());
        assert_eq!(
            tasks.drain(Duration::from_millis(50)).await,
            Ended::Cut { still_running: 1 }
        );
    }

    #[tokio::test]
    async fn a_panic_costs_the_others_nothing() {
        let tasks = Tasks::default();
        tasks.spawn("falling", async { panic!("on purpose") });
        tasks.spawn("standing", tasks.stopping());
        tokio::task::yield_now().await;
        assert!(!tasks.token().is_cancelled());
        assert_eq!(tasks.drain(Duration::from_secs(10)).await, Ended::Quietly);
    }
}
