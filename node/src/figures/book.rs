//! The folder of figures: reading, and writing under a lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use calluna_host::durable::{FileError, make_dir, sync_dir, write_file};
use calluna_model::entropy::Entropy;
use calluna_tables::Period;

use super::file::{self, Depth, Parts};
use super::secret::{self, Kept};
use super::{FOLDER, FiguresError};

/// What a period's file is called after its period.
pub const ENDING: &str = ".ledger";
const LOCK: &str = "lock";
/// How the file that was replaced is called until it is overwritten.
const OLD: &str = ".old";
/// How much is overwritten at once.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// The folder of figures of a node. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    folder: PathBuf,
}

impl Book {
    /// That of the node in `dir`.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self {
            folder: dir.join(FOLDER),
        }
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a period.
    #[must_use]
    pub fn path(&self, period: Period) -> PathBuf {
        self.folder.join(format!("{period}{ENDING}"))
    }

    /// Every period of which there is a file, ascending. Blocks.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn periods(&self) -> Result<Vec<Period>, FiguresError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(FileError::when("read", &self.folder)(error).into()),
        };
        let mut periods = Vec::new();
        for entry in entries {
            let entry = entry.map_err(FileError::when("read", &self.folder))?;
            let name = entry.file_name();
            let period = name.to_str().and_then(|name| name.strip_suffix(ENDING));
            periods.extend(period.and_then(|period| period.parse::<Period>().ok()));
        }
        periods.sort_unstable();
        Ok(periods)
    }

    /// The public part of a period. Blocks.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn look(&self, period: Period) -> Result<Option<Parts>, FiguresError> {
        file::read(&self.path(period), Depth::Public)
    }

    /// The whole of a period, for a command that does not write. Blocks.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn look_whole(&self, period: Period) -> Result<Option<Parts>, FiguresError> {
        file::read(&self.path(period), Depth::Whole)
    }

    /// The right to write, at once; nothing while somebody else has it. Makes the folder. Blocks.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn try_write(&self) -> Result<Option<Writer>, FiguresError> {
        let lock = self.lock_file()?;
        match lock.try_lock() {
            Ok(()) => Writer::with(self.clone(), lock).map(Some),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(FileError::when("lock", &self.folder)(error).into())
            }
        }
    }

    /// The right to write, as soon as nobody else has it. Makes the folder. Blocks.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn write(&self) -> Result<Writer, FiguresError> {
        let lock = self.lock_file()?;
        lock.lock().map_err(FileError::when("lock", &self.folder))?;
        Writer::with(self.clone(), lock)
    }

    /// Whether somebody else has the right to write just now.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let lock = File::open(self.folder.join(LOCK));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    fn lock_file(&self) -> Result<File, FiguresError> {
        make_dir(&self.folder, 0o700).map_err(FileError::when("make", &self.folder))?;
        let path = self.folder.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        Ok(options
            .open(&path)
            .map_err(FileError::when("open", &path))?)
    }
}

/// The right to write in a folder of figures, for as long as it lives.
#[derive(Debug)]
pub struct Writer {
    book: Book,
    _lock: File,
}

impl Writer {
    fn with(book: Book, lock: File) -> Result<Self, FiguresError> {
        let writer = Self { book, _lock: lock };
        writer.sweep()?;
        Ok(writer)
    }

