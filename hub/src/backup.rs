//! One file of the whole hub, while it runs; and a hub again from that file.
//!
//! # What makes it consistent
//! The files are read first, twice the same; then the store is written out as it stands at one moment
//! ([`calluna_kv::Engine::snapshot`]), however busy the night is. So nothing outside the store is ahead
//! of it. Count and digest of every provider at that moment stand in the manifest.
//!
//! # What a restore does
//! Everything happens in a folder beside the place. There the whole hub is put together and proved:
//! every checksum, every entry, count and digest of each provider computed anew from the records,
//! settings, and that keys and certificates belong together. Only then it takes its place. The store
//! has a new epoch and doubts all that it holds: the next night compares everything with every node
//! and mends it, and takes no absence for a removal (invariant 4).
//! [`verify`] does the same and throws the result away.

mod nightly;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use calluna_audit::{Draft, Event};
use calluna_host::backup::{
    self, FORMAT, Kind, Manifest, Packer, Staging, StoreManifest, hex, unhex,
};
use calluna_host::config::Environment;
use calluna_host::data_dir::DataDir;
use calluna_kv::{Options, Stamp};
use calluna_model::entropy::Entropy;
use calluna_store::{Dumped, EmbeddedStore, Proved};
use serde::{Deserialize, Serialize};

pub use self::nightly::{Backups, after_night, noted};
use crate::config;
use crate::convert::STORE;
use crate::finder;
use crate::hub::{self, Hub};

/// What the manifest says of a hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubState {
    /// Members.
    pub members: u64,
    /// Offers that readers see.
    pub offers: u64,
    /// What was proved, provider by provider.
    pub providers: Vec<Proved>,
}

/// Beside a restored hub, until it has started: when the backup was made.
pub(crate) const RESTORED: &str = "restored";

/// Writes a backup of the hub to `out`. `step` hears of bytes of the store.
///
/// # Errors
/// When something cannot be read, or `out` fails.
pub fn make<W: Write>(hub: &Hub, out: W, step: &mut dyn FnMut(u64)) -> Result<(Manifest, W)> {
    let dir = hub.dir.as_ref();
    let dir = dir.context("a hub without a data directory has nothing to back up")?;
    let collected = backup::collect(dir.path(), &[STORE, finder::FOLDER])?;
    let mut packer = Packer::new(out);
    for (name, mode, bytes) in &collected.files {
        packer.file(name, *mode, bytes)?;
    }
    let made_at = hub.clock.now();
    let Dumped {
        epoch,
        stamp,
        content,
        members,
        providers,
    } = hub.store.dump(&mut packer, step)?;
    let state = HubState {
        members,
        offers: providers.iter().map(|provider| provider.offers).sum(),
        providers,
    };
    let mut manifest = Manifest {
        format: FORMAT,
        kind: Kind::Hub,
        software: concat!("calluna-hub ", env!("CARGO_PKG_VERSION")).to_owned(),
        made_at,
        store: StoreManifest {
            engine: hub.config.store.engine.clone(),
            epoch: hex(&epoch),
            revision: stamp.revision,
            count: stamp.count,
            digest: hex(&stamp.digest),
            keys: content.keys,
            bytes: content.bytes,
            hash: hex(&content.hash),
        },
        state: serde_json::to_value(state)?,
        secrets: collected.secrets(),
        left_out: collected.left_out,
        members: Vec::new(),
    };
    let out = packer.finish(&mut manifest)?;
    let told = Draft::hub(Event::BackupMade).with("keys", manifest.store.keys);
    hub.record([told])
        .context("the backup was made, but could not be recorded in the audit log")?;
    Ok((manifest, out))
}

/// What reading a backup needs from outside.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Variables that override settings.
    pub environment: &'a dyn Environment,
    /// Where the new epoch comes from.
    pub entropy: &'a dyn Entropy,
}

impl std::fmt::Debug for Around<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Around")
    }
}

/// Proves a backup. `quick` looks at the checksums alone; otherwise a hub is really made of it, and
/// removed again.
///
/// # Errors
/// Says what is wrong with it.
pub fn verify(
    file: &Path,
    quick: bool,
    around: Around<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<Manifest> {
    let manifest = backup::check(file, Kind::Hub, step)?;
    if !quick {
        let scratch = backup::scratch_beside(file)?;
        put_together(file, &manifest, scratch.path(), around, step)?;
    }
    Ok(manifest)
}

/// Makes a hub in `place` from a backup; `place` is new or an empty directory.
///
/// # Errors
/// Says what is wrong; then nothing was put in place, and nothing is left behind.
pub fn restore(
    file: &Path,
    place: &Path,
    around: Around<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<Manifest> {
    let staging = Staging::beside(place)?;
    let manifest = backup::check(file, Kind::Hub, step)?;
    put_together(file, &manifest, staging.path(), around, step)?;
    // The audit log of the new hub begins by telling of it.
    DataDir::open(staging.path(), "calluna-hub restore")?.write(
        RESTORED,
        manifest.made_at.to_string().as_bytes(),
        0o600,
    )?;
    staging.put_in_place()?;
    Ok(manifest)
}

fn put_together(
    file: &Path,
    manifest: &Manifest,
    place: &Path,
    around: Around<'_>,
    step: &mut dyn FnMut(u64),
) -> Result<()> {
    let told = &manifest.store;
    let odd = "its manifest cannot be understood";
    let state: HubState = serde_json::from_value(manifest.state.clone()).context(odd)?;
    let stamp = Stamp {
        revision: told.revision,
        count: told.count,
        digest: unhex(&told.digest).context(odd)?,
    };
    let mut epoch = [0; 16];
    around.entropy.fill(&mut epoch);
    // The reserve is made when the hub opens it for good.
    let options = Options {
        reserve_bytes: 0,
        ..Options::default()
    };
    let (opened, content) = backup::unpack(file, place, |parts| {
        let to = place.join(STORE);
        calluna_kv::dump::read(parts, &told.engine, &to, (epoch, stamp), &options, step)
            .map_err(anyhow::Error::from)
    })?;
    ensure!(
        (content.keys, content.bytes, hex(&content.hash))
            == (told.keys, told.bytes, told.hash.clone()),
        "the store in {} is not the one that its manifest tells of; use another backup",
        file.display()
    );
    let dir = DataDir::open(place, "calluna-hub restore")?;
    config::read(place, around.environment).context("the settings in the backup")?;
    hub::check_keys(&dir).context("the keys and certificates in the backup")?;
    // From here on nothing that is stored counts as proof.
    let store = EmbeddedStore::open(opened.engine, true)?;
    let proved = store.prove()?;
    ensure!(
        proved == state.providers,
        "the offers in {} are not those that its manifest tells of; use another backup",
        file.display()
    );
    Ok(())
}
