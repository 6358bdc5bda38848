//! `calluna-hub runs`.

use anyhow::{Context, Result};
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::report::NightReport;
use calluna_wire::v1 as pb;
use clap::Args;

use super::door::{Door, said};
use super::{Data, sync};
use crate::view::{self, NightDocument};

/// List the nights that are remembered, the newest first; or show one of them in detail.
#[derive(Debug, Args)]
pub(super) struct Runs {
    /// Number of a night, to see each provider's line.
    run: Option<u64>,
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
    /// How many nights are listed.
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "run")]
    limit: u32,
}

impl Runs {
    pub(super) async fn run(self) -> Result<Exit> {
        let door = Door::open(&self.data.data).await?;
        match self.run {
            Some(number) => self.one(door, number).await?,
            None => self.list(door).await?,
        }
        Ok(Exit::Done)
    }

    async fn one(&self, door: Door, night: u64) -> Result<()> {
        let report: NightReport = match door {
            Door::Daemon(mut daemon) => {
                let answer = daemon
                    .get_night(pb::GetNightRequest { night })
                    .await
                    .map_err(said)?;
                serde_json::from_str(&answer.into_inner().json).context("reading the night")?
            }
            Door::Here(hub) => view::night(&hub, night)?,
        };
        match self.format {
            OutputFormat::Json => out::json(&report),
            OutputFormat::Text => out::data(&detail(&report)),
        }
        Ok(())
    }

    async fn list(&self, door: Door) -> Result<()> {
        let limit = self.limit;
        let nights: Vec<NightDocument> = match door {
            Door::Daemon(mut daemon) => {
                let answer = daemon
                    .list_nights(pb::ListNightsRequest { limit })
                    .await
                    .map_err(said)?;
                serde_json::from_str(&answer.into_inner().json).context("reading the nights")?
            }
            Door::Here(hub) => view::nights(&hub, limit)?,
        };
        match self.format {
            OutputFormat::Json => out::json(&nights),
            OutputFormat::Text if nights.is_empty() => {
                out::say("There was no night yet. Next: calluna-hub sync");
            }
            OutputFormat::Text => out::data(&table(&nights)),
        }
        Ok(())
    }
}

fn table(nights: &[NightDocument]) -> String {
    let rows: Vec<Vec<String>> = nights.iter().map(cells).collect();
    out::table(
        &["night", "began", "ended", "state", "providers", "outcomes"],
        &rows,
    )
}

fn cells(night: &NightDocument) -> Vec<String> {
    let outcomes: Vec<String> = night
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    vec![
        night.night.to_string(),
        night.started_at.to_string(),
        night
            .ended_at
            .map_or_else(|| "-".to_owned(), |at| at.to_string()),
        format!("{:?}", night.state).to_lowercase(),
        night.providers.to_string(),
        outcomes.join(", "),
    ]
}

fn detail(report: &NightReport) -> String {
    let ended = report
        .ended_at
        .map_or_else(|| "not yet".to_owned(), |at| at.to_string());
    let head = format!(
        "began {}, ended {ended}, {}",
        report.started_at,
        format!("{:?}", report.state).to_lowercase()
    );
    if report.providers.is_empty() {
        return format!(
            "Night {}: no provider's line was written.\n{head}",
            report.night
        );
    }
    format!("{head}\n{}", sync::text(report))
}
