//! `calluna-hub serve`.

use std::sync::Arc;

use anyhow::Result;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_host::signal;
use calluna_host::tasks::Tasks;
use calluna_host::telemetry::LogOptions;
use clap::Args;

use super::Data;
use crate::{config, run};

/// Run the hub until it is told to stop (SIGTERM, Ctrl-C).
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: Data,
}

impl Serve {
    /// What hub.toml says about logging; a broken file is reported when it is opened.
    pub(super) fn log_options(&self, otherwise: LogOptions) -> LogOptions {
        match config::read(&self.data.data, &ProcessEnvironment) {
            Ok(config) => LogOptions {
                json: config.log.format == "json",
                filter: config.log.filter,
            },
            Err(_) => otherwise,
        }
    }

    pub(super) async fn run(self) -> Result<Exit> {
        let hub = Arc::new(super::door::open(&self.data.data)?);
        let closed = hub.store.close_aborted_nights(hub.clock.now())?;
        if closed > 0 {
            tracing::warn!(
                "the last night was cut off; it is closed as aborted, the next one goes on from its checkpoints"
            );
        }
        let tasks = Tasks::default();
        run::open_control(&hub, &tasks)?;
        let bound = run::open_doors(&hub, &tasks).await?;
        out::say(&format!(
            "ready: the hub of {} listens on {bound} (pid {})",
            out::safe(&hub.config.name),
            std::process::id(),
        ));
        signal::terminated().await;
        tracing::info!("stopping");
        run::stop(&hub, &tasks).await;
        Ok(Exit::Done)
    }
}
