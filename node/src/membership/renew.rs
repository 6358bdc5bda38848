//! Keeping the certificate and the trust bundle fresh, without anybody noticing.
//!
//! - A certificate is renewed when two thirds of its life are over, with a new key, over the mutual TLS
//!   that the old one still opens. A lost answer is asked for again with the same key.
//! - A certificate that has expired (a node that was switched off over the summer) is renewed with the
//!   same key, through the door for those who have no certificate; the hub decides whether it may.
//! - A certificate that is not valid yet (it was given while a clock ran ahead) is renewed like that too.
//! - A hub that was restored from a backup may not know the certificate any more. The one before it is
//!   kept for that, and renewed instead.
//! - Whoever joins again in the directory of a node that runs is noticed here, and the new files are used.
//! - Whom to trust is asked at the start, once a day, and when the hub says in a night that it has
//!   something else than this node.
//!
//! A failure is kept for `status` and tried again, at first soon, then every hour: a third of the
//! certificate's life (ten days) is there for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_certs::trust::{TrustRefused, check_offered};
use calluna_certs::{CertError, Facts, NodeKey, renew_at, tls};
use calluna_model::clock::{Clock, Moment};
use calluna_model::entropy::Entropy;
use calluna_model::failure::Reaction;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_client::MembershipClient;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::transport::Channel;

use super::hub::{CALL, NoHub, connect};
use crate::config::SOFTWARE;
use crate::keyring::{Badge, Keyring, KeyringError};

/// Clock and files are looked at this often: a machine that slept, whose clock was set, or where somebody
/// joined again, is noticed.
const LOOK: Duration = Duration::from_secs(5);
/// How often the trust bundle is asked for.
const ASK_EVERY: i64 = 86_400;
/// How often the hub is asked while the district has not approved the provider.
const ASK_WAITING: i64 = 600;
/// First and longest wait after a failure, in seconds. In between it doubles.
const RETRY: (u64, u64) = (60, 3_600);

/// What the hub says in passing about what it gives as the trust bundle. Clones hear the same.
#[derive(Clone, Debug, Default)]
pub struct Hint {
    digest: Arc<Mutex<Option<[u8; 32]>>>,
    doubt: Arc<AtomicBool>,
    said: Arc<Notify>,
}

impl Hint {
    /// Notes the digest of the hub's trust bundle; an empty or odd one says nothing.
    pub fn heard(&self, digest: &[u8]) {
        let Ok(digest) = <[u8; 32]>::try_from(digest) else {
            return;
        };
        *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        self.said.notify_one();
    }

    /// Notes that the hub has sent this node away: asking for the trust bundle tells why.
    pub fn doubt(&self) {
        self.doubt.store(true, Ordering::Relaxed);
        self.said.notify_one();
    }

    fn differs_from(&self, own: &[u8; 32]) -> bool {
        if self.doubt.load(Ordering::Relaxed) {
            return true;
        }
        let heard = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        heard.is_some_and(|heard| heard != *own)
    }

