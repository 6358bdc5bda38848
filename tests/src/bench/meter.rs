//! What a process and the network have used, read from `/proc`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// Says that this process already has a network of its own.
const OWN_NETWORK: &str = "--own-network";

/// Looks at one process.
#[derive(Clone, Debug)]
pub struct Meter(PathBuf);

/// This process.
#[must_use]
pub fn own() -> Meter {
    Meter(PathBuf::from("/proc/self"))
}

/// Another one.
#[must_use]
pub fn of(pid: u32) -> Meter {
    Meter(PathBuf::from(format!("/proc/{pid}")))
}

impl Meter {
    /// Seconds of processor time used so far.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        self.ticks(11)
    }

    /// The same of its children that have ended, and of theirs.
    #[must_use]
    pub fn cpu_seconds_of_children(&self) -> f64 {
        self.ticks(13)
    }

    fn ticks(&self, from: usize) -> f64 {
        let stat = std::fs::read_to_string(self.0.join("stat")).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = after.split_whitespace().skip(from).take(2);
        let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        ticks / 100.0
    }

    /// Resident memory now, in MiB.
    #[must_use]
    pub fn resident_mib(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// Resident memory at its highest since the start or [`Meter::forget_peak`], in MiB.
    #[must_use]
    pub fn peak_mib(&self) -> f64 {
        self.memory("VmHWM:")
    }

    /// Begins to look for the highest memory from now on.
    pub fn forget_peak(&self) {
        // Where the system does not let us, the peak is that of the whole life: higher, never lower.
        let _kept = std::fs::write(self.0.join("clear_refs"), "5");
    }

    fn memory(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(self.0.join("status")).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number
            .and_then(|kib| kib.parse::<f64>().ok())
            .unwrap_or_default()
            / 1_024.0
    }
}

/// Bytes that went over the loopback interface so far, in both directions.
#[must_use]
pub fn loopback_bytes() -> u64 {
    let table = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let line = table
        .lines()
        .find_map(|line| line.trim().strip_prefix("lo:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

/// How often a connection found the queue of the one it wanted to full.
#[must_use]
pub fn accept_queue_overflows() -> u64 {
    let table = std::fs::read_to_string("/proc/net/netstat").unwrap_or_default();
    let mut lines = table
        .lines()
        .filter_map(|line| line.strip_prefix("TcpExt: "));
    let (Some(names), Some(values)) = (lines.next(), lines.next()) else {
        return 0;
    };
    let mut pairs = names.split(' ').zip(values.split(' '));
    pairs
        .find(|(name, _)| *name == "ListenOverflows")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or_default()
}

/// Runs this program again in a network of its own, in which nobody else's bytes are counted; then
/// its exit code is ours. Nothing when that has been done, or cannot be done here: then whatever
/// else talks over loopback is counted as well, which is said.
///
/// # Errors
/// When this program cannot find itself.
pub fn in_own_network(args: &[String]) -> Result<Option<ExitCode>> {
    if args.iter().any(|arg| arg == OWN_NETWORK) {
        return Ok(None);
    }
    let mut unshare: Vec<OsString> = vec!["--net".into()];
    if !rustix::process::geteuid().is_root() {
        unshare.push("--map-root-user".into());
    }
    let up = "ip link set lo up";
    let tried = Command::new("unshare")
        .args(&unshare)
        .args(["sh", "-c", up])
        .output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        calluna_host::out::say(
            "no network namespace here: bytes of other programs on loopback are counted too",
        );
        return Ok(None);
    }
    let status = Command::new("unshare")
        .args(&unshare)
        .args(["sh", "-c", &format!("{up} && exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe()?)
        .args(args)
        .arg(OWN_NETWORK)
        .status()
        .context("starting again in an own network")?;
    Ok(Some(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }))
}

/// The arguments that are the user's.
#[must_use]
pub fn arguments() -> Vec<String> {
    std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect()
}

/// Those without our own mark.
#[must_use]
pub fn plain(args: Vec<String>) -> Vec<String> {
    args.into_iter().filter(|arg| arg != OWN_NETWORK).collect()
}
