//! Hands the report on: by mail, to an address, and as a sign of life. A delivery that fails is
//! tried again for a while, noted and logged; how the night ended has nothing to do with it.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use calluna_certs::files::check_private;
use calluna_host::config::Secret;
use calluna_host::out;
use calluna_model::clock::Moment;
use calluna_model::report::{Delivery, NightReport, Way};

use super::{MorningReport, http, mail, make, subject, summary, text};
use crate::config::{HubConfig, When};
use crate::hub::Hub;

/// How long one try may take.
pub(super) const TRY: Duration = Duration::from_secs(30);
/// How long is waited before each further try: a restart of the mail server and a grey list pass.
const PAUSES: [u64; 5] = [5, 20, 60, 300, 900];
/// How long a `sync` without a daemon waits for its reports before it ends all the same.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// How long a try that is being made may go on when the process ends.
const LAST_TRY: Duration = Duration::from_secs(5);
/// Longest reason that is kept, in characters.
const REASON_CHARS: usize = 300;

/// Why a report was not delivered.
#[derive(Debug)]
pub(super) struct Failure {
    /// In words; no secret in it.
    pub(super) reason: String,
    /// It may go better a little later.
    pub(super) passing: bool,
}

impl Failure {
    pub(super) fn final_(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            passing: false,
        }
    }

    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            passing: true,
        }
    }

    /// Short, on one line, and unable to steer a terminal: a server has written part of it.
    fn told(&self) -> String {
        out::safe(&self.reason.chars().take(REASON_CHARS).collect::<String>())
    }
}

/// Delivers the report of a night over all providers, beside everything else.
pub fn deliver(hub: &Arc<Hub>, night: &NightReport, over_all: bool) {
    if !over_all || !Sender::of(hub).has_somewhere() {
        return;
    }
    let (shared, number) = (Arc::clone(hub), night.night);
    hub.deliveries.spawn(async move {
        let asked = Arc::clone(&shared);
        let made = tokio::task::spawn_blocking(move || make(&asked, Some(number))).await;
        match made {
            Ok(Ok(Some(report))) => deliver_all(&shared, &report).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::error!(night = number, %error, "the report was not made"),
            Err(_) => tracing::error!(night = number, "the report was not made"),
        }
    });
}

/// Waits for deliveries that are under way; what is not done after `patience` is given up.
pub async fn settle(hub: &Hub, patience: Duration) {
    hub.deliveries.close();
    let waited = tokio::time::timeout(patience, hub.deliveries.wait()).await;
    if waited.is_err() {
        hub.closing.cancel();
        let _as_long_as_it_may = tokio::time::timeout(LAST_TRY, hub.deliveries.wait()).await;
    }
}

async fn deliver_all(hub: &Arc<Hub>, report: &MorningReport) {
    let sender = Sender::of(hub);
    tokio::join!(
        on_way(hub, report, Way::Mail, &sender),
        on_way(hub, report, Way::Webhook, &sender),
        on_way(hub, report, Way::Heartbeat, &sender),
    );
}

async fn on_way(hub: &Arc<Hub>, report: &MorningReport, way: Way, sender: &Sender<'_>) {
    if !sender.wants(way, report) {
        return;
    }
    let pauses = PAUSES.into_iter().map(Some).chain([None]);
    for (tries, pause) in (1..).zip(pauses) {
        let tried = sender.send(way, report).await;
        let at = hub.clock.now();
        let again = tried.as_ref().is_err_and(|failure| failure.passing);
        let pause = pause.filter(|_| again && !hub.closing.is_cancelled());
        let next = pause.map(|seconds| at.plus(i64::try_from(seconds).unwrap_or(i64::MAX)));
        let delivery = Delivery {
            way,
            night: report.night,
            at,
            tries,
            failure: tried
                .err()
                .map(|failure| failure.told())
                .unwrap_or_default(),
            next,
        };
        keep(hub, delivery.clone()).await;
        let Some(seconds) = pause else { return };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
            () = hub.closing.cancelled() => {
                keep(hub, Delivery { next: None, ..delivery }).await;
                return;
            }
        }
    }
}

async fn keep(hub: &Arc<Hub>, delivery: Delivery) {
    let Delivery {
        way,
        night,
        tries,
        failure,
        ..
    } = &delivery;
    let way = way.as_str();
    if failure.is_empty() {
        tracing::info!(way, night, tries, "report delivered");
    } else {
        tracing::warn!(way, night, tries, failure, "report not delivered");
    }
    let hub = Arc::clone(hub);
    let kept = tokio::task::spawn_blocking(move || hub.store.save_delivery(&delivery)).await;
    if let Ok(Err(error)) = kept {
        tracing::error!(%error, "how the report was delivered could not be noted");
    }
}

/// Where reports go, and how.
#[derive(Debug)]
pub struct Sender<'a> {
    config: &'a HubConfig,
    dir: PathBuf,
    now: Moment,
}

/// How sending a report once on one way went.
#[derive(Debug)]
pub struct Sent {
    /// The way.
    pub way: Way,
    /// To where, in words.
    pub to: String,
    /// Why it failed; nothing when it was delivered.
    pub failure: Option<String>,
}

