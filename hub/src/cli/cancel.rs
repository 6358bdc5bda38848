//! `calluna-hub cancel`.

use anyhow::{Result, bail};
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_wire::v1 as pb;
use clap::Args;

use super::Data;
use super::door::{Door, said};

/// End the night that runs. What was committed stays; the next night goes on from there.
#[derive(Debug, Args)]
pub(super) struct Cancel {
    #[command(flatten)]
    data: Data,
}

impl Cancel {
    pub(super) async fn run(self) -> Result<Exit> {
        let Door::Daemon(mut daemon) = Door::open(&self.data.data).await? else {
            bail!(
                "no daemon is running, so no night is; a `sync` in a terminal is ended with Ctrl-C"
            );
        };
        let asked = daemon.cancel(pb::CancelRequest {}).await;
        match asked.map_err(said)?.into_inner().night {
            0 => out::say("No night is running."),
            night => out::say(&format!(
                "Night {night} is being cancelled. What was committed stays; the next night goes on from there."
            )),
        }
        Ok(Exit::Done)
    }
}
