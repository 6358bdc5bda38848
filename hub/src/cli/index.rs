//! `calluna-hub index`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_wire::v1 as pb;
use clap::{Args, Subcommand};

use super::Data;
use super::door::{Door, said};
use crate::pages::{self, RebuiltDocument};

/// Look after the search index.
#[derive(Debug, Subcommand)]
pub(super) enum Index {
    /// Write the whole search index anew from the store. Readers find everything meanwhile. It is never needed in
    /// order: a damaged index is noticed when the hub starts.
    Rebuild(Rebuild),
}

/// Write the whole search index anew.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Index {
    pub(super) async fn run(self) -> Result<Exit> {
        let Self::Rebuild(Rebuild { data, format }) = self;
        let done: RebuiltDocument = match Door::open(&data.data).await? {
            Door::Daemon(mut daemon) => {
                let asked = daemon.rebuild_index(pb::RebuildIndexRequest {}).await;
                serde_json::from_str(&asked.map_err(said)?.into_inner().json)?
            }
            Door::Here(hub) => pages::rebuild(&hub)?,
        };
        match format {
            OutputFormat::Json => out::json(&done),
            OutputFormat::Text => out::say(&format!(
                "The search index is new: {} offers of {} providers.",
                done.offers, done.providers
            )),
        }
        Ok(Exit::Done)
    }
}
