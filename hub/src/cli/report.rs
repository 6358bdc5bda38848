//! `calluna-hub report`.

use anyhow::{Context, Result, bail};
use calluna_host::clock::SystemClock;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::clock::Clock;
use calluna_wire::v1 as pb;
use clap::Args;

use super::door::{Door, said};
use super::{Data, Lang};
use crate::config;
use crate::report::{self, MorningReport, Sender};

/// Show the morning report: what the night did, and who needs a look first.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Number of a night; otherwise the newest.
    run: Option<u64>,
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
    /// Language of the text; otherwise that of the environment.
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// Send it now, as [mail] and [webhook] of hub.toml say, to try those settings.
    #[arg(long)]
    send: bool,
}

impl Report {
    pub(super) async fn run(self) -> Result<Exit> {
        let report = self.made().await?;
        if self.send {
            return self.sent(&report).await;
        }
        match self.format {
            OutputFormat::Json => out::json(&report),
            OutputFormat::Text => {
                let text = report::text(&report, Lang::or_environment(self.lang));
                out::data(text.trim_end());
            }
        }
        Ok(Exit::Done)
    }

    async fn made(&self) -> Result<MorningReport> {
        match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let night = self.run.unwrap_or(0);
                let answer = daemon
                    .get_report(pb::GetReportRequest { night })
                    .await
                    .map_err(said)?;
                serde_json::from_str(&answer.into_inner().json).context("reading the report")
            }
            Door::Here(hub) => report::asked(&hub, self.run),
        }
    }

    /// Sends with the settings as they stand in the file now, which a running hub may not have read.
    async fn sent(&self, report: &MorningReport) -> Result<Exit> {
        let dir = &self.data.data;
        let config = config::read(dir, &ProcessEnvironment)?;
        let sender = Sender::new(&config, dir, SystemClock.now());
        if !sender.has_somewhere() {
            bail!(
                "nothing is set up to be sent: fill in `server`, `from` and `to` under [mail], or `url` under [webhook], in {}",
                dir.join(config::FILE).display()
            );
        }
        let mut exit = Exit::Done;
        for sent in sender.send_once(report).await {
            let (way, to) = (sent.way.as_str(), out::safe(&sent.to));
            match sent.failure {
                None => out::say(&format!("{way}: night {} was sent to {to}", report.night)),
                Some(why) => {
                    out::say(&format!("error: {way} to {to} failed: {why}"));
                    exit = Exit::Failed;
                }
            }
        }
        if exit == Exit::Done {
            out::say("A hub that is running uses changed settings after a restart.");
        }
        Ok(exit)
    }
}
