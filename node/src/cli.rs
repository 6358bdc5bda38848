//! The command line. One file for each command; they parse, ask and print.

mod backup;
mod check;
mod figures;
mod import;
mod join;
mod outbox;
mod restore;
mod serve;
mod status;
mod trouble;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use calluna_host::clock::SystemClock;
use calluna_host::entropy::OsEntropy;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::clock::Clock;
use calluna_model::entropy::Entropy;
use clap::{Args, Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::text::Words;

/// Publishes one provider's offers to the district's hub.
#[derive(Debug, Parser)]
#[command(name = "calluna-node", version, propagate_version = true, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part.

A first evening, with the token of the invitation:
  calluna-node join TOKEN --data /var/lib/calluna-node
  calluna-node import kurse.xml --data /var/lib/calluna-node
  calluna-node serve --data /var/lib/calluna-node";

#[derive(Debug, Subcommand)]
enum Command {
    /// Becomes a member of a district: makes a key, asks for a certificate, writes node.toml.
    Join(join::Join),
    /// Reads files and publishes what is in them.
    Import(import::Import),
    /// Serves the catalogue to the hub, until stopped.
    Serve(serve::Serve),
    /// Shows how the node stands.
    Status(status::Status),
    /// Looks for what is wrong: settings, certificate, store, the way to the hub; says what to do.
    Check(check::Check),
    /// Writes the whole node into one file, while it runs; or proves such a file.
    Backup(backup::Backup),
    /// Makes a node from a backup, in a new or an empty directory.
    Restore(restore::Restore),
    /// Participation figures from registration lists; nothing about persons leaves the house.
    Figures(figures::Figures),
    /// Shows exactly what leaves of the participation figures, and what has left; releases it.
    Outbox(outbox::Outbox),
}

/// Where the node lives.
#[derive(Debug, Args)]
struct Data {
    /// The node's data directory.
    #[arg(long = "data", value_name = "DIR", env = "CALLUNA_DATA")]
    data: PathBuf,
}

/// What every command is given: time, chance, language.
#[derive(Debug)]
struct Around {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    words: Words,
}

/// Runs the command that the process was called with.
#[must_use]
pub fn main() -> Exit {
    let context = Around {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        words: Words(out::language()),
    };
    let done = match Cli::parse().command {
        Command::Join(join) => join.run(&context),
        Command::Import(import) => import.run(&context),
        Command::Serve(serve) => serve.run(&context),
        Command::Status(status) => status.run(&context),
        Command::Check(check) => check.run(&context),
        Command::Backup(backup) => backup.run(&context),
        Command::Restore(restore) => restore.run(&context),
        Command::Figures(figures) => figures.run(&context),
        Command::Outbox(outbox) => outbox.run(&context),
    };
    done.unwrap_or_else(|error| {
        trouble::tell(error, context.words);
        Exit::Failed
    })
}

/// Two threads are enough for one connection and a control socket.
fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the asynchronous runtime cannot be started")
}
