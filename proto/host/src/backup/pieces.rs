//! Bytes that are handed on in pieces, to whoever writes the file.

use std::io::{self, Write};

/// Pieces are handed on when they reach this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Collects what is written and hands it on. What is left is handed on by [`Write::flush`].
pub struct Pieces<F>(Vec<u8>, F);

impl<F> std::fmt::Debug for Pieces<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pieces({} bytes wait)", self.0.len())
    }
}

impl<F: FnMut(Vec<u8>) -> io::Result<()>> Pieces<F> {
    /// `give` gets every piece; its error ends the writing.
    pub const fn new(give: F) -> Self {
        Self(Vec::new(), give)
    }
}

impl<F: FnMut(Vec<u8>) -> io::Result<()>> Write for Pieces<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        if self.0.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        (self.1)(std::mem::take(&mut self.0))
    }
}
