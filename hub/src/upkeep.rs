//! What the hub does for its own trust without being asked: it renews its certificate long before it
//! runs out. A failure is kept for `status`, `check` and the report, and tried again every hour.

use std::sync::Arc;
use std::time::Duration;

use calluna_audit::{Draft, Event};
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// The clock is looked at this often: a machine that slept, or whose clock was set, is noticed.
const LOOK: Duration = Duration::from_secs(20);
/// How long to wait after a failure, in seconds.
const RETRY: i64 = 3_600;

/// Does whatever is due, until `stop`.
pub async fn keep(hub: Arc<Hub>, stop: CancellationToken) {
    let mut not_before = hub.clock.now();
    loop {
        let now = hub.clock.now();
        if now >= not_before {
            let working = Arc::clone(&hub);
            let done = tokio::task::spawn_blocking(move || turn(&working));
            if !matches!(done.await, Ok(true)) {
                not_before = now.plus(RETRY);
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Does what is due now; whether all of it succeeded. Blocks.
pub fn turn(hub: &Hub) -> bool {
    hub.record_refusals(false);
    if hub.clock.now() < hub.trust.renewal_due() {
        return true;
    }
    let days = hub.config.certificates.hub_days;
    match hub.trust.renew_hub(days, hub.entropy.as_ref()) {
        Ok(until) => {
            tracing::info!(%until, "the hub's own certificate was renewed");
            let told = Draft::hub(Event::HubCertificateRenewed).with("not-after", until);
            if let Err(error) = hub.record([told]) {
                tracing::error!(%error, "the renewal could not be recorded in the audit log");
            }
            hub.trust.note_trouble(String::new());
            true
        }
        Err(error) => {
            let error = format!("the hub's own certificate could not be renewed: {error:#}");
            tracing::error!(error);
            hub.trust.note_trouble(error);
            false
        }
    }
}
