//! The file itself: beside its place until it is whole, with its own checksum in its head.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::durable::{FileError, sync_dir};

/// The gzip comment of a file whose checksum is not known yet.
pub(super) const COMMENT: &str = "calluna backup; blake3 of this file, with these digits as zeros: \
                                  0000000000000000000000000000000000000000000000000000000000000000";
const DIGITS: usize = 64;
/// Bytes before the comment: the fixed part of a gzip header.
const FIXED: usize = 10;
const HEAD: usize = FIXED + COMMENT.len() + 1;
/// Where the digits begin.
const PLACE: usize = HEAD - 1 - DIGITS;

/// A backup that is being written. Dropped before [`SealedFile::finish`], nothing is left of it.
#[derive(Debug)]
pub struct SealedFile {
    file: Option<File>,
    part: PathBuf,
    place: PathBuf,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl SealedFile {
    /// Begins a file at `place`; one that is there is only replaced with `force`, and only when the
    /// new one is whole.
    ///
    /// # Errors
    /// When it exists, or cannot be made.
    pub fn create(place: &Path, force: bool) -> Result<Self, BackupError> {
        let Some(name) = place.file_name().filter(|_| !place.is_dir()) else {
            let folder = io::Error::other("it is a folder; give the path of a file");
            return Err(FileError::when("write", place)(folder).into());
        };
        if place.exists() && !force {
            return Err(BackupError::Exists {
                path: place.to_owned(),
            });
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let part = place.with_file_name(hidden);
        let open = || {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&part)?;
            // One that a killed process left may be open to others.
            file.set_permissions(Permissions::from_mode(0o600))?;
            Ok(file)
        };
        let file = open().map_err(FileError::when("write", place))?;
        Ok(Self {
            file: Some(file),
            part,
            place: place.to_owned(),
            hasher: blake3::Hasher::new(),
            bytes: 0,
        })
    }

    /// Seals it, makes it durable and puts it in its place. Gives its size.
    ///
    /// # Errors
    /// When it cannot be written; then nothing is left of it.
    pub fn finish(mut self) -> Result<u64, BackupError> {
        let Some(mut file) = self.file.take() else {
            return Ok(0);
        };
        let digits = self.hasher.finalize().to_hex();
        let folder = match self.place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let sealed = file
            .seek(SeekFrom::Start(PLACE as u64))
            .and_then(|_| file.write_all(digits.as_bytes()))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&self.part, &self.place))
            .and_then(|()| sync_dir(folder));
        if sealed.is_err() {
            remove(&self.part);
        }
        sealed.map_err(FileError::when("write", &self.place))?;
        Ok(self.bytes)
    }
}

impl Write for SealedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(file) = self.file.as_mut() else {
            return Err(io::Error::other("the file is finished"));
        };
        let written = file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for SealedFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            remove(&self.part);
        }
    }
}

fn remove(part: &Path) {
    let _may_not_exist = fs::remove_file(part);
}

/// Whether these bytes begin like a backup.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let (name, _) = COMMENT.split_at("calluna backup".len());
    let comment = bytes.get(FIXED..).unwrap_or_default();
    bytes.starts_with(&[0x1f, 0x8b]) && comment.starts_with(name.as_bytes())
}

/// Compares the whole file with the checksum in its head.
pub(super) fn prove(path: &Path, step: &mut dyn FnMut(u64)) -> Result<(), BackupError> {
    let io = |error| BackupError::from(FileError::when("read", path)(error));
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let mut head = [0; HEAD];
    let not_one = || BackupError::NotABackup {
        path: path.to_owned(),
    };
    match file.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(not_one()),
        read => read.map_err(io)?,
    }
    if !is_one(&head) {
        return Err(not_one());
    }
    let digits = head.get_mut(PLACE..PLACE + DIGITS).unwrap_or_default();
    let told = String::from_utf8_lossy(digits).into_owned();
    digits.fill(b'0');
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(io)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
        step(read as u64);
    }
    if hasher.finalize().to_hex().as_str() == told {
        return Ok(());
    }
    let why = "its checksum does not fit: it was changed or cut off after it was written";
    Err(BackupError::damaged(path, why))
}
