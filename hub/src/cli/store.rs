//! `calluna-hub store`.

use anyhow::{Result, bail};
use calluna_host::config::ProcessEnvironment;
use calluna_host::data_dir::DataDir;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat, Progress};
use calluna_host::socket;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Data;
use crate::convert::{self, Converted};

/// Look after the store's files.
#[derive(Debug, Subcommand)]
pub(super) enum Store {
    /// Move the store to another engine; the hub must not run.
    Convert(Convert),
}

impl Store {
    pub(super) async fn run(self) -> Result<Exit> {
        match self {
            Self::Convert(convert) => convert.run().await,
        }
    }
}

/// Move the store to another engine. The old one is kept beside it. Killed at any point, the hub opens
/// with the whole old or the whole new store.
#[derive(Debug, Args)]
pub(super) struct Convert {
    #[command(flatten)]
    data: Data,
    /// The engine: sled (the default of a hub), or fjall for big hubs.
    #[arg(long, value_name = "ENGINE", value_parser = ["sled", "fjall"])]
    to: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

/// What `--format json` prints.
#[derive(Debug, Serialize)]
struct Document {
    /// False where the store had that engine already.
    converted: bool,
    from: String,
    to: String,
    /// Keys that were copied; the same number was read back.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<u64>,
    /// Bytes of their keys and values.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// BLAKE3 over all of them, the same on both sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// Where the old store is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_store: Option<String>,
}

impl Convert {
    async fn run(self) -> Result<Exit> {
        let dir = DataDir::open(&self.data.data, "calluna-hub init")?;
        if socket::connect(&dir.control_socket()).await?.is_some() {
            bail!(
                "the hub in {} is running; stop it, convert its store, then start it again",
                dir.path().display()
            );
        }
        // Written once and read once more.
        let mut progress = None;
        let mut done = 0;
        let shown = std::cell::RefCell::new(&mut progress);
        let converted = convert::convert(
            &dir,
            &self.to,
            &ProcessEnvironment,
            &mut |size| **shown.borrow_mut() = Some(Progress::new("MiB", Some(size >> 19))),
            &mut |more| {
                done += more;
                if let Some(progress) = &**shown.borrow() {
                    progress.set(done >> 20);
                }
            },
        );
        if let Some(progress) = progress {
            progress.finish("");
        }
        self.tell(&dir, converted?);
        Ok(Exit::Done)
    }

    fn tell(&self, dir: &DataDir, converted: Option<Converted>) {
        let document = Document::new(&self.to, converted.as_ref());
        match (self.format, converted) {
            (OutputFormat::Json, _) => out::json(&document),
            (OutputFormat::Text, None) => out::say(&format!(
                "The store in {} is kept by {} already; nothing was copied.",
                dir.path().display(),
                self.to
            )),
            (OutputFormat::Text, Some(converted)) => {
                let old = converted.old.display();
                out::say(&format!(
                    "Converted from {} to {}: {} keys, {}; read back, both sides hold the same.\n\
                     hub.toml now says engine = \"{}\".\n\
                     The old store is kept in {old}. Once the hub has run well, remove it: rm -r {old}",
                    converted.from,
                    self.to,
                    converted.content.keys,
                    out::human_bytes(converted.content.bytes),
                    self.to,
                ));
            }
        }
    }
}

impl Document {
    fn new(to: &str, converted: Option<&Converted>) -> Self {
        let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            converted: converted.is_some(),
            from: converted.map_or(to, |converted| &converted.from).to_owned(),
            to: to.to_owned(),
            keys: converted.map(|converted| converted.content.keys),
            bytes: converted.map(|converted| converted.content.bytes),
            hash: converted.map(|converted| hex(converted.content.hash)),
            old_store: converted.map(|converted| converted.old.display().to_string()),
        }
    }
}
