//! `calluna-hub ca`.

pub(super) mod passphrase;
mod text;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use calluna_audit::{Draft, Event};
use calluna_certs::INTERMEDIATE_DAYS;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_wire::v1 as pb;
use clap::{Args, Subcommand};

use super::Data;
use super::door::{Door, said};
use crate::ca::{self, Act, Done};
use crate::hub::Hub;
use crate::trust::RootFile;
use crate::trust::passphrase as places;

/// Look after the district's certificate authority. Its replacement, ten years on, goes by itself; what needs
/// a person is the passphrase, and the key of a root that is kept offline.
#[derive(Debug, Subcommand)]
pub(super) enum Ca {
    /// Show how it stands, and what the next step waits for.
    Status(Plain),
    /// Make the next authority and tell every node to trust it too.
    Introduce(Introduce),
    /// Let the next authority issue; nodes renew their certificates within a day.
    Switch(Step),
    /// Take the old authority away, when no node needs it any more.
    Retire(Step),
    /// Encrypt the authority's key with a passphrase, or change the passphrase; the hub must not run.
    Seal(Seal),
    /// Take the root's key out of this machine; the hub must not run.
    TakeOffline(TakeOffline),
    /// Renew the authority that issues, with the root's key; the hub must not run.
    RenewIntermediate(RenewIntermediate),
}

/// What every subcommand has.
#[derive(Debug, Args)]
pub(super) struct Plain {
    #[command(flatten)]
    data: Data,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

/// A step of the replacement.
#[derive(Debug, Args)]
pub(super) struct Step {
    #[command(flatten)]
    plain: Plain,
    /// Also when nodes are not ready; they are named.
    #[arg(long)]
    force: bool,
}

/// Make the next authority. With an offline root its key is needed, and the key of the next root goes to a
/// file as well, encrypted with the same passphrase; the hub must not run then.
#[derive(Debug, Args)]
pub(super) struct Introduce {
    #[command(flatten)]
    plain: Plain,
    /// The file with the root's key, where that is kept offline.
    #[arg(long, value_name = "FILE", requires = "to")]
    root_key: Option<PathBuf>,
    /// Where the key of the next root is written, outside of the hub's directory.
    #[arg(long, value_name = "FILE", requires = "root_key")]
    to: Option<PathBuf>,
    /// File with the passphrase of the root's key; without it you are asked.
    #[arg(long, value_name = "FILE", requires = "root_key")]
    passphrase_file: Option<PathBuf>,
    /// Days that the intermediate authority is valid.
    #[arg(long, value_name = "DAYS", default_value_t = INTERMEDIATE_DAYS)]
    days: u32,
}

/// Encrypt the authority's key.
#[derive(Debug, Args)]
pub(super) struct Seal {
    #[command(flatten)]
    plain: Plain,
    /// File with the new passphrase. Without it the one is taken that the hub finds already; where it finds
    /// none, or the key is encrypted with that one already, you are asked.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Take the root's key out of this machine. It is written to a file, encrypted, read back, and only then
/// removed here. The hub issues with an intermediate authority; nodes notice nothing.
#[derive(Debug, Args)]
pub(super) struct TakeOffline {
    #[command(flatten)]
    plain: Plain,
    /// Where the root's key is written, outside of the hub's directory: a stick that goes into a safe.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// File with the passphrase for it; without it you are asked.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Days that the intermediate authority is valid.
    #[arg(long, value_name = "DAYS", default_value_t = INTERMEDIATE_DAYS)]
    days: u32,
}

/// Renew the authority that issues.
#[derive(Debug, Args)]
pub(super) struct RenewIntermediate {
    #[command(flatten)]
    plain: Plain,
    /// The file with the root's key.
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// File with its passphrase; without it you are asked.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Days that the intermediate authority is valid.
    #[arg(long, value_name = "DAYS", default_value_t = INTERMEDIATE_DAYS)]
    days: u32,
}

impl Ca {
    pub(super) async fn run(self) -> Result<Exit> {
        match self {
            Self::Status(plain) => plain.ask(Act::Status, false).await,
            Self::Introduce(introduce) => introduce.run().await,
            Self::Switch(step) => step.plain.ask(Act::Switch, step.force).await,
            Self::Retire(step) => step.plain.ask(Act::Retire, step.force).await,
            Self::Seal(seal) => seal.run().await,
            Self::TakeOffline(offline) => offline.run().await,
            Self::RenewIntermediate(renew) => renew.run().await,
        }
    }
}

impl Plain {
    async fn ask(&self, act: Act, force: bool) -> Result<Exit> {
        let done: Done = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let act = act.as_str().to_owned();
                let asked = daemon.ca(pb::CaRequest { act, force }).await;
                serde_json::from_str(&asked.map_err(said)?.into_inner().json)?
            }
            Door::Here(hub) => ca::act(&hub, act, force)?,
        };
        self.tell(act, &done);
        Ok(Exit::Done)
    }

    fn tell(&self, act: Act, done: &Done) {
        match (self.format, act) {
            (OutputFormat::Json, Act::Status) => out::json(&done.status),
            (OutputFormat::Json, _) => out::json(done),
            (OutputFormat::Text, Act::Status) => out::data(&text::status(&done.status)),
            (OutputFormat::Text, act) => out::data(&text::done(act, done)),
        }
    }

