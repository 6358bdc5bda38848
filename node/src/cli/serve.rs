//! `serve`: the daemon.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_host::signal::terminated;
use calluna_host::tasks::{Ended, Tasks};
use calluna_host::telemetry::start_logging;
use clap::Args;

use super::{Around, Data, runtime};
use crate::config::Settings;
use crate::run::{GRACE, Node};

/// With the time of grace before it: ten seconds.
const LAST_MOMENT: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: Data,
    /// Import what is dropped into this folder.
    #[arg(long, value_name = "DIR")]
    watch: Option<PathBuf>,
}

impl Serve {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let mut settings = Settings::load(&self.data.data, &ProcessEnvironment)?;
        if let Some(folder) = &self.watch {
            let text = folder
                .to_str()
                .context("the path given with --watch is not UTF-8; give another folder")?;
            text.clone_into(&mut settings.config.watch.folder);
        }
        let folder = settings.config.watch.folder.clone();
        if !folder.is_empty() {
            std::fs::create_dir_all(&folder).with_context(|| {
                format!("the drop folder {folder} cannot be made; give another one with --watch")
            })?;
        }
        let _log = start_logging(
            &settings
                .config
                .log_options()
                .overridden_by(&ProcessEnvironment),
        )?;
        let (clock, entropy) = (Arc::clone(&around.clock), Arc::clone(&around.entropy));
        let node = Node::with_settings(settings, clock, entropy)?;
        let runtime = runtime()?;
        let done = runtime.block_on(serve(&node));
        // A thread that still waits for a silent reader must not hold up the end.
        runtime.shutdown_timeout(LAST_MOMENT);
        done
    }
}

async fn serve(node: &Node) -> anyhow::Result<Exit> {
    let tasks = Tasks::default();
    let serving = node.serve(&tasks).await?;
    let provider = node.publisher().provider();
    match serving.listening {
        Some(address) => out::say(&format!("ready: provider {provider} listens at {address}")),
        None => out::say(&format!(
            "ready: provider {provider} dials {}",
            node.config().hub
        )),
    }
    terminated().await;
    match tasks.drain(GRACE).await {
        Ended::Quietly => tracing::info!("stopped"),
        Ended::Cut { still_running } => {
            tracing::warn!(still_running, "stopped; some work was cut off")
        }
    }
    Ok(Exit::Done)
}
