//! Files of a release and the formats that a table is written in.
//!
//! A format is one file `dataset/<name>.rs` and one line in [`FORMATS`]. Every row goes to all formats
//! of a table at once, so nothing has to be held in memory but a batch of rows for Parquet.

mod csv;
mod csvw;
mod json;
mod parquet;

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ring::digest;
use serde::{Deserialize, Serialize};

use crate::error::{Result, at};
use crate::sheet::{Sheet, Sink, Value};

/// A format that a table can be written in.
pub(crate) struct Format {
    /// Ending of the file's name.
    pub(crate) ending: &'static str,
    /// Media type by IANA.
    pub(crate) media: &'static str,
    /// Code of the EU file type list, for DCAT.
    pub(crate) kind: &'static str,
    /// Begins a file.
    pub(crate) open: fn(&Sheet, Hashed) -> io::Result<Box<dyn Sink>>,
}

/// Every format, plain CSV first.
pub(crate) const FORMATS: &[Format] = &[csv::FORMAT, parquet::FORMAT, json::FORMAT];

/// Which formats a table gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formats {
    /// CSV and its description.
    Plain,
    /// All of them.
    All,
}

/// A file of a release: name below its folder, size and hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Name below the release's folder, with `/`.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3, 64 hexadecimal digits.
    pub blake3: String,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// Hashes whatever goes by.
#[derive(Clone)]
pub(crate) struct Hasher {
    blake3: blake3::Hasher,
    sha256: digest::Context,
    bytes: u64,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self {
            blake3: blake3::Hasher::new(),
            sha256: digest::Context::new(&digest::SHA256),
            bytes: 0,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.blake3.update(bytes);
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub(crate) fn entry(self, name: &str) -> FileEntry {
        let sha256 = self.sha256.finish();
        FileEntry {
            name: name.to_owned(),
            bytes: self.bytes,
            blake3: self.blake3.finalize().to_hex().to_string(),
            sha256: sha256
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    /// The entry of a file that is there.
    pub(crate) fn of_file(path: &Path, name: &str) -> io::Result<FileEntry> {
        let mut file = File::open(path)?;
        let mut hasher = Self::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = io::Read::read(&mut file, &mut buffer)?;
            if read == 0 {
                return Ok(hasher.entry(name));
            }
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
    }
}

/// A file being written, hashed on the way.
pub(crate) struct Hashed {
    file: BufWriter<File>,
    hasher: Hasher,
}

impl Hashed {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 16, File::create_new(path)?),
            hasher: Hasher::new(),
        })
    }

    /// On disk for good, and read-only from now on.
    fn close(self, name: &str) -> io::Result<FileEntry> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.set_permissions(Permissions::from_mode(0o444))?;
        file.sync_all()?;
        Ok(self.hasher.entry(name))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The folder of a release while it is written.
pub(crate) struct Folder {
    path: PathBuf,
    entries: Vec<FileEntry>,
    /// Folder and files of the release before.
    before: Option<(PathBuf, BTreeMap<String, FileEntry>)>,
}

impl Folder {
    /// A new, empty folder. Files that are the same in the release before are linked to it.
    pub(crate) fn create(path: &Path, before: Option<(PathBuf, Vec<FileEntry>)>) -> Result<Self> {
        let below = ["figures", "codes", "revisions"].map(|name| path.join(name));
        for folder in std::iter::once(path.to_owned()).chain(below) {
            fs::create_dir(&folder).map_err(at(&folder))?;
        }
        let named = |(path, files): (PathBuf, Vec<FileEntry>)| {
            let files = files.into_iter().map(|file| (file.name.clone(), file));
            (path, files.collect())
        };
        Ok(Self {
            path: path.to_owned(),
            entries: Vec::new(),
            before: before.map(named),
        })
    }

    /// Files so far.
    pub(crate) fn entries(&self) -> &[FileEntry] {
        &self.entries
    }

    /// Writes a whole file.
    pub(crate) fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let write = || {
            let mut file = Hashed::create(&path)?;
            file.write_all(bytes)?;
            file.close(name)
        };
        let entry = write().map_err(at(&path))?;
        self.keep(entry)
    }

    /// Writes a table in its formats, with its description. `rows` hands every row to the function
    /// that it is given.
    pub(crate) fn sheet(
        &mut self,
        sheet: &Sheet,
        formats: Formats,
        rows: impl FnOnce(&mut dyn FnMut(&[Value<'_>]) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        let used = FORMATS.iter().take(match formats {
            Formats::Plain => 1,
            Formats::All => FORMATS.len(),
        });
        let mut sinks = Vec::new();
        for format in used {
            let name = format!("{}.{}", sheet.name, format.ending);
            let path = self.path.join(&name);
            let sink = Hashed::create(&path).and_then(|file| (format.open)(sheet, file));
            sinks.push((sink.map_err(at(&path))?, name, path));
        }
        rows(&mut |row| {
            for (sink, _, path) in &mut sinks {
                sink.row(row).map_err(at(path))?;
            }
            Ok(())
        })?;
        for (sink, name, path) in sinks {
            let entry = sink.finish().and_then(|file| file.close(&name));
            let entry = entry.map_err(at(&path))?;
            self.keep(entry)?;
        }
        let described = csvw::description(sheet);
        self.bytes(
            &format!("{}.csv-metadata.json", sheet.name),
            described.as_bytes(),
        )
    }

    /// Takes files over from the release before, if they are whole there. Says whether it did.
    pub(crate) fn take_over(&mut self, names: &[String]) -> Result<bool> {
        let Some((before, files)) = &self.before else {
            return Ok(false);
        };
        let mut taken = Vec::new();
        for name in names {
            let path = before.join(name);
            let Some(known) = files.get(name) else {
                return Ok(false);
            };
            match Hasher::of_file(&path, name) {
                Ok(found) if found == *known => taken.push((path, found)),
                _ => return Ok(false),
            }
        }
        for (path, entry) in taken {
            let here = self.path.join(&entry.name);
            if fs::hard_link(&path, &here).is_err() {
                // The file system cannot, or not once more: whatever is there already is written anew.
                return Ok(false);
            }
            self.entries.push(entry);
        }
        Ok(true)
    }

    /// Forgets files that were taken over in part.
    pub(crate) fn give_back(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            let path = self.path.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(()) => {}
                Err(error) => return Err(at(&path)(error)),
            }
        }
        self.entries.retain(|entry| !names.contains(&entry.name));
        Ok(())
    }

    /// Takes a written file in; one that the release before has word for word becomes a link to it.
    fn keep(&mut self, entry: FileEntry) -> Result<()> {
        if let Some((before, files)) = &self.before
            && files.get(&entry.name) == Some(&entry)
        {
            let old = before.join(&entry.name);
            // A damaged old file must not stand for a whole new one.
            let whole = Hasher::of_file(&old, &entry.name).is_ok_and(|found| found == entry);
            let beside = self.path.join(".link");
            if whole && fs::hard_link(&old, &beside).is_ok() {
                let path = self.path.join(&entry.name);
                fs::rename(&beside, &path).map_err(at(&path))?;
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Every folder on disk for good.
    pub(crate) fn sync(&self) -> Result<()> {
        for folder in [
            self.path.join("figures"),
            self.path.join("codes"),
            self.path.join("revisions"),
            self.path.clone(),
        ] {
            sync_folder(&folder)?;
        }
        Ok(())
    }
}

/// What stands in a folder, on disk for good.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(at(path))
}
