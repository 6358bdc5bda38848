//! `check`: looks at everything that a node needs, and says what is wrong and what to do.
//!
//! Nothing is mended, and nothing secret leaves: the way to the hub is looked at without the node's
//! own certificate. Where a daemon runs it is asked; otherwise the store is opened here.
//!
//! [`Checker`] finds out; `here`, `figures`, `hub` and `night` decide, each a function from facts to findings.

mod figures;
mod here;
mod hub;
mod night;

use std::path::PathBuf;
use std::sync::Arc;

use calluna_certs::CertificateFacts;
use calluna_certs::tls::Identity;
use calluna_host::check::{
    Fault, FileMode, Finding, Level, Report, files_in, free_bytes, may, own_user,
};
use calluna_host::config::Environment;
use calluna_host::data_dir::DataDirError;
use calluna_model::clock::{Clock, Moment};
use calluna_model::entropy::Entropy;
use calluna_model::text::Language;
use calluna_probe::Reach;

use self::here::{Folder, StoreFacts, StoreSeen};
use self::night::NightFacts;
use crate::config::{self, Config, SOFTWARE, Settings, SettingsError};
use crate::keyring::{BUNDLE, CERTIFICATE, KEY};
use crate::run::LOCK_WAIT;
use crate::status::{self, StatusReport};
use crate::store::Store;
use crate::text::{Words, trouble};

/// Looks at a node.
#[derive(Debug)]
pub struct Checker<'a> {
    /// The data directory.
    pub dir: PathBuf,
    /// Where settings may come from besides `node.toml`.
    pub environment: &'a dyn Environment,
    /// What time it is here.
    pub clock: Arc<dyn Clock>,
    /// For a store that has to be opened.
    pub entropy: Arc<dyn Entropy>,
    /// The person's language.
    pub words: Words,
    /// Look at this machine only.
    pub offline: bool,
}

