//! A hub and nodes as real processes, each with its own data directory and its own certificate,
//! made by the commands that people use.

mod night;
mod node;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use calluna_hub::view::StatusDocument;
use calluna_model::fingerprint::{Digester, content_hash};
use calluna_model::id::Digest;
use calluna_model::offer::{Offer, OfferDraft};
use serde_json::Value;
use tempfile::TempDir;

pub use self::night::Night;
pub use self::node::Node;
use crate::process::{Ended, Process, binary, poll, run};
use crate::proxy::Proxy;

/// When nights begin.
const SCHEDULE: &str = "CALLUNA_NIGHT_SCHEDULE";

/// A hub in a temporary directory, and the proxy that nodes take for it.
#[derive(Debug)]
pub struct District {
    dir: TempDir,
    proxy: Proxy,
    hub: Option<Process>,
    settings: Vec<(&'static str, String)>,
    said: String,
}

impl District {
    /// A district whose hub is running.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// A district whose hub is running, with settings from the environment.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn with(settings: &[(&'static str, &str)]) -> Self {
        let mut district = Self::prepared(settings);
        district.start_hub();
        district
    }

    /// A district whose hub was initialised, but does not run. Its nights begin by hand unless a
    /// setting says otherwise: no test may depend on the time of day.
    ///
    /// # Panics
    /// When `init` fails.
    #[must_use]
    pub fn prepared(settings: &[(&'static str, &str)]) -> Self {
        let mut district = Self {
            dir: TempDir::with_prefix("cal").expect("a temporary directory"),
            proxy: Proxy::new(),
            hub: None,
            settings: settings
                .iter()
                .map(|(key, value)| (*key, (*value).to_owned()))
                .collect(),
            said: String::new(),
        };
        if !settings.iter().any(|(key, _)| *key == SCHEDULE) {
            district.set(SCHEDULE, "off");
        }
        let address = district.proxy.address().to_string();
        let init = [
            "init",
            "--name",
            "Landkreis Musterheide",
            "--listen",
            "127.0.0.1:0",
            "--address",
            &address,
        ];
        let _ready = district.hub(&init).ok();
        district
    }

    /// The proxy that nodes take for the hub.
    #[must_use]
    pub fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    /// A path for a file of the test.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The hub's data directory.
    #[must_use]
    pub fn hub_dir(&self) -> PathBuf {
        self.path("hub")
    }

    /// Adds a setting for hub processes that are started from now on.
    pub fn set(&mut self, key: &'static str, value: &str) {
        self.settings.retain(|(known, _)| *known != key);
        self.settings.push((key, value.to_owned()));
    }

    /// Gives hub processes that are started from now on a port of their own, known beforehand, so
    /// that a `sync` without a daemon can be dialled too. The port was free a moment ago; nobody
    /// else is kept from taking it, so only the test that needs it asks for it.
    ///
    /// # Panics
    /// When the machine has no port left.
    pub fn fixed_port(&mut self) {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("a bound socket has an address");
        drop(free);
        self.set("CALLUNA_LISTEN", &address.to_string());
        self.proxy.aim(address);
    }

    /// Runs a command of the hub to its end.
    #[must_use = "how it ended is often the point"]
    #[track_caller]
    pub fn hub(&self, args: &[&str]) -> Ended {
        run(&mut self.hub_command(args))
    }

    /// A command of the hub that has not been started.
    #[must_use]
    pub fn hub_command(&self, args: &[&str]) -> Command {
        let mut command = binary("calluna-hub");
        command.args(args).arg("--data").arg(self.hub_dir());
        command.envs(self.settings.iter().map(|(key, value)| (*key, value)));
        command
    }

    /// Starts the hub and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get ready.
    #[track_caller]
    pub fn start_hub(&mut self) {
        if let Err(ended) = self.try_start_hub() {
            panic!("the hub does not start: {ended:#?}");
        }
    }

    /// Starts the hub and waits until it is ready.
    ///
    /// # Errors
    /// How it ended, when it refused to start.
    ///
    /// # Panics
    /// When it does neither.
    #[track_caller]
    pub fn try_start_hub(&mut self) -> Result<(), Ended> {
        let mut hub = Process::start(&mut self.hub_command(&["serve"]));
        let Some(ready) = hub.until_or_end("ready: ") else {
            return Err(hub.wait());
        };
        let bound = ready
            .split("listens on ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let bound = bound.and_then(|address| address.parse().ok());
        self.proxy
            .aim(bound.unwrap_or_else(|| panic!("no address in `{ready}`")));
        self.hub = Some(hub);
        Ok(())
    }

    /// Process id of the running hub.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn hub_pid(&self) -> u32 {
        self.hub.as_ref().expect("the hub runs").id()
    }

    /// Tells the hub to stop, and waits for its end.
    ///
    /// # Panics
    /// When it does not run.
    #[track_caller]
    pub fn stop_hub(&mut self) -> Ended {
        let ended = self.hub.take().expect("the hub runs").stop();
        self.said += &ended.stderr;
        ended
    }

    /// `kill -9` on the hub.
    ///
    /// # Panics
    /// When it does not run.
    #[track_caller]
    pub fn kill_hub(&mut self) {
        self.said += &self.hub.take().expect("the hub runs").kill().stderr;
    }

    /// Everything that the hub has logged.
    #[must_use]
    pub fn hub_log(&self) -> String {
        self.said.clone() + &self.hub.as_ref().map(Process::stderr).unwrap_or_default()
    }

    /// Waits until the hub has logged `word`.
    #[track_caller]
    pub fn heard(&self, word: &str) {
        poll(word, || self.hub_log().contains(word).then_some(()));
    }

    /// Invites a provider: its token.
    #[must_use]
    #[track_caller]
    pub fn invite(&self, id: &str) -> String {
        self.invite_with(id, &[])
    }

    /// Invites a provider with further arguments: its token.
    #[must_use]
    #[track_caller]
    pub fn invite_with(&self, id: &str, more: &[&str]) -> String {
        let name = format!("Anbieter {id}");
        let args = [&["invite", id, "--name", &name, "--kind", "vhs"], more].concat();
        let token = self.hub(&args).ok().stdout;
        assert_eq!(
            token.lines().count(),
            1,
            "the token alone is on stdout: {token}"
        );
        token.trim().to_owned()
    }

    /// A node that has not joined.
    #[must_use]
    pub fn stranger(&self, id: &str) -> Node {
        Node {
            id: id.to_owned(),
            dir: self.path(id),
            inside: None,
            daemon: None,
            said: String::new(),
        }
    }

    /// A node that has joined, but does not run.
    #[must_use]
    #[track_caller]
    pub fn joined(&self, id: &str) -> Node {
        let node = self.stranger(id);
        let _joined = node.run(&["join", &self.invite(id)]).ok();
        node
    }

    /// A node that has joined and runs.
    #[must_use]
    #[track_caller]
    pub fn member(&self, id: &str) -> Node {
        let mut node = self.joined(id);
        node.serve();
        node
    }

    /// A night over all providers.
    #[must_use]
    #[track_caller]
    pub fn night(&self) -> Night {
        Night::of(self.hub(&["sync", "--format", "json"]))
    }

    /// What `status --format json` says.
    #[must_use]
    #[track_caller]
    pub fn status(&self) -> StatusDocument {
        serde_json::from_value(self.hub(&["status", "--format", "json"]).ok().json())
            .expect("the hub prints its own document")
    }

    /// The catalogue as readers see it, by provider and offer id.
    #[must_use]
    #[track_caller]
    pub fn catalogue(&self) -> BTreeMap<(String, String), OfferDraft> {
        self.export(&[])
    }

    /// One provider's offers as readers see them: id and title.
    #[must_use]
    #[track_caller]
    pub fn titles(&self, provider: &str) -> BTreeMap<String, String> {
        let lines = self.export(&["--provider", provider]);
        lines
            .into_iter()
            .map(|((_, id), offer)| (id, offer.title))
            .collect()
    }

    #[track_caller]
    fn export(&self, more: &[&str]) -> BTreeMap<(String, String), OfferDraft> {
        let file = tempfile::NamedTempFile::new_in(self.dir.path()).expect("a file");
        let path = file.path().to_string_lossy().into_owned();
        let _written = self
            .hub(&[&["export", "--output", &path], more].concat())
            .ok();
        let text = std::fs::read_to_string(&path).expect("the export is text");
        text.lines().map(parse_line).collect()
    }
}

impl Default for District {
    fn default() -> Self {
        Self::new()
    }
}

fn parse_line(line: &str) -> ((String, String), OfferDraft) {
    let value: Value = serde_json::from_str(line).expect("a whole line of JSON");
    let offer: OfferDraft = serde_json::from_value(value["offer"].clone()).expect("an offer");
    let provider = value["provider"].as_str().expect("a provider").to_owned();
    ((provider, offer.id.clone()), offer)
}

/// The digest of a catalogue, computed from its offers alone.
///
/// # Panics
/// When an offer breaks a rule: then it should not be in a catalogue.
#[must_use]
pub fn digest_of<'a>(offers: impl IntoIterator<Item = &'a OfferDraft>) -> Digest {
    let mut offers: Vec<&OfferDraft> = offers.into_iter().collect();
    offers.sort_by(|a, b| a.id.cmp(&b.id));
    let mut digester = Digester::default();
    for draft in offers {
        let offer = Offer::check(draft.clone()).expect("an offer of the catalogue keeps the rules");
        digester.add(&draft.id, &content_hash(&offer));
    }
    digester.finish()
}
