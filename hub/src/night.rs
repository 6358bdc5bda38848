//! A night: every provider, some at once, each for itself.
//!
//! This module performs what `calluna-sync` decides. One provider's trouble is one line in the
//! report: each runs in a task of its own, with a deadline of its own (invariant 6). [`clock`]
//! begins nights by the schedule; `sync` begins the same by hand.

mod attempts;
pub mod clock;
mod exchange;
mod provider;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use calluna_model::id::ProviderId;
use calluna_model::member::Member;
use calluna_model::outcome::Outcome;
use calluna_model::report::{NightReport, NightState, ProviderReport, Trigger};
use calluna_sync::retry::Retry;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backup;
use crate::current::{End, Ending};
use crate::dataset;
use crate::hub::Hub;

pub use self::told::close_aborted;

/// How often a running night writes down which providers are done.
const WRITE_DOWN: Duration = Duration::from_secs(2);

/// What a night is to do.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Only these providers; all joined members when empty.
    pub only: Vec<ProviderId>,
    /// Why it begins.
    pub trigger: Trigger,
    /// Compare the catalogues as a whole, also where both heads are the same, and check every
    /// stored record against its fingerprint.
    pub verify: bool,
    /// Spread the providers, try again what may pass, and end with the window.
    pub patient: bool,
}

impl Wish {
    /// A night over all providers that nobody waits for.
    #[must_use]
    pub fn unattended(trigger: Trigger) -> Self {
        Self {
            trigger,
            patient: true,
            ..Self::default()
        }
    }
}

/// Something happened in a running night.
#[derive(Debug)]
pub enum Event {
    /// Another night runs; this one begins after it.
    Waits,
    /// How many providers there are to do.
    Begins(usize),
    /// One is done.
    Provider(ProviderReport),
}

/// What the tasks of one night share.
#[derive(Clone, Debug)]
struct Night {
    number: u64,
    ending: Ending,
    verify: bool,
    /// Up to how much a provider is put off at the beginning.
    jitter: Duration,
    /// How to try again; nothing for a single attempt.
    retry: Option<Retry>,
    room: Arc<Semaphore>,
}

/// Runs a night and writes its report. One night runs at a time; a second one waits.
///
/// # Errors
/// When a name is not a member, or the store cannot be written. A provider's own trouble is no
/// error: it is an outcome.
pub async fn run(hub: &Arc<Hub>, wish: &Wish, events: mpsc::Sender<Event>) -> Result<NightReport> {
    let _one_at_a_time = match hub.current.turn_now() {
        Some(turn) => turn,
        None => {
            // Nobody may be listening (any more): the night goes on all the same, here and below.
            let _nobody = events.send(Event::Waits).await;
            hub.current.turn().await
        }
    };
    let members = members(hub, &wish.only)?;
    let (trigger, whole) = (wish.trigger, wish.only.is_empty());
    let begin = move |hub: &Hub| Ok(hub.store.begin_night(hub.clock.now(), trigger, whole)?);
    let mut report = blocking(hub, begin).await?;
    let _nobody = events.send(Event::Begins(members.len())).await;
    tracing::info!(
        night = report.night,
        trigger = %trigger,
        providers = members.len(),
        "night begins"
    );
    let night = Night::new(hub, report.night, wish);
    tokio::select! {
        () = all(hub, members, &night, &mut report, &events) => {}
        // Never ready: it only ends the night when its window is over.
        () = window(hub, &night, wish.patient) => {}
    }
    hub.current.done();
    report.ended_at = Some(hub.clock.now());
    report.state = match night.ending.why() {
        Some(End::Operator) => NightState::Cancelled,
        Some(End::Stop) => NightState::Aborted,
        Some(End::Window) | None => NightState::Finished,
    };
    let ended = report.clone();
    blocking(hub, move |hub| told::save(hub, &ended)).await?;
    tracing::info!(night = report.night, state = %report.state, clean = report.clean(), "night ends");
    if report.state == NightState::Finished && whole {
        // Before the report, which tells how it went.
        blocking(hub, |hub| {
            dataset::after_night(hub);
            backup::after_night(hub);
            Ok(())
        })
        .await?;
    }
    if report.state == NightState::Finished {
        crate::report::deliver(hub, &report, whole);
    }
    Ok(report)
}

