//! `calluna-hub check`.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use calluna_host::check::{FileMode, Labels, own_user};
use calluna_host::clock::SystemClock;
use calluna_host::config::ProcessEnvironment;
use calluna_host::data_dir::DataDir;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_host::socket;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};
use crate::check::{Checker, Seen};
use crate::{convert, view};

/// Look for what is wrong: settings, files, certificates, the public address, store, nights.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
    /// Look at this machine only, and expect no daemon.
    #[arg(long)]
    offline: bool,
}

impl Check {
    pub(super) async fn run(self) -> Result<Exit> {
        let checker = Checker {
            environment: &ProcessEnvironment,
            clock: Arc::new(SystemClock),
            run: "/run".into(),
            offline: self.offline,
            dir: self.data.data,
        };
        let seen = see(&checker.dir).await;
        let report = checker.look(seen).await;
        match self.format {
            OutputFormat::Json => out::json(&report),
            OutputFormat::Text => out::data(&report.text(&Labels::ENGLISH)),
        }
        Ok(report.exit())
    }
}

/// Asks the daemon, or the store where none runs.
async fn see(dir: &Path) -> Result<Seen> {
    let data = DataDir::open(dir, "calluna-hub init")?;
    let store = FileMode::of(&data.join(convert::STORE))?;
    if let Some(owner) = store
        .map(|store| store.owner)
        .filter(|owner| *owner != own_user())
        && socket::connect(&data.control_socket()).await?.is_none()
    {
        bail!(
            "the store belongs to user {owner}, and no daemon runs to be asked; run it as that user: sudo -u '#{owner}' calluna-hub check"
        );
    }
    match Door::open(dir).await? {
        Door::Daemon(mut daemon) => {
            let status = daemon
                .get_status(pb::GetStatusRequest {})
                .await
                .map_err(said)?;
            let members = daemon
                .list_members(pb::ListMembersRequest {})
                .await
                .map_err(said)?;
            Ok(Seen {
                status: serde_json::from_str(&status.into_inner().json)?,
                members: serde_json::from_str(&members.into_inner().json)?,
            })
        }
        Door::Here(hub) => Ok(Seen {
            status: view::status(&hub, false)?,
            members: view::members(&hub)?,
        }),
    }
}