impl Checker<'_> {
    /// Looks at everything.
    pub async fn run(&self) -> Report {
        let words = self.words;
        let mut report = Report::new(SOFTWARE, self.clock.now());
        let (loaded, finding) = self.settings();
        let mut machine = vec![finding];
        machine.extend(self.modes());
        machine.push(here::disk(words, &self.dir, free_bytes(&self.dir)));
        let Some(config) = loaded else {
            report.add(words.pick("Dieser Rechner", "This machine"), machine);
            return report;
        };
        let (status, daemon) = self.daemon().await;
        machine.extend(self.folder(&config, status.as_ref()));
        report.add(words.pick("Dieser Rechner", "This machine"), machine);
        let reach = if self.offline {
            Ok(None)
        } else {
            self.reach(&config).await
        };
        let really = reach
            .as_ref()
            .ok()
            .and_then(|reach| hub_time(reach.as_ref()));
        let renewal = status.as_ref().and_then(|s| s.certificate.renewal.as_ref());
        let mut certificate = self.certificate(&config, really);
        certificate.extend(renewal.and_then(|info| here::renewal(words, info)));
        report.add(words.pick("Zertifikat", "Certificate"), certificate);
        let (store, facts) = self.store(status);
        report.add(words.pick("Speicher", "Store"), here::store(words, &store));
        let now = self.clock.now();
        let figures = figures::findings(words, &self.dir, &config.figures, self.clock.now());
        if !figures.is_empty() {
            let title = words.pick("Teilnahmezahlen", "Participation figures");
            report.add(title, figures);
        }
        let way = match &reach {
            Ok(Some(reach)) => hub::way(words, reach, now),
            // A bundle that cannot be used is told with the certificate.
            Ok(None) | Err(_) => Vec::new(),
        };
        let mut way = mild(&config, way);
        way.extend(self.proxies());
        report.add("Hub", way);
        let mut nights = night::findings(words, &facts, now);
        nights.extend(daemon);
        report.add(words.pick("Dienst und Nächte", "Daemon and nights"), nights);
        report
    }

    /// The settings, also where the directory is open to others: the rest can still be looked at.
    fn settings(&self) -> (Option<Config>, Finding) {
        let words = self.words;
        let error = match Settings::load(&self.dir, self.environment) {
            Ok(settings) => {
                let place = settings.dir.join(config::FILE);
                let what = words.pick(
                    format!("{} ist lesbar und vollständig", place.display()),
                    format!("{} can be read and is complete", place.display()),
                );
                let finding = Finding::ok("settings", what);
                return (Some(settings.config), finding);
            }
            Err(error) => error,
        };
        let why = match words.0 {
            Language::De => trouble::settings(&error),
            Language::En => error.to_string(),
        };
        let what = words.pick(
            "die Einstellungen lassen sich nicht verwenden",
            "the settings cannot be used",
        );
        let finding = Finding::failure("settings", what, why);
        let exposed = matches!(&error, SettingsError::Dir(DataDirError::Open { .. }));
        let config = exposed.then(|| config::read(&self.dir, self.environment).ok());
        (config.flatten(), finding)
    }

    fn modes(&self) -> Vec<Finding> {
        let Ok(files) = files_in(&self.dir) else {
            // That there is no such directory is told with the settings.
            return Vec::new();
        };
        here::modes(self.words, &faults(&files))
    }

    /// What the daemon says, or that it does not answer.
    async fn daemon(&self) -> (Option<StatusReport>, Option<Finding>) {
        match status::ask(&self.dir.join(config::SOCKET)).await {
            Ok(status) => (status, None),
            Err(error) => {
                let words = self.words;
                let what = words.pick(
                    format!("der Dienst antwortet nicht: {error:#}"),
                    format!("the daemon does not answer: {error:#}"),
                );
                let way_out = words.pick(
                    "bitte sein Protokoll lesen oder ihn neu starten",
                    "look at its log, or restart it",
                );
                (
                    None,
                    Some(Finding::failure("daemon-answers", what, way_out)),
                )
            }
        }
    }

    fn folder(&self, config: &Config, status: Option<&StatusReport>) -> Option<Finding> {
        let path = status.map_or(&config.watch.folder, |status| &status.watch);
        let path = (!path.is_empty()).then(|| PathBuf::from(path))?;
        let folder = Folder {
            is_folder: path.is_dir(),
            usable: may(&path, true),
            path,
        };
        Some(here::watch(self.words, &folder))
    }

    fn certificate(&self, config: &Config, really: Option<Moment>) -> Vec<Finding> {
        let words = self.words;
        let join_again = words.pick(
            "bitte aus einer Sicherung zurückspielen oder mit einer neuen Einladung noch einmal beitreten: calluna-node join",
            "restore it from a backup, or join again with a new invitation: calluna-node join",
        );
        let broken = |why: String| {
            let what = words.pick(
                format!("Zertifikat, Schlüssel und Vertrauensliste passen nicht zusammen: {why}"),
                format!("certificate, key and trust bundle do not fit together: {why}"),
            );
            Finding::failure("certificate-key", what, join_again)
        };
        let mut findings = Vec::new();
        let read = |name: &str| {
            std::fs::read_to_string(self.dir.join(name)).map_err(|error| format!("{name}: {error}"))
        };
        let texts = read(CERTIFICATE).and_then(|own| Ok((own, read(KEY)?, read(BUNDLE)?)));
        let (own, key, bundle) = match texts {
            Ok(texts) => texts,
            Err(why) => return vec![broken(why)],
        };
        let facts = CertificateFacts::all_of(&own).ok();
        if let Some(own) = facts.as_ref().and_then(|all| all.first()) {
            findings.push(here::certificate(words, own, self.clock.now(), really));
        }
        findings.push(match Identity::from_pem(&own, &key, &bundle) {
            Err(error) => broken(error.to_string()),
            Ok(identity) if identity.peer().provider() != Some(&config.provider) => {
                let (found, expected) = (identity.peer(), &config.provider);
                broken(words.pick(
                    format!("das Zertifikat gehört {found}, in node.toml steht {expected}"),
                    format!("the certificate belongs to {found}, node.toml says {expected}"),
                ))
            }
            Ok(_) => Finding::ok(
                "certificate-key",
                words.pick(
                    "Zertifikat, Schlüssel und Vertrauensliste passen zusammen",
                    "certificate, key and trust bundle fit together",
                ),
            ),
        });
        findings
    }

    /// What the daemon says of the store, or what lies there.
    fn store(&self, status: Option<StatusReport>) -> (StoreSeen, NightFacts) {
        if let Some(status) = status {
            let facts = StoreFacts {
                offers: status.head.count,
                mended: status.store.mended,
            };
            let receipt = status.receipts.first();
            let night = NightFacts {
                running: status.running,
                receipt: receipt.map(|receipt| (receipt.at, receipt.outcome)),
                link: status.link,
                asked_at: status.asked_at,
            };
            return (StoreSeen::Open(facts), night);
        }
        let folder = self.dir.join("store");
        let owner = FileMode::of(&folder)
            .ok()
            .flatten()
            .map(|found| found.owner);
        if let Some(owner) = owner.filter(|owner| *owner != own_user()) {
            return (StoreSeen::Foreign(owner), NightFacts::default());
        }
        let opened = Store::open(&folder, &*self.clock, &*self.entropy, LOCK_WAIT);
        let read = opened.and_then(|store| {
            let current = store.current();
            let receipt = store
                .receipts()?
                .first()
                .map(|last| (last.at, last.outcome));
            let facts = StoreFacts {
                offers: current.head.count,
                mended: current.mended,
            };
            Ok((facts, receipt))
        });
        match read {
            Ok((facts, receipt)) => {
                let night = NightFacts {
                    receipt,
                    ..NightFacts::default()
                };
                (StoreSeen::Open(facts), night)
            }
            Err(error) => {
                let why = match self.words.0 {
                    Language::De => trouble::store(&error),
                    Language::En => error.to_string(),
                };
                (StoreSeen::Broken(why), NightFacts::default())
            }
        }
    }

    async fn reach(&self, config: &Config) -> Result<Option<Reach>, calluna_certs::CertError> {
        let Ok(bundle) = std::fs::read_to_string(self.dir.join(BUNDLE)) else {
            return Ok(None);
        };
        let clock = Arc::clone(&self.clock);
        calluna_probe::look(&config.hub, &bundle, clock, calluna_probe::PATIENCE)
            .await
            .map(Some)
    }

    fn proxies(&self) -> Option<Finding> {
        let set = |name: &&str| {
            let value = self.environment.get(name);
            value.is_some_and(|value| !value.is_empty())
        };
        let set: Vec<&str> = hub::PROXY_VARIABLES.into_iter().filter(set).collect();
        hub::proxies(self.words, &set)
    }
}