impl Night {
    fn new(hub: &Hub, number: u64, wish: &Wish) -> Self {
        let config = &hub.config.night;
        let seconds = Duration::from_secs;
        let retry = Retry::new(
            seconds(config.retry_first_seconds),
            seconds(config.retry_most_seconds),
        );
        Self {
            number,
            ending: hub.current.begin(number),
            verify: wish.verify,
            jitter: seconds(if wish.patient {
                config.jitter_seconds
            } else {
                0
            }),
            retry: wish.patient.then_some(retry),
            room: Arc::new(Semaphore::new(config.providers_at_once.get())),
        }
    }
}

/// Ends the night when its window is over; a night that somebody waits for has none.
async fn window(hub: &Hub, night: &Night, patient: bool) {
    if patient {
        tokio::time::sleep(Duration::from_secs(hub.config.night.window_minutes * 60)).await;
        night.ending.end(End::Window);
    }
    std::future::pending::<()>().await;
}

async fn save(hub: &Arc<Hub>, report: &NightReport) -> Result<()> {
    let kept = report.clone();
    blocking(hub, move |hub| Ok(hub.store.save_night(&kept)?)).await
}

fn members(hub: &Hub, only: &[ProviderId]) -> Result<Vec<Member>> {
    let mut members = hub.store.members()?;
    for wanted in only {
        let Some(member) = members.iter().find(|member| member.id == *wanted) else {
            bail!("there is no member `{wanted}`; `calluna-hub members` lists them");
        };
        if let Some(at) = member.revoked_at {
            bail!("`{wanted}` was revoked on {at}; to have it back, invite it again");
        }
        if member.joined_at.is_none() {
            bail!("`{wanted}` is invited, but its node has not joined yet");
        }
        if member.waiting {
            bail!("`{wanted}` waits for your approval: `calluna-hub approve {wanted}`");
        }
    }
    members.retain(|member| member.takes_part() && (only.is_empty() || only.contains(&member.id)));
    Ok(members)
}

/// Every provider's night; the report's lines, in order of the provider id.
async fn all(
    hub: &Arc<Hub>,
    members: Vec<Member>,
    night: &Night,
    report: &mut NightReport,
    events: &mpsc::Sender<Event>,
) {
    let mut running = JoinSet::new();
    let mut whose = BTreeMap::new();
    for member in members {
        let (hub, night, id) = (Arc::clone(hub), night.clone(), member.id.clone());
        let task = running.spawn(async move { attempts::run(&hub, member, &night).await });
        whose.insert(task.id(), id);
    }
    let mut lines = BTreeMap::new();
    let mut written = Instant::now();
    while let Some(ended) = running.join_next_with_id().await {
        let line = match ended {
            Ok((_, line)) => line,
            Err(cut) => {
                let Some(id) = whose.get(&cut.id()) else {
                    continue;
                };
                fallen(id)
            }
        };
        let _nobody = events.send(Event::Provider(line.clone())).await;
        lines.insert(line.provider.clone(), line);
        if written.elapsed() > WRITE_DOWN && !running.is_empty() {
            // Should the process be killed now, the report still says who was done.
            report.providers = lines.values().cloned().collect();
            if let Err(error) = save(hub, report).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the report so far was not written"
                );
            }
            written = Instant::now();
        }
    }
    report.providers = lines.into_values().collect();
}

/// A panic is our own fault and one provider's line, never the end of the night.
fn fallen(id: &ProviderId) -> ProviderReport {
    tracing::error!(provider = %id, "the night of this provider ended in a panic");
    let mut line = ProviderReport::new(id.clone(), Outcome::Failed);
    line.note = "an internal error ended this provider's night; see the hub's log".into();
    line
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
