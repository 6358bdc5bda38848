//! A stream that remembers why it broke. In TLS 1.3 a side learns only from its first read that the
//! other side refused its certificate; gRPC would swallow the reason.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use calluna_certs::tls::explain_io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Why a stream broke, in words; empty while it has not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reason(Arc<Mutex<String>>);

impl Reason {
    pub(super) fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, error: &io::Error) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if text.is_empty() {
            *text = explain_io(error);
        }
    }
}

/// A stream that notes its first error.
pub(crate) struct Heard<S> {
    stream: S,
    reason: Reason,
}

impl<S> Heard<S> {
    pub(super) fn new(stream: S) -> (Self, Reason) {
        let reason = Reason::default();
        (
            Self {
                stream,
                reason: reason.clone(),
            },
            reason,
        )
    }

    fn noted<T>(&self, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &poll {
            self.reason.note(error);
        }
        poll
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.noted(poll)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(poll)
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
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.noted(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
