//! Writing: files first, then the store, then the manifest.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use super::sealed::COMMENT;
use super::{FILES, MANIFEST, Manifest, Member, PART_BYTES, STORE};

/// Offers shrink to a third here, at a third of the time that the usual level takes.
const LEVEL: u32 = 3;

/// Packs a backup into `out`. What is written to it through [`Write`] is the store.
pub struct Packer<W: Write> {
    archive: tar::Builder<GzEncoder<W>>,
    members: Vec<Member>,
    part: Vec<u8>,
    parts: u64,
}

impl<W: Write> std::fmt::Debug for Packer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer")
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}

impl<W: Write> Packer<W> {
    /// Begins a backup.
    #[must_use]
    pub fn new(out: W) -> Self {
        let gzip = GzBuilder::new().comment(COMMENT.as_bytes());
        Self {
            archive: tar::Builder::new(gzip.write(out, Compression::new(LEVEL))),
            members: Vec::new(),
            part: Vec::new(),
            parts: 0,
        }
    }

    /// Adds a file of the data directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(&mut self, name: &str, mode: u32, bytes: &[u8]) -> io::Result<()> {
        self.add(format!("{FILES}{name}"), mode, bytes)
    }

    /// Ends it: `manifest` gets the list of members here.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self, manifest: &mut Manifest) -> io::Result<W> {
        self.end_part()?;
        manifest.members = std::mem::take(&mut self.members);
        let text = serde_json::to_vec_pretty(manifest)?;
        self.add(MANIFEST.to_owned(), 0o600, &text)?;
        self.archive.into_inner()?.finish()
    }

    fn add(&mut self, name: String, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        self.archive.append_data(&mut header, &name, bytes)?;
        self.members.push(Member {
            name,
            bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes).to_hex().to_string(),
        });
        Ok(())
    }

    fn end_part(&mut self) -> io::Result<()> {
        if !self.part.is_empty() {
            let part = std::mem::take(&mut self.part);
            self.add(format!("{STORE}{:08}", self.parts), 0o600, &part)?;
            self.parts += 1;
            self.part = part;
            self.part.clear();
        }
        Ok(())
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PART_BYTES.saturating_sub(self.part.len()).min(bytes.len());
        let (taken, _) = bytes.split_at(room);
        self.part.extend_from_slice(taken);
        if self.part.len() >= PART_BYTES {
            self.end_part()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
