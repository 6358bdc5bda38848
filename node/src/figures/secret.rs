//! The node's secret for hashes of persons: a file of its own, made once, never sent, in no backup.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use calluna_figures::Secret;
use calluna_host::durable::{FileError, write_file};
use calluna_model::entropy::Entropy;
use zeroize::{Zeroize, Zeroizing};

use super::FiguresError;

/// Its file in the folder of figures.
pub const FILE: &str = "secret";
const LENGTH: usize = 32;

/// A secret, and the mark by which files say that they were made with it.
pub struct Kept {
    /// The secret.
    pub secret: Secret,
    /// 16 hexadecimal digits that follow from it, and from which it does not follow.
    pub mark: String,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}

/// Reads it; nothing where there is none.
///
/// # Errors
/// When it cannot be read, or is no secret.
pub fn read(folder: &Path) -> Result<Option<Kept>, FiguresError> {
    let path = folder.join(FILE);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::when("read", &path)(error).into()),
    };
    // One byte more than it has: a longer file is none.
    let mut bytes = Zeroizing::new([0_u8; LENGTH + 1]);
    let mut length = 0;
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) => return Err(FileError::when("read", &path)(error).into()),
        }
    }
    let whole = bytes.get(..length).and_then(|bytes| bytes.try_into().ok());
    whole
        .map(kept)
        .map(Some)
        .ok_or(FiguresError::NoSecret { path })
}

/// Makes one from the system's random source and keeps it. It is on disk when this returns.
///
/// # Errors
/// When it cannot be written.
pub fn make(folder: &Path, entropy: &dyn Entropy) -> Result<Kept, FiguresError> {
    let path = folder.join(FILE);
    let mut bytes = Zeroizing::new([0_u8; LENGTH]);
    entropy.fill(bytes.as_mut());
    write_file(&path, bytes.as_ref(), 0o600).map_err(FileError::when("write", &path))?;
    Ok(kept(*bytes))
}

/// One that is kept nowhere: for a look at what would be published.
#[must_use]
pub fn passing(entropy: &dyn Entropy) -> Kept {
    let mut bytes = Zeroizing::new([0_u8; LENGTH]);
    entropy.fill(bytes.as_mut());
    kept(*bytes)
}

/// Whether there is one.
#[must_use]
pub fn exists(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(FILE)).is_ok()
}

fn kept(mut bytes: [u8; LENGTH]) -> Kept {
    let mut hasher = blake3::Hasher::new_derive_key("calluna-node 2026-11 mark of a secret");
    hasher.update(&bytes);
    let mark = hasher.finalize().to_hex().chars().take(16).collect();
    let secret = Secret::new(bytes);
    bytes.zeroize();
    Kept { secret, mark }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use calluna_model::entropy::SeededEntropy;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_read_back_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().is_none() && !exists(dir.path()));
        let made = make(dir.path(), &SeededEntropy::new(1)).unwrap();
        let again = read(dir.path()).unwrap().unwrap();
        assert_eq!(made.mark, again.mark);
        assert_ne!(made.mark, passing(&SeededEntropy::new(2)).mark);
        let path = dir.path().join(FILE);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let hex: String = fs::read(&path)
            .unwrap()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert!(
            !hex.contains(&made.mark),
            "the mark is no part of the secret"
        );
        assert!(!format!("{made:?}").contains(&hex));
    }

    #[test]
    fn a_file_of_another_length_is_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        for length in [0, 31, 33, 4_000] {
            fs::write(dir.path().join(FILE), vec![7; length]).unwrap();
            assert!(
                matches!(read(dir.path()), Err(FiguresError::NoSecret { .. })),
                "{length}"
            );
        }
    }
}
