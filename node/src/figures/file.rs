//! One file for one period, in two parts: what is public by now, and what is kept about persons.
//!
//! ```text
//! "calluna-figures 1\n"
//! length of the note (4 bytes), of the public part (4), of the private part (8), little endian
//! the note (JSON), the public part, BLAKE3 of everything so far (32)
//! the private part, BLAKE3 of it (32)
//! ```
//! The public part comes first and stands for itself, so that whoever answers the hub, writes a backup
//! or shows a status never reads the other one. A forgotten period has no private part.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use calluna_host::durable::FileError;
use calluna_model::clock::Moment;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::FiguresError;

const MAGIC: &[u8] = b"calluna-figures 1\n";
/// Magic and the three lengths.
const HEAD: usize = MAGIC.len() + 4 + 4 + 8;
const HASH: usize = 32;
/// Longest note and public part that are read: a thousand times what there can be.
const MOST: usize = 256 * 1024 * 1024;
/// A reader may meet a file that is being overwritten because a newer one has taken its place.
const TRIES: usize = 5;

/// What a file says besides its figures. Nothing in it is about a single person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// Mark of the secret that its hashes were made with; empty when it holds none.
    pub mark: String,
    /// What told persons apart: `id`, `name` or `attributes`; empty before the first import.
    pub basis: String,
    /// When a list was last imported.
    pub imported_at: Option<Moment>,
    /// Since when a proposal waits for its release.
    pub proposed_at: Option<Moment>,
    /// Persons who are not in the figures as they are now, rounded to 10.
    pub waiting: u64,
    /// Why something was held back, as codes.
    pub reasons: Vec<String>,
    /// When everything about persons was forgotten.
    pub forgotten_at: Option<Moment>,
    /// Why the period is closed for good; empty while it is not.
    pub sealed: String,
}

/// A file, as far as it was read.
pub struct Parts {
    /// What it says of itself.
    pub note: Note,
    /// The ledger without persons.
    pub public: Vec<u8>,
    /// The whole ledger; empty in a forgotten period, or when it was not asked for.
    pub private: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

impl Parts {
    /// The bytes of the file.
    ///
    /// # Errors
    /// When a part is longer than any can be.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, FiguresError> {
        let note = serde_json::to_vec(&self.note).map_err(|_| FiguresError::TooLarge)?;
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| FiguresError::TooLarge);
        let whole = HEAD + note.len() + self.public.len() + self.private.len() + 2 * HASH;
        // Reserved at once: a vector that grows leaves copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(whole));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&length(&note)?.to_le_bytes());
        out.extend_from_slice(&length(&self.public)?.to_le_bytes());
        out.extend_from_slice(&(self.private.len() as u64).to_le_bytes());
        out.extend_from_slice(&note);
        out.extend_from_slice(&self.public);
        let open = blake3::hash(&out);
        out.extend_from_slice(open.as_bytes());
        out.extend_from_slice(&self.private);
        out.extend_from_slice(blake3::hash(&self.private).as_bytes());
        Ok(out)
    }
}

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Note and public part: the rest is not even loaded.
    Public,
    /// All of it.
    Whole,
}

/// Reads a file; nothing where there is none.
///
/// # Errors
/// When it cannot be read, or is damaged.
pub fn read(path: &Path, depth: Depth) -> Result<Option<Parts>, FiguresError> {
    for _ in 0..TRIES {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FileError::when("read", path)(error).into()),
        };
        let parts = take(file, depth).map_err(FileError::when("read", path))?;
        if parts.is_some() {
            return Ok(parts);
        }
    }
    let path = path.to_owned();
    Err(FiguresError::Damaged { path })
}

/// Nothing when it is not what it should be.
fn take(mut file: File, depth: Depth) -> io::Result<Option<Parts>> {
    let Some(head) = piece(&mut file, HEAD)? else {
        return Ok(None);
    };
    let Some(lengths) = head.strip_prefix(MAGIC).and_then(lengths) else {
        return Ok(None);
    };
    let (note_length, public_length, private_length) = lengths;
    if note_length > MOST || public_length > MOST {
        return Ok(None);
    }
    let (Some(note), Some(public), Some(hash)) = (
        piece(&mut file, note_length)?,
        piece(&mut file, public_length)?,
        piece(&mut file, HASH)?,
    ) else {
        return Ok(None);
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head).update(&note).update(&public);
    if hasher.finalize().as_bytes().as_slice() != hash {
        return Ok(None);
    }
    let Ok(note) = serde_json::from_slice(&note) else {
        return Ok(None);
    };
    let mut private = Zeroizing::default();
    if depth == Depth::Whole && private_length > 0 {
        let (Some(bytes), Some(hash)) =
            (piece(&mut file, private_length)?, piece(&mut file, HASH)?)
        else {
            return Ok(None);
        };
        let bytes = Zeroizing::new(bytes);
        if blake3::hash(&bytes).as_bytes().as_slice() != hash {
            return Ok(None);
        }
        private = bytes;
    }
    Ok(Some(Parts {
        note,
        public,
        private,
    }))
}

fn lengths(bytes: &[u8]) -> Option<(usize, usize, usize)> {
    let (note, rest) = bytes.split_first_chunk::<4>()?;
    let (public, rest) = rest.split_first_chunk::<4>()?;
    let private = rest.first_chunk::<8>()?;
    let number = |number: u64| usize::try_from(number).ok();
    Some((
        number(u32::from_le_bytes(*note).into())?,
        number(u32::from_le_bytes(*public).into())?,
        number(u64::from_le_bytes(*private))?,
    ))
}

/// So many bytes; nothing where the file is shorter.
fn piece(file: &mut File, length: usize) -> io::Result<Option<Vec<u8>>> {
    let left = file.metadata()?.len();
    if length as u64 > left {
        return Ok(None);
    }
    let mut bytes = vec![0; length];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        Parts {
            note: Note {
                mark: "0123456789abcdef".to_owned(),
                waiting: 10,
                ..Note::default()
            },
            public: b"public".to_vec(),
            private: Zeroizing::new(b"persons".to_vec()),
        }
    }

    #[test]
    fn a_file_goes_there_and_back_and_a_public_look_takes_no_persons() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert!(read(&path, Depth::Whole).unwrap().is_none());
        std::fs::write(&path, &*parts().encode().unwrap()).unwrap();
        let whole = read(&path, Depth::Whole).unwrap().unwrap();
        assert_eq!(
            (&whole.note, &whole.public, &whole.private),
            (&parts().note, &parts().public, &parts().private)
        );
        let open = read(&path, Depth::Public).unwrap().unwrap();
        assert_eq!((open.note, open.public), (whole.note, whole.public));
        assert!(open.private.is_empty());
    }

    #[test]
    fn damage_anywhere_is_seen_by_whoever_reads_that_part() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let good = parts().encode().unwrap();
        let private_from = good.len() - HASH - b"persons".len();
        for at in 0..good.len() {
            let mut bytes = good.to_vec();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let whole = read(&path, Depth::Whole);
            assert!(
                matches!(whole, Err(FiguresError::Damaged { .. })),
                "byte {at}"
            );
            assert_eq!(
                read(&path, Depth::Public).is_ok(),
                at >= private_from,
                "byte {at}"
            );
        }
        for length in 0..good.len() {
            std::fs::write(&path, &good[..length]).unwrap();
            assert!(read(&path, Depth::Whole).is_err(), "cut at {length}");
        }
    }
}
