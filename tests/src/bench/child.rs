//! Orders to a child process and its answers: one line each way.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A child of this benchmark; it ends with its handle.
#[derive(Debug)]
pub struct Role {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    name: &'static str,
}

impl Role {
    /// Starts this program again in another role and waits for its first answer.
    ///
    /// # Errors
    /// When it cannot be started, or ends at once.
    pub fn start(name: &'static str, args: &[String]) -> Result<(Self, Value)> {
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
    ///
    /// # Errors
    /// When the child is gone.
    pub fn ask(&mut self, order: &str) -> Result<Value> {
        self.tell(order)?;
        self.answer()
    }

    /// Gives an order whose answer is wanted later.
    ///
    /// # Errors
    /// When the child is gone.
    pub fn tell(&mut self, order: &str) -> Result<()> {
        writeln!(self.orders, "{order}")
            .with_context(|| format!("ordering {} to {order}", self.name))
    }

    /// Process id of the child.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next answer.
    ///
    /// # Errors
    /// When the child is gone.
    pub fn answer(&mut self) -> Result<Value> {
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
pub async fn order() -> Option<String> {
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
pub fn answer(value: &Value) {
    calluna_host::out::data(&value.to_string());
}
