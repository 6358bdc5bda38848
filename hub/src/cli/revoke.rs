//! `calluna-hub revoke`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::members::{Figures, Why};
use crate::revoke::revoke;
use crate::view::{self, RevokedDocument};

/// Put a member out, at once: its connections are cut, its certificates and its invitation are void, its
/// offers leave the catalogue. To have it back, invite it again: its node then joins with a new key.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Who.
    provider_id: ProviderId,
    #[command(flatten)]
    data: Data,
    /// Why. Kept in the audit log, so no names of people.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Somebody else may have its key: a machine was stolen, a backup lost.
    #[arg(long)]
    key_compromised: bool,
    /// What becomes of its figures: kept in later releases, or removed from them. Releases that were
    /// published stay as they are in either case.
    #[arg(long, value_enum, default_value_t)]
    figures: Figures,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Revoke {
    pub(super) async fn run(self) -> Result<Exit> {
        let done: RevokedDocument = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let request = pb::RevokeRequest {
                    provider_id: self.provider_id.to_string(),
                    reason: self.reason,
                    key_compromised: self.key_compromised,
                    figures: self.figures.as_str().to_owned(),
                };
                let answer = daemon.revoke(request).await.map_err(said)?.into_inner();
                serde_json::from_str(&answer.json)?
            }
            Door::Here(hub) => {
                let why = Why {
                    reason: self.reason,
                    key_compromised: self.key_compromised,
                    figures: self.figures,
                };
                let done = revoke(&hub, &self.provider_id, why).await?;
                view::revoked(&self.provider_id, &done)
            }
        };
        match self.format {
            OutputFormat::Json => out::json(&done),
            OutputFormat::Text => out::say(&format!(
                "{} is out since {}: {} offers left the catalogue, nothing of it is accepted any more.\n\
                 Its figures: {}. To have it back: calluna-hub invite {}",
                done.provider,
                done.revocation.at,
                done.revocation.offers,
                done.revocation.figures.as_str(),
                done.provider,
            )),
        }
        Ok(Exit::Done)
    }
}
