//! `calluna-hub release`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::held;

/// Publish a night that is held back because it removes much. `held` shows what it removes.
#[derive(Debug, Args)]
pub(super) struct Release {
    /// Whose night.
    provider_id: ProviderId,
    #[command(flatten)]
    data: Data,
}

impl Release {
    pub(super) async fn run(self) -> Result<Exit> {
        let (removed, count) = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let provider_id = self.provider_id.to_string();
                let answer = daemon
                    .release(pb::ReleaseRequest { provider_id })
                    .await
                    .map_err(said)?;
                let answer = answer.into_inner();
                (answer.removed, answer.count)
            }
            Door::Here(hub) => {
                let decided = held::release(&hub, &self.provider_id)?;
                (decided.removed, decided.offers)
            }
        };
        out::say(&format!(
            "Released: {removed} offers of {} were removed, {count} are in the catalogue now.",
            self.provider_id
        ));
        Ok(Exit::Done)
    }
}
