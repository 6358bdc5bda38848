//! What can go wrong while releases are written or read.

use std::io;
use std::path::{Path, PathBuf};

/// A release that could not be written, or a folder of releases that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk.
    #[error("{path}: {source}")]
    Disk {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of a release that does not hold what it must.
    #[error("{path}: {rule}; `dataset verify` tells which releases are whole")]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What it must hold.
        rule: String,
    },
    /// Somebody else writes a release into the same folder.
    #[error(
        "{path}: another process is writing a release here; try again when it is done (the lock is the file `.lock`)"
    )]
    Busy {
        /// The folder of the releases.
        path: PathBuf,
    },
    /// There is no release of this number.
    #[error("there is no release {number}; `dataset list` names those that are there")]
    Missing {
        /// Its number.
        number: u64,
    },
    /// Whoever hands in the figures could not.
    #[error("the figures of {who} of {period} cannot be read: {why}")]
    Figures {
        /// Provider, or `all providers`.
        who: String,
        /// Period, or `all periods`.
        period: String,
        /// What its owner says.
        why: String,
    },
}

/// Short for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Says at which path the disk failed.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |source| Error::Disk {
        path: path.to_owned(),
        source,
    }
}

/// A file that does not hold what it must.
pub(crate) fn broken(path: &Path, rule: impl ToString) -> Error {
    Error::Broken {
        path: path.to_owned(),
        rule: rule.to_string(),
    }
}
