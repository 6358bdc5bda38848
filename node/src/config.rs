//! `node.toml`: what it may hold, and how `join` writes it.

mod figures;

pub use self::figures::Figures;

use std::path::{Path, PathBuf};
use std::time::Duration;

use calluna_host::config::{ConfigError, Environment, load};
use calluna_host::data_dir::{DataDir, DataDirError};
use calluna_host::telemetry::LogOptions;
use calluna_model::id::ProviderId;
use calluna_model::member::{Stated, WrongPublicData};
use calluna_model::text::Language;
use serde::Deserialize;

/// What this build calls itself towards the other side.
pub const SOFTWARE: &str = concat!("calluna-node ", env!("CARGO_PKG_VERSION"));
/// The file in the data directory.
pub const FILE: &str = "node.toml";
/// The control socket in the data directory.
pub const SOCKET: &str = "node.sock";
/// What makes a data directory.
pub const MADE_BY: &str = "calluna-node join TOKEN --data DIR";

/// Settings that `CALLUNA_…` variables override.
const KNOWN: &[&str] = &[
    "hub",
    "provider",
    "name",
    "district",
    "fingerprint",
    "language",
    "listen.address",
    "listen.advertise",
    "watch.folder",
    "watch.complete",
    "import.only",
    "import.mapping",
    "log.format",
    "log.filter",
    "link.reconnect_seconds",
    "public.name",
    "public.kind",
    "public.address",
    "public.website",
    "figures.threshold",
    "figures.sensitive_threshold",
    "figures.sensitive",
    "figures.batch",
    "figures.approve",
    "figures.close_after_days",
    "figures.correction_days",
    "figures.municipalities",
    "figures.postal_codes",
    "figures.subjects",
];

/// All settings of a node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `host:port` of the hub.
    pub hub: String,
    /// Who this node speaks for; its certificate says the same.
    pub provider: ProviderId,
    /// The provider's public name, as the district entered it.
    #[serde(default)]
    pub name: String,
    /// Name of the district.
    #[serde(default)]
    pub district: String,
    /// SHA-256 of the district's authority, as the join token said it.
    #[serde(default)]
    pub fingerprint: String,
    /// Language of reports beside dropped files.
    #[serde(default)]
    pub language: Language,
    /// Whether and where the hub dials the node.
    #[serde(default)]
    pub listen: Listen,
    /// The drop folder.
    #[serde(default)]
    pub watch: Watch,
    /// How files are read.
    #[serde(default)]
    pub import: Import,
    /// The log.
    #[serde(default)]
    pub log: Log,
    /// The connection that the node dials.
    #[serde(default)]
    pub link: Link,
    /// What the provider says of itself.
    #[serde(default)]
    pub public: Public,
    /// Participation figures.
    #[serde(default)]
    pub figures: Figures,
}

/// `[public]`: what the provider says of itself, for the public. Only `join` tells it to the hub, and the
/// district may have to approve it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Public {
    /// Its name; empty says nothing, here and below.
    pub name: String,
    /// school, vhs, trainer, university, counselling or other.
    pub kind: String,
    /// Its postal address on one line.
    pub address: String,
    /// Its website.
    pub website: String,
}

impl Public {
    /// Whether it keeps the rules.
    ///
    /// # Errors
    /// Says which is broken.
    pub fn check(&self) -> Result<(), WrongPublicData> {
        Stated::from_texts(&self.name, &self.kind, &self.address, &self.website).map(|_| ())
    }

    /// This, and where it says nothing, what `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let first = |own: String, other: String| if own.is_empty() { other } else { own };
        Self {
            name: first(self.name, other.name),
            kind: first(self.kind, other.kind),
            address: first(self.address, other.address),
            website: first(self.website, other.website),
        }
    }
}

/// `[listen]`: for a node that the hub can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// `address:port` to listen at; empty means that the node dials out.
    pub address: String,
    /// `host:port` at which the hub reaches it; only `join` tells it to the hub.
    pub advertise: String,
}

