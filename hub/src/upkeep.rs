//! What the hub does for its own trust without being asked: it renews its certificate long before it
//! runs out, replaces the district's authority before its end, and makes the revocation lists. A failure
//! is kept for `status`, `check` and the report, and tried again every hour.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use calluna_audit::{Draft, Event};
use tokio_util::sync::CancellationToken;

use crate::ca;
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
        // A clock that was ahead when something failed must not keep it from being tried for months.
        if now >= not_before || not_before.since(now) > RETRY {
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
    // While the key is locked nothing can be done, and `status` says so; to try is not needed.
    if hub.trust.now().authority().is_err() {
        return true;
    }
    let done = renew(hub)
        .context("the hub's own certificate could not be renewed")
        .and_then(|()| ca::turn(hub).context("the authority could not be looked after"));
    let trouble = done.err().map(|error| format!("{error:#}"));
    if let Some(error) = &trouble {
        tracing::error!(error);
    }
    let well = trouble.is_none();
    hub.trust.note_trouble(trouble.unwrap_or_default());
    well
}

fn renew(hub: &Hub) -> Result<()> {
    if hub.clock.now() >= hub.trust.renewal_due() {
        let days = hub.config.certificates.hub_days;
        let until = hub.trust.renew_hub(days, hub.entropy.as_ref())?;
        tracing::info!(%until, "the hub's own certificate was renewed");
        let told = Draft::hub(Event::HubCertificateRenewed).with("not-after", until);
        hub.record([told])
            .context("it cannot be recorded in the audit log")?;
    }
    Ok(())
}
