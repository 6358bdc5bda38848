//! `calluna-hub audit list`.

use anyhow::{Context, Result};
use calluna_audit::{Entry, Event};
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use calluna_wire::v1::read_audit_request::What;
use clap::Args;
use serde_json::Value;

use super::super::Data;
use super::super::door::{Door, said};
use crate::trail::{self, Choice};

/// Longest line of particulars in the table, in characters.
const SHOWN_CHARS: usize = 100;

/// List the newest entries of the audit log, the newest first.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    data: Data,
    /// Only what is about this provider.
    #[arg(long, value_name = "ID")]
    provider: Option<ProviderId>,
    /// Only this event, such as released.
    #[arg(long, value_name = "NAME")]
    event: Option<Event>,
    /// How many entries are listed.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl List {
    pub(super) async fn run(self) -> Result<Exit> {
        let lines = self.lines().await?;
        match self.format {
            OutputFormat::Json => {
                let parse = |line: &String| serde_json::from_str(line);
                let entries = lines.iter().map(parse).collect::<Result<Vec<Value>, _>>();
                out::json(&entries.context("reading the entries")?);
            }
            OutputFormat::Text if lines.is_empty() => out::say("No entry fits."),
            OutputFormat::Text => {
                let entries = lines.iter().map(|line| Entry::from_line(line));
                let entries = entries.collect::<Result<Vec<_>, _>>();
                out::data(&table(&entries.context("reading the entries")?));
            }
        }
        Ok(Exit::Done)
    }

    async fn lines(&self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let choice = pb::AuditChoice {
                    provider_id: self
                        .provider
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    event: self
                        .event
                        .map(|event| event.to_string())
                        .unwrap_or_default(),
                    limit: self.limit,
                };
                let what = Some(What::Newest(choice));
                let request = pb::ReadAuditRequest { what };
                let mut pieces = daemon.read_audit(request).await.map_err(said)?.into_inner();
                while let Some(piece) = pieces.message().await.map_err(said)? {
                    lines.extend(piece.lines);
                }
            }
            Door::Here(hub) => {
                let choice = Choice {
                    provider: self.provider.clone(),
                    event: self.event,
                    limit: self.limit,
                };
                trail::list(&hub, &choice, &mut |line| {
                    lines.push(line);
                    Ok(())
                })?;
            }
        }
        Ok(lines)
    }
}

fn table(entries: &[Entry]) -> String {
    let rows: Vec<Vec<String>> = entries.iter().map(cells).collect();
    out::table(
        &[
            "entry",
            "recorded",
            "event",
            "provider",
            "by",
            "particulars",
        ],
        &rows,
    )
}

fn cells(entry: &Entry) -> Vec<String> {
    let draft = &entry.draft;
    let particulars: Vec<String> = draft
        .details
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let mut particulars = particulars.join(" ");
    if let Some((cut, _)) = particulars.char_indices().nth(SHOWN_CHARS) {
        particulars.truncate(cut);
        particulars.push('…');
    }
    vec![
        entry.number.to_string(),
        entry.at.to_string(),
        draft.event.to_string(),
        draft
            .provider
            .as_ref()
            .map_or("-", ProviderId::as_str)
            .to_owned(),
        draft.actor.to_string(),
        out::safe(&particulars),
    ]
}
