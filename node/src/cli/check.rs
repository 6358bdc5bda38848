//! `check`: what is wrong, and what to do.

use std::sync::Arc;

use calluna_host::check::Labels;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_model::text::Language;
use clap::Args;

use super::{Around, Data, runtime};
use crate::check::Checker;

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    data: Data,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
    /// Look at this machine only, not at the way to the hub.
    #[arg(long)]
    offline: bool,
}

impl Check {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let checker = Checker {
            dir: self.data.data,
            environment: &ProcessEnvironment,
            clock: Arc::clone(&around.clock),
            entropy: Arc::clone(&around.entropy),
            words: around.words,
            offline: self.offline,
        };
        let runtime = runtime()?;
        let report = runtime.block_on(checker.run());
        // A question to a DNS that does not answer must not keep a finished command alive.
        runtime.shutdown_background();
        let labels = match around.words.0 {
            Language::De => Labels::GERMAN,
            Language::En => Labels::ENGLISH,
        };
        match self.format {
            OutputFormat::Json => out::json(&report),
            OutputFormat::Text => out::data(&report.text(&labels)),
        }
        Ok(report.exit())
    }
}
