//! One connection, from its first byte to its end.

use std::net::IpAddr;
use std::pin::pin;

use axum::{Extension, Router};
use calluna_api::source::Peer;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Limits;

/// Largest head of a request, in bytes.
const HEAD_BYTES: u32 = 16 * 1024;
/// Requests that one HTTP/2 connection may have open.
const STREAMS: u32 = 32;

pub(super) async fn serve(
    stream: TcpStream,
    from: IpAddr,
    site: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    // Until the first byte nobody can tell which protocol it will be, and no other clock runs.
    let mut first = [0];
    let heard = timeout(limits.head, stream.peek(&mut first)).await;
    if !matches!(heard, Ok(Ok(1))) {
        return;
    }
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(usize::try_from(HEAD_BYTES).unwrap_or(8_192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES)
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(limits.head)
        .keep_alive_timeout(limits.head);
    let service = TowerToHyperService::new(site.layer(Extension(Peer(from))));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // How a connection ends is the client's affair.
        _ = &mut connection => return,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(limits.connection) => {}
    }
    connection.as_mut().graceful_shutdown();
    drop(timeout(limits.grace, connection).await);
}
