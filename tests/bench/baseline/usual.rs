//! The usual way: files, and the script that fetches and loads them.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use calluna_tests::bench::crowd::{id, places};
use calluna_tests::bench::{data, meter};
use calluna_tests::process::repository;

use crate::Night;

/// As many transfers at once as the hub reads providers.
const AT_ONCE: &str = "8";

/// The providers' files and the district's database.
pub(crate) struct Usual {
    dir: PathBuf,
    /// The version of every offer of a provider; all providers change the same places.
    versions: Vec<u64>,
    providers: usize,
    version: u64,
    /// Processor seconds of the daemons before the next night.
    daemons: Cell<f64>,
}

impl Usual {
    /// Writes the files and starts database and daemon.
    pub(crate) fn start(dir: &Path, providers: usize, offers: usize) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        open_up(dir)?;
        let usual = Self {
            dir: dir.to_owned(),
            versions: vec![0; offers],
            providers,
            version: 0,
            daemons: Cell::new(0.0),
        };
        usual.write()?;
        usual.script("start", &[])?;
        Ok(usual)
    }

    /// An empty table.
    pub(crate) fn fresh(&self, kind: &str) -> Result<()> {
        self.script("fresh", &[kind]).map(drop)
    }

    /// The same places change as at the nodes.
    pub(crate) fn change(&mut self, some: usize) -> Result<()> {
        self.version += 1;
        for n in places(some, self.versions.len()) {
            if let Some(version) = self.versions.get_mut(n) {
                *version = self.version;
            }
        }
        self.write()
    }

    /// One night.
    pub(crate) fn night(&self, option: &str) -> Result<Night> {
        let before = meter::loopback_bytes();
        let children = meter::own().cpu_seconds_of_children();
        let said = self.script("night", &[AT_ONCE, option])?;
        let bytes = meter::loopback_bytes().saturating_sub(before) as f64;
        let numbers: Vec<f64> = said
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        let [begun, _fetched, durable, _files, offers, daemons] = numbers.as_slice() else {
            bail!("the script said `{said}`");
        };
        let wanted = (self.providers * self.versions.len()) as f64;
        if (offers - wanted).abs() > 0.5 {
            bail!("the table holds {offers} offers, there are {wanted}");
        }
        let children = meter::own().cpu_seconds_of_children() - children;
        let cpu = children + daemons - self.daemons.replace(*daemons);
        Ok(Night {
            seconds: durable - begun,
            bytes,
            cpu,
        })
    }

    fn write(&self) -> Result<()> {
        for provider in 0..self.providers {
            let mut lines = String::new();
            for (n, version) in self.versions.iter().enumerate() {
                let mut line =
                    serde_json::to_value(data::offer(provider, n, *version).into_draft())?;
                line["provider"] = id(provider).as_str().into();
                writeln!(lines, "{line}")?;
            }
            let folder = self.dir.join("providers").join(id(provider).as_str());
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("offers.jsonl"), lines)?;
        }
        Ok(())
    }

    fn script(&self, action: &str, args: &[&str]) -> Result<String> {
        let script = repository().join("tests/bench/baseline/usual.sh");
        let mut command = Command::new("sh");
        command
            .arg(script)
            .arg(action)
            .arg(&self.dir)
            .args(args)
            .current_dir("/");
        let output = command.output().context("running usual.sh")?;
        if !output.status.success() {
            bail!(
                "usual.sh {action}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Usual {
    fn drop(&mut self) {
        if let Err(error) = self.script("stop", &[]) {
            calluna_host::out::error(&error);
        }
    }
}

/// PostgreSQL runs as another user, and has to come through.
fn open_up(dir: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for folder in [Some(dir), dir.parent()].into_iter().flatten() {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