/// `[watch]`: a folder whose files are imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// The folder; empty means none.
    pub folder: String,
    /// Whether each file is the complete list: what is not in it is gone.
    pub complete: bool,
}

/// `[import]`: how files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Import {
    /// In a catalogue of several providers, take only the offers under this name; empty takes all.
    pub only: String,
    /// The file that says which column of a table holds what; empty leaves it to the headings.
    pub mapping: String,
}

/// `[log]`: what is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// Directives such as `info` or `warn,calluna_node=debug`.
    pub filter: String,
}

/// `[link]`: the connection that the node dials.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    /// After a connection was lost, the node dials again at a random moment within this time.
    pub reconnect_seconds: u64,
}

impl Default for Link {
    /// Ten seconds: the nodes of a large district (1,000) then come back at a hundred a second,
    /// which is a tenth of one core of the hub's, and whoever lost a cable alone is back after five
    /// seconds on average; a night waits 45.
    fn default() -> Self {
        Self {
            reconnect_seconds: 10,
        }
    }
}

impl Link {
    /// The time within which the first attempt after a loss is made.
    #[must_use]
    pub fn spread(&self) -> Duration {
        Duration::from_secs(self.reconnect_seconds)
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

impl Config {
    /// The least that a node has to know; everything else has its default.
    #[must_use]
    pub fn new(hub: &str, provider: ProviderId) -> Self {
        Self {
            hub: hub.to_owned(),
            provider,
            name: String::new(),
            district: String::new(),
            fingerprint: String::new(),
            language: Language::default(),
            listen: Listen::default(),
            watch: Watch::default(),
            import: Import::default(),
            log: Log::default(),
            link: Link::default(),
            public: Public::default(),
            figures: Figures::default(),
        }
    }

    /// How to log.
    #[must_use]
    pub fn log_options(&self) -> LogOptions {
        LogOptions {
            json: self.log.format == LogFormat::Json,
            filter: self.log.filter.clone(),
        }
    }

    /// The file, with every setting explained.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let language = match self.language {
            Language::De => "de",
            Language::En => "en",
        };
        let format = match self.log.format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        format!(
            r#"# Settings of a Calluna node, written by `calluna-node join`.
# Every setting can be overridden by an environment variable: CALLUNA_HUB, CALLUNA_WATCH_FOLDER, ...

# host:port of the district's hub.
hub = {hub}
# Who this node speaks for. The certificate (node.crt) says the same; changing it here changes nothing there.
provider = {provider}
# The provider's public name and the district, as the district office entered them.
name = {name}
district = {district}
# SHA-256 of the district's certificate authority, as it stood in the join token.
fingerprint = {fingerprint}
# Language of the reports beside dropped files: "de" or "en".
language = "{language}"

[listen]
# address:port to listen at, if the hub shall dial this node, such as "0.0.0.0:7444".
# Empty: the node dials the hub, and no port has to be open. The hub learns of it only by `join`.
address = {address}
# host:port at which the hub reaches this node.
advertise = {advertise}

[watch]
# A folder whose files are imported as they arrive; each is moved to done/ or refused/ in it, with a
# report beside it. Empty: none. `serve --watch DIR` overrides it.
folder = {folder}
# true: every file is the complete list, and what is not in it is removed (not more than 30 % at once).
complete = {complete}

[import]
# In a file that holds the offers of several providers, take only those under this name. Empty: all.
only = {only}
# A TOML file that says which column of a CSV or XLSX file holds what, also for dropped files. Empty: the
# headings decide. `import --mapping FILE` overrides it.
mapping = {mapping}

[log]
# "text" or "json".
format = "{format}"
# Directives, such as "info" or "warn,calluna_node=debug".
filter = {filter}

[link]
# After a lost connection the node dials again at a random moment within this many seconds, so that not
# all nodes come at once when the hub was restarted. 0: at once.
reconnect_seconds = {reconnect}

[public]
# What the provider says of itself, for the public; `join` tells it to the district office, which may have
# to approve it. Empty: nothing is said.
name = {public_name}
# school, vhs, trainer, university, counselling or other.
kind = {public_kind}
# Postal address on one line.
address = {public_address}
website = {website}

{figures}"#,
            figures = self.figures.to_toml(),
            hub = quoted(&self.hub),
            provider = quoted(self.provider.as_str()),
            name = quoted(&self.name),
            district = quoted(&self.district),
            fingerprint = quoted(&self.fingerprint),
            address = quoted(&self.listen.address),
            advertise = quoted(&self.listen.advertise),
            folder = quoted(&self.watch.folder),
            complete = self.watch.complete,
            only = quoted(&self.import.only),
            mapping = quoted(&self.import.mapping),
            filter = quoted(&self.log.filter),
            reconnect = self.link.reconnect_seconds,
            public_name = quoted(&self.public.name),
            public_kind = quoted(&self.public.kind),
            public_address = quoted(&self.public.address),
            website = quoted(&self.public.website),
        )
    }
}