    /// The hub, which nobody else has open: passphrases and root keys never go through the daemon.
    async fn stopped(&self) -> Result<Arc<Hub>> {
        match Door::open(&self.data.data).await? {
            Door::Here(hub) => Ok(hub),
            Door::Daemon(_) => bail!(
                "the hub in {} is running; stop it for a moment (nodes wait and come back), do this, then start \
                 it again",
                self.data.data.display()
            ),
        }
    }

    fn tell_text(&self, hub: &Hub, said: &str) -> Result<Exit> {
        match self.format {
            OutputFormat::Json => out::json(&ca::status(hub)?),
            OutputFormat::Text => out::say(said),
        }
        Ok(Exit::Done)
    }
}

impl Introduce {
    async fn run(self) -> Result<Exit> {
        let (Some(root_key), Some(to)) = (&self.root_key, &self.to) else {
            return self.plain.ask(Act::Introduce, false).await;
        };
        let hub = self.plain.stopped().await?;
        let passphrase = passphrase::known(self.passphrase_file.as_deref(), "the root's key")?;
        let file = RootFile {
            path: root_key.clone(),
            passphrase: passphrase.clone(),
        };
        let next = RootFile {
            path: to.clone(),
            passphrase,
        };
        let entropy = hub.entropy.as_ref();
        hub.trust
            .introduce_offline(&file, &next, self.days, entropy)?;
        ca::recorded(&hub, Draft::operator(Event::AuthorityIntroduced));
        let done = ca::act(&hub, Act::Status, false)?;
        self.plain.tell(Act::Introduce, &done);
        Ok(Exit::Done)
    }
}

impl Seal {
    async fn run(self) -> Result<Exit> {
        let hub = self.plain.stopped().await?;
        let dir = hub.dir.as_ref().context("this hub has no directory")?;
        let file = &hub.config.certificates.passphrase_file;
        let found = places::find(&ProcessEnvironment, dir.path(), file);
        let is_open = hub.trust.now().authority().is_ok() && hub.trust.now().sealed;
        let new = match (&self.passphrase_file, found.passphrase.clone()) {
            (None, Some(known)) if !is_open => known,
            (file, _) => passphrase::new(file.as_deref(), "the authority's key")?,
        };
        let entropy = hub.entropy.as_ref();
        let changed = hub.trust.seal(found.passphrase.as_ref(), &new, entropy)?;
        if !changed.is_empty() {
            ca::recorded(&hub, Draft::operator(Event::AuthorityKeySealed));
        }
        let first = if changed.is_empty() {
            "Nothing was to be done: the key is encrypted with this passphrase.".to_owned()
        } else {
            format!("Encrypted, and proved to open: {}.", changed.join(", "))
        };
        let next = match found.place.as_str() {
            "" => "The hub does not know the passphrase yet, and cannot issue or renew without it: name its file in \
                   hub.toml (passphrase_file under [certificates]), or give systemd the credential ca-passphrase."
                .to_owned(),
            place => format!("The hub will look for the passphrase in {place}."),
        };
        let text = format!(
            "{first}\n{next}\nKeep the passphrase in a safe place as well: without it nothing can be issued."
        );
        match self.plain.format {
            OutputFormat::Json => out::json(&serde_json::json!({ "encrypted": changed })),
            OutputFormat::Text => out::say(&text),
        }
        Ok(Exit::Done)
    }
}

impl TakeOffline {
    async fn run(self) -> Result<Exit> {
        let hub = self.plain.stopped().await?;
        let file = RootFile {
            passphrase: passphrase::new(self.passphrase_file.as_deref(), "the root's key")?,
            path: self.to,
        };
        let entropy = hub.entropy.as_ref();
        let until = hub.trust.take_offline(&file, self.days, entropy)?;
        ca::recorded(&hub, Draft::operator(Event::AuthorityTakenOffline));
        let path = file.path.display();
        self.plain.tell_text(
            &hub,
            &format!(
                "The root's key is in {path} and no longer here. Keep two copies in two safes, the passphrase apart.\n\
                 An intermediate authority issues until {until}; from {} days before on `status` asks for its \
                 renewal: calluna-hub ca renew-intermediate --root-key {path}\n\
                 Backups of this hub from before hold the root's key still.",
                crate::trust::INTERMEDIATE_WARN_DAYS
            ),
        )
    }
}

impl RenewIntermediate {
    async fn run(self) -> Result<Exit> {
        let hub = self.plain.stopped().await?;
        let file = RootFile {
            passphrase: passphrase::known(self.passphrase_file.as_deref(), "the root's key")?,
            path: self.root_key,
        };
        let entropy = hub.entropy.as_ref();
        let until = hub.trust.renew_intermediate(&file, self.days, entropy)?;
        let told = Draft::operator(Event::IntermediateRenewed);
        ca::recorded(&hub, told.with("not-after", until));
        self.plain.tell_text(
            &hub,
            &format!(
                "A new intermediate authority issues until {until}. Put the root's key back into the safe."
            ),
        )
    }
}