/// The directory, what is private in it, and who owns what.
fn faults(files: &[FileMode]) -> Vec<Fault> {
    let Some((dir, inside)) = files.split_first() else {
        return Vec::new();
    };
    let private = inside.iter().filter(|file| is_private(file));
    let exposed = std::iter::once(dir).chain(private);
    let exposed = exposed.filter_map(FileMode::exposed);
    let foreign = inside.iter().filter_map(|file| file.foreign(dir.owner));
    exposed.chain(foreign).collect()
}

/// Keys, settings and the control socket; certificates are for everybody.
fn is_private(file: &FileMode) -> bool {
    let end = file.path.extension().unwrap_or_default();
    ["key", "toml", "sock"]
        .iter()
        .any(|private| end == *private)
}

fn hub_time(reach: Option<&Reach>) -> Option<Moment> {
    let said = reach?.greeting.as_ref()?;
    said.as_ref().ok().map(|greeting| greeting.now)
}

/// A node that listens is dialled by the hub: that it cannot dial the hub itself is no failure.
fn mild(config: &Config, mut findings: Vec<Finding>) -> Vec<Finding> {
    if !config.listen.address.is_empty() {
        for finding in &mut findings {
            let reaching = ["dns", "port", "tls"].contains(&finding.id.as_str());
            if reaching && finding.level == Level::Failure {
                finding.level = Level::Warning;
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
