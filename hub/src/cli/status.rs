//! `calluna-hub status`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::outcome::Outcome;
use calluna_model::report::Delivery;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::backup::Backups;
use crate::newest::Noted;
use crate::view::{self, AlarmDocument, ProviderDocument, StatusDocument};

/// Show how the hub stands: providers that need a look come first.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Status {
    pub(super) async fn run(self) -> Result<Exit> {
        let status: StatusDocument = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let answer = daemon
                    .get_status(pb::GetStatusRequest {})
                    .await
                    .map_err(said)?;
                serde_json::from_str(&answer.into_inner().json)?
            }
            Door::Here(hub) => view::status(&hub, false)?,
        };
        match self.format {
            OutputFormat::Json => out::json(&status),
            OutputFormat::Text => out::data(&text(&status)),
        }
        Ok(Exit::Done)
    }
}

fn text(status: &StatusDocument) -> String {
    let running = if status.running {
        "running"
    } else {
        "not running"
    };
    let mut lines = vec![
        format!(
            "{} ({running}), nodes dial {}",
            out::safe(&status.district),
            status.address
        ),
        format!(
            "{} offers of {} providers, {} on disk",
            status.offers,
            status.providers.len(),
            out::human_bytes(status.store_bytes)
        ),
        format!(
            "hub certificate: {} days left; authority {}",
            status.certificate_days_left, status.authority
        ),
    ];
    lines.push(match status.web {
        Some(web) if status.running => format!("pages and interface: http://{web}/"),
        Some(web) => format!("pages and interface: not now; http://{web}/ when it runs"),
        None => "no pages: `web` in hub.toml says where".to_owned(),
    });
    if !status.store_note.is_empty() {
        lines.push(format!("! the store is not whole: {}", status.store_note));
    }
    lines.extend(audit(status));
    let warnings = status.trust_warnings.iter();
    lines.extend(warnings.map(|warning| format!("! {}", out::safe(warning))));
    for (provider, alarm) in alarms(status) {
        lines.push(format!("! {provider}: {}: {}", alarm.name, alarm.text));
    }
    lines.push(last_night(status));
    if let Some(night) = status.running_night {
        lines.push(format!(
            "night {night} is running (calluna-hub cancel ends it)"
        ));
    }
    lines.push(match status.next_night {
        Some(next) => format!("next night by the clock: {next}"),
        None if status.running => "no night is planned: night.schedule in hub.toml".to_owned(),
        None => "no night is planned: the daemon does not run".to_owned(),
    });
    if status
        .providers
        .iter()
        .any(|provider| provider.held.is_some())
    {
        lines.push("! nights are held back; look at them with: calluna-hub held".to_owned());
    }
    lines.extend(status.deliveries.iter().map(delivery));
    lines.extend(status.backups.as_ref().map(backups));
    lines.extend(status.dataset.as_ref().map(dataset));
    if !status.providers.is_empty() {
        let rows: Vec<Vec<String>> = status.providers.iter().map(cells).collect();
        let header = [
            "provider",
            "state",
            "online",
            "outcome",
            "agreed on",
            "missed",
            "offers",
            "refused",
        ];
        lines.push(String::new());
        lines.push(out::table(&header, &rows));
        // Sentences, too long for a column.
        let noted = status.providers.iter().filter(|of| !of.note.is_empty());
        let notes = noted.map(|of| format!("{}: {}", of.id, out::safe(&of.note)));
        lines.extend(notes);
    }
    lines.join("\n")
}

/// Where the audit log ends, and whether it is whole.
fn audit(status: &StatusDocument) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(head), Some(key)) = (&status.audit_head, &status.audit_key) {
        lines.push(format!("audit log: {head}, signed by {key}"));
    }
    if !status.audit_note.is_empty() {
        let note = out::safe(&status.audit_note);
        lines.push(format!("! the audit log is not whole: {note}"));
    }
    lines
}

/// How the last night went, or what to do for a first one.
fn last_night(status: &StatusDocument) -> String {
    match &status.last_night {
        Some(night) => {
            let agree = night
                .providers
                .iter()
                .filter(|line| line.outcome.agreed())
                .count();
            let when = night.ended_at.unwrap_or(night.started_at);
            format!(
                "night {} ({}, {}, {when}): {agree} of {} agree",
                night.night,
                night.trigger,
                night.state,
                night.providers.len()
            )
        }
        None => "no night yet; next: calluna-hub sync".to_owned(),
    }
}

/// When the last backup was made that could be restored, and whether the last try failed.
fn backups(backups: &Backups) -> String {
    let last = match backups.verified_at {
        Some(at) => format!("last proved backup: {at}, {}", out::safe(&backups.file)),
        None => "no proved backup yet; the next night over all providers makes one".to_owned(),
    };
    if backups.failure.is_empty() {
        return last;
    }
    format!(
        "! the last backup failed: {}\n{last}",
        out::safe(&backups.failure)
    )
}

/// The newest release, and whether the last try failed.
fn dataset(noted: &Noted) -> String {
    let last = match noted.newest {
        0 => "no release of the monitoring dataset yet".to_owned(),
        number => format!(
            "newest release of the monitoring dataset: {number} ({}), {}",
            noted.kind, noted.built_at
        ),
    };
    if noted.failure.is_empty() {
        return last;
    }
    format!(
        "! the last release failed: {}\n{last}",
        out::safe(&noted.failure)
    )
}

/// `last mail: night 17 delivered …`, or why not.
fn delivery(last: &Delivery) -> String {
    let (way, night, at) = (last.way.as_str(), last.night, last.at);
    if last.failure.is_empty() {
        return format!("last {way}: night {night} delivered {at}");
    }
    let next = last.next.map_or_else(
        || "given up".to_owned(),
        |next| format!("tried again {next}"),
    );
    format!(
        "! last {way}: night {night} not delivered ({} tries until {at}, {next}): {}",
        last.tries,
        out::safe(&last.failure)
    )
}

fn alarms(status: &StatusDocument) -> impl Iterator<Item = (&str, &AlarmDocument)> {
    let providers = status.providers.iter();
    providers.flat_map(|provider| {
        provider
            .alarms
            .iter()
            .map(|alarm| (provider.id.as_str(), alarm))
    })
}

fn cells(provider: &ProviderDocument) -> Vec<String> {
    let connected = match provider.connected {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    let agreed = provider
        .agreed_at
        .map_or_else(|| "never".to_owned(), out::day);
    vec![
        provider.id.clone(),
        provider.state.as_str().to_owned(),
        connected.to_owned(),
        provider
            .last_outcome
            .map_or("none yet", Outcome::as_str)
            .to_owned(),
        agreed,
        provider.nights_missed.to_string(),
        provider.offers.to_string(),
        provider.quarantined.to_string(),
    ]
}
