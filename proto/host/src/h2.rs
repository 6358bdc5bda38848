//! HTTP/2 with its limits said out loud: what one peer may cost at this layer.
//!
//! Defaults of libraries change, and a peer with a certificate may still be broken or hostile. So
//! every server and every channel of ours begins here. What is bounded: streams at once, resets
//! (CVE-2023-44487: a stream that is opened and reset at once costs the peer nothing and us a
//! call), headers, the bytes that wait for a slow reader, and how long a silent peer is believed.

use std::time::Duration;

use tonic::transport::{Endpoint, Server};

/// How often a silent connection is tried.
pub const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long the answer to that may take.
pub const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);

/// Largest set of headers that is taken, in bytes.
const HEADER_BYTES: u32 = 16 * 1024;
/// Streams that a peer may have opened and reset before we have looked at them.
const PENDING_RESETS: usize = 20;
/// Streams that may fail on our side, by the peer's fault, before the connection is ended.
const ERROR_RESETS: usize = 128;
/// Largest frame: few TLS records and wake-ups for much data.
const FRAME_BYTES: u32 = 256 * 1024;
/// Bytes that may be under way on one stream, and on a whole connection.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// A server for a peer that may have `streams` calls open at once.
#[must_use]
pub fn server(streams: u32) -> Server {
    Server::builder()
        .max_concurrent_streams(streams)
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(ERROR_RESETS))
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_adaptive_window(Some(false))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_BYTES)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_ANSWER))
}

/// The calling side, for a peer at the other end of a stream that is open already.
#[must_use]
pub fn caller(name: &'static str) -> Endpoint {
    Endpoint::from_static(name)
        .http2_max_local_error_reset_streams(ERROR_RESETS)
        .http2_max_header_list_size(HEADER_BYTES)
        .http2_adaptive_window(false)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_BYTES)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_ANSWER)
        .keep_alive_while_idle(true)
}
