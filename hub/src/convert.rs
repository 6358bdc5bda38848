//! The store of another engine in the place of the old one: whole or not at all.
//!
//! | file in the data directory | says |
//! |---|---|
//! | `store` | the store that counts |
//! | `store.new` | a copy that is being written; worthless until `store.converted` is there |
//! | `store.converted` | the copy is whole and proven: it takes the place of `store` |
//! | `store.old-ENGINE` | the store before the conversion |
//!
//! `store.converted` appears in one step. Until then a kill leaves the old store as it was; from then on
//! whoever opens the hub next ends what was begun ([`finish`]): the old store is put aside, the new one
//! in its place, `engine` in `hub.toml` follows. Each of these steps can be broken off and repeated.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use calluna_host::config::Environment;
use calluna_host::data_dir::DataDir;
use calluna_host::durable::FileError;
use calluna_kv::convert::{Content, copy};
use calluna_kv::{KvError, Opened, Options, Trust};
use serde::{Deserialize, Serialize};

use crate::config::{self, HubConfig};

/// Name of the store's folder.
pub const STORE: &str = "store";
const NEW: &str = "store.new";
const CONVERTED: &str = "store.converted";

/// What was agreed: the content of `store.converted`.
#[derive(Debug, Deserialize, Serialize)]
struct Intent {
    from: String,
    to: String,
}

/// A conversion that is done.
#[derive(Debug)]
pub struct Converted {
    /// The engine before.
    pub from: String,
    /// What was copied; the same on both sides.
    pub content: Content,
    /// Where the old store lies now.
    pub old: PathBuf,
}

/// How the hub opens its stores.
#[must_use]
pub fn options(config: &HubConfig) -> Options {
    Options {
        cache_bytes: config.store.cache_mib.saturating_mul(1 << 20),
        reserve_bytes: config.store.reserve_mib.saturating_mul(1 << 20),
        ..Options::default()
    }
}

/// Opens the store that `hub.toml` means.
///
/// # Errors
/// As [`calluna_kv::open`]; that another engine wrote it is said in the words of the hub.
pub fn open(dir: &DataDir, config: &HubConfig, epoch: [u8; 16]) -> Result<Opened> {
    let place = dir.join(STORE);
    let opened = calluna_kv::open(&config.store.engine, &place, epoch, &options(config));
    opened.map_err(|error| match &error {
        KvError::OtherEngine { held, asked, .. } => anyhow::anyhow!(
            "the store in {} is kept by the engine \"{held}\", but the settings say \"{asked}\"; nothing \
             was changed; set engine = \"{held}\" under [store] in {} (or CALLUNA_STORE_ENGINE, if that is \
             set), or convert the store: set engine = \"{held}\", then calluna-hub store convert --to \
             {asked} --data {}",
            place.display(),
            dir.join(config::FILE).display(),
            dir.path().display(),
        ),
        _ => error.into(),
    })
}

/// Copies the store of the hub in `dir` to the engine `to`, proves the copy, and puts it in the
/// store's place. Nothing where it has that engine already.
///
/// # Errors
/// When a process has the store open, it is not whole, there is no room, or an older store is still
/// kept. Up to the last moment everything is as it was.
pub fn convert(
    dir: &DataDir,
    to: &str,
    environment: &dyn Environment,
    begin: &mut dyn FnMut(u64),
    step: &mut dyn FnMut(u64),
) -> Result<Option<Converted>> {
    finish(dir)?;
    let config = config::read(dir.path(), environment)?;
    let place = dir.join(STORE);
    let Some(from) = calluna_kv::holds(&place)? else {
        bail!(
            "there is no store in {} yet; set engine = \"{to}\" under [store] in {}, and it will be made so",
            place.display(),
            dir.join(config::FILE).display(),
        );
    };
    if from == to {
        set_engine(dir, to)?;
        return Ok(None);
    }
    let old = dir.join(format!("{STORE}.old-{from}"));
    if old.exists() {
        bail!(
            "{} is still there, the store before an earlier conversion; remove it or move it away, then \
             try again",
            old.display()
        );
    }
    // Held until the end: no hub starts meanwhile, and no second conversion.
    let source = calluna_kv::open(from, &place, [0; 16], &options(&config))?;
    if let Trust::Behind { note, .. } = &source.trust {
        bail!(
            "the store in {} is not whole: {note}; start the hub once and let it finish a night, so that \
             it is mended, then convert",
            place.display()
        );
    }
    begin(source.engine.size_on_disk()?);
    let new = dir.join(NEW);
    remove(&new)?;
    let copied = copy(&source, to, &new, &options(&config), step);
    let content = copied.or_else(|error| remove(&new).and(Err(error.into())))?;
    let intent = Intent {
        from: from.to_owned(),
        to: to.to_owned(),
    };
    dir.write(CONVERTED, &serde_json::to_vec(&intent)?, 0o600)?;
    finish(dir)?;
    Ok(Some(Converted {
        from: from.to_owned(),
        content,
        old,
    }))
}

/// Ends a conversion that was decided; nothing where none is under way.
///
/// # Errors
/// When a file cannot be moved or written; the next call goes on from there.
pub fn finish(dir: &DataDir) -> Result<()> {
    let path = dir.join(CONVERTED);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file.map_err(FileError::when("open", &path))?,
    };
    // Two processes may come here at once: one does it, the other finds it done.
    file.lock().map_err(FileError::when("lock", &path))?;
    if !path.exists() {
        return Ok(());
    }
    let bytes = fs::read(&path).map_err(FileError::when("read", &path))?;
    let intent: Intent = serde_json::from_slice(&bytes).with_context(|| {
        let (path, to) = (path.display(), dir.join(NEW));
        format!(
            "{path} cannot be read; remove it and {}, then convert again",
            to.display()
        )
    })?;
    let (place, new) = (dir.join(STORE), dir.join(NEW));
    if new.exists() {
        if place.exists() {
            let old = dir.join(format!("{STORE}.old-{}", intent.from));
            fs::rename(&place, &old).map_err(FileError::when("put aside", &place))?;
        }
        fs::rename(&new, &place).map_err(FileError::when("put in place", &new))?;
        sync(dir.path())?;
    }
    set_engine(dir, &intent.to)?;
    fs::remove_file(&path).map_err(FileError::when("remove", &path))?;
    sync(dir.path())
}

fn sync(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|dir| dir.sync_all());
    Ok(synced.map_err(FileError::when("flush", path))?)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => Ok(done.map_err(FileError::when("remove", path))?),
    }
}

/// Makes `hub.toml` say `engine`, and leaves everything else in it as it is.
fn set_engine(dir: &DataDir, engine: &str) -> Result<()> {
    let path = dir.join(config::FILE);
    let text = fs::read_to_string(&path).map_err(FileError::when("read", &path))?;
    let by_hand = || {
        format!(
            "the store is kept by the engine \"{engine}\", but {} could not be changed to say so; write \
             engine = \"{engine}\" under [store] there, then go on",
            path.display()
        )
    };
    let changed = config::with_engine(&text, engine).with_context(by_hand)?;
    if changed != text {
        dir.write(config::FILE, changed.as_bytes(), 0o600)
            .with_context(by_hand)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