/// A TOML string. What the hub says about names is text of others: control characters are left out.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Reads `node.toml` in `dir`, whoever can enter that.
///
/// # Errors
/// When it cannot be read, or a setting is wrong.
pub fn read(dir: &Path, environment: &dyn Environment) -> Result<Config, ConfigError> {
    Ok(load(&dir.join(FILE), environment, "CALLUNA", KNOWN)?.value)
}

/// A data directory and what its `node.toml` says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data directory.
    pub dir: DataDir,
    /// The settings.
    pub config: Config,
}

/// The data directory or its settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The directory.
    #[error(transparent)]
    Dir(#[from] DataDirError),
    /// The file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nobody has joined here.
    #[error("{} holds no node yet: there is no {FILE} in it; join first: {MADE_BY}", .0.display())]
    NotJoined(PathBuf),
}

impl Settings {
    /// Reads the settings of the node in `dir`.
    ///
    /// # Errors
    /// When there is no such directory, others can enter it, nobody has joined in it, or a setting
    /// is wrong.
    pub fn load(dir: &Path, environment: &dyn Environment) -> Result<Self, SettingsError> {
        let dir = DataDir::open(dir, MADE_BY)?;
        let file = dir.join(FILE);
        if !file.exists() {
            return Err(SettingsError::NotJoined(dir.path().to_owned()));
        }
        let config = read(dir.path(), environment)?;
        Ok(Self { dir, config })
    }

    /// The control socket of the daemon that serves this directory.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.dir.join(SOCKET)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_join_writes_is_read_back_and_every_setting_stands_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create_new(&dir.path().join("n")).unwrap();
        let mut config = Config::new("hub.example:7443", "vhs".parse().unwrap());
        config.name = "VHS \"Heide\\kreis\"\n".to_owned();
        config.watch.complete = true;
        data.write(FILE, config.to_toml().as_bytes(), 0o600)
            .unwrap();
        let none = BTreeMap::new();
        let read = Settings::load(data.path(), &none).unwrap().config;
        config.name = "VHS \"Heide\\kreis\"".to_owned();
        assert_eq!(read, config);
        for key in KNOWN {
            let name = key.rsplit('.').next().unwrap();
            assert!(
                config.to_toml().contains(&format!("\n{name} = ")),
                "{key} is not explained"
            );
        }
        let set = BTreeMap::from([("CALLUNA_WATCH_FOLDER".to_owned(), "/drop".to_owned())]);
        assert_eq!(
            Settings::load(data.path(), &set)
                .unwrap()
                .config
                .watch
                .folder,
            "/drop"
        );
    }

    #[test]
    fn a_directory_without_a_node_says_how_to_join() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create_new(&dir.path().join("n")).unwrap();
        let error = Settings::load(data.path(), &BTreeMap::new())
            .unwrap_err()
            .to_string();
        assert!(error.contains("calluna-node join"), "{error}");
    }
}
