//! `calluna-hub held`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::checkpoint::HoldReason;
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::held::HeldDocument;
use crate::service::control::list_held;

/// Show the nights that a guard holds back, with the offers that they would remove.
#[derive(Debug, Args)]
pub(super) struct Held {
    /// Only this provider.
    provider_id: Option<ProviderId>,
    #[command(flatten)]
    data: Data,
    /// Show at most so many offers of each night; 0 shows all.
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Held {
    pub(super) async fn run(self) -> Result<Exit> {
        let provider_id = self
            .provider_id
            .map(|id| id.to_string())
            .unwrap_or_default();
        let limit = self.limit;
        let held: Vec<HeldDocument> = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let ask = pb::ListHeldRequest { provider_id, limit };
                let answer = daemon.list_held(ask).await.map_err(said)?;
                serde_json::from_str(&answer.into_inner().json)?
            }
            Door::Here(hub) => list_held(&hub, &provider_id, limit).await?,
        };
        match self.format {
            OutputFormat::Json => out::json(&held),
            OutputFormat::Text if held.is_empty() => out::data("No night is held."),
            OutputFormat::Text => {
                let parts: Vec<String> = held.iter().map(text).collect();
                out::data(&parts.join("\n\n"));
            }
        }
        Ok(Exit::Done)
    }
}

fn text(document: &HeldDocument) -> String {
    let HeldDocument {
        provider,
        name,
        held,
        removals,
        more,
    } = document;
    let why = match held.reason {
        HoldReason::Shrinks => "much would vanish at once",
        HoldReason::ReKeyed => "offers come back under other ids; links to them would break",
        HoldReason::OtherLife => {
            "the catalogues had to be compared as a whole; the node's store may be an old backup"
        }
        HoldReason::StillHeld => "what an earlier held night would remove is still missing",
    };
    let mut lines = vec![
        format!(
            "{provider} ({}): held since {}, night {}",
            out::safe(name),
            held.at,
            held.night
        ),
        format!("  why: {why}"),
        format!(
            "  a release removes {} of {} offers, adds {}, changes {}",
            held.removed, held.before, held.added, held.changed
        ),
    ];
    if held.rekeyed > 0 {
        lines.push(format!(
            "  {} of those removed come back under another id with the same content",
            held.rekeyed
        ));
    }
    lines.extend(
        removals
            .iter()
            .map(|offer| format!("  - {}  {}", out::safe(&offer.id), out::safe(&offer.title))),
    );
    if *more > 0 {
        lines.push(format!("  … and {more} more (--limit 0 shows all)"));
    }
    lines.push(format!(
        "  next: ask the provider, then `calluna-hub release {provider}` or `calluna-hub discard {provider}`"
    ));
    lines.join("\n")
}
