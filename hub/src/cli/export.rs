//! `calluna-hub export`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use calluna_catalogue::export::{Loss, format};
use calluna_host::exit::Exit;
use calluna_host::out::{self, Progress};
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use super::file::WholeFile;
use crate::export::{Order, export};
use crate::service::profiles as profiles_of;

/// Write the catalogue, as readers see it, to a file.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    data: Data,
    /// The file; it appears whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// jsonl (every field), csv and parquet (one row per run), csvw (describes the csv file), schemaorg, openqcat,
    /// openvhs, xcri, elm, or dcat (the entry for data portals).
    #[arg(long, default_value = "jsonl", value_parser = known)]
    format: String,
    /// Also write what the file does not say: fields that the format cannot carry, records that it refuses. JSON.
    #[arg(long, value_name = "FILE")]
    loss: Option<PathBuf>,
    /// What KURSNET asks of each provider, as CSV; openqcat needs it.
    #[arg(long, value_name = "FILE")]
    profiles: Option<PathBuf>,
    /// Where the catalogue's pages are, such as https://bildung.example; dcat needs it.
    #[arg(
        long,
        value_name = "URL",
        default_value = "",
        hide_default_value = true
    )]
    base_url: String,
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
        ensure!(
            self.loss.as_ref() != Some(&self.output),
            "--loss and --output name the same file; give two",
        );
        let door = Door::open(&self.data.data).await?;
        let loss = self.write(door).await?;
        if let Some(path) = &self.loss {
            let mut file = WholeFile::create(path)?;
            file.write(format!("{}\n", serde_json::to_string_pretty(&loss)?).as_bytes())?;
            file.finish()?;
        }
        if !loss.lost.is_empty() || loss.refused > 0 || !loss.refusals.is_empty() {
            out::say(loss.text().trim_end());
        }
        out::say(&format!(
            "{} offers written to {}",
            loss.written,
            self.output.display()
        ));
        Ok(if loss.refused > 0 {
            Exit::Partly
        } else {
            Exit::Done
        })
    }

    async fn write(&self, door: Door) -> Result<Loss> {
        let profiles = match &self.profiles {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path).with_context(|| {
                format!("cannot read {}", out::safe(&path.display().to_string()))
            })?,
        };
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
                    profiles,
                    base_url: self.base_url.clone(),
                };
                let mut pieces = daemon.export(request).await.map_err(said)?.into_inner();
                let mut loss = None;
                while let Some(piece) = pieces.message().await.map_err(said)? {
                    sink.take(&piece.data, piece.offers)?;
                    if !piece.loss.is_empty() {
                        loss = Some(serde_json::from_str(&piece.loss)?);
                    }
                }
                let loss = loss.context("the daemon ended in the middle of the file")?;
                sink.finish()?;
                Ok(loss)
            }
            Door::Here(hub) => {
                let order = Order {
                    format: format(&self.format)?,
                    only: self.provider.as_ref(),
                    profiles: profiles_of(&profiles)?,
                    base_url: &self.base_url,
                };
                let loss = export(&hub, order, &mut |data, offers| sink.take(&data, offers))?;
                sink.finish()?;
                Ok(loss)
            }
        }
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

    fn finish(self) -> Result<()> {
        self.file.finish()?;
        self.progress.finish("written");
        Ok(())
    }
}

fn known(name: &str) -> Result<String, String> {
    format(name)
        .map(|format| format.name().to_owned())
        .map_err(|error| error.to_string())
}
