//! Being asked to stop from outside.

/// Resolves when the process is asked to end: SIGTERM (systemd, `kill`) or SIGINT (Ctrl-C).
#[cfg(unix)]
pub async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    let (terminate, interrupt) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    );
    match (terminate, interrupt) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("SIGTERM received"),
                _ = interrupt.recv() => tracing::info!("SIGINT received"),
            }
        }
        (Err(cause), _) | (_, Err(cause)) => {
            // The default action of the signals still ends the process, only without draining.
            tracing::error!(%cause, "cannot listen for signals");
            std::future::pending::<()>().await;
        }
    }
}

/// Resolves when the process is asked to end: Ctrl-C.
#[cfg(not(unix))]
pub async fn terminated() {
    if let Err(cause) = tokio::signal::ctrl_c().await {
        tracing::error!(%cause, "cannot listen for signals");
        std::future::pending::<()>().await;
    }
}