impl<'a> Sender<'a> {
    /// A sender with the settings of the data directory `dir`.
    #[must_use]
    pub fn new(config: &'a HubConfig, dir: &Path, now: Moment) -> Self {
        Self {
            config,
            dir: dir.to_owned(),
            now,
        }
    }

    fn of(hub: &'a Hub) -> Self {
        // A hub without a directory (in a simulation) has no files that settings could name.
        let dir = hub.dir.as_ref().map_or(Path::new(""), |dir| dir.path());
        Self::new(&hub.config, dir, hub.clock.now())
    }

    /// Whether anything is set at all.
    #[must_use]
    pub fn has_somewhere(&self) -> bool {
        Way::ALL.into_iter().any(|way| self.is_set(way))
    }

    fn is_set(&self, way: Way) -> bool {
        let HubConfig { mail, webhook, .. } = self.config;
        match way {
            Way::Mail => !mail.server.is_empty(),
            Way::Webhook => webhook.url.get().is_some(),
            Way::Heartbeat => webhook.heartbeat_url.get().is_some(),
        }
    }

    /// Whether this report is one that is to be sent on this way.
    fn wants(&self, way: Way, report: &MorningReport) -> bool {
        let due = |when| when == When::Always || report.look;
        self.is_set(way)
            && match way {
                Way::Mail => due(self.config.mail.when),
                Way::Webhook => due(self.config.webhook.when),
                Way::Heartbeat => report.ok,
            }
    }

    /// Sends a report once on every way that is set, whatever `when` says; the sign of life only
    /// if all is well, or it would lie.
    pub async fn send_once(&self, report: &MorningReport) -> Vec<Sent> {
        let mut all = Vec::new();
        for way in Way::ALL {
            if self.is_set(way) && (way != Way::Heartbeat || report.ok) {
                let sent = self.send(way, report).await;
                all.push(Sent {
                    way,
                    to: self.whereto(way),
                    failure: sent.err().map(|failure| failure.told()),
                });
            }
        }
        all
    }

    fn whereto(&self, way: Way) -> String {
        let HubConfig { mail, webhook, .. } = self.config;
        match way {
            Way::Mail => format!("{}:{}", mail.server, mail.port.unwrap_or(mail.tls.port())),
            Way::Webhook => webhook.url.host().to_owned(),
            Way::Heartbeat => webhook.heartbeat_url.host().to_owned(),
        }
    }

    async fn send(&self, way: Way, report: &MorningReport) -> Result<(), Failure> {
        let HubConfig { mail, webhook, .. } = self.config;
        match way {
            Way::Mail => {
                let words = mail::Words {
                    subject: subject(report, mail.lang),
                    body: text(report, mail.lang),
                    id: format!("night-{}.{}", report.night, report.started_at.0),
                };
                let own_name = self.config.address.as_str();
                in_time(mail::send(mail, &self.dir, own_name, words, self.now)).await
            }
            Way::Webhook => {
                let token = secret_in(&self.dir, &webhook.token_file)?;
                let call = http::Call {
                    address: webhook.url.clone(),
                    authorities: file_in(&self.dir, &webhook.ca_file)?,
                    token,
                    body: Some(body(report, webhook.lang)?),
                };
                on_thread(call).await
            }
            Way::Heartbeat => {
                let call = http::Call {
                    address: webhook.heartbeat_url.clone(),
                    authorities: file_in(&self.dir, &webhook.ca_file)?,
                    token: None,
                    body: None,
                };
                on_thread(call).await
            }
        }
    }
}

/// The report as JSON, with its words: `text` is what most chat programs look for.
fn body(
    report: &MorningReport,
    language: calluna_model::text::Language,
) -> Result<String, Failure> {
    let failed = |error: serde_json::Error| Failure::final_(error.to_string());
    let mut value = serde_json::to_value(report).map_err(failed)?;
    if let Some(object) = value.as_object_mut() {
        object.insert("summary".into(), summary(report, language).into());
        object.insert("text".into(), text(report, language).into());
    }
    serde_json::to_string(&value).map_err(failed)
}

async fn in_time(sending: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let late = || Failure::passing(format!("no answer within {} s", TRY.as_secs()));
    tokio::time::timeout(TRY, sending)
        .await
        .map_err(|_| late())?
}

async fn on_thread(call: http::Call) -> Result<(), Failure> {
    let called = tokio::task::spawn_blocking(move || call.make()).await;
    called.unwrap_or_else(|_| Err(Failure::passing("an internal task ended")))
}

/// The bytes of a file that a setting names; nothing where it names none.
pub(super) fn file_in(dir: &Path, file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let path = dir.join(file);
    let bytes = std::fs::read(&path);
    bytes
        .map(Some)
        .map_err(|error| Failure::final_(format!("cannot read {}: {error}", path.display())))
}

/// The secret alone on the first line of a file that nobody else can read.
pub(super) fn secret_in(dir: &Path, file: &Path) -> Result<Option<Secret>, Failure> {
    let Some(bytes) = file_in(dir, file)? else {
        return Ok(None);
    };
    check_private(&dir.join(file)).map_err(|error| Failure::final_(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().next().unwrap_or_default().trim();
    if first.is_empty() {
        let path = dir.join(file);
        let reason = format!(
            "{} is empty; write the secret on its first line",
            path.display()
        );
        return Err(Failure::final_(reason));
    }
    Ok(Some(Secret::new(first.to_owned())))
}
