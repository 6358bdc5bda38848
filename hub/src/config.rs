//! `hub.toml`: every setting of the hub, with its default and the reason for it.
//!
//! `init` writes the file with a comment on every line. An unknown key is refused with the nearest
//! known one; each setting can be overridden by an environment variable (`CALLUNA_NIGHT_…`).

mod dataset;
mod delivery;
mod figures;
mod pages;

use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use calluna_host::config::{ConfigError, Environment, load};
use calluna_model::limit::{Limits, NIGHTS_KEPT};
use calluna_sync::schedule::{Schedule, ScheduleError};
use serde::{Deserialize, Serialize};

pub use self::dataset::DatasetConfig;
pub use self::delivery::{Address, MailConfig, MailTls, WebAddress, WebhookConfig, When};
pub use self::figures::FiguresConfig;
pub use self::pages::{PagesConfig, Proxy};

/// Name of the file in the data directory.
pub const FILE: &str = "hub.toml";

/// The whole of `hub.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HubConfig {
    /// Name of the district, as members and citizens read it.
    pub name: String,
    /// `host:port` that nodes dial. It is written into every join token.
    pub address: String,
    /// Address that the hub listens on for nodes.
    pub listen: SocketAddr,
    /// Address that pages and interface are served on; without one there are none.
    #[serde(default)]
    pub web: Option<SocketAddr>,
    /// How the hub collects.
    #[serde(default)]
    pub night: NightConfig,
    /// What one provider may cost.
    #[serde(default)]
    pub limits: Limits,
    /// How long certificates live.
    #[serde(default)]
    pub certificates: CertificateConfig,
    /// Where the catalogue is kept.
    #[serde(default)]
    pub store: StoreConfig,
    /// What is logged.
    #[serde(default)]
    pub log: LogConfig,
    /// The morning report as an e-mail.
    #[serde(default)]
    pub mail: MailConfig,
    /// The morning report to an address, and the sign of life.
    #[serde(default)]
    pub webhook: WebhookConfig,
    /// A backup after each night.
    #[serde(default)]
    pub backup: BackupConfig,
    /// How providers become members.
    #[serde(default)]
    pub membership: MembershipConfig,
    /// What participation figures must keep to.
    #[serde(default)]
    pub figures: FiguresConfig,
    /// The monitoring dataset and who publishes it.
    #[serde(default)]
    pub dataset: DatasetConfig,
    /// The public pages and the interface for programs.
    #[serde(default)]
    pub pages: PagesConfig,
}

/// `[membership]`: how providers become members.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MembershipConfig {
    /// Whether nothing of a provider is fetched before the operator has approved its public data.
    pub approve: bool,
    /// Whom a school asks about its invitation, as printed on the letter; empty: the district by its name.
    pub contact: String,
}

/// `[night]`: how the hub collects.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct NightConfig {
    /// When nights begin: a cron pattern, or `off`.
    pub schedule: String,
    /// Time zone of the schedule, an IANA name.
    pub time_zone: String,
    /// Up to how much each provider is put off at the beginning, so that they do not all begin in
    /// the same second, in seconds.
    pub jitter_seconds: u64,
    /// How long a night by the clock may take, in minutes. Until then it tries again what may pass.
    pub window_minutes: u64,
    /// Longest wait before the second attempt at a provider, in seconds. It doubles from there.
    pub retry_first_seconds: u64,
    /// Longest wait between two attempts, in seconds.
    pub retry_most_seconds: u64,
    /// Whether a night that was missed, or cut off, is made up for when the hub starts.
    pub catch_up: bool,
    /// How many providers are read at once. Each may hold a few batches (1 MiB each) in memory.
    pub providers_at_once: NonZeroUsize,
    /// How long a night waits for a node that dials out and is not connected, in seconds. Nodes
    /// redial within 30 seconds.
    pub wait_seconds: u64,
    /// How many nights are remembered; older ones are forgotten.
    pub keep: NonZeroU64,
}

impl Default for NightConfig {
    fn default() -> Self {
        Self {
            schedule: "17 3 * * *".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            jitter_seconds: 300,
            window_minutes: 180,
            retry_first_seconds: 60,
            retry_most_seconds: 1_800,
            catch_up: true,
            providers_at_once: NonZeroUsize::MIN.saturating_add(7),
            wait_seconds: 45,
            keep: NonZeroU64::new(NIGHTS_KEPT).unwrap_or(NonZeroU64::MIN),
        }
    }
}

