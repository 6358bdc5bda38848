//! Sockets of the pages: a slow or silent client costs one connection for a bounded time, and nobody else anything.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How much one listener takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// Longest that the head of a request may take to arrive; also the longest pause between two requests.
    pub head: Duration,
    /// Longest that one connection lives; then it is closed in order.
    pub connection: Duration,
    /// Longest that open answers get after that, or when the process ends.
    pub grace: Duration,
    /// Largest head of a request, in bytes.
    pub head_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head: Duration::from_secs(10),
            connection: Duration::from_secs(120),
            grace: Duration::from_secs(5),
            head_bytes: 16 * 1024,
        }
    }
}

/// Serves `router` until `stop` is ready, then lets open answers end.
///
/// # Errors
/// When the listener breaks for good. Single connections that fail do not.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(limits.connections));
    let (ending, ended) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        // Those that are done are cleared away.
        while open.try_join_next().is_some() {}
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let (router, ended) = (router.clone(), ended.clone());
                open.spawn(async move {
                    let _place = place;
                    one(stream, router, limits, ended).await;
                });
            }
            // The client was gone again, or no descriptor is free: neither ends the pages.
            Err(cause) if is_passing(&cause) => sleep(Duration::from_millis(50)).await,
            Err(cause) => return Err(cause),
        }
    }
    drop(listener);
    // Nobody listens any more where every connection has ended by itself.
    let _unheard = ending.send(true);
    let all = async { while open.join_next().await.is_some() {} };
    if timeout(limits.grace, all).await.is_err() {
        open.abort_all();
    }
    Ok(())
}

fn is_passing(cause: &io::Error) -> bool {
    const TOO_MANY_FILES: [i32; 2] = [23, 24];
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::OutOfMemory
    ) || cause
        .raw_os_error()
        .is_some_and(|code| TOO_MANY_FILES.contains(&code))
}

/// One connection, from its first byte to its end.
async fn one(stream: TcpStream, router: Router, limits: Limits, mut ended: watch::Receiver<bool>) {
    // One that says nothing at all is not worth a place.
    let mut first = [0];
    if !matches!(
        timeout(limits.head, stream.peek(&mut first)).await,
        Ok(Ok(1))
    ) {
        return;
    }
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(usize::try_from(limits.head_bytes).unwrap_or(16 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.head_bytes)
        .max_concurrent_streams(32)
        .keep_alive_interval(limits.head)
        .keep_alive_timeout(limits.head);
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // How a connection ends is the client's affair.
        _ = &mut connection => return,
        _ = ended.wait_for(|ended| *ended) => {}
        () = sleep(limits.connection) => {}
    }
    connection.as_mut().graceful_shutdown();
    drop(timeout(limits.grace, connection).await);
}
