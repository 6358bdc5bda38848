//! `calluna-hub offer`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::export::{OfferDocument, OfferState, look_up};

/// Show one offer as readers see it, or say since when they do not. Exit code 1 when it is not shown.
#[derive(Debug, Args)]
pub(super) struct Offer {
    /// Whose offer.
    provider_id: ProviderId,
    /// Its id.
    offer_id: String,
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Offer {
    pub(super) async fn run(self) -> Result<Exit> {
        let found: OfferDocument = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let request = pb::LookUpOfferRequest {
                    provider_id: self.provider_id.to_string(),
                    offer_id: self.offer_id,
                };
                let asked = daemon.look_up_offer(request).await;
                serde_json::from_str(&asked.map_err(said)?.into_inner().json)?
            }
            Door::Here(hub) => look_up(&hub, &self.provider_id, &self.offer_id)?,
        };
        match (self.format, &found.offer) {
            (OutputFormat::Json, _) => out::json(&found),
            (OutputFormat::Text, Some(offer)) => out::data(&serde_json::to_string_pretty(offer)?),
            (OutputFormat::Text, None) => out::say(&text(&found)),
        }
        Ok(match found.state {
            OfferState::Shown => Exit::Done,
            _ => Exit::Failed,
        })
    }
}

fn text(found: &OfferDocument) -> String {
    let (id, provider) = (out::safe(&found.id), &found.provider);
    let since = found
        .gone_since
        .map(|at| at.to_string())
        .unwrap_or_default();
    match found.state {
        OfferState::ProviderRevoked => {
            format!("offer {id} of {provider} is gone since {since}: the provider was put out")
        }
        OfferState::Withdrawn => {
            format!("offer {id} of {provider} is gone since {since}: the provider withdrew it")
        }
        _ => format!(
            "{provider} has no offer {id}, as far as the hub remembers; `calluna-hub export` lists them"
        ),
    }
}