impl NightConfig {
    /// When nights begin; nothing for `off`.
    ///
    /// # Errors
    /// When pattern or time zone are wrong; the text says what to write.
    pub fn schedule(&self) -> Result<Option<Schedule>, ScheduleError> {
        if self.schedule.trim() == "off" {
            return Ok(None);
        }
        Schedule::parse(&self.schedule, &self.time_zone).map(Some)
    }
}

/// `[certificates]`: how long certificates live.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateConfig {
    /// Days that a node's certificate is valid.
    pub node_days: u32,
    /// Days that the hub's own certificate is valid.
    pub hub_days: u32,
    /// How many days after its end a node's certificate can still be renewed by its key alone.
    pub grace_days: u32,
    /// How many days before its end the district's authority is replaced; 0: never by itself.
    pub rotate_days: u32,
    /// File with the passphrase of the authority's key, alone on its first line; relative to the data
    /// directory. Empty: none.
    pub passphrase_file: PathBuf,
}

impl Default for CertificateConfig {
    fn default() -> Self {
        Self {
            node_days: calluna_certs::NODE_DAYS,
            hub_days: calluna_certs::HUB_DAYS,
            grace_days: calluna_certs::GRACE_DAYS,
            rotate_days: 365,
            passphrase_file: PathBuf::new(),
        }
    }
}

/// `[store]`: where the catalogue is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Name of the engine: `sled` or `fjall`. It has to be the one that wrote the store.
    pub engine: String,
    /// Memory that the engine may use for what it read lately, in MiB.
    pub cache_mib: u64,
    /// Disk space that is kept free so that a hub on a full disk can still start, in MiB.
    pub reserve_mib: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            engine: "sled".to_owned(),
            cache_mib: 64,
            reserve_mib: 64,
        }
    }
}

/// `[backup]`: a backup after each night over all providers.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupConfig {
    /// The folder; empty for none. Relative to the data directory; best on another disk.
    pub folder: PathBuf,
    /// How many are kept.
    pub keep: NonZeroUsize,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            keep: NonZeroUsize::MIN.saturating_add(13),
        }
    }
}

/// `[log]`: what is logged, and how.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: String,
    /// Directives such as `info` or `warn,calluna_hub=debug`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: "text".to_owned(),
            filter: "info".to_owned(),
        }
    }
}

/// Settings that an environment variable may override: `night.wait_seconds` is
/// `CALLUNA_NIGHT_WAIT_SECONDS`.
pub const KNOWN: &[&str] = &[
    "name",
    "address",
    "listen",
    "web",
    "night.providers_at_once",
    "night.wait_seconds",
    "night.schedule",
    "night.time_zone",
    "night.jitter_seconds",
    "night.window_minutes",
    "night.retry_first_seconds",
    "night.retry_most_seconds",
    "night.catch_up",
    "limits.record_bytes",
    "limits.batch_bytes",
    "limits.offers_per_provider",
    "limits.night_bytes",
    "limits.call_seconds",
    "limits.provider_seconds",
    "certificates.node_days",
    "store.engine",
    "store.cache_mib",
    "store.reserve_mib",
    "log.format",
    "log.filter",
    "night.keep",
    "mail.server",
    "mail.port",
    "mail.tls",
    "mail.username",
    "mail.password_file",
    "mail.ca_file",
    "mail.from",
    "mail.to",
    "mail.when",
    "mail.lang",
    "webhook.url",
    "webhook.token_file",
    "webhook.ca_file",
    "webhook.when",
    "webhook.lang",
    "webhook.heartbeat_url",
    "certificates.hub_days",
    "certificates.grace_days",
    "backup.folder",
    "backup.keep",
    "certificates.rotate_days",
    "certificates.passphrase_file",
    "membership.approve",
    "membership.contact",
    "figures.threshold",
    "figures.sensitive_threshold",
    "figures.sensitive",
    "figures.batch",
    "figures.municipalities_file",
    "figures.subjects_file",
    "figures.proof_solves",
    "figures.proof_seconds",
    "dataset.nightly",
    "dataset.title_de",
    "dataset.title_en",
    "dataset.publisher",
    "dataset.publisher_url",
    "dataset.email",
    "dataset.base_url",
    "dataset.district",
    "dataset.contributor_id",
    "dataset.population_file",
    "pages.base_url",
    "pages.trusted_proxies",
    "pages.requests_per_minute",
    "pages.connections",
    "pages.operator",
    "pages.operator_address",
    "pages.represented_by",
    "pages.mail",
    "pages.phone",
    "pages.supervision",
    "pages.accessibility_mail",
    "pages.accessibility_phone",
    "pages.accessibility_reviewed_on",
    "pages.accessibility_barriers",
    "pages.arbitration",
    "pages.arbitration_address",
    "pages.arbitration_mail",
    "pages.arbitration_url",
    "pages.data_protection_officer",
    "pages.security_contact",
];

