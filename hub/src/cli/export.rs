//! `calluna-hub export`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use calluna_catalogue::export::{Format, format};
use calluna_host::exit::Exit;
use calluna_host::out::{self, Progress};
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::export::export;

/// Write the catalogue, as readers see it, to a file.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    data: Data,
    /// The file; it appears whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// jsonl (one JSON object a line) or csv (one row per run, for a spreadsheet).
    #[arg(long, default_value = "jsonl", value_parser = known)]
    format: String,
    /// Only this provider.
    #[arg(long, value_name = "ID")]
    provider: Option<ProviderId>,
}

impl Export {
    pub(super) async fn run(self) -> Result<Exit> {
        let shown = out::safe(&self.output.display().to_string());
        ensure!(
            !self.output.is_dir() && self.output.file_name().is_some(),
            "{shown} is a folder; give the path of a file with --output",
        );
        let folder = self.output.parent().filter(|at| !at.as_os_str().is_empty());
        ensure!(
            folder.is_none_or(Path::is_dir),
            "the folder of {shown} does not exist; make it, or give another path with --output",
        );
        let door = Door::open(&self.data.data).await?;
        let part = part_beside(&self.output);
        let done = self.write(door, &part).await;
        let total = match done {
            Ok(total) => total,
            Err(error) => {
                // Half a catalogue must not lie about as if it were one.
                let _may_not_exist = std::fs::remove_file(&part);
                return Err(error);
            }
        };
        std::fs::rename(&part, &self.output)
            .with_context(|| format!("cannot put {} in place", self.output.display()))?;
        out::say(&format!(
            "{total} offers written to {}",
            self.output.display()
        ));
        Ok(Exit::Done)
    }

    async fn write(&self, door: Door, part: &Path) -> Result<u64> {
        let file = File::create(part).with_context(|| {
            format!(
                "cannot write {}; check the folder and its permissions",
                part.display()
            )
        })?;
        let mut sink = Sink {
            file: BufWriter::new(file),
            progress: Progress::new("offers", None),
            total: 0,
        };
        match door {
            Door::Daemon(mut daemon) => {
                let provider_id = self
                    .provider
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let request = pb::ExportRequest {
                    format: self.format.clone(),
                    provider_id,
                };
                let mut pieces = daemon.export(request).await.map_err(said)?.into_inner();
                while let Some(piece) = pieces.message().await.map_err(said)? {
                    sink.take(&piece.data, piece.offers)?;
                }
            }
            Door::Here(hub) => {
                let format: &dyn Format = format(&self.format)?;
                export(&hub, format, self.provider.as_ref(), &mut |data, offers| {
                    sink.take(&data, offers)
                })?;
            }
        }
        sink.finish()
    }
}

struct Sink {
    file: BufWriter<File>,
    progress: Progress,
    total: u64,
}

impl Sink {
    fn take(&mut self, data: &[u8], offers: u64) -> Result<()> {
        self.file
            .write_all(data)
            .context("cannot write the export; is the disk full?")?;
        self.total += offers;
        self.progress.set(self.total);
        Ok(())
    }

    fn finish(self) -> Result<u64> {
        let file = self
            .file
            .into_inner()
            .map_err(|e| e.into_error())
            .context("cannot write the export")?;
        file.sync_all().context("cannot write the export")?;
        self.progress.finish("written");
        Ok(self.total)
    }
}

fn part_beside(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    output.with_file_name(name)
}

fn known(name: &str) -> Result<String, String> {
    format(name)
        .map(|format| format.name().to_owned())
        .map_err(|error| error.to_string())
}
