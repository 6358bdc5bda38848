//! `backup`: the whole node in one file, and the proof of such a file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use calluna_host::backup::{Manifest, SealedFile, summary};
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat, Progress};
use calluna_host::socket;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::node_control_client::NodeControlClient;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Around, runtime};
use crate::backup::{self, Trouble};
use crate::config::Settings;
use crate::run::{self, Node};
use crate::text::Words;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Backup {
    #[command(subcommand)]
    what: Option<What>,
    /// The node's data directory.
    #[arg(long, env = "CALLUNA_DATA", value_name = "DIR", required = true)]
    data: Option<PathBuf>,
    /// The file, such as node.tar.gz; it appears whole or not at all, and only its owner can read it.
    #[arg(long, value_name = "FILE", required = true)]
    output: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Proves a backup: every checksum, and that a whole node can be made of it.
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Verify {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only the checksums; no node is made of it.
    #[arg(long)]
    quick: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Backup {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let (data, output) = match (self.what, self.data, self.output) {
            (Some(What::Verify(verify)), ..) => return verify.run(around),
            (None, Some(data), Some(output)) => (data, output),
            _ => return Ok(Exit::Usage),
        };
        let file = SealedFile::create(&output, self.force)?;
        let settings = Settings::load(&data, &ProcessEnvironment)?;
        let (manifest, bytes) = write(settings, file, around)?;
        tell(self.format, around.words, &output, bytes, &manifest);
        if self.format == OutputFormat::Text {
            let shown = out::safe(&output.display().to_string());
            out::say(&around.words.pick(
                format!("Prüfen mit: calluna-node backup verify {shown}"),
                format!("Prove it with: calluna-node backup verify {shown}"),
            ));
        }
        Ok(Exit::Done)
    }
}

fn write(
    settings: Settings,
    mut file: SealedFile,
    around: &Around,
) -> anyhow::Result<(Manifest, u64)> {
    let progress = Progress::new(around.words.pick("MiB gelesen", "MiB read"), None);
    let asked = runtime()?.block_on(ask(&settings, &mut file, &progress))?;
    let manifest = match asked {
        Some(manifest) => manifest,
        None => {
            let dir = settings.dir.path().to_owned();
            let (clock, entropy) = (Arc::clone(&around.clock), Arc::clone(&around.entropy));
            let node = Node::with_settings(settings, clock, entropy)?;
            let mut read = 0;
            let store = node.publisher().store();
            let step = &mut |more| {
                read += more;
                progress.set(read >> 20);
            };
            let (manifest, whole) = backup::make(&dir, store, &*around.clock, file, step)?;
            file = whole;
            manifest
        }
    };
    let bytes = file.finish()?;
    progress.finish(around.words.pick("geschrieben", "written"));
    Ok((manifest, bytes))
}

/// Through the daemon, if there is one.
async fn ask(
    settings: &Settings,
    file: &mut SealedFile,
    progress: &Progress,
) -> anyhow::Result<Option<Manifest>> {
    let Some(channel) = socket::connect(&settings.socket()).await? else {
        return Ok(None);
    };
    let asked = NodeControlClient::new(channel)
        .backup(pb::BackupRequest {})
        .await;
    let mut pieces = asked.map_err(PeerFailure::from)?.into_inner();
    let mut json = String::new();
    while let Some(piece) = pieces.message().await.map_err(PeerFailure::from)? {
        file.write_all(&piece.data).map_err(Trouble::Out)?;
        progress.set(piece.read >> 20);
        json += &piece.manifest_json;
    }
    let manifest = serde_json::from_str(&json);
    Ok(Some(manifest.context(
        "the node ended before the backup was whole; see its log, and try again",
    )?))
}

pub(super) fn tell(
    format: OutputFormat,
    words: Words,
    file: &Path,
    bytes: u64,
    manifest: &Manifest,
) {
    match format {
        OutputFormat::Json => {
            let mut document = json!(manifest);
            document["file"] = file.display().to_string().into();
            document["bytes"] = bytes.into();
            out::json(&document);
        }
        OutputFormat::Text => out::say(&summary(words.0, file, bytes, manifest)),
    }
}

/// How a backup is read on the command line.
pub(super) fn reading<T>(
    around: &Around,
    work: impl FnOnce(backup::Around<'_>, &mut dyn FnMut(u64)) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let words = around.words;
    let progress = Progress::new(words.pick("MiB geprüft", "MiB proved"), None);
    let identity = |dir: &Path| {
        let clock = Arc::clone(&around.clock);
        run::check_identity(dir, &ProcessEnvironment, &clock).map_err(|error| error.to_string())
    };
    let from = backup::Around {
        clock: &*around.clock,
        entropy: &*around.entropy,
        identity: &identity,
    };
    let mut done = 0;
    let ended = work(from, &mut |more| {
        done += more;
        progress.set(done >> 20);
    });
    progress.finish(if ended.is_ok() {
        words.pick("in Ordnung", "all right")
    } else {
        words.pick("fehlgeschlagen", "failed")
    });
    ended
}

impl Verify {
    fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let work = |from: backup::Around<'_>, step: &mut dyn FnMut(u64)| {
            backup::verify(&self.file, self.quick, from, step)
        };
        let manifest = reading(around, work)?;
        let bytes = std::fs::metadata(&self.file)?.len();
        tell(self.format, around.words, &self.file, bytes, &manifest);
        if self.format == OutputFormat::Text {
            out::say(match self.quick {
                true => around.words.pick(
                    "Jede Prüfsumme stimmt. Ohne --quick wird auch ein Knoten daraus gemacht.",
                    "Every checksum is right. Without --quick a node is made of it too.",
                ),
                false => around.words.pick(
                    "Jede Prüfsumme stimmt, und ein ganzer Knoten wurde daraus gemacht und geprüft.",
                    "Every checksum is right, and a whole node was made of it and proved.",
                ),
            });
        }
        Ok(Exit::Done)
    }
}