/// What the environment variables begin with.
const PREFIX: &str = "CALLUNA";

/// Reads `hub.toml` in `dir`.
///
/// # Errors
/// When a setting is wrong; the text names file, line, key and the way out.
pub fn read(dir: &Path, environment: &dyn Environment) -> Result<HubConfig, ConfigError> {
    let file = dir.join(FILE);
    let config: HubConfig = load(&file, environment, PREFIX, KNOWN)?.value;
    // Half a mail setting would be noticed in the first night that needs it.
    let mail = &config.mail;
    let missing = [
        ("mail.from", mail.from.0.is_none()),
        ("mail.to", !mail.to.iter().any(|to| to.0.is_some())),
        (
            "mail.password_file",
            !mail.username.is_empty() && mail.password_file.as_os_str().is_empty(),
        ),
    ];
    match missing.iter().find(|(_, missing)| *missing) {
        Some((key, _)) if !mail.server.is_empty() => Err(ConfigError::Missing {
            file,
            key: (*key).to_owned(),
            variable: calluna_host::config::variable(PREFIX, key),
        }),
        _ => Ok(config),
    }
}

/// The commented file that `init` writes.
#[must_use]
pub fn template(name: &str, address: &str, listen: SocketAddr, web: Option<SocketAddr>) -> String {
    let text = |value: &str| toml_text(value);
    let web = match web {
        Some(web) => format!("web = {}", text(&web.to_string())),
        None => "# web = \"127.0.0.1:8080\"".to_owned(),
    };
    include_str!("../hub.toml.in")
        .replace("{name}", &text(name))
        .replace("{address}", &text(address))
        .replace("{listen}", &text(&listen.to_string()))
        .replace("{web}", &web)
}

/// The text of `hub.toml` with this engine. A line that shows the default becomes a live one; comments
/// and everything else stay.
///
/// # Errors
/// When the text is no TOML.
pub fn with_engine(text: &str, engine: &str) -> Result<String, toml_edit::TomlError> {
    let mut document: toml_edit::DocumentMut = text.parse()?;
    let says = |document: &toml_edit::DocumentMut| {
        let store = document.get("store");
        let value = store.and_then(|store| store.get("engine"));
        value.and_then(toml_edit::Item::as_str).map(str::to_owned)
    };
    let usual = StoreConfig::default().engine;
    match says(&document) {
        Some(said) if said == engine => return Ok(text.to_owned()),
        None if engine == usual => return Ok(text.to_owned()),
        None => {
            let shown = format!("\n# engine = {}\n", toml_text(&usual));
            let live = format!("\nengine = {}\n", toml_text(engine));
            let edited = text.replacen(&shown, &live, 1);
            // The shown line may stand anywhere by now: it counts where it means what it should.
            if edited
                .parse()
                .is_ok_and(|edited| says(&edited).as_deref() == Some(engine))
            {
                return Ok(edited);
            }
        }
        Some(_) => {}
    }
    let store = document.get_mut("store");
    let written = store.and_then(|store| store.get_mut("engine"));
    match written.and_then(toml_edit::Item::as_value_mut) {
        Some(value) => {
            // The comment behind it belongs to the value.
            let decor = value.decor().clone();
            *value = engine.into();
            *value.decor_mut() = decor;
        }
        None => document["store"]["engine"] = toml_edit::value(engine),
    }
    Ok(document.to_string())
}

