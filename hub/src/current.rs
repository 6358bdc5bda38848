//! The night that runs: one at a time, and it can be ended from outside.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use calluna_model::id::ProviderId;
use tokio::sync::{MutexGuard, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

/// Why a night was ended before every provider was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The operator cancelled it.
    Operator,
    /// The process ends; the next start resumes it.
    Stop,
    /// Its window is over.
    Window,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "the operator cancelled the night",
            Self::Stop => "the hub was stopped; the night is resumed at its next start",
            Self::Window => "the night's window was over",
        })
    }
}

/// Tells those who work in a night that it is over. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    token: CancellationToken,
    why: Arc<OnceLock<End>>,
}

impl Ending {
    /// Ends the night; the first reason counts.
    pub fn end(&self, why: End) {
        // A night that has already been ended keeps its first reason.
        let _first = self.why.set(why);
        self.token.cancel();
    }

    /// Why it was ended; nothing while it goes on.
    #[must_use]
    pub fn why(&self) -> Option<End> {
        self.why.get().copied()
    }

    /// Waits until it is ended.
    pub async fn ended(&self) -> End {
        self.token.cancelled().await;
        // The reason is set before the token.
        self.why().unwrap_or(End::Stop)
    }
}

/// Which night runs.
#[derive(Debug, Default)]
pub struct Current {
    turn: tokio::sync::Mutex<()>,
    running: Mutex<Option<(u64, Ending)>>,
    stopped: CancellationToken,
    /// Who works on a provider's stage: a night, or the operator.
    stages: Mutex<HashMap<ProviderId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Current {
    /// Waits until no night runs, and keeps others from beginning while the guard lives.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// As [`Current::turn`], but only if it is free at once.
    pub fn turn_now(&self) -> Option<MutexGuard<'_, ()>> {
        self.turn.try_lock().ok()
    }

    /// Waits until nobody works on the stage of `provider`, and keeps others away while the guard
    /// lives.
    pub async fn stage(&self, provider: &ProviderId) -> OwnedMutexGuard<()> {
        let stage = {
            let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(stages.entry(provider.clone()).or_default())
        };
        stage.lock_owned().await
    }

    /// Notes that night `number` runs. After [`Current::stop`] it is over at once.
    #[must_use]
    pub fn begin(&self, number: u64) -> Ending {
        let ending = Ending::default();
        if self.stopped.is_cancelled() {
            ending.end(End::Stop);
        }
        *self.lock() = Some((number, ending.clone()));
        ending
    }

    /// Notes that no night runs any more.
    pub fn done(&self) {
        *self.lock() = None;
    }

    /// The number of the night that runs.
    #[must_use]
    pub fn running(&self) -> Option<u64> {
        self.lock().as_ref().map(|(number, _)| *number)
    }

    /// Ends the night that runs; its number, if there is one.
    pub fn end(&self, why: End) -> Option<u64> {
        let running = self.lock();
        let (number, ending) = running.as_ref()?;
        ending.end(why);
        Some(*number)
    }

    /// Ends the night that runs and every later one: the process stops.
    pub fn stop(&self) {
        self.stopped.cancel();
        self.end(End::Stop);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(u64, Ending)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_night_ends_for_its_first_reason() {
        let current = Current::default();
        assert_eq!(current.end(End::Operator), None);
        let ending = current.begin(7);
        assert_eq!((current.running(), ending.why()), (Some(7), None));
        assert_eq!(current.end(End::Operator), Some(7));
        current.stop();
        assert_eq!(ending.ended().await, End::Operator);
        current.done();
        assert_eq!(current.running(), None);
        assert_eq!(current.begin(8).why(), Some(End::Stop));
    }
}
