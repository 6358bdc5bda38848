//! `calluna-hub duplicates`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_wire::v1 as pb;
use clap::{Args, Subcommand};

use super::Data;
use super::door::{Door, said};
use crate::duplicates::{self, DuplicatesDocument, Named};

/// Show offers of several providers that are taken for the same, or keep your word on two of them.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Duplicates {
    #[command(subcommand)]
    word: Option<Word>,
    /// The hub's data directory.
    #[arg(long, env = "CALLUNA_DATA", value_name = "DIR", required = true)]
    data: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// Two offers are the same: hits show them as one, from now on and after every night.
    Same(Pair),
    /// Two offers are not the same, however alike they look.
    Different(Pair),
}

#[derive(Debug, Args)]
struct Pair {
    /// One offer, as PROVIDER/OFFER.
    #[arg(value_name = "PROVIDER/OFFER")]
    one: Named,
    /// The other one.
    #[arg(value_name = "PROVIDER/OFFER")]
    other: Named,
    #[command(flatten)]
    data: Data,
}

impl Duplicates {
    pub(super) async fn run(self) -> Result<Exit> {
        match self.word {
            Some(Word::Same(pair)) => pair.judge(true).await,
            Some(Word::Different(pair)) => pair.judge(false).await,
            None => {
                let data = self
                    .data
                    .context("say where the hub's data lies: --data DIR")?;
                list(&data, self.format).await
            }
        }
    }
}

async fn list(data: &Path, format: OutputFormat) -> Result<Exit> {
    let found: DuplicatesDocument = match Door::open(data).await? {
        Door::Daemon(mut daemon) => {
            let asked = daemon.list_duplicates(pb::ListDuplicatesRequest {}).await;
            serde_json::from_str(&asked.map_err(said)?.into_inner().json)?
        }
        Door::Here(hub) => duplicates::document(&hub)?,
    };
    match format {
        OutputFormat::Json => out::json(&found),
        OutputFormat::Text => out::data(&text(&found)),
    }
    Ok(Exit::Done)
}

impl Pair {
    async fn judge(self, same: bool) -> Result<Exit> {
        let (one, other) = (self.one.to_string(), self.other.to_string());
        match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let ask = pb::JudgeDuplicateRequest { one, other, same };
                daemon.judge_duplicate(ask).await.map_err(said)?;
            }
            Door::Here(hub) => duplicates::judge(&hub, &self.one, &self.other, same)?,
        }
        let word = if same { "the same" } else { "different" };
        out::say(&format!(
            "Kept: {} and {} are {word}, also after later nights.",
            self.one, self.other
        ));
        Ok(Exit::Done)
    }
}

fn text(found: &DuplicatesDocument) -> String {
    let mut lines = Vec::new();
    for group in &found.groups {
        lines.push(format!("the same ({}):", group.reason));
        let offers = group.offers.iter();
        lines.extend(offers.map(|offer| format!("  {}  {}", offer.offer, out::safe(&offer.title))));
    }
    if found.groups.is_empty() {
        lines.push("No offers are taken for the same.".to_owned());
    }
    let (same, different): (Vec<_>, Vec<_>) = found.verdicts.iter().partition(|said| said.same);
    for (said, word) in [(same, "the same"), (different, "different")] {
        let said = said.into_iter();
        lines.extend(said.map(|said| {
            format!(
                "you said on {}: {} and {} are {word}",
                said.at, said.left, said.right
            )
        }));
    }
    lines.join("\n")
}
