//! A hub as a process of its own with its store on disk, a crowd of nodes in another process, and
//! what a night costs the hub.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use calluna_host::clock::SystemClock;
use calluna_host::entropy::OsEntropy;
use calluna_hub::hub::{Setup, create};
use calluna_model::report::{NightReport, ProviderReport};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::child::{self, Role};
use super::crowd::{self, Crowd, Keeps};
use super::meter;
use crate::process::{Process, repository};

/// The name under which this program is the hub.
const HUB: &str = "calluna-hub";
/// The role in which it is the nodes.
const NODES: &str = "nodes";
/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Plays the part that a child of a benchmark was started for; nothing for the benchmark itself.
#[must_use]
pub fn other_part() -> Option<ExitCode> {
    if std::env::args_os().next().is_some_and(|name| name == HUB) {
        // The very program: the same `main`, in this executable.
        return Some(calluna_hub::cli::main());
    }
    let args = meter::arguments();
    let [role, name, rest @ ..] = args.as_slice() else {
        return None;
    };
    (role == "--role" && name == NODES).then(|| finish(play_nodes(rest)))
}

/// The exit code for how a benchmark ended.
#[must_use]
pub fn finish(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            calluna_host::out::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn play_nodes(args: &[String]) -> Result<()> {
    let [dir, count, hub, keeps, spread] = args else {
        bail!("nodes DIR COUNT HUB memory|disk SECONDS|default");
    };
    let keeps = if keeps == "disk" {
        Keeps::OnDisk
    } else {
        Keeps::InMemory
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut crowd = Crowd::open(
        Path::new(dir),
        count.parse()?,
        hub,
        keeps,
        spread.parse().ok(),
    )?;
    runtime.block_on(async {
        crowd.serve().await?;
        child::answer(&json!({}));
        while let Some(order) = child::order().await {
            let words: Vec<&str> = order.split(' ').collect();
            child::answer(&obey(&mut crowd, &words).await?);
        }
        Ok(())
    })
}

/// Orders: `publish OFFERS`, `change TOTAL`, `connected`, `return`.
async fn obey(crowd: &mut Crowd, words: &[&str]) -> Result<Value> {
    Ok(match words {
        ["publish", offers] => {
            crowd.publish(offers.parse()?)?;
            json!({})
        }
        ["change", total] => {
            let changed = crowd.change(total.parse()?)?;
            json!({ "offers": changed.offers, "bytes": changed.bytes })
        }
        ["connected"] => {
            crowd.all_connected(PATIENCE).await?;
            json!({})
        }
        ["return"] => json!({ "moments": crowd.all_return(PATIENCE).await? }),
        _ => bail!("there is no order {words:?}"),
    })
}

/// A hub and its nodes.
#[derive(Debug)]
pub struct Field {
    dir: PathBuf,
    /// The hub.
    pub hub: Process,
    /// The nodes.
    pub nodes: Role,
}

/// What a night cost.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cost {
    /// Seconds from the command to its report.
    pub seconds: f64,
    /// Processor seconds of the hub.
    pub hub_cpu: f64,
    /// Processor seconds of all nodes.
    pub nodes_cpu: f64,
    /// Everything on the wire: TCP, TLS, both directions.
    pub wire_bytes: f64,
    /// Messages alone, as the report counts them.
    pub message_bytes: u64,
    /// Calls made.
    pub calls: u64,
    /// Resident memory of the hub at its highest during the night, in MiB.
    pub hub_peak_mib: f64,
    /// Offers new to the hub.
    pub added: u64,
    /// Offers in another version.
    pub changed: u64,
    /// Offers that readers see.
    pub offers: u64,
}

impl Field {
    /// A hub with `count` members below `dir`, and their nodes, connected.
    ///
    /// # Errors
    /// When anything does not start.
    pub fn found(dir: &Path, count: usize, keeps: Keeps, spread: Option<u64>) -> Result<Self> {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let setup = Setup {
            name: "Messung".into(),
            listen: free,
            web: None,
            address: free.to_string(),
        };
        create(&dir.join("hub"), &setup, &SystemClock, &OsEntropy)?;
        std::fs::create_dir_all(dir.join("nodes"))?;
        crowd::enlist(&dir.join("hub"), &dir.join("nodes"), count)?;
        let hub = serving(dir);
        let args = [
            dir.join("nodes").to_string_lossy().into_owned(),
            count.to_string(),
            free.to_string(),
            if keeps == Keeps::OnDisk {
                "disk"
            } else {
                "memory"
            }
            .to_owned(),
            spread.map_or_else(|| "default".to_owned(), |spread| spread.to_string()),
        ];
        let (mut nodes, _) = Role::start(NODES, &args)?;
        nodes.ask("connected")?;
        Ok(Self {
            dir: dir.to_owned(),
            hub,
            nodes,
        })
    }

    /// `kill -9` on the hub, and a new one on the same data.
    #[must_use]
    pub fn restart_hub(self) -> Self {
        let Self { dir, hub, nodes } = self;
        let _gone = hub.kill();
        let hub = serving(&dir);
        Self { dir, hub, nodes }
    }

    /// One night over all providers, by the command that people use.
    ///
    /// # Errors
    /// When a provider does not end in agreement.
    pub fn night(&mut self) -> Result<Cost> {
        let (hub, nodes) = (meter::of(self.hub.id()), meter::of(self.nodes.id()));
        hub.forget_peak();
        let (cpu, nodes_cpu, wire) = (
            hub.cpu_seconds(),
            nodes.cpu_seconds(),
            meter::loopback_bytes(),
        );
        let begun = Instant::now();
        let output = command(&self.dir, &["sync", "--format", "json"]).output()?;
        let seconds = begun.elapsed().as_secs_f64();
        let wire_bytes = meter::loopback_bytes().saturating_sub(wire) as f64;
        let report: NightReport = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        if let Some(bad) = report.providers.iter().find(|line| !line.outcome.agreed()) {
            bail!("{} ended as {}: {}", bad.provider, bad.outcome, bad.note);
        }
        let sum = |pick: fn(&ProviderReport) -> u64| report.providers.iter().map(pick).sum();
        Ok(Cost {
            seconds,
            hub_cpu: hub.cpu_seconds() - cpu,
            nodes_cpu: nodes.cpu_seconds() - nodes_cpu,
            wire_bytes,
            message_bytes: sum(|line| line.bytes),
            calls: sum(|line| line.calls),
            hub_peak_mib: hub.peak_mib(),
            added: sum(|line| line.added),
            changed: sum(|line| line.changed),
            offers: sum(|line| line.offers),
        })
    }
}

/// Keeps figures for a program: `name` in the folder `target` of the repository.
///
/// # Errors
/// When the file cannot be written.
pub fn keep(name: &str, figures: &impl Serialize) -> Result<()> {
    let path = repository().join("target").join(name);
    std::fs::write(&path, serde_json::to_vec_pretty(figures)?)
        .with_context(|| format!("writing {}", path.display()))
}

fn serving(dir: &Path) -> Process {
    let mut hub = Process::start(&mut command(dir, &["serve"]));
    let _ready = hub.until("ready: ");
    hub
}

/// A command of the hub, played by this program.
fn command(dir: &Path, args: &[&str]) -> Command {
    let this = std::env::current_exe().unwrap_or_default();
    let mut command = Command::new(this);
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("CALLUNA_") {
            command.env_remove(key);
        }
    }
    command
        .arg0(HUB)
        .args(args)
        .arg("--data")
        .arg(dir.join("hub"));
    command.env("CALLUNA_LOG", "warn");
    command
}
