//! One provider's attempts within a night, and the line that they end in.

use std::sync::Arc;
use std::time::Duration;

use calluna_model::member::{Member, Reach};
use calluna_model::outcome::Outcome;
use calluna_model::report::ProviderReport;

use super::{Night, provider};
use crate::current::End;
use crate::hub::Hub;

/// Tries a provider until both sides agree, a person is needed, or the night is over.
pub(super) async fn run(hub: &Arc<Hub>, member: Member, night: &Night) -> ProviderReport {
    let mut line = ProviderReport::new(member.id.clone(), Outcome::Partial);
    let mut noted = false;
    if put_off(hub, night).await {
        loop {
            (line, noted) = provider::attempt(hub, &member, night, &line).await;
            if !again(hub, &member, night, &line).await {
                break;
            }
            tracing::info!(provider = %line.provider, attempt = line.attempts, outcome = %line.outcome, note = line.note, "trying again");
            line.attempts += 1;
        }
    } else {
        line.note = "the night ended before its turn".into();
    }
    if let Some(why) = night.ending.why().filter(|_| !line.outcome.agreed()) {
        if line.note.is_empty() {
            line.note = why.to_string();
        }
        // It is not the provider's fault: it is not counted as a missed night.
        noted |= why != End::Window;
    }
    if !noted {
        note(hub, &mut line).await;
    }
    tracing::info!(provider = %line.provider, outcome = %line.outcome, attempts = line.attempts, note = line.note, "provider done");
    line
}

/// Waits a while of its own, so that not all begin in the same second. `false`: the night is over.
async fn put_off(hub: &Hub, night: &Night) -> bool {
    let most = u64::try_from(night.jitter.as_millis()).unwrap_or(u64::MAX);
    let wait = Duration::from_millis(hub.entropy.below(most));
    tokio::select! {
        _ = night.ending.ended() => false,
        () = tokio::time::sleep(wait) => true,
    }
}

/// Waits for the next attempt; `false` when there is none.
async fn again(hub: &Hub, member: &Member, night: &Night, line: &ProviderReport) -> bool {
    let Some(retry) = night.retry else {
        return false;
    };
    let Some(wait) = retry.wait(line.attempts, line.outcome, hub.entropy.as_ref()) else {
        return false;
    };
    tokio::select! {
        _ = night.ending.ended() => false,
        () = pause(hub, member, wait) => true,
    }
}

/// Waits at most `wait`: a node that is away is tried as soon as it is back.
async fn pause(hub: &Hub, member: &Member, wait: Duration) {
    let away = member.reach == Reach::DialsOut && hub.links.get(&member.id).is_none();
    if away {
        let _back_or_not = hub.links.wait(&member.id, wait).await;
    } else {
        tokio::time::sleep(wait).await;
    }
}

/// Writes how it ended, and fills in what readers see where the night did not get that far.
async fn note(hub: &Arc<Hub>, line: &mut ProviderReport) {
    let mut kept = line.clone();
    let noted = super::blocking(hub, move |hub| {
        if let Some(published) = hub.store.provider(&kept.provider)?.published {
            kept.offers = published.offers;
            kept.quarantined = published.quarantined;
        }
        hub.store.note_exchange(&kept, hub.clock.now())?;
        Ok(kept)
    });
    match noted.await {
        Ok(kept) => *line = kept,
        Err(error) => {
            // What readers see is as the outcome says; only the note about it is missing.
            let error = format!("{error:#}");
            tracing::error!(provider = %line.provider, error, "the outcome could not be noted");
            line.note = error;
            line.outcome = Outcome::Failed;
        }
    }
}
