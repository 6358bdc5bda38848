//! `calluna-hub restore`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_host::socket;
use clap::Args;

use super::Data;
use super::backup::{reading, tell};
use crate::backup;

/// Make a hub from a backup, in a new or an empty directory.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Restore {
    pub(super) async fn run(self) -> Result<Exit> {
        let place = &self.data.data;
        if socket::connect(&place.join("control.sock"))
            .await?
            .is_some()
        {
            bail!(
                "the hub in {} is running; stop it, move its directory away, then restore",
                place.display()
            );
        }
        let manifest = reading(|around, step| backup::restore(&self.file, place, around, step))?;
        let bytes = std::fs::metadata(&self.file)?.len();
        tell(self.format, &self.file, bytes, &manifest);
        if self.format == OutputFormat::Text {
            out::say(&format!(
                "Restored to {}, as of {}.\n\
                 What happens next:\n  \
                 1. Make sure that the old hub never runs again: two hubs with one identity confuse every node.\n  \
                 2. calluna-hub serve --data {}\n  \
                 3. The next night compares everything with every node and mends what has changed since; nothing is \
                 removed without proof. Begin it now with: calluna-hub sync\n  \
                 4. Members that joined after that moment are unknown now (calluna-hub members): invite them again, \
                 their nodes join with the new token. Nodes that renewed their certificate since come back by \
                 themselves.\n  \
                 5. Members that were put out after that moment are members again: revoke them again.",
                place.display(),
                manifest.made_at,
                place.display(),
            ));
        }
        Ok(Exit::Done)
    }
}
