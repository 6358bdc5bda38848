//! `check`: looks at everything that a hub needs, and says what is wrong and what to do.
//!
//! What the store knows is handed in ([`Seen`]): a running daemon is asked for it, so that it never
//! has to be stopped. Files, clock and the way to the hub's own public address are looked at here.
//!
//! [`Checker`] finds out; `here`, `door` and `night` decide, each a function from facts to findings.

mod door;
mod here;
mod night;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Error;
use calluna_certs::tls::Identity;
use calluna_certs::{CertError, CertificateFacts, TrustBundle};
use calluna_host::check::{Fault, FileMode, Finding, Report, files_in, free_bytes};
use calluna_host::config::Environment;
use calluna_host::data_dir::DataDir;
use calluna_kv::KvError;
use calluna_model::clock::Clock;
use calluna_probe::Reach;
use calluna_store::StoreError;

use self::here::ClockSync;
use crate::config::{self, HubConfig};
use crate::trust::State;
use crate::view::{MemberDocument, StatusDocument};

const CA_CERT: &str = "ca.crt";
const HUB_CERT: &str = "hub.crt";
const HUB_KEY: &str = "hub.key";
const SOFTWARE: &str = concat!("calluna-hub ", env!("CARGO_PKG_VERSION"));

/// What the daemon, or the store, says.
#[derive(Debug)]
pub struct Seen {
    /// How the hub stands.
    pub status: StatusDocument,
    /// The members.
    pub members: Vec<MemberDocument>,
}

/// Looks at a hub.
#[derive(Debug)]
pub struct Checker<'a> {
    /// The data directory.
    pub dir: PathBuf,
    /// Where settings may come from besides `hub.toml`.
    pub environment: &'a dyn Environment,
    /// What time it is here.
    pub clock: Arc<dyn Clock>,
    /// Where the system notes what runs: `/run`.
    pub run: PathBuf,
    /// Look at this machine only, and do not expect a daemon.
    pub offline: bool,
}

