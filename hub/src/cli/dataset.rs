//! `calluna-hub dataset`: releases of the monitoring dataset.

mod audit;
mod export;

use std::path::PathBuf;

use anyhow::{Context, Result};
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_monitor::{Correction, Difference, Manifest, Releases, Words};
use calluna_wire::v1 as pb;
use clap::{Args, Subcommand};

use super::door::{Door, said};
use crate::dataset::{self, BuildDocument};

/// Make, list, show, export, audit and compare releases of the monitoring dataset.
#[derive(Debug, Subcommand)]
pub(super) enum Dataset {
    /// Make a release now, if anything is new. Each night makes one by itself.
    Build(Build),
    /// List the releases.
    List(List),
    /// Show what a release says of itself.
    Show(Show),
    /// Copy a release, or one file of it, out of the data directory.
    Export(export::Export),
    /// Repeat every check and the proof of protection, from the releases alone.
    Audit(audit::Audit),
    /// Compare two releases.
    Diff(Diff),
}

impl Dataset {
    pub(super) async fn run(self) -> Result<Exit> {
        match self {
            Self::Build(build) => build.run().await,
            Self::List(list) => list.run(),
            Self::Show(show) => show.run(),
            Self::Export(export) => export.run(),
            Self::Audit(audit) => audit.run(),
            Self::Diff(diff) => diff.run(),
        }
    }
}

/// Where releases lie.
#[derive(Clone, Debug, Args)]
pub(super) struct Place {
    /// The hub's data directory.
    #[arg(
        long,
        env = "CALLUNA_DATA",
        value_name = "DIR",
        required_unless_present = "releases"
    )]
    data: Option<PathBuf>,
    /// A folder of releases instead, such as a copy that somebody has downloaded.
    #[arg(long, value_name = "DIR")]
    releases: Option<PathBuf>,
}

impl Place {
    pub(super) fn open(&self) -> Result<Releases> {
        let path = match (&self.releases, &self.data) {
            (Some(path), _) => path.clone(),
            (None, Some(data)) => data.join(dataset::FOLDER),
            (None, None) => anyhow::bail!("say where: --data DIR or --releases DIR"),
        };
        anyhow::ensure!(
            path.is_dir(),
            "{} holds no releases yet; `calluna-hub dataset build` makes the first one",
            path.display()
        );
        Ok(Releases::reading(&path))
    }
}

/// The release that is meant: the one with this number, else the newest.
pub(super) fn pick(releases: &Releases, number: Option<u64>) -> Result<Manifest> {
    match number {
        Some(number) => Ok(releases.show(number)?),
        None => releases
            .newest()?
            .context("there is no release yet; `calluna-hub dataset build` makes the first one"),
    }
}

/// Make a release now, if anything is new.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The hub's data directory.
    #[arg(long, env = "CALLUNA_DATA", value_name = "DIR")]
    data: PathBuf,
    /// This release corrects that one.
    #[arg(long, value_name = "NUMBER", requires_all = ["reason_de", "reason_en"])]
    corrects: Option<u64>,
    /// What was wrong, in German.
    #[arg(long, value_name = "TEXT", requires = "corrects")]
    reason_de: Option<String>,
    /// What was wrong, in English.
    #[arg(long, value_name = "TEXT", requires = "corrects")]
    reason_en: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Build {
    async fn run(self) -> Result<Exit> {
        let (de, en) = (
            self.reason_de.unwrap_or_default(),
            self.reason_en.unwrap_or_default(),
        );
        let done: BuildDocument = match Door::open(&self.data).await? {
            Door::Daemon(mut daemon) => {
                let request = pb::BuildDatasetRequest {
                    corrects: self.corrects.unwrap_or_default(),
                    reason_de: de,
                    reason_en: en,
                };
                let answer = daemon.build_dataset(request).await.map_err(said)?;
                serde_json::from_str(&answer.into_inner().json)?
            }
            Door::Here(hub) => {
                let correction = self.corrects.map(|corrects| Correction {
                    corrects,
                    reason: Words { de, en },
                });
                dataset::build(&hub, correction.as_ref())?
            }
        };
        match (self.format, &done.release) {
            (OutputFormat::Json, _) => out::json(&done),
            (OutputFormat::Text, Some(release)) => out::data(&line(release)),
            (OutputFormat::Text, None) => {
                out::say(&format!(
                    "nothing is new since release {}; it stands",
                    done.number
                ));
            }
        }
        Ok(Exit::Done)
    }
}

fn line(release: &Manifest) -> String {
    let corrects = release
        .corrects
        .map_or_else(String::new, |number| format!(", corrects {number}"));
    let periods: Vec<String> = release
        .periods
        .iter()
        .map(|period| {
            format!(
                "{} {} ({} providers)",
                period.period,
                period.state,
                period.providers.len()
            )
        })
        .collect();
    format!(
        "{:>6}  {}  {}{corrects}  {}",
        release.number,
        release.built_at,
        release.kind.as_str(),
        periods.join(", ")
    )
}

/// List the releases, the oldest first.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl List {
    fn run(self) -> Result<Exit> {
        let releases = self.place.open()?;
        let mut all = Vec::new();
        for number in releases.list()? {
            all.push(releases.show(number)?);
        }
        match self.format {
            OutputFormat::Json => out::json(&all),
            OutputFormat::Text if all.is_empty() => out::say("no release yet"),
            OutputFormat::Text => all.iter().for_each(|release| out::data(&line(release))),
        }
        Ok(Exit::Done)
    }
}

/// Show what a release says of itself: periods, providers, files and their hashes.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its number; the newest without it.
    number: Option<u64>,
    #[command(flatten)]
    place: Place,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Show {
    fn run(self) -> Result<Exit> {
        let releases = self.place.open()?;
        let release = pick(&releases, self.number)?;
        if self.format == OutputFormat::Json {
            out::json(&release);
            return Ok(Exit::Done);
        }
        out::data(&line(&release));
        for period in &release.periods {
            for one in &period.providers {
                out::data(&format!(
                    "        {}  {}  revision {} {}  waiting about {}",
                    period.period,
                    one.provider,
                    one.revision,
                    one.kind.as_str(),
                    one.waiting
                ));
            }
        }
        for file in &release.files {
            out::data(&format!(
                "        {:>10}  {}  {}",
                file.bytes, file.sha256, file.name
            ));
        }
        out::say(&format!("in {}", releases.folder(release.number).display()));
        Ok(Exit::Done)
    }
}

/// Compare two releases: rows added, removed and changed, by table, provider and period.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The older one.
    from: u64,
    /// The newer one; the newest without it.
    to: Option<u64>,
    #[command(flatten)]
    place: Place,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Diff {
    fn run(self) -> Result<Exit> {
        let releases = self.place.open()?;
        let to = pick(&releases, self.to)?.number;
        let difference: Difference = calluna_monitor::diff(&releases, self.from, to)?;
        let (added, removed, changed) = difference.totals();
        match self.format {
            OutputFormat::Json => out::json(&difference),
            OutputFormat::Text => {
                out::data(&format!(
                    "release {} against {}: {added} rows added, {removed} removed, {changed} changed",
                    to, self.from
                ));
                if added + removed + changed > 0 {
                    out::say(&format!(
                        "what changed, table by table: calluna-hub dataset diff {} {to} --format json",
                        self.from
                    ));
                }
            }
        }
        Ok(Exit::Done)
    }
}
