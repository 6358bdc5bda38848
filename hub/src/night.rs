//! A night: every provider, some at once, each for itself.
//!
//! This module performs what `calluna-sync` decides. One provider's trouble is one line in the
//! report: each runs in a task of its own, with a deadline of its own (invariant 6).

mod exchange;
mod provider;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use calluna_model::id::ProviderId;
use calluna_model::member::Member;
use calluna_model::outcome::Outcome;
use calluna_model::report::{NightReport, NightState, ProviderReport};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::hub::Hub;

/// Something happened in a running night.
#[derive(Debug)]
pub enum Event {
    /// How many providers there are to do.
    Begins(usize),
    /// One is done.
    Provider(ProviderReport),
}

/// Runs a night over `only` (all joined members when empty) and writes its report. One night runs
/// at a time; a second one waits.
///
/// # Errors
/// When a name is not a member, or the store cannot be written. A provider's own trouble is no
/// error: it is an outcome.
pub async fn run(
    hub: &Arc<Hub>,
    only: &[ProviderId],
    events: mpsc::Sender<Event>,
) -> Result<NightReport> {
    let _one_at_a_time = hub.night.lock().await;
    let members = members(hub, only)?;
    let mut report = blocking(hub, |hub| Ok(hub.store.begin_night(hub.clock.now())?)).await?;
    // Nobody may be listening (any more): the night goes on all the same.
    let _nobody = events.send(Event::Begins(members.len())).await;
    tracing::info!(
        night = report.night,
        providers = members.len(),
        "night begins"
    );
    let lines = all(hub, members, report.night, &events).await;
    report.providers = lines.into_values().collect();
    report.ended_at = Some(hub.clock.now());
    report.state = NightState::Finished;
    let kept = report.clone();
    blocking(hub, move |hub| Ok(hub.store.save_night(&kept)?)).await?;
    tracing::info!(night = report.night, clean = report.clean(), "night ends");
    Ok(report)
}

fn members(hub: &Hub, only: &[ProviderId]) -> Result<Vec<Member>> {
    let mut members = hub.store.members()?;
    for wanted in only {
        let Some(member) = members.iter().find(|member| member.id == *wanted) else {
            bail!("there is no member `{wanted}`; `calluna-hub members` lists them");
        };
        if member.joined_at.is_none() {
            bail!("`{wanted}` is invited, but its node has not joined yet");
        }
    }
    members.retain(|member| {
        member.joined_at.is_some() && (only.is_empty() || only.contains(&member.id))
    });
    Ok(members)
}

async fn all(
    hub: &Arc<Hub>,
    members: Vec<Member>,
    night: u64,
    events: &mpsc::Sender<Event>,
) -> BTreeMap<ProviderId, ProviderReport> {
    let room = Arc::new(Semaphore::new(hub.config.night.providers_at_once.get()));
    let mut running = JoinSet::new();
    let mut whose = BTreeMap::new();
    for member in members {
        let (hub, room, id) = (Arc::clone(hub), Arc::clone(&room), member.id.clone());
        let task = running.spawn(async move { provider::night(&hub, member, night, &room).await });
        whose.insert(task.id(), id);
    }
    let mut lines = BTreeMap::new();
    while let Some(ended) = running.join_next_with_id().await {
        let line = match ended {
            Ok((_, line)) => line,
            Err(cut) => {
                // A panic is our own fault and one provider's line, never the end of the night.
                let Some(id) = whose.get(&cut.id()) else {
                    continue;
                };
                tracing::error!(provider = %id, "the night of this provider ended in a panic");
                let mut line = ProviderReport::new(id.clone(), Outcome::Failed);
                line.note =
                    "an internal error ended this provider's night; see the hub's log".into();
                line
            }
        };
        let _nobody = events.send(Event::Provider(line.clone())).await;
        lines.insert(line.provider.clone(), line);
    }
    lines
}

/// Runs something that blocks on the disk beside the runtime.
pub(crate) async fn blocking<T, F>(hub: &Arc<Hub>, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(&Hub) -> Result<T> + Send + 'static,
{
    let hub = Arc::clone(hub);
    let workers = hub.workers;
    workers
        .run(move || work(&hub))
        .await
        .context("a task of the store was ended")?
}
