//! A connection that tells when it is gone and can be cut.
//!
//! Both ends of the exchange hand accepted and dialled streams to gRPC as one type. gRPC does not
//! say when a connection ends; the owner learns it from the guard inside the stream, and can end
//! the connection at once through its token (a revoked member must not go on for hours).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

/// A stream `S` with what is known of the peer (`P`).
pub struct Guarded<S, P> {
    stream: S,
    peer: P,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _gone: DropGuard,
}

/// The owner's side of a [`Guarded`] stream.
#[derive(Clone, Debug, Default)]
pub struct Leash {
    cut: CancellationToken,
    gone: CancellationToken,
}

impl Leash {
    /// Ends the connection: the next read or write fails.
    pub fn cut(&self) {
        self.cut.cancel();
    }

    /// Whether the connection is over.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }

    /// Waits until the connection is over.
    pub async fn gone(&self) {
        self.gone.cancelled().await;
    }
}

impl<S, P> Guarded<S, P> {
    /// Wraps `stream`; the leash shows and ends its life.
    #[must_use]
    pub fn new(stream: S, peer: P) -> (Self, Leash) {
        let leash = Leash::default();
        let cut = Box::pin(leash.cut.clone().cancelled_owned());
        let guard = leash.gone.clone().drop_guard();
        (
            Self {
                stream,
                peer,
                cut,
                _gone: guard,
            },
            leash,
        )
    }

    fn is_cut(&mut self, context: &mut Context<'_>) -> bool {
        self.cut.as_mut().poll(context).is_ready()
    }
}

impl<S, P: Clone + Send + Sync + 'static> Connected for Guarded<S, P> {
    type ConnectInfo = P;

    fn connect_info(&self) -> P {
        self.peer.clone()
    }
}

fn aborted() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the connection was ended on this side",
    )
}

impl<S: AsyncRead + Unpin, P: Unpin> AsyncRead for Guarded<S, P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_cut(context) {
            return Poll::Ready(Err(aborted()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin, P: Unpin> AsyncWrite for Guarded<S, P> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_cut_connection_fails_and_a_dropped_one_is_gone() {
        let (near, _far) = duplex(64);
        let (mut stream, leash) = Guarded::new(near, ());
        assert!(!leash.is_gone());
        let mut byte = [0];
        let (read, ()) = tokio::join!(stream.read(&mut byte), async { leash.cut() });
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        drop(stream);
        leash.gone().await;
    }
}
