//! `calluna-hub approve`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat, safe};
use calluna_model::id::ProviderId;
use calluna_model::member::{ProviderKind, Stated};
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::members::{self, Approved, changes};

/// Approve what the public reads of a provider. `members` shows what its node states; what is given here
/// stands above that. A provider that waits takes part from the next night on.
#[derive(Debug, Args)]
pub(super) struct Approve {
    /// Who.
    provider_id: ProviderId,
    #[command(flatten)]
    data: Data,
    /// Its public name.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// What kind of provider it is: school, vhs, trainer, university, counselling or other.
    #[arg(long)]
    kind: Option<ProviderKind>,
    /// Its postal address on one line; an empty text for none.
    #[arg(long, value_name = "TEXT")]
    address: Option<String>,
    /// Its website; an empty text for none.
    #[arg(long, value_name = "URL")]
    website: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Approve {
    pub(super) async fn run(self) -> Result<Exit> {
        let done: Approved = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let request = pb::ApproveRequest {
                    provider_id: self.provider_id.to_string(),
                    name: self.name,
                    kind: self.kind.map(|kind| kind.to_string()),
                    address: self.address,
                    website: self.website,
                };
                let answer = daemon.approve(request).await.map_err(said)?.into_inner();
                serde_json::from_str(&answer.json)?
            }
            Door::Here(hub) => {
                let word = Stated {
                    name: self.name,
                    kind: self.kind,
                    address: self.address,
                    website: self.website,
                };
                members::approve(&hub, &self.provider_id, word)?
            }
        };
        match self.format {
            OutputFormat::Json => out::json(&done),
            OutputFormat::Text => out::data(&text(&done)),
        }
        Ok(Exit::Done)
    }
}

fn text(done: &Approved) -> String {
    let differ = changes(&done.before, &done.after);
    let mut lines = vec![match (done.waited, differ.is_empty()) {
        (true, _) => format!("{} is approved and takes part from now on.", done.provider),
        (false, false) => format!("{}: the public data is changed.", done.provider),
        (false, true) => format!(
            "{}: nothing to approve; it takes part already.",
            done.provider
        ),
    }];
    let shown = |text: &str| match text {
        "" => "(none)".to_owned(),
        text => safe(text),
    };
    for (field, before, after) in &differ {
        lines.push(format!("  {field:<8} {} → {}", shown(before), shown(after)));
    }
    if differ.is_empty() {
        let after = &done.after;
        lines.push(format!("  {} ({})", safe(&after.name), after.kind));
    }
    lines.join("\n")
}
