//! `calluna-hub discard`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::held;

/// Forget a night that is held back: the catalogue stays as it is, and the next night asks the node
/// again. Say it when the provider has mended its list.
#[derive(Debug, Args)]
pub(super) struct Discard {
    /// Whose night.
    provider_id: ProviderId,
    #[command(flatten)]
    data: Data,
}

impl Discard {
    pub(super) async fn run(self) -> Result<Exit> {
        let (removed, count) = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let provider_id = self.provider_id.to_string();
                let asked = daemon.discard(pb::DiscardRequest { provider_id }).await;
                let answer = asked.map_err(said)?.into_inner();
                (answer.removed, answer.count)
            }
            Door::Here(hub) => {
                let decided = held::discard(&hub, &self.provider_id)?;
                (decided.removed, decided.offers)
            }
        };
        out::say(&format!(
            "Discarded: {removed} offers of {} are not removed, {count} stay in the catalogue. The next night asks the node again.",
            self.provider_id
        ));
        Ok(Exit::Done)
    }
}
