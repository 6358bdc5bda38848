//! A backup: one file that holds a whole data directory, and proves it.
//!
//! The file is a `.tar.gz` that every system can list and open (`tar tzf FILE`):
//!
//! | member | holds |
//! |---|---|
//! | `files/NAME` | a file of the data directory, byte by byte |
//! | `store/NUMBER` | the store at one moment, in pieces of 4 MiB: one dump of `calluna-kv` |
//! | `manifest.json` | the last one: what the others are, each with its BLAKE3 ([`Manifest`]) |
//!
//! The comment in the gzip header holds the BLAKE3 of the whole file (computed with that number's
//! digits as zeros). So there is no byte whose change goes unnoticed, not even in the padding of the
//! compression. This protects from accidents, not from somebody who writes a new file: names in it
//! lead nowhere but into the folder that is restored.
//!
//! A file appears whole or not at all, with mode 0600: keys are in it ([`SealedFile`]).

mod archive;
mod collect;
mod pack;
mod pieces;
mod sealed;
mod staging;
mod words;

use std::path::{Path, PathBuf};

use calluna_model::clock::Moment;
use serde::{Deserialize, Serialize};

pub use self::archive::{Parts, check, unpack};
pub use self::collect::{Collected, collect};
pub use self::pack::Packer;
pub use self::pieces::Pieces;
pub use self::sealed::SealedFile;
pub use self::staging::{Staging, scratch_beside};
pub use self::words::summary;
use crate::durable::FileError;

/// The format that this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
/// A file of a data directory is small. A larger one is none that we wrote, and is left out.
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// The store's dump is cut into pieces of this size.
const PART_BYTES: usize = 4 * 1024 * 1024;
const FILES: &str = "files/";
const STORE: &str = "store/";
const MANIFEST: &str = "manifest.json";

/// What a backup is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A hub.
    Hub,
    /// A node.
    Node,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Hub => "hub",
            Self::Node => "node",
        })
    }
}

/// What a backup holds. It stands in the file, and `backup --format json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format.
    pub format: u32,
    /// What it is of.
    pub kind: Kind,
    /// The program that wrote it.
    pub software: String,
    /// When the store was as it is in here.
    pub made_at: Moment,
    /// The store.
    pub store: StoreManifest,
    /// What stands in the store, in the words of the program: to be compared after a restore.
    pub state: serde_json::Value,
    /// Files in it that must stay secret.
    pub secrets: Vec<Secret>,
    /// What lies in the data directory and is not in the backup.
    pub left_out: Vec<String>,
    /// Every member before the manifest, in order.
    pub members: Vec<Member>,
}

/// A file that must stay secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Whether it is encrypted: of no use without its passphrase.
    pub encrypted: bool,
}

/// The store in a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreManifest {
    /// The engine that kept it.
    pub engine: String,
    /// Its epoch.
    pub epoch: String,
    /// The owner's revision at that moment.
    pub revision: u64,
    /// The owner's count.
    pub count: u64,
    /// The owner's digest.
    pub digest: String,
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// BLAKE3 over all of them.
    pub hash: String,
}

/// One member of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its BLAKE3.
    pub blake3: String,
}

/// A backup cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is something else.
    #[error("{} is no backup of Calluna; give the file that `backup --output FILE` wrote", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
    },
    /// It is not what was written.
    #[error("the backup {} is damaged: {why}; use another one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// A later release wrote it.
    #[error(
        "the backup {} has format {found}, this program knows formats up to {FORMAT}; use the newer program that wrote it ({software})",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// What wrote it.
        software: String,
    },
    /// It is of the other side.
    #[error("the backup {} is of a {found}, not of a {wanted}; use calluna-{found}", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What it is of.
        found: Kind,
        /// What it should be of.
        wanted: Kind,
    },
    /// Something is there already.
    #[error("{} exists already; give another name, or --force to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Restored over something.
    #[error(
        "{} is not empty (it holds `{entry}`), and a restore never writes over anything; give the path of a new or an empty directory with --data, or move that one away first",
        path.display()
    )]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// One of the things in it.
        entry: String,
    },
}

impl BackupError {
    fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into(),
        }
    }
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// [`hex`] back.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (place, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *place = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
