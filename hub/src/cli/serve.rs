//! `calluna-hub serve`.

use std::sync::Arc;

use anyhow::Result;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_host::signal;
use calluna_host::tasks::Tasks;
use calluna_host::telemetry::LogOptions;
use calluna_model::report::NightState;
use clap::Args;

use super::Data;
use crate::hub::Hub;
use crate::{config, night, pages, run, upkeep};

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
        if let Some(night) = night::close_aborted(&hub)? {
            tracing::warn!(
                night = night.night,
                "the last night was cut off; it is closed as aborted, the next one goes on from its checkpoints"
            );
        }
        run::tell_start(&hub);
        let tasks = Tasks::default();
        run::open_control(&hub, &tasks)?;
        let bound = run::open_doors(&hub, &tasks).await?;
        let public = pages::open(&hub, &tasks)?;
        let cut_off = was_cut_off(&hub)?;
        tasks.spawn(
            "clock",
            night::clock::keep(Arc::clone(&hub), cut_off, tasks.token()),
        );
        tasks.spawn("upkeep", upkeep::keep(Arc::clone(&hub), tasks.token()));
        if let Some(public) = public {
            out::say(&format!("pages and interface: http://{public}/"));
        }
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

/// Whether the newest night was over all providers and was cut off, by a crash or an orderly stop.
fn was_cut_off(hub: &Hub) -> Result<bool> {
    let newest = hub.store.latest_night()?;
    Ok(newest.is_some_and(|night| night.whole && night.state == NightState::Aborted))
}
