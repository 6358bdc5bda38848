//! Reading: a first pass proves everything, a second one unpacks.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use super::{
    BackupError, FILES, FORMAT, Kind, MANIFEST, MOST_FILE_BYTES, Manifest, Member, STORE, sealed,
};
use crate::durable::{FileError, write_file};

/// A manifest tells of every 4 MiB of a store: this is enough for some hundred thousand of them.
const MOST_MANIFEST_BYTES: u64 = 64 * 1024 * 1024;

type Source = GzDecoder<BufReader<File>>;

/// Proves every byte of the file at `path`: its own checksum, that of each member, and that it is of
/// `kind` and of a format that is known here. `step` hears of bytes of the file.
///
/// # Errors
/// Says what does not fit.
pub fn check(path: &Path, kind: Kind, step: &mut dyn FnMut(u64)) -> Result<Manifest, BackupError> {
    sealed::prove(path, step)?;
    let bad = |why: String| BackupError::damaged(path, why);
    let broken = |error: io::Error| bad(error.to_string());
    let mut archive = open(path)?;
    let mut found = Vec::new();
    let mut manifest = None;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = name_of(&entry).map_err(broken)?;
        if manifest.is_some() {
            return Err(bad("something stands behind its manifest".to_owned()));
        }
        if name == MANIFEST {
            let mut text = Vec::new();
            entry
                .by_ref()
                .take(MOST_MANIFEST_BYTES)
                .read_to_end(&mut text)
                .map_err(broken)?;
            manifest = Some(parse(path, &text)?);
            continue;
        }
        found.push(hashed(name, &mut entry).map_err(broken)?);
    }
    let manifest = manifest.ok_or_else(|| bad("it has no manifest".to_owned()))?;
    if manifest.kind != kind {
        return Err(BackupError::OtherKind {
            path: path.to_owned(),
            found: manifest.kind,
            wanted: kind,
        });
    }
    if let Some(wrong) = found.iter().find(|one| !manifest.members.contains(one)) {
        return Err(bad(format!("{} is not what was written", wrong.name)));
    }
    if found != manifest.members {
        return Err(bad(
            "it does not hold all that its manifest tells of".to_owned()
        ));
    }
    Ok(manifest)
}

/// The version is looked at before the rest: a later format may have other fields.
fn parse(path: &Path, text: &[u8]) -> Result<Manifest, BackupError> {
    let broken =
        |error: serde_json::Error| BackupError::damaged(path, format!("its manifest: {error}"));
    let value: serde_json::Value = serde_json::from_slice(text).map_err(broken)?;
    let format = value.get("format").and_then(serde_json::Value::as_u64);
    let format = format.and_then(|format| u32::try_from(format).ok());
    let software = value.get("software").and_then(serde_json::Value::as_str);
    match format {
        Some(found) if found > FORMAT => Err(BackupError::Newer {
            path: path.to_owned(),
            found,
            software: software.unwrap_or("unknown").to_owned(),
        }),
        _ => serde_json::from_value(value).map_err(broken),
    }
}

fn hashed(name: String, entry: &mut dyn Read) -> io::Result<Member> {
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(entry, &mut hasher)?;
    Ok(Member {
        name,
        bytes,
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

fn open(path: &Path) -> Result<tar::Archive<Source>, BackupError> {
    let file = File::open(path).map_err(FileError::when("read", path))?;
    Ok(tar::Archive::new(GzDecoder::new(BufReader::new(file))))
}

/// The name of a member; only names that lead nowhere else.
fn name_of<R: Read>(entry: &tar::Entry<'_, R>) -> io::Result<String> {
    let bad = |why| io::Error::new(io::ErrorKind::InvalidData, why);
    let name = String::from_utf8(entry.path_bytes().into_owned())
        .map_err(|_| bad("a member has a name that is no text"))?;
    let plain = |name: &str| {
        !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
    };
    let known = name == MANIFEST
        || name.strip_prefix(FILES).is_some_and(plain)
        || name.strip_prefix(STORE).is_some_and(plain);
    if !known || !entry.header().entry_type().is_file() {
        return Err(bad("a member has a name that no backup has"));
    }
    Ok(name)
}

/// Unpacks a file that was [`check`]ed: its files into `dir`, which exists and is empty; its store is
/// handed to `store` as one stream.
///
/// # Errors
/// When it cannot be read or written, and what `store` says.
pub fn unpack<T, E: From<BackupError>>(
    path: &Path,
    dir: &Path,
    store: impl FnOnce(&mut dyn Read) -> Result<T, E>,
) -> Result<T, E> {
    let broken = |error: io::Error| BackupError::damaged(path, error.to_string());
    let mut archive = open(path)?;
    let mut entries = archive.entries().map_err(broken)?;
    let mut first = None;
    for entry in entries.by_ref() {
        let mut entry = entry.map_err(broken)?;
        let name = name_of(&entry).map_err(broken)?;
        let Some(name) = name.strip_prefix(FILES) else {
            first = Some(entry).filter(|_| name != MANIFEST);
            break;
        };
        let mut bytes = Vec::new();
        entry
            .by_ref()
            .take(MOST_FILE_BYTES)
            .read_to_end(&mut bytes)
            .map_err(broken)?;
        // The owner's rights, and at most that others may read what they could read before.
        let mode = 0o600 | entry.header().mode().map_err(broken)? & 0o044;
        let place = dir.join(name);
        write_file(&place, &bytes, mode)
            .map_err(|error| BackupError::from(FileError::when("write", &place)(error)))?;
    }
    store(&mut Parts {
        entries,
        open: first,
    })
}

/// The pieces of the store, one behind the other.
pub struct Parts<'a> {
    entries: tar::Entries<'a, Source>,
    open: Option<tar::Entry<'a, Source>>,
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parts")
    }
}

impl Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(open) = self.open.as_mut() {
            let read = open.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let next = self.entries.next().transpose()?;
            self.open = match next {
                Some(next) if name_of(&next)? != MANIFEST => Some(next),
                _ => None,
            };
        }
        Ok(0)
    }
}
