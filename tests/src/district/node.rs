//! A provider's node as a real process.

use std::path::{Path, PathBuf};
use std::process::Command;

use calluna_model::id::Digest;
use serde_json::Value;

use crate::process::{Ended, Process, binary, poll, run};

/// A provider's node.
#[derive(Debug)]
pub struct Node {
    /// The provider's id.
    pub id: String,
    /// Its data directory.
    pub dir: PathBuf,
    /// A network namespace in which its processes run.
    pub inside: Option<String>,
    pub(super) daemon: Option<Process>,
    pub(super) said: String,
}

impl Node {
    /// Runs a command of the node to its end.
    #[must_use = "how it ended is often the point"]
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ended {
        run(&mut self.command(args))
    }

    /// A command of the node that has not been started.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = binary("calluna-node");
        if let Some(inside) = &self.inside {
            command = within(inside, &command);
        }
        command.args(args).arg("--data").arg(&self.dir);
        // A test has one node, not a thousand: it need not keep out of the others' way.
        command.env("CALLUNA_LINK_RECONNECT_SECONDS", "0");
        command
    }

    /// Imports a file, with further arguments.
    #[must_use = "how it ended is often the point"]
    #[track_caller]
    pub fn import(&self, file: &Path, more: &[&str]) -> Ended {
        let file = file.to_string_lossy();
        self.run(&[&["import", file.as_ref()], more].concat())
    }

    /// Starts the node and waits until it is ready.
    #[track_caller]
    pub fn serve(&mut self) {
        self.serve_with(&[]);
    }

    /// Starts the node with further arguments and waits until it is ready.
    #[track_caller]
    pub fn serve_with(&mut self, more: &[&str]) {
        let mut daemon = Process::start(&mut self.command(&[&["serve"], more].concat()));
        let _ready = daemon.until("ready: ");
        self.daemon = Some(daemon);
    }

    /// Starts the node and waits until it is ready.
    ///
    /// # Errors
    /// How it ended, when it refused to start.
    #[track_caller]
    pub fn try_serve(&mut self) -> Result<(), Ended> {
        let mut daemon = Process::start(&mut self.command(&["serve"]));
        if daemon.until_or_end("ready: ").is_none() {
            return Err(daemon.wait());
        }
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Process id of the running node.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().expect("the node runs").id()
    }

    /// Tells the node to stop, and waits for its end.
    ///
    /// # Panics
    /// When it does not run.
    #[track_caller]
    pub fn stop(&mut self) -> Ended {
        let ended = self.daemon.take().expect("the node runs").stop();
        self.said += &ended.stderr;
        ended
    }

    /// `kill -9` on the node.
    ///
    /// # Panics
    /// When it does not run.
    #[track_caller]
    pub fn kill(&mut self) {
        self.said += &self.daemon.take().expect("the node runs").kill().stderr;
    }

    /// Everything that the node has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.said.clone()
            + &self
                .daemon
                .as_ref()
                .map(Process::stderr)
                .unwrap_or_default()
    }

    /// Waits until the node has logged `word`.
    #[track_caller]
    pub fn heard(&self, word: &str) {
        poll(word, || self.log().contains(word).then_some(()));
    }

    /// What `status --format json` says.
    #[must_use]
    #[track_caller]
    pub fn status(&self) -> Value {
        self.run(&["status", "--format", "json"]).ok().json()
    }

    /// How many offers its head counts.
    ///
    /// # Panics
    /// When the status does not say it.
    #[must_use]
    #[track_caller]
    pub fn count(&self) -> u64 {
        let status = self.status();
        status["head"]["count"]
            .as_u64()
            .unwrap_or_else(|| panic!("no head.count in {status:#}"))
    }

    /// The digest of its head.
    ///
    /// # Panics
    /// When the status does not say it.
    #[must_use]
    #[track_caller]
    pub fn digest(&self) -> Digest {
        let status = self.status();
        serde_json::from_value(status["head"]["digest"].clone())
            .unwrap_or_else(|error| panic!("{error}: no head.digest in {status:#}"))
    }

    /// Its newest receipt.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    #[track_caller]
    pub fn receipt(&self) -> Value {
        let status = self.status();
        let receipt = status["receipts"].as_array().and_then(|all| all.first());
        receipt
            .unwrap_or_else(|| panic!("no receipt in {status:#}"))
            .clone()
    }
}

/// The same command in another network namespace. `ip` becomes the program, so its id is ours.
fn within(namespace: &str, command: &Command) -> Command {
    let mut inside = Command::new("ip");
    inside
        .args(["netns", "exec", namespace])
        .arg(command.get_program());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(key, value),
            None => inside.env_remove(key),
        };
    }
    inside
}
