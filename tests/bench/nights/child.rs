//! Orders to a child process and its answers: one line each way.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A child of this benchmark; it ends with its handle.
pub(crate) struct Role {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    name: &'static str,
}

impl Role {
    /// Starts this program again in another role and waits for its first answer.
    pub(crate) fn start(name: &'static str, args: &[String]) -> Result<(Self, Value)> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--role", name])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting the role {name}"))?;
        let orders = child.stdin.take().context("no stdin")?;
        let answers = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut role = Self {
            child,
            orders,
            answers,
            name,
        };
        let first = role.answer()?;
        Ok((role, first))
    }

    /// Gives an order and waits for the answer.
    pub(crate) fn ask(&mut self, order: &str) -> Result<Value> {
        writeln!(self.orders, "{order}")
            .with_context(|| format!("ordering {} to {order}", self.name))?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the role {} ended", self.name);
        }
        serde_json::from_str(&line).with_context(|| format!("the role {} said {line}", self.name))
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The next order; nothing when the parent is gone.
pub(crate) async fn order() -> Option<String> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .ok()
            .filter(|n| *n > 0)
            .map(|_| line)
    });
    read.await.ok().flatten().map(|line| line.trim().to_owned())
}

/// Answers the parent.
pub(crate) fn answer(value: &Value) {
    calluna_host::out::data(&value.to_string());
}

/// Resident memory of this process now and at its highest, in MiB.
pub(crate) fn memory() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number
            .and_then(|kib| kib.parse::<f64>().ok())
            .unwrap_or_default()
            / 1_024.0
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Seconds of processor time that this process has used.
pub(crate) fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    let ticks: f64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}
