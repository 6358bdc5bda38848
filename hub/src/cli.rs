//! The command line: one file per command, each thin.
//!
//! Every command works whether or not a daemon runs: with one it goes through the control socket,
//! without one it opens the store itself.

mod approve;
mod audit;
mod backup;
mod ca;
mod cancel;
mod check;
mod dataset;
mod discard;
mod door;
mod export;
mod file;
mod gaps;
mod held;
mod init;
mod invitations;
mod invite;
mod members;
mod offer;
mod quarantine;
mod release;
mod report;
mod restore;
mod revoke;
mod runs;
mod serve;
mod status;
mod store;
mod sync;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_host::telemetry::{LogOptions, start_logging};
use calluna_model::text::Language;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Collects the offers of a district's education providers into one catalogue.
#[derive(Debug, Parser)]
#[command(name = "calluna-hub", version, propagate_version = true, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part.

A first evening:
  calluna-hub init --data /var/lib/calluna-hub --name 'Landkreis Heidekreis' --address hub.example:7443
  calluna-hub serve --data /var/lib/calluna-hub &
  calluna-hub invite vhs-heidekreis --data /var/lib/calluna-hub --name 'VHS Heidekreis' --kind vhs
  calluna-hub sync --data /var/lib/calluna-hub";

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new hub in an empty directory.
    Init(init::Init),
    /// Invite a provider: prints a join token for its node.
    Invite(invite::Invite),
    /// List the members.
    Members(members::Members),
    /// Run the hub: nodes connect, the command line is answered.
    Serve(serve::Serve),
    /// Synchronise now.
    Sync(sync::Sync),
    /// Show how the hub stands.
    Status(status::Status),
    /// Write the catalogue to a file.
    Export(export::Export),
    /// Show what is offered where, what nowhere, and what competes.
    Gaps(gaps::Gaps),
    /// Publish a night that a guard holds back.
    Release(release::Release),
    /// Forget a night that a guard holds back.
    Discard(discard::Discard),
    /// Show the nights that a guard holds back.
    Held(held::Held),
    /// End the night that runs.
    Cancel(cancel::Cancel),
    /// List past nights, or show one.
    Runs(runs::Runs),
    /// List the records that are refused at present.
    Quarantine(quarantine::Quarantine),
    /// Show the morning report, or send it.
    Report(report::Report),
    /// Look after the store's files.
    #[command(subcommand)]
    Store(store::Store),
    /// Prove what happened: verify, export or list the audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Put a member out.
    Revoke(revoke::Revoke),
    /// Show one offer, or say since when it is gone.
    Offer(offer::Offer),
    /// Look for what is wrong, and say what to do.
    Check(check::Check),
    /// Write the whole hub into one file, or prove such a file.
    Backup(backup::Backup),
    /// Make a hub from a backup.
    Restore(restore::Restore),
    /// Look after the district's certificate authority.
    #[command(subcommand)]
    Ca(ca::Ca),
    /// List the invitations, or take one back.
    Invitations(invitations::Invitations),
    /// Approve what the public reads of a provider.
    Approve(approve::Approve),
    /// Make, list, show, export, audit and compare releases of the monitoring dataset.
    #[command(subcommand)]
    Dataset(dataset::Dataset),
}

/// Where the hub's data lies.
#[derive(Clone, Debug, Args)]
struct Data {
    /// The hub's data directory.
    #[arg(long, env = "CALLUNA_DATA", value_name = "DIR")]
    data: PathBuf,
}

/// A language on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// German.
    De,
    /// English.
    En,
}

impl Lang {
    /// The language that was asked for, or that of the environment.
    fn or_environment(asked: Option<Self>) -> Language {
        match asked {
            Some(Self::De) => Language::De,
            Some(Self::En) => Language::En,
            None => out::language(),
        }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let quiet = if matches!(cli.command, Command::Serve(_)) {
        "info"
    } else {
        "error"
    };
    match run(cli.command, quiet) {
        Ok(exit) => exit.into(),
        Err(error) => {
            out::error(&error);
            Exit::Failed.into()
        }
    }
}

fn run(command: Command, filter: &str) -> Result<Exit> {
    let options = LogOptions {
        filter: filter.to_owned(),
        ..LogOptions::default()
    };
    let options = match &command {
        Command::Serve(serve) => serve.log_options(options),
        _ => options,
    };
    let _logging = start_logging(&options.overridden_by(&ProcessEnvironment))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let exit = runtime.block_on(async {
        match command {
            Command::Init(init) => init.run(),
            Command::Invite(invite) => invite.run().await,
            Command::Members(members) => members.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::Sync(sync) => sync.run().await,
            Command::Status(status) => status.run().await,
            Command::Export(export) => export.run().await,
            Command::Gaps(gaps) => gaps.run().await,
            Command::Release(release) => release.run().await,
            Command::Discard(discard) => discard.run().await,
            Command::Held(held) => held.run().await,
            Command::Cancel(cancel) => cancel.run().await,
            Command::Runs(runs) => runs.run().await,
            Command::Quarantine(quarantine) => quarantine.run().await,
            Command::Report(report) => report.run().await,
            Command::Store(store) => store.run().await,
            Command::Audit(audit) => audit.run().await,
            Command::Revoke(revoke) => revoke.run().await,
            Command::Offer(offer) => offer.run().await,
            Command::Check(check) => check.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Ca(ca) => ca.run().await,
            Command::Invitations(invitations) => invitations.run().await,
            Command::Approve(approve) => approve.run().await,
            Command::Dataset(dataset) => dataset.run().await,
        }
    });
    // A reader of a huge export that hangs must not keep a finished command alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    exit
}