    /// The folder.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The whole of a period.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn read(&self, period: Period) -> Result<Option<Parts>, FiguresError> {
        self.book.look_whole(period)
    }

    /// Writes a period whole. It is on disk when this returns, and the file that it replaced has been
    /// overwritten.
    ///
    /// # Errors
    /// When it cannot be written; then the older file is untouched.
    pub fn write(&self, period: Period, parts: &Parts) -> Result<(), FiguresError> {
        let path = self.book.path(period);
        let bytes = parts.encode()?;
        let old = self.book.folder.join(format!(".{period}{ENDING}{OLD}"));
        // A second name for the old file: after the new one has taken its place, it can still be found
        // and overwritten, also by the next writer when this one is killed. A file system without such
        // names cannot do it, and nothing can be overwritten there.
        drop(fs::hard_link(&path, &old));
        write_file(&path, &bytes, 0o600).map_err(FileError::when("write", &path))?;
        erase(&old)?;
        Ok(())
    }

    /// The node's secret.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn secret(&self) -> Result<Option<Kept>, FiguresError> {
        secret::read(&self.book.folder)
    }

    /// Makes a secret where there is none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make_secret(&self, entropy: &dyn Entropy) -> Result<Kept, FiguresError> {
        secret::make(&self.book.folder, entropy)
    }

    /// Overwrites what a writer left behind that was killed: replaced files and temporary ones.
    fn sweep(&self) -> Result<(), FiguresError> {
        let folder = &self.book.folder;
        let entries = fs::read_dir(folder).map_err(FileError::when("read", folder))?;
        for entry in entries {
            let entry = entry.map_err(FileError::when("read", folder))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let left_over = name.starts_with('.') && name.contains(ENDING);
            if left_over || (name.starts_with('.') && name.contains(secret::FILE)) {
                erase(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// Overwrites a file with zeros, flushes it, and lets it go. One that is not there is no error. A file
/// that has another name beside this one is the present one still, and only loses this name: its
/// writer was killed between the two.
fn erase(path: &Path) -> Result<(), FiguresError> {
    use std::os::unix::fs::MetadataExt;
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::when("open", path)(error).into()),
    };
    let meta = file.metadata().map_err(FileError::when("read", path))?;
    let overwritten = || {
        file.seek(SeekFrom::Start(0))?;
        let mut left = meta.len();
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let piece = ZEROS.get(..most).unwrap_or(&ZEROS);
            file.write_all(piece)?;
            left -= piece.len() as u64;
        }
        file.sync_all()
    };
    if meta.nlink() < 2 {
        let mut overwritten = overwritten;
        overwritten().map_err(FileError::when("overwrite", path))?;
    }
    fs::remove_file(path).map_err(FileError::when("remove", path))?;
    if let Some(folder) = path.parent() {
        sync_dir(folder).map_err(FileError::when("flush", folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;

    use zeroize::Zeroizing;

    use super::*;
    use crate::figures::file::Note;

    fn parts(text: &str) -> Parts {
        Parts {
            note: Note::default(),
            public: b"public".to_vec(),
            private: Zeroizing::new(text.as_bytes().to_vec()),
        }
    }

    fn period() -> Period {
        "2026-Q3".parse().unwrap()
    }

    #[test]
    fn what_is_replaced_is_overwritten_before_it_is_let_go() {
        let dir = tempfile::tempdir().unwrap();
        let book = Book::of(dir.path());
        let writer = book.write().unwrap();
        writer
            .write(period(), &parts("first-version-of-persons"))
            .unwrap();
        // Whoever still holds the old file sees what becomes of it.
        let mut held = File::open(book.path(period())).unwrap();
        writer.write(period(), &parts("second")).unwrap();
        let mut bytes = Vec::new();
        held.read_to_end(&mut bytes).unwrap();
        assert!(!bytes.is_empty() && bytes.iter().all(|byte| *byte == 0));
        let kept = book.look_whole(period()).unwrap().unwrap();
        assert_eq!(kept.private.as_slice(), b"second");
        let mut names: Vec<_> = fs::read_dir(book.folder())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["2026-Q3.ledger", "lock"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(book.folder()), mode(&book.path(period()))),
            (0o700, 0o600)
        );
        assert_eq!(book.periods().unwrap(), [period()]);
    }

    #[test]
    fn what_a_killed_writer_left_behind_is_cleared_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let book = Book::of(dir.path());
        book.write()
            .unwrap()
            .write(period(), &parts("present"))
            .unwrap();
        let temporary = book.folder().join(".2026-Q3.ledger.4711-0.tmp");
        fs::write(&temporary, b"half a file").unwrap();
        // Killed after the link was made and before the new file took its place: the old one counts.
        let linked = book.folder().join(".2026-Q3.ledger.old");
        fs::hard_link(book.path(period()), &linked).unwrap();
        drop(book.write().unwrap());
        assert!(!temporary.exists() && !linked.exists());
        assert_eq!(
            book.look_whole(period())
                .unwrap()
                .unwrap()
                .private
                .as_slice(),
            b"present"
        );
    }

    #[test]
    fn two_writers_come_one_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let book = Book::of(dir.path());
        let first = book.write().unwrap();
        assert!(book.try_write().unwrap().is_none() && book.is_busy());
        drop(first);
        assert!(!book.is_busy());
        assert!(book.try_write().unwrap().is_some());
    }
}
