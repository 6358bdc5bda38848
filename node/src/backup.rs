//! One file of the whole node, while it runs; and a node again from that file.
//!
//! The files are read first, twice the same; then the store is written out as it stands at one moment
//! ([`calluna_kv::Engine::snapshot`]), whatever is imported meanwhile.
//!
//! Of the participation figures only what is public by now is in it ([`crate::figures::restore`]).
//!
//! A restore puts everything together in a folder beside the place and proves it there: every
//! checksum, every entry, count and digest of the catalogue computed anew from the records, settings,
//! and that key and certificate belong together. Only then it takes its place. The catalogue goes on
//! under a new epoch, so the hub compares it as a whole, and takes an old state of it for nothing else.

use std::io::{self, Write};
use std::path::Path;

use calluna_host::backup::{
    self, BackupError, FORMAT, Kind, Manifest, Packer, Staging, StoreManifest, hex, unhex,
};
use calluna_kv::{KvError, Opened, Options, Stamp, Trust};
use calluna_model::clock::Clock;
use calluna_model::entropy::Entropy;
use calluna_model::failure::{Failure, Reaction};
use calluna_model::head::Head;
use serde::{Deserialize, Serialize};

use crate::config::SOFTWARE;
use crate::figures::book::Book;
use crate::figures::{self, FiguresError, restore};
use crate::store::{Dumped, FOLDER, Store, StoreError};

/// A backup of a node cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The file or a directory.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine below the store.
    #[error(transparent)]
    Kv(#[from] KvError),
    /// It could not be written.
    #[error("the backup cannot be written: {0}; is the disk full?")]
    Out(#[from] io::Error),
    /// The manifest is none of a node.
    #[error("the manifest of the backup cannot be understood: {0}; use another backup")]
    Manifest(#[from] serde_json::Error),
    /// What was restored is something else.
    #[error("what is in the backup is not what its manifest tells of ({0}); use another backup")]
    NotAsTold(&'static str),
    /// Participation figures.
    #[error(transparent)]
    Figures(#[from] FiguresError),
    /// Settings, key or certificate in it.
    #[error("the backup holds no node that could run: {0}")]
    NoNode(String),
}

impl Failure for Trouble {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Store(error) => error.reaction(),
            _ => Reaction::AskOperator,
        }
    }
}

/// What the manifest says of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeState {
    /// Where the catalogue stood.
    pub head: Head,
    /// Offers in it.
    pub offers: u64,
}

/// Writes a backup of the node in `dir`, whose open store is `store`, to `out`. `step` hears of bytes
/// of the store.
///
/// # Errors
/// When something cannot be read, or `out` fails.
pub fn make<W: Write>(
    dir: &Path,
    store: &Store,
    clock: &dyn Clock,
    out: W,
    step: &mut dyn FnMut(u64),
) -> Result<(Manifest, W), Trouble> {
    let collected = backup::collect(dir, &[FOLDER, figures::FOLDER])?;
    let mut packer = Packer::new(out);
    for (name, mode, bytes) in &collected.files {
        packer.file(name, *mode, bytes)?;
    }
    let kept = restore::kept(&Book::of(dir))?;
    for (name, bytes) in &kept.files {
        packer.file(name, 0o600, bytes)?;
    }
    let mut left_out = collected.left_out.clone();
    left_out.extend(kept.left_out);
    let made_at = clock.now();
    let Dumped {
        epoch,
        stamp,
        content,
        head,
    } = store.dump(&mut packer, step)?;
    let mut manifest = Manifest {
        format: FORMAT,
        kind: Kind::Node,
        software: SOFTWARE.to_owned(),
        made_at,
        store: StoreManifest {
            engine: "sled".to_owned(),
            epoch: hex(&epoch),
            revision: stamp.revision,
            count: stamp.count,
            digest: hex(&stamp.digest),
            keys: content.keys,
            bytes: content.bytes,
            hash: hex(&content.hash),
        },
        state: serde_json::to_value(NodeState {
            head,
            offers: head.count,
        })?,
        secrets: collected.secrets(),
        left_out,
        members: Vec::new(),
    };
    let out = packer.finish(&mut manifest)?;
    Ok((manifest, out))
}

/// What reading a backup needs from outside.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// Where the new epoch comes from.
    pub entropy: &'a dyn Entropy,
    /// Says what is wrong with settings, key and certificate in a directory.
    pub identity: &'a dyn Fn(&Path) -> Result<(), String>,
}

impl std::fmt::Debug for Around<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Around")
    }
}

/// Proves a backup. `quick` looks at the checksums alone; otherwise a node is really made of it, and
/// removed again.
///
/// # Errors
/// Says what is wrong with it.
pub fn verify(
    file: &Path,
    quick: bool,
    around: Around<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<Manifest, Trouble> {
    let manifest = backup::check(file, Kind::Node, step)?;
    if !quick {
        let scratch = backup::scratch_beside(file)?;
        put_together(file, &manifest, scratch.path(), around, step)?;
    }
    Ok(manifest)
}

/// Makes a node in `place` from a backup; `place` is new or an empty directory.
///
/// # Errors
/// Says what is wrong; then nothing was put in place, and nothing is left behind.
pub fn restore(
    file: &Path,
    place: &Path,
    around: Around<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<Manifest, Trouble> {
    let staging = Staging::beside(place)?;
    let manifest = backup::check(file, Kind::Node, step)?;
    put_together(file, &manifest, staging.path(), around, step)?;
    staging.put_in_place()?;
    Ok(manifest)
}

fn put_together(
    file: &Path,
    manifest: &Manifest,
    place: &Path,
    around: Around<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<(), Trouble> {
    let told = &manifest.store;
    let state: NodeState = serde_json::from_value(manifest.state.clone())?;
    let stamp = Stamp {
        revision: told.revision,
        count: told.count,
        digest: unhex(&told.digest).ok_or(Trouble::NotAsTold("digest"))?,
    };
    let mut epoch = [0; 16];
    around.entropy.fill(&mut epoch);
    let options = Options {
        reserve_bytes: 0,
        ..Options::default()
    };
    let (opened, content) = backup::unpack(file, place, |parts| {
        let to = place.join(FOLDER);
        calluna_kv::dump::read(parts, &told.engine, &to, (epoch, stamp), &options, step)
            .map_err(Trouble::from)
    })?;
    restore::put_in_place(place)?;
    if (content.keys, content.bytes, hex(&content.hash))
        != (told.keys, told.bytes, told.hash.clone())
    {
        return Err(Trouble::NotAsTold("entries of the store"));
    }
    (around.identity)(place).map_err(Trouble::NoNode)?;
    let note = format!("restored from a backup made at {}", manifest.made_at);
    // As a store that is behind what it once held: it counts anew, under an epoch that no hub knows.
    let opened = Opened {
        trust: Trust::Behind { state: stamp, note },
        ..opened
    };
    let head = Store::settle(opened, around.clock, around.entropy)?
        .current()
        .head;
    if (head.count, head.digest) != (state.head.count, state.head.digest) {
        return Err(Trouble::NotAsTold("count and digest of the offers"));
    }
    Ok(())
}
