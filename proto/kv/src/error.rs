//! Why a store did not open, read or write, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What can go wrong with a store. Every text names the folder and the way out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KvError {
    /// Another process (or another part of this one) has the store open.
    #[error(
        "the store in {} is open in another process, most likely the daemon (`serve`) of the same directory; \
         stop that one first, or give another directory with --data", dir.display()
    )]
    Locked {
        /// Folder of the store.
        dir: PathBuf,
    },
    /// There is no room. What was acknowledged before is safe and can be read.
    #[error(
        "the disk that holds the store in {} is full: {} are free, this write wants {}; {} are missing; \
         free some space, then try again (no restart is needed); what was stored before is safe",
        dir.display(), megabytes(*free), megabytes(*needed), megabytes(needed.saturating_sub(*free))
    )]
    Full {
        /// Folder of the store.
        dir: PathBuf,
        /// Bytes that should be free for this write.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The files contradict themselves. Nothing was deleted.
    #[error(
        "the store in {} is damaged: {why}; nothing was deleted; \
         restore a backup of this folder; without one move it away, start again, and import (node) or \
         invite and synchronise (hub) anew", dir.display()
    )]
    Damaged {
        /// Folder of the store.
        dir: PathBuf,
        /// What was found, in the words of the engine.
        why: String,
    },
    /// A newer program wrote the store.
    #[error(
        "the store in {} has format {found}, this program knows formats up to {known}; \
         use the newer program that wrote it", dir.display()
    )]
    Newer {
        /// Folder of the store.
        dir: PathBuf,
        /// The format that was found.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The operating system refused.
    #[error("the store in {} cannot be read or written: {source}; check the folder's owner, rights and disk", dir.display())]
    Io {
        /// Folder of the store.
        dir: PathBuf,
        /// What the operating system says.
        source: Arc<io::Error>,
    },
    /// An earlier write failed; the engine only reads until the store is opened again.
    #[error("the store in {} is read-only since a write failed: {why}; mend that, then restart", dir.display())]
    ReadOnly {
        /// Folder of the store.
        dir: PathBuf,
        /// The failure that made it so.
        why: String,
    },
    /// The content of one moment could not be read to its end. The store itself goes on.
    #[error("the store in {} could not be copied as it stood at one moment: {why}", dir.display())]
    Snapshot {
        /// Folder of the store.
        dir: PathBuf,
        /// What happened.
        why: String,
    },
    /// What was to be read is no dump, or not the one that was written.
    #[error("the copy of a store that was to be put into {} cannot be used: {why}; use another backup", dir.display())]
    Dump {
        /// Folder of the new store.
        dir: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// A batch touches the key that belongs to the engine.
    #[error("a batch for the store in {} touches a key that belongs to the engine; this is a mistake in the program, please report it", dir.display())]
    ReservedKey {
        /// Folder of the store.
        dir: PathBuf,
    },
    /// No engine has this name.
    #[error("there is no storage engine \"{kind}\" for {}; known are {known}", dir.display())]
    UnknownEngine {
        /// Folder that was to be opened.
        dir: PathBuf,
        /// The name that was asked for.
        kind: String,
        /// The names there are.
        known: String,
    },
    /// Another engine wrote the store. To open it with this one would show an empty store.
    #[error("the store in {} is kept by the engine \"{held}\", not by \"{asked}\"; open it with \"{held}\", or convert it", dir.display())]
    OtherEngine {
        /// Folder of the store.
        dir: PathBuf,
        /// The engine that wrote it.
        held: String,
        /// The engine that was asked for.
        asked: String,
    },
}

impl KvError {
    /// What the operating system said, sorted: a full disk is [`Self::Full`].
    pub(crate) fn io(dir: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            let free = crate::engine::free_bytes(dir).unwrap_or(0);
            return Self::Full {
                dir: dir.to_owned(),
                // The operating system does not say how much it wanted.
                needed: free.saturating_add(crate::engine::HEADROOM),
                free,
            };
        }
        Self::Io {
            dir: dir.to_owned(),
            source: Arc::new(source),
        }
    }

    /// What sled said, sorted.
    pub(crate) fn sled(dir: &Path, error: ::sled::Error) -> Self {
        match error {
            // sled has no kind of its own for a held lock: it wraps the cause into this text.
            ::sled::Error::Io(e) if e.to_string().starts_with("could not acquire lock") => {
                Self::Locked {
                    dir: dir.to_owned(),
                }
            }
            ::sled::Error::Io(e) => Self::io(dir, e),
            other => Self::Damaged {
                dir: dir.to_owned(),
                why: other.to_string(),
            },
        }
    }
}

impl KvError {
    /// What fjall said, sorted.
    pub(crate) fn fjall(dir: &Path, error: ::fjall::Error) -> Self {
        use ::fjall::{Error, LsmError};
        match error {
            Error::Locked => Self::Locked {
                dir: dir.to_owned(),
            },
            Error::Io(e) | Error::Storage(LsmError::Io(e)) => Self::io(dir, e),
            Error::Poisoned => Self::io(
                dir,
                io::Error::other("fjall could not write its tables in the background and stopped"),
            ),
            other => Self::Damaged {
                dir: dir.to_owned(),
                why: other.to_string(),
            },
        }
    }
}

/// Rounded up: whoever makes as much room as it says has made enough.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) || error.raw_os_error() == Some(rustix::io::Errno::NOSPC.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_full_whoever_reports_it() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let dir = Path::new("/tmp");
        assert!(matches!(KvError::io(dir, full()), KvError::Full { .. }));
        assert!(matches!(
            KvError::sled(dir, ::sled::Error::Io(full())),
            KvError::Full { .. }
        ));
        assert!(matches!(
            KvError::fjall(dir, ::fjall::Error::Io(full())),
            KvError::Full { .. }
        ));
    }

    #[test]
    fn every_text_names_the_folder() {
        let dir = PathBuf::from("/data/hub");
        let all = [
            KvError::Locked { dir: dir.clone() },
            KvError::Full {
                dir: dir.clone(),
                needed: 1,
                free: 0,
            },
            KvError::Damaged {
                dir: dir.clone(),
                why: "x".into(),
            },
            KvError::Newer {
                dir: dir.clone(),
                found: 2,
                known: 1,
            },
            KvError::io(&dir, io::Error::other("x")),
            KvError::ReadOnly {
                dir: dir.clone(),
                why: "x".into(),
            },
            KvError::ReservedKey { dir: dir.clone() },
            KvError::OtherEngine {
                dir: dir.clone(),
                held: "sled".into(),
                asked: "fjall".into(),
            },
            KvError::UnknownEngine {
                dir,
                kind: "x".into(),
                known: "sled".into(),
            },
        ];
        for error in all {
            assert!(error.to_string().contains("/data/hub"), "{error}");
        }
    }
}