/// A TOML basic string; JSON's escapes are a subset of TOML's.
fn toml_text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_written_file_is_read_back_with_every_default() {
        let dir = tempfile::tempdir().unwrap();
        let text = template(
            "Landkreis \"Heidekreis\"",
            "hub.example:7443",
            "0.0.0.0:7443".parse().unwrap(),
            None,
        );
        std::fs::write(dir.path().join(FILE), &text).unwrap();
        let environment: BTreeMap<String, String> = BTreeMap::new();
        let config = read(dir.path(), &environment).unwrap();
        assert_eq!(config.name, "Landkreis \"Heidekreis\"");
        assert_eq!(config.limits, Limits::default());
        // Every commented setting is a real one with its real default.
        let live: String = text
            .lines()
            .map(|line| {
                let bare = line.strip_prefix("# ").filter(|rest| {
                    rest.split_once(" = ").is_some_and(|(key, _)| {
                        key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                    })
                });
                format!("{}\n", bare.unwrap_or(line))
            })
            .collect();
        std::fs::write(dir.path().join(FILE), &live).unwrap();
        let spelled = read(dir.path(), &environment).unwrap();
        assert_eq!(spelled.limits, config.limits);
        assert_eq!(spelled.store.cache_mib, config.store.cache_mib);
        assert_eq!(spelled.night.wait_seconds, config.night.wait_seconds);
        assert_eq!(
            spelled.night.providers_at_once,
            config.night.providers_at_once
        );
        assert_eq!(
            spelled.certificates.node_days,
            config.certificates.node_days
        );
        let (said, usual) = (&spelled.certificates, &config.certificates);
        assert_eq!(said.rotate_days, usual.rotate_days);
        assert_eq!(said.passphrase_file, usual.passphrase_file);
        assert_eq!(spelled.night.keep, config.night.keep);
        assert_eq!(spelled.mail.when, config.mail.when);
        assert_eq!(spelled.mail.tls.port(), 587);
        assert!(spelled.mail.server.is_empty() && spelled.webhook.url.get().is_none());
        for key in KNOWN {
            let name = key.rsplit('.').next().unwrap();
            assert!(
                live.contains(&format!("{name} = ")),
                "{key} is not in the file"
            );
        }
    }

    #[test]
    fn the_engine_is_changed_and_every_comment_stays() {
        let listen = "0.0.0.0:7443".parse().unwrap();
        let text = template("Heide", "hub.example:7443", listen, None);
        let fjall = with_engine(&text, "fjall").unwrap();
        let shown = "\n# engine = \"sled\"\n";
        assert_eq!(fjall, text.replace(shown, "\nengine = \"fjall\"\n"));
        let back = with_engine(&fjall, "sled").unwrap();
        assert_eq!(back, text.replace(shown, "\nengine = \"sled\"\n"));
        assert_eq!(
            with_engine(&text, "sled").unwrap(),
            text,
            "that is the default"
        );
        for other in [
            "# mine\nname = 'x' # too\n",
            "name = 'x'\n[store] # here\ncache_mib = 9 # small\n[log]\n",
            "name = 'x'\nstore = { engine = \"sled\", cache_mib = 9 } # all\n",
            "name = 'x'\nstore.engine = 'sled' # dotted\n",
            "[night]\n# engine = \"sled\"\nwait_seconds = 1\n[store]\n",
        ] {
            let changed = with_engine(other, "fjall").unwrap();
            let read: toml_edit::DocumentMut = changed.parse().unwrap();
            assert_eq!(read["store"]["engine"].as_str(), Some("fjall"), "{changed}");
            for comment in other.split('#').skip(1) {
                let comment = comment.lines().next().unwrap();
                assert!(changed.contains(comment), "{comment} is lost: {changed}");
            }
        }
        assert!(with_engine("[store", "fjall").is_err());
    }

    fn with(more: &str) -> Result<HubConfig, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let listen = "0.0.0.0:7443".parse().unwrap();
        let text = template("Landkreis", "hub.example:7443", listen, None);
        std::fs::write(dir.path().join(FILE), text.replace("[mail]", more)).unwrap();
        read(dir.path(), &BTreeMap::<String, String>::new())
    }

    #[test]
    fn half_a_mail_setting_is_refused_with_what_is_missing() {
        let whole = "[mail]\nserver = \"mail.example\"\nfrom = \"Hub <hub@a.example>\"\nto = [\"b@a.example\"]";
        assert_eq!(with(whole).unwrap().mail.to.len(), 1);
        for (without, named) in [
            ("from = \"Hub <hub@a.example>\"", "mail.from"),
            ("to = [\"b@a.example\"]", "mail.to"),
        ] {
            let said = with(&whole.replace(without, "")).unwrap_err().to_string();
            assert!(said.contains(named), "{said}");
        }
        let login = format!("{whole}\nusername = \"hub\"");
        let said = with(&login).unwrap_err().to_string();
        assert!(said.contains("mail.password_file"), "{said}");
        let wrong = whole.replace("b@a.example", "nobody");
        assert!(
            with(&wrong)
                .unwrap_err()
                .to_string()
                .contains("mail address")
        );
        assert!(
            with("[mail]\nsmtp = \"x\"")
                .unwrap_err()
                .to_string()
                .contains("mail.")
        );
    }
}
