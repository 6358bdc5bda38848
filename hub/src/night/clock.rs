//! Begins nights by the schedule.

use std::sync::Arc;
use std::time::Duration;

use calluna_model::clock::Moment;
use calluna_sync::timetable::{Due, Timetable};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Wish, run};
use crate::hub::Hub;

/// The clock is looked at this often: a machine that slept, or whose clock was set, is noticed.
const LOOK: Duration = Duration::from_secs(20);

/// Begins every night that is due, until `stop`. `aborted`: the newest night was cut off.
pub async fn keep(hub: Arc<Hub>, aborted: bool, stop: CancellationToken) {
    let Some(schedule) = hub.schedule.clone() else {
        tracing::info!("no schedule: nights begin by hand only");
        return;
    };
    let last = match hub.store.last_whole_night() {
        Ok(last) => last,
        Err(error) => {
            tracing::error!(%error, "whether a night was missed cannot be told");
            None
        }
    };
    let now = hub.clock.now();
    let catch_up = hub.config.night.catch_up;
    let mut timetable = Timetable::new(schedule, now, last, aborted, catch_up);
    let mut told = None;
    while !stop.is_cancelled() {
        let now = hub.clock.now();
        match timetable.ask(now) {
            Due::Night(trigger) => {
                hub.show_next_night(None);
                // Nobody watches; the report is kept and shown by `status`.
                let (events, mut happened) = mpsc::channel(64);
                let unheard = async { while happened.recv().await.is_some() {} };
                let wish = Wish::unattended(trigger);
                let (ended, ()) = tokio::join!(run(&hub, &wish, events), unheard);
                if let Err(error) = ended {
                    tracing::error!(error = format!("{error:#}"), "the night could not be held");
                }
            }
            Due::At(next) => {
                hub.show_next_night(next);
                if told != Some(next) {
                    tell(&hub, next);
                    told = Some(next);
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause(now, next)) => {}
                }
            }
        }
    }
}

fn pause(now: Moment, next: Option<Moment>) -> Duration {
    let left = next.map_or(i64::MAX, |next| next.since(now).max(1));
    LOOK.min(Duration::from_secs(u64::try_from(left).unwrap_or(1)))
}

fn tell(hub: &Hub, next: Option<Moment>) {
    match (next, &hub.schedule) {
        (Some(next), Some(schedule)) => {
            tracing::info!(next = schedule.local(next), "next night by the clock");
        }
        _ => tracing::warn!("the schedule has no further night"),
    }
}
