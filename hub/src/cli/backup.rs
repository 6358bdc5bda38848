//! `calluna-hub backup`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use calluna_host::backup::{Manifest, SealedFile, summary};
use calluna_host::config::ProcessEnvironment;
use calluna_host::entropy::OsEntropy;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat, Progress};
use calluna_model::text::Language;
use calluna_wire::v1 as pb;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::door::{Door, said};
use crate::backup::{self, Around};

/// Write the whole hub into one file, while it runs; or prove such a file.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Backup {
    #[command(subcommand)]
    what: Option<What>,
    /// The hub's data directory.
    #[arg(long, env = "CALLUNA_DATA", value_name = "DIR", required = true)]
    data: Option<PathBuf>,
    /// The file, such as hub.tar.gz; it appears whole or not at all, and only its owner can read it.
    #[arg(long, value_name = "FILE", required = true)]
    output: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Prove a backup: every checksum, and that a whole hub can be made of it.
    Verify(Verify),
}

/// Prove a backup.
#[derive(Debug, Args)]
struct Verify {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only the checksums; no hub is made of it.
    #[arg(long)]
    quick: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

/// What `--format json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub(super) file: String,
    pub(super) bytes: u64,
    #[serde(flatten)]
    pub(super) manifest: &'a Manifest,
}

impl Backup {
    pub(super) async fn run(self) -> Result<Exit> {
        match (self.what, self.data, self.output) {
            (Some(What::Verify(verify)), ..) => verify.run(),
            (None, Some(data), Some(output)) => {
                let file = SealedFile::create(&output, self.force)?;
                let (manifest, bytes) = write(Door::open(&data).await?, file).await?;
                tell(self.format, &output, bytes, &manifest);
                if self.format == OutputFormat::Text {
                    out::say(&format!(
                        "Prove it with: calluna-hub backup verify {}",
                        out::safe(&output.display().to_string())
                    ));
                }
                Ok(Exit::Done)
            }
            _ => Ok(Exit::Usage),
        }
    }
}

async fn write(door: Door, mut file: SealedFile) -> Result<(Manifest, u64)> {
    let progress = Progress::new("MiB read", None);
    let manifest = match door {
        Door::Daemon(mut daemon) => {
            let asked = daemon.backup(pb::BackupRequest {}).await;
            let mut pieces = asked.map_err(said)?.into_inner();
            let mut json = String::new();
            while let Some(piece) = pieces.message().await.map_err(said)? {
                file.write_all(&piece.data)
                    .context("cannot write the backup; is the disk full?")?;
                progress.set(piece.read >> 20);
                json += &piece.manifest_json;
            }
            serde_json::from_str(&json)
                .context("the hub ended before the backup was whole; see its log, and try again")?
        }
        Door::Here(hub) => {
            let mut read = 0;
            let (manifest, whole) = backup::make(&hub, file, &mut |more| {
                read += more;
                progress.set(read >> 20);
            })?;
            file = whole;
            manifest
        }
    };
    let bytes = file.finish()?;
    progress.finish("written");
    Ok((manifest, bytes))
}

pub(super) fn tell(format: OutputFormat, file: &Path, bytes: u64, manifest: &Manifest) {
    match format {
        OutputFormat::Json => out::json(&Document {
            file: file.display().to_string(),
            bytes,
            manifest,
        }),
        OutputFormat::Text => out::say(&summary(Language::En, file, bytes, manifest)),
    }
}

/// How a backup is read on the command line.
pub(super) fn reading<T>(
    work: impl FnOnce(Around<'_>, &mut dyn FnMut(u64)) -> Result<T>,
) -> Result<T> {
    let progress = Progress::new("MiB proved", None);
    let around = Around {
        environment: &ProcessEnvironment,
        entropy: &OsEntropy,
    };
    let mut done = 0;
    let ended = work(around, &mut |more| {
        done += more;
        progress.set(done >> 20);
    });
    progress.finish(if ended.is_ok() { "all right" } else { "failed" });
    ended
}

impl Verify {
    fn run(self) -> Result<Exit> {
        let manifest =
            reading(|around, step| backup::verify(&self.file, self.quick, around, step))?;
        let bytes = std::fs::metadata(&self.file)?.len();
        tell(self.format, &self.file, bytes, &manifest);
        if self.format == OutputFormat::Text {
            out::say(if self.quick {
                "Every checksum is right. Without --quick a hub is made of it too."
            } else {
                "Every checksum is right, and a whole hub was made of it and proved."
            });
        }
        Ok(Exit::Done)
    }
}
