//! `calluna-hub demand`.

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::demand::DemandDocument;

/// Show words of searches that found nothing, where they were asked for at least five times in one week.
#[derive(Debug, Args)]
pub(super) struct Demand {
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Demand {
    pub(super) async fn run(self) -> Result<Exit> {
        let demand: DemandDocument = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let asked = daemon.get_demand(pb::GetDemandRequest {}).await;
                serde_json::from_str(&asked.map_err(said)?.into_inner().json)?
            }
            Door::Here(hub) => hub.demand.document(),
        };
        match self.format {
            OutputFormat::Json => out::json(&demand),
            OutputFormat::Text => out::data(&text(&demand)),
        }
        Ok(Exit::Done)
    }
}

fn text(demand: &DemandDocument) -> String {
    if demand.words.is_empty() {
        return format!(
            "No word was looked for in vain {} times in one week.",
            demand.threshold
        );
    }
    let rows = demand.words.iter().map(|wanted| {
        let last = wanted.weeks.keys().next_back();
        vec![
            out::safe(&wanted.word),
            wanted.times.to_string(),
            wanted.weeks.len().to_string(),
            last.cloned().unwrap_or_default(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    out::table(&["looked for in vain", "times", "weeks", "last"], &rows)
}
