//! `calluna-hub sync`.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat, Progress};
use calluna_host::signal;
use calluna_host::tasks::Tasks;
use calluna_model::id::ProviderId;
use calluna_model::report::{NightReport, NightState, ProviderReport, Trigger};
use calluna_wire::v1 as pb;
use calluna_wire::v1::hub_control_client::HubControlClient;
use calluna_wire::v1::sync_event::Event as Told;
use clap::Args;
use tokio::sync::mpsc;
use tonic::transport::Channel;

use super::Data;
use super::door::{Door, said};
use crate::current::End;
use crate::hub::Hub;
use crate::night::{self, Event, Wish};
use crate::{report, run};

/// Synchronise now. Without a daemon this process opens the port and waits for the nodes itself.
///
/// Exit code 0: every provider is ok or unchanged; 3: some provider is not.
#[derive(Debug, Args)]
pub(super) struct Sync {
    #[command(flatten)]
    data: Data,
    /// Only this provider; can be given several times.
    #[arg(long = "provider", value_name = "ID")]
    providers: Vec<ProviderId>,
    /// Compare the catalogues as a whole even where nothing seems to have changed, and check every
    /// stored record.
    #[arg(long)]
    verify: bool,
    /// As by the clock: spread the providers, and try again whoever cannot be reached until the
    /// night's window is over.
    #[arg(long)]
    patient: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Sync {
    pub(super) async fn run(self) -> Result<Exit> {
        let report = match Door::open(&self.data.data).await? {
            Door::Daemon(daemon) => through_daemon(daemon, &self.wish()).await?,
            Door::Here(hub) => here(&hub, &self.wish()).await?,
        };
        match self.format {
            OutputFormat::Json => out::json(&report),
            OutputFormat::Text => out::data(&text(&report)),
        }
        Ok(if report.clean() {
            Exit::Done
        } else {
            Exit::Partly
        })
    }

    fn wish(&self) -> Wish {
        Wish {
            only: self.providers.clone(),
            trigger: Trigger::Hand,
            verify: self.verify,
            patient: self.patient,
        }
    }
}

async fn through_daemon(mut daemon: HubControlClient<Channel>, wish: &Wish) -> Result<NightReport> {
    let ask = pb::SyncRequest {
        provider_ids: wish.only.iter().map(ToString::to_string).collect(),
        verify: wish.verify,
        patient: wish.patient,
    };
    let answer = daemon.sync(ask).await.map_err(said)?;
    let mut events = answer.into_inner();
    let mut shown = None;
    while let Some(event) = events.message().await.map_err(said)? {
        match event.event {
            Some(Told::Waits(_)) => waits(),
            Some(Told::Providers(count)) => shown = Some(begun(count)),
            Some(Told::ProviderJson(json)) => step(shown.as_ref(), &serde_json::from_str(&json)?),
            Some(Told::ReportJson(json)) => {
                finished(shown.as_ref());
                return serde_json::from_str(&json).context("reading the report");
            }
            None => {}
        }
    }
    bail!(
        "the daemon ended before the night did; it will be closed as aborted and go on from its checkpoints"
    )
}

async fn here(hub: &Arc<Hub>, wish: &Wish) -> Result<NightReport> {
    let tasks = Tasks::default();
    run::open_doors(hub, &tasks).await?;
    let (events, mut happened) = mpsc::channel(64);
    let showing = async {
        let mut shown = None;
        while let Some(event) = happened.recv().await {
            match event {
                Event::Waits => waits(),
                Event::Begins(count) => shown = Some(begun(count as u64)),
                Event::Provider(line) => step(shown.as_ref(), &line),
            }
        }
        finished(shown.as_ref());
    };
    let interrupted = async {
        signal::terminated().await;
        out::say("Ending the night; what was committed stays.");
        hub.current.end(End::Operator);
        std::future::pending::<()>().await;
    };
    let (ended, ()) = tokio::select! {
        done = async { tokio::join!(night::run(hub, wish, events), showing) } => done,
        // Never ready: it only ends the night.
        () = interrupted => return Err(anyhow!("interrupted")),
    };
    report::settle(hub, report::PATIENCE).await;
    run::stop(hub, &tasks).await;
    ended
}

fn waits() {
    out::say("Another night is running; this one begins after it (calluna-hub cancel ends it).");
}

fn begun(count: u64) -> Progress {
    Progress::new("providers", Some(count))
}

fn step(shown: Option<&Progress>, line: &ProviderReport) {
    if let Some(progress) = shown {
        progress.message(&format!("{}: {}", line.provider, line.outcome));
        progress.inc(1);
    }
}

fn finished(shown: Option<&Progress>) {
    if let Some(progress) = shown {
        progress.finish("done");
    }
}

pub(super) fn text(report: &NightReport) -> String {
    if report.providers.is_empty() {
        return "No provider has joined yet. Next: calluna-hub invite PROVIDER_ID --name TEXT"
            .into();
    }
    let rows: Vec<Vec<String>> = report.providers.iter().map(cells).collect();
    let header = [
        "provider", "outcome", "added", "changed", "removed", "refused", "offers", "bytes",
        "seconds", "note",
    ];
    let good = report
        .providers
        .iter()
        .filter(|line| line.outcome.agreed())
        .count();
    let ended = match report.state {
        NightState::Finished => String::new(),
        other => format!(" ({other})"),
    };
    format!(
        "Night {}{ended}: {good} of {} providers agree with the hub.\n\n{}",
        report.night,
        report.providers.len(),
        out::table(&header, &rows)
    )
}

fn cells(line: &ProviderReport) -> Vec<String> {
    let note = match (line.reconciled.is_empty(), line.note.is_empty()) {
        (true, _) => line.note.clone(),
        (false, true) => format!("compared as a whole: {}", line.reconciled),
        (false, false) => format!("compared as a whole: {}; {}", line.reconciled, line.note),
    };
    vec![
        line.provider.to_string(),
        line.outcome.to_string(),
        line.added.to_string(),
        line.changed.to_string(),
        line.removed.to_string(),
        line.quarantined.to_string(),
        line.offers.to_string(),
        line.bytes.to_string(),
        format!("{}.{:02}", line.millis / 1_000, line.millis % 1_000 / 10),
        note,
    ]
}
