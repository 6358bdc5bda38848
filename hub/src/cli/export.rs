//! `calluna-hub export`.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use calluna_catalogue::export::{Format, format};
use calluna_host::exit::Exit;
use calluna_host::out::{self, Progress};
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use super::file::WholeFile;
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
        let total = self.write(door).await?;
        out::say(&format!(
            "{total} offers written to {}",
            self.output.display()
        ));
        Ok(Exit::Done)
    }

    async fn write(&self, door: Door) -> Result<u64> {
        let mut sink = Sink {
            file: WholeFile::create(&self.output)?,
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
    file: WholeFile,
    progress: Progress,
    total: u64,
}

impl Sink {
    fn take(&mut self, data: &[u8], offers: u64) -> Result<()> {
        self.file.write(data)?;
        self.total += offers;
        self.progress.set(self.total);
        Ok(())
    }

    fn finish(self) -> Result<u64> {
        self.file.finish()?;
        self.progress.finish("written");
        Ok(self.total)
    }
}

fn known(name: &str) -> Result<String, String> {
    format(name)
        .map(|format| format.name().to_owned())
        .map_err(|error| error.to_string())
}
