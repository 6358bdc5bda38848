//! Releases: immutable, numbered, dated, hashed. A folder of them, and what one says of itself.

mod build;
mod diff;
mod verify;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use calluna_tables::{Kind, Rules};
use serde::{Deserialize, Serialize};

pub use self::build::{Built, build};
pub(crate) use self::diff::between;
pub use self::diff::{Changes, Difference, diff};
pub use self::verify::{Fault, Wrong, verify};
pub(crate) use self::verify::{Known, verify_with};
use crate::about::Words;
pub use crate::dataset::FileEntry;
use crate::error::{Error, Result, at, broken};

/// Name of the file that says what a release is.
pub const MANIFEST: &str = "release.json";
/// Name of the file that `sha256sum -c` reads.
pub const SUMS: &str = "SHA256SUMS";
/// How folders begin that are being written.
const UNFINISHED: &str = ".building-";

/// What kind of release it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseKind {
    /// A night's.
    Provisional,
    /// A period became final for at least one provider since the release before.
    Final,
    /// It puts right what an older one says: see [`Manifest::corrects`].
    Correction,
}

impl ReleaseKind {
    /// Its word in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Final => "final",
            Self::Correction => "correction",
        }
    }
}

/// What a release says of itself: `release.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// What kind it is.
    pub kind: ReleaseKind,
    /// When it was made, RFC 3339 in UTC.
    pub built_at: String,
    /// The release that it corrects.
    pub corrects: Option<u64>,
    /// What was wrong, where somebody said so.
    pub reason: Option<Words>,
    /// BLAKE3 over everything that it says, but dates and its number: equal means nothing new.
    pub content: String,
    /// Fingerprint of the cells' layout.
    pub layout: String,
    /// The least strict rules that figures in it were made under.
    pub rules: Rules,
    /// Each period with who delivered it.
    pub periods: Vec<PeriodNote>,
    /// What a reader of the rows has to know.
    pub notes: Notes,
    /// Every file but this one and `SHA256SUMS`.
    pub files: Vec<FileEntry>,
}

/// A period of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodNote {
    /// Such as `2026-Q3`.
    pub period: String,
    /// `provisional` while it is open for anybody, else `final`.
    pub state: String,
    /// BLAKE3 over what its files are made of.
    pub inputs: String,
    /// Who delivered it.
    pub providers: Vec<Delivered>,
}

/// What a provider delivered of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Its id.
    pub provider: String,
    /// Number of the revision.
    pub revision: u32,
    /// What kind of revision it is.
    pub kind: Kind,
    /// Its digest; it stands for all revisions of the period before it too.
    pub digest: String,
    /// Persons whose registration is not in it yet, rounded to 10.
    pub waiting: u64,
}

/// What a reader of the rows has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// Rows that are not there because a table was made coarser, not because they are zero.
    pub left_out: Vec<LeftOut>,
}

/// Cells of one table that a provider leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The period.
    pub period: String,
    /// The provider.
    pub provider: String,
    /// The table.
    pub table: String,
    /// Which cells, by their depth in each dimension of the table (0 the total): `1.2;2.2`. With `~`
    /// where only some cells of that depth are left out.
    pub level: String,
}

/// The folder of all releases.
#[derive(Clone, Debug)]
pub struct Releases {
    dir: PathBuf,
}

impl Releases {
    /// Opens the folder, which is made if it is not there. What a crash left unfinished is removed,
    /// unless somebody is writing just now.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn open(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let releases = Self {
            dir: dir.to_owned(),
        };
        // Whoever only looks must not keep a builder out, so the lock is asked for only if need be.
        if !releases.unfinished()?.is_empty() {
            match releases.lock() {
                Ok(_held) => releases.sweep()?,
                Err(Error::Busy { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(releases)
    }

    /// A folder that is only read: nothing is made, nothing removed, nobody kept out.
    #[must_use]
    pub fn reading(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// Where they lie.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of a release, whether it is there or not.
    #[must_use]
    pub fn folder(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{number:06}"))
    }

    /// The numbers of all releases, oldest first.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn list(&self) -> Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(at(&self.dir))? {
            let entry = entry.map_err(at(&self.dir))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.len() >= 6
                && name.bytes().all(|byte| byte.is_ascii_digit())
                && let Ok(number) = name.parse()
            {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The newest release; nothing before the first.
    ///
    /// # Errors
    /// When the disk fails, or its `release.json` cannot be read.
    pub fn newest(&self) -> Result<Option<Manifest>> {
        let newest = self.list()?.last().copied();
        newest.map(|number| self.show(number)).transpose()
    }

    /// The number that the next release gets.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn next(&self) -> Result<u64> {
        Ok(self.list()?.last().map_or(1, |newest| newest + 1))
    }

    /// What a release says of itself.
    ///
    /// # Errors
    /// When there is none of this number, or its `release.json` cannot be read.
    pub fn show(&self, number: u64) -> Result<Manifest> {
        let folder = self.folder(number);
        if !folder.is_dir() {
            return Err(Error::Missing { number });
        }
        manifest(&folder)
    }

    /// Held by whoever writes a release; let go when it is dropped, or its process ends.
    fn lock(&self) -> Result<File> {
        let path = self.dir.join(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::Busy {
                path: self.dir.clone(),
            }),
            Err(TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    /// Folders that somebody is writing, or that a crash left.
    fn unfinished(&self) -> Result<Vec<PathBuf>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(at(&self.dir))? {
            let entry = entry.map_err(at(&self.dir))?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                out.push(entry.path());
            }
        }
        Ok(out)
    }

    /// Removes what a crash left. Only under the lock.
    fn sweep(&self) -> Result<()> {
        for path in self.unfinished()? {
            fs::remove_dir_all(&path).map_err(at(&path))?;
        }
        Ok(())
    }
}

/// Reads `release.json` of a folder.
pub(crate) fn manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join(MANIFEST);
    let text = fs::read(&path).map_err(at(&path))?;
    serde_json::from_slice(&text).map_err(|error| broken(&path, error))
}