impl Checker<'_> {
    /// Looks at everything; `seen` is what the daemon or the store said.
    pub async fn look(&self, seen: Result<Seen, Error>) -> Report {
        let now = self.clock.now();
        let mut report = Report::new(SOFTWARE, now);
        let config = config::read(&self.dir, self.environment);
        let mut machine = here::settings(&config, now);
        let files = files_in(&self.dir).unwrap_or_default();
        machine.extend(here::modes(&faults(&files)));
        let reserve = config.as_ref().map_or(0, |config| config.store.reserve_mib);
        machine.push(here::disk(&self.dir, free_bytes(&self.dir), reserve));
        machine.push(here::clock(self.synchronised()));
        report.add("This machine", machine);
        report.add("Certificates", self.certificates(seen.as_ref().ok()));
        let running = seen.as_ref().is_ok_and(|seen| seen.status.running);
        if let (Ok(config), false) = (&config, self.offline) {
            report.add("Door", self.door(config, running).await);
        }
        match seen {
            Ok(seen) => {
                report.add("Store", night::store(&seen.status));
                let schedule = config.ok().and_then(|config| config.night.schedule().ok());
                let schedule = schedule.flatten();
                let nights = night::nights(&seen.status, schedule.as_ref(), now, self.offline);
                report.add("Nights", nights);
            }
            Err(error) => report.add("Store", vec![closed(&error)]),
        }
        report
    }

    fn certificates(&self, seen: Option<&Seen>) -> Vec<Finding> {
        let now = self.clock.now();
        let read = |name: &str| {
            std::fs::read_to_string(self.dir.join(name)).map_err(|error| format!("{name}: {error}"))
        };
        let texts = self.authorities();
        let texts = texts.and_then(|all| Ok((all, read(HUB_CERT)?, read(HUB_KEY)?)));
        let (authorities, own, key) = match texts {
            Ok(texts) => texts,
            Err(why) => return vec![here::unfit(&why)],
        };
        let mut findings = Vec::new();
        let facts = |text: &str| CertificateFacts::all_of(text).unwrap_or_default();
        let chains = authorities.iter().flat_map(|chain| facts(chain));
        findings.extend(chains.map(|ca| here::authority(&ca, now)));
        findings.extend(facts(&own).first().map(|own| here::own(own, now)));
        findings.push(
            match bundle_of(&authorities).and_then(|bundle| Identity::from_pem(&own, &key, &bundle))
            {
                Ok(_) => Finding::ok(
                    "certificate-key",
                    "hub.crt, hub.key and ca.crt fit together",
                ),
                Err(error) => here::unfit(&error.to_string()),
            },
        );
        let warnings = seen.map(|seen| seen.status.trust_warnings.as_slice());
        findings.extend(warnings.unwrap_or_default().iter().map(|warning| {
            let way_out = "calluna-hub ca status shows how the authority stands";
            Finding::warning("authority", warning.as_str(), way_out)
        }));
        findings.extend(
            seen.map(|seen| here::members(&seen.members))
                .unwrap_or_default(),
        );
        findings
    }

    /// The chains of all authorities that are in use: while one is being replaced there are two.
    fn authorities(&self) -> Result<Vec<String>, String> {
        let dir = DataDir::open(&self.dir, "calluna-hub init").ok();
        let state = dir.and_then(|dir| State::read(&dir).ok());
        let names = state.map_or_else(|| vec![CA_CERT.to_owned()], |state| state.files());
        names
            .iter()
            .filter(|name| name.ends_with(".crt"))
            .map(|name| {
                std::fs::read_to_string(self.dir.join(name))
                    .map_err(|error| format!("{name}: {error}"))
            })
            .collect()
    }

    async fn door(&self, config: &HubConfig, running: bool) -> Vec<Finding> {
        let read = |name| std::fs::read_to_string(self.dir.join(name)).ok();
        let (Ok(authorities), Some(own)) = (self.authorities(), read(HUB_CERT)) else {
            // That they cannot be read is told with the certificates.
            return Vec::new();
        };
        let bundle = match bundle_of(&authorities) {
            Ok(bundle) => bundle,
            Err(error) => return vec![here::unfit(&error.to_string())],
        };
        let looked: Result<Reach, CertError> = calluna_probe::look(
            &config.address,
            &bundle,
            Arc::clone(&self.clock),
            calluna_probe::PATIENCE,
        )
        .await;
        let own = CertificateFacts::all_of(&own).ok();
        let own = own.and_then(|all| all.first().map(|own| own.fingerprint));
        match looked {
            Ok(reach) => door::way(&reach, own, running),
            Err(error) => vec![here::unfit(&error.to_string())],
        }
    }

    /// What the system's own service says. It is the only one that tells without root and without
    /// asking; chrony and ntpd do not, so then it stays unknown.
    fn synchronised(&self) -> ClockSync {
        let timesync = self.run.join("systemd/timesync");
        if timesync.join("synchronized").exists() {
            ClockSync::Yes
        } else if timesync.is_dir() {
            ClockSync::No
        } else {
            ClockSync::Unknown
        }
    }
}

/// Keys, settings and the control socket, and the directory itself; certificates are for everybody.
fn faults(files: &[FileMode]) -> Vec<Fault> {
    let Some((dir, inside)) = files.split_first() else {
        return Vec::new();
    };
    let private = |file: &&FileMode| {
        let end = file.path.extension().unwrap_or_default();
        ["key", "toml", "sock"]
            .iter()
            .any(|private| end == *private)
    };
    let exposed = std::iter::once(dir).chain(inside.iter().filter(private));
    let exposed = exposed.filter_map(FileMode::exposed);
    let foreign = inside.iter().filter_map(|file| file.foreign(dir.owner));
    exposed.chain(foreign).collect()
}

/// Why nothing can be said about store and members.
fn closed(error: &Error) -> Finding {
    let of_the_store = error
        .chain()
        .any(|cause| cause.is::<KvError>() || cause.is::<StoreError>());
    let why = format!("{error:#}");
    if of_the_store {
        Finding::failure("store-opens", "the store cannot be opened", why)
    } else {
        Finding::failure(
            "hub-opens",
            "the hub cannot be opened, so nothing is known of store and nights",
            why,
        )
    }
}

/// The roots at the ends of these chains, PEM.
fn bundle_of(chains: &[String]) -> Result<String, CertError> {
    let mut all = String::new();
    for chain in chains {
        all.push_str(&TrustBundle::of_chain_pem(chain)?.to_pem());
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
