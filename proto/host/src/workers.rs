//! Where work runs that blocks on a disk.

use tokio::task::JoinError;

/// Who does work that blocks on a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workers {
    /// The runtime's threads for blocking work: what a daemon uses.
    #[default]
    Threads,
    /// Whoever waits for it, one after the other. In a simulation, whose stores lie in memory: the
    /// operating system's order of threads must not decide what happens there.
    Inline,
}

impl Workers {
    /// Does `work` and waits for it.
    ///
    /// # Errors
    /// When it panicked, or the runtime ended. Inline, a panic goes on to whoever waits.
    pub async fn run<T, F>(self, work: F) -> Result<T, JoinError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        match self {
            Self::Threads => tokio::task::spawn_blocking(work).await,
            Self::Inline => {
                tokio::task::yield_now().await;
                Ok(work())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn threads_block_nobody_and_inline_stays_on_the_own_thread() {
        let own = std::thread::current().id();
        let inline = Workers::Inline.run(|| std::thread::current().id()).await;
        assert_eq!(inline.unwrap(), own);
        let beside = Workers::default().run(|| std::thread::current().id()).await;
        assert_ne!(beside.unwrap(), own);
    }
}
