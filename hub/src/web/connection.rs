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
const HEAD_BYTES: usize = 16 * 1024;

pub(super) async fn serve(
    stream: TcpStream,
    from: IpAddr,
    site: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    // HTTP/1 alone: browsers speak HTTP/2 over TLS only, which ends in the web server in front of the hub, and that one
    // speaks HTTP/1.1 to those behind it. So nobody can linger in a preface, where no clock would run.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES);
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