    fn settled(&self) {
        self.doubt.store(false, Ordering::Relaxed);
        *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// How the renewal stands. Moments are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RenewalInfo {
    /// When the next certificate is due.
    pub due: Option<Moment>,
    /// When the hub last answered.
    pub answered_at: Option<Moment>,
    /// When a certificate was last renewed, since the daemon started.
    pub renewed_at: Option<Moment>,
    /// Failures in a row.
    pub failures: u64,
    /// Why the last try failed; empty when all is well.
    pub last_error: String,
    /// Whether the hub said no: then only the district office can help.
    pub refused: bool,
    /// Whether the district still has to approve the provider.
    pub waiting: bool,
}

/// [`RenewalInfo`] that changes. Clones show the same.
#[derive(Clone, Debug, Default)]
pub struct RenewalState(Arc<Mutex<RenewalInfo>>);

impl RenewalState {
    /// How it stands.
    #[must_use]
    pub fn look(&self) -> RenewalInfo {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn change(&self, change: impl FnOnce(&mut RenewalInfo)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Nothing was renewed.
#[derive(Debug, thiserror::Error)]
enum RenewError {
    #[error(transparent)]
    NoHub(#[from] NoHub),
    #[error("the hub refused: {}", .0.text)]
    Hub(PeerFailure),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    Trust(#[from] TrustRefused),
    #[error(transparent)]
    Tls(#[from] CertError),
    #[error(
        "the hub gave a certificate that is valid from {from} until {until}, but the clock of this machine says {now}; \
         look whether the clocks of both machines are right"
    )]
    Clock {
        from: Moment,
        until: Moment,
        now: Moment,
    },
}

impl From<Status> for RenewError {
    fn from(status: Status) -> Self {
        Self::Hub(PeerFailure::from(status))
    }
}

impl RenewError {
    /// Whether trying again cannot help.
    fn is_final(&self) -> bool {
        self.is_refusal()
    }

    /// Whether the hub does not know the certificate.
    fn is_unknown(&self) -> bool {
        matches!(self, Self::Hub(failure) if failure.reaction == Reaction::Unauthenticated)
    }

    /// Whether the hub said no.
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Hub(failure) if matches!(failure.reaction, Reaction::NotYours | Reaction::Unauthenticated))
    }
}

/// Renews certificate and trust bundle.
#[derive(Debug)]
pub struct Renewer {
    /// `host:port` of the hub.
    pub hub: String,
    /// What is renewed.
    pub keyring: Arc<Keyring>,
    /// What the hub says in passing.
    pub hint: Hint,
    /// Where it is told how it stands.
    pub state: RenewalState,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
}

impl Renewer {
    /// Renews whenever it is due, until `stop`.
    pub async fn keep(self, stop: CancellationToken) {
        let mut not_before = self.clock.now();
        loop {
            let now = self.clock.now();
            if self.reloaded() {
                not_before = now;
            }
            if !waits(not_before, now) && self.is_due(now) {
                let failures = self.turn().await;
                not_before = now.plus(self.pause(failures));
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.hint.said.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Whether other files were found on disk, and are in use now.
    fn reloaded(&self) -> bool {
        match self.keyring.reload_if_changed() {
            Ok(false) => false,
            Ok(true) => {
                tracing::info!(
                    "renewal: key, certificate or trust bundle on disk are others; they are in use now"
                );
                self.hint.doubt();
                true
            }
            Err(error) => {
                // Most likely they are just being replaced.
                tracing::debug!(%error, "renewal: the files on disk cannot be used; those in use stay");
                false
            }
        }
    }

    /// How long to leave the hub alone after so many failures in a row, in seconds, with jitter: the
    /// nodes of a district whose hub was away must not all come back in the same minute.
    fn pause(&self, failures: u64) -> i64 {
        if failures == 0 {
            return 0;
        }
        let (first, most) = RETRY;
        let doubled = first.saturating_mul(1 << (failures - 1).min(16)).min(most);
        i64::try_from(doubled / 2 + self.entropy.below(doubled / 2 + 1)).unwrap_or(i64::MAX)
    }

    fn is_due(&self, now: Moment) -> bool {
        let badge = self.keyring.now();
        let info = self.state.look();
        let every = if info.waiting { ASK_WAITING } else { ASK_EVERY };
        info.answered_at
            .is_none_or(|at| now.since(at) >= every || now < at)
            || renewal_due(&badge) <= now
            || !is_valid(&badge, now)
            || self.hint.differs_from(&badge.trust_digest())
    }

    /// Asks the hub once for all that is due now. Gives the failures in a row, this one included.
    pub async fn turn(&self) -> u64 {
        let ended = self.ask().await;
        let due = renewal_due(&self.keyring.now());
        let now = self.clock.now();
        self.state.change(|info| {
            info.due = Some(due);
            match &ended {
                Ok(renewed) => {
                    info.answered_at = Some(now);
                    info.failures = 0;
                    info.last_error.clear();
                    info.refused = false;
                    if *renewed {
                        info.renewed_at = Some(now);
                    }
                }
                Err(error) => {
                    info.failures += 1;
                    info.refused = error.is_final();
                    info.last_error = error.to_string();
                }
            }
        });
        if let Err(error) = &ended {
            tracing::warn!(%error, "renewal: nothing was renewed; it will be tried again");
        }
        self.state.look().failures
    }

    /// Whether the certificate is another one now.
    async fn ask(&self) -> Result<bool, RenewError> {
        match self.ask_as_now().await {
            Err(error) if error.is_unknown() && self.come_back().await => {
                self.ask_as_now().await?;
                Ok(true)
            }
            ended => ended,
        }
    }

    async fn ask_as_now(&self) -> Result<bool, RenewError> {
        let mut renewed = false;
        if !is_valid(&self.keyring.now(), self.clock.now()) {
            self.renew_in_grace().await?;
            renewed = true;
        }
        let badge = self.keyring.now();
        let config = tls::mutual_client(&badge.identity, tls::ALPN_GRPC)?;
        let mut hub = connect(&self.hub, config).await?;
        let wanted = self.ask_trust(&mut hub, &badge).await?;
        if wanted || renewal_due(&badge) <= self.clock.now() {
            self.renew(&mut hub, &badge).await?;
            renewed = true;
        }
        Ok(renewed)
    }

    /// The hub does not know this node's certificate: it was restored from a backup, perhaps. Whether
    /// the pair before that one could be renewed.
    async fn come_back(&self) -> bool {
        match self.renew_former().await {
            Ok(renewed) => renewed,
            Err(error) => {
                tracing::warn!(%error, "renewal: the hub does not know the certificate, and the one before it cannot be renewed");
                false
            }
        }
    }

    async fn renew_former(&self) -> Result<bool, RenewError> {
        let Some(former) = self.keyring.former()? else {
            return Ok(false);
        };
        if is_valid(&former, self.clock.now()) {
            let config = tls::mutual_client(&former.identity, tls::ALPN_GRPC)?;
            let mut hub = connect(&self.hub, config).await?;
            let key = self.keyring.next_key()?;
            let csr = key.csr_of(former.identity.peer())?;
            let certificate = call(&mut hub, csr, String::new()).await?;
            self.keyring.take_back(&key, &certificate)?;
        } else {
            let certificate = self.call_in_grace(&former, &former.key).await?;
            self.keyring.take_back(&former.key, &certificate)?;
        }
        tracing::warn!(
            "renewal: the hub had forgotten the certificate; the one before it was renewed"
        );
        self.told();
        Ok(true)
    }

    /// Takes the hub's trust bundle, if it is another one. Whether the hub wants the certificate to be
    /// renewed.
    async fn ask_trust(
        &self,
        hub: &mut MembershipClient<Channel>,
        badge: &Badge,
    ) -> Result<bool, RenewError> {
        let own = badge.trust_digest();
        let mut request = tonic::Request::new(pb::GetTrustBundleRequest {
            digest: own.to_vec(),
        });
        request.set_timeout(CALL);
        let pb::GetTrustBundleResponse {
            digest,
            trust_bundle_pem,
            revocation_lists_pem,
            vouchers_pem,
            renew,
            now: _,
            waiting,
        } = hub.get_trust_bundle(request).await?.into_inner();
        if digest != own {
            let now = self.clock.now();
            check_offered(&badge.bundle_pem, &trust_bundle_pem, &vouchers_pem, now)?;
            self.keyring
                .take_trust(&trust_bundle_pem, &revocation_lists_pem)?;
            tracing::info!("renewal: the trust bundle of the district was exchanged");
        }
        self.hint.settled();
        self.state.change(|info| info.waiting = waiting);
        Ok(renew)
    }

    /// With a new key, which is kept before the hub hears of it.
    async fn renew(
        &self,
        hub: &mut MembershipClient<Channel>,
        badge: &Badge,
    ) -> Result<(), RenewError> {
        let key = self.keyring.next_key()?;
        let csr = key.csr_of(badge.identity.peer())?;
        let certificate = call(hub, csr, String::new()).await?;
        self.keyring.take_certificate(Some(&key), &certificate)?;
        self.told();
        Ok(())
    }

    /// With a key that is on record at the hub: it is all that proves who this node is. If there is one
    /// whose answer was lost, that is the newest there, and the present one is not taken any more.
    async fn renew_in_grace(&self) -> Result<(), RenewError> {
        let badge = self.keyring.now();
        if let Some(key) = self.keyring.waiting_key()? {
            match self.call_in_grace(&badge, &key).await {
                Ok(certificate) => {
                    self.keyring.take_certificate(Some(&key), &certificate)?;
                    self.told();
                    return Ok(());
                }
                // The hub never heard of it.
                Err(error) if error.is_refusal() => {
                    tracing::debug!(%error, "renewal: the key that waits is not taken");
                }
                Err(error) => return Err(error),
            }
        }
        let certificate = self.call_in_grace(&badge, &badge.key).await?;
        self.keyring.take_certificate(None, &certificate)?;
        self.told();
        Ok(())
    }

    /// A certificate for `key`, through the door for those who have no valid one.
    async fn call_in_grace(&self, shown: &Badge, key: &NodeKey) -> Result<String, RenewError> {
        let config = tls::grace_client(&shown.identity)?;
        let mut hub = connect(&self.hub, config).await?;
        let csr = key.csr_of(shown.identity.peer())?;
        let certificate = call(&mut hub, csr, shown.certificate_pem.clone()).await?;
        let (facts, now) = (Facts::of_pem(&certificate)?, self.clock.now());
        let (from, until) = (facts.not_before, facts.not_after);
        // Otherwise it would be asked for again and again, without a pause.
        if !(from..until).contains(&now) {
            return Err(RenewError::Clock { from, until, now });
        }
        Ok(certificate)
    }

    fn told(&self) {
        let until = self.keyring.now().identity.not_after();
        tracing::info!(%until, "renewal: a new certificate is in use");
    }
}

async fn call(
    hub: &mut MembershipClient<Channel>,
    certificate_request: Vec<u8>,
    certificate_pem: String,
) -> Result<String, RenewError> {
    let mut request = tonic::Request::new(pb::RenewRequest {
        certificate_request,
        certificate_pem,
        software: SOFTWARE.to_owned(),
    });
    request.set_timeout(CALL);
    Ok(hub.renew(request).await?.into_inner().certificate_pem)
}

/// When two thirds of the certificate's life are over.
fn renewal_due(badge: &Badge) -> Moment {
    renew_at(badge.identity.not_before(), badge.identity.not_after())
}

fn is_valid(badge: &Badge, now: Moment) -> bool {
    (badge.identity.not_before()..badge.identity.not_after()).contains(&now)
}

/// Whether the pause after a failure is not over. No pause is longer than the longest: where more is
/// left, the clock was wrong when it was set, and is right now.
fn waits(not_before: Moment, now: Moment) -> bool {
    let longest = i64::try_from(RETRY.1).unwrap_or(i64::MAX);
    (1..=longest).contains(&not_before.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_was_set_by_a_wrong_clock_is_over() {
        let now = Moment(1_800_000_000);
        for (left, pauses) in [
            (-1, false),
            (0, false),
            (1, true),
            (3_600, true),
            (3_601, false),
        ] {
            assert_eq!(waits(now.plus(left), now), pauses, "{left}");
        }
        assert!(!waits(now.plus(365 * 86_400), now));
    }
}
