//! One provider's night, from the connection to its line in the report.

use std::sync::Arc;
use std::time::Duration;

use calluna_model::failure::{Failure, Reaction};
use calluna_model::member::{Member, Reach};
use calluna_model::outcome::Outcome;
use calluna_model::report::ProviderReport;
use calluna_store::StoreError;
use calluna_sync::stream::Violation;
use calluna_wire::convert::ContractBroken;
use calluna_wire::status::PeerFailure;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::exchange::Exchange;
use crate::hub::Hub;
use crate::link::{Connection, dial::dial};

/// Why a provider's night ended before both sides agreed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The connection is gone, or the node did not answer in time.
    #[error("{0}")]
    Lost(String),
    /// The node answered with a failure of its own.
    #[error("the node answered: {0}")]
    Peer(#[from] PeerFailure),
    /// The node broke the contract.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// A message could not be read.
    #[error(transparent)]
    Contract(#[from] ContractBroken),
    /// The hub's store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Both sides kept changing, or did not come to agree.
    #[error("{0}")]
    NoAgreement(&'static str),
    /// Something of the hub's own ended.
    #[error("an internal task of the hub was ended; see the hub's log")]
    Internal,
    /// What came back is no message of the contract.
    #[error("the node's answer does not keep the contract: {0}; update calluna-node")]
    NotOurs(String),
}

impl Broken {
    /// The outcome, given whether something was committed before it broke.
    fn outcome(&self, committed: bool) -> Outcome {
        let passing = if committed {
            Outcome::Partial
        } else {
            Outcome::Unreachable
        };
        match self {
            Self::Lost(_) => passing,
            Self::Peer(failure) => match failure.reaction() {
                Reaction::ComeBackLater | Reaction::AskOperator => passing,
                _ => Outcome::Refused,
            },
            Self::Violation(_) | Self::Contract(_) => Outcome::Refused,
            Self::NoAgreement(_) => Outcome::Partial,
            Self::Store(_) | Self::Internal => Outcome::Failed,
            Self::NotOurs(_) => Outcome::Refused,
        }
    }
}

/// Performs one provider's night and notes how it ended.
pub(super) async fn night(
    hub: &Arc<Hub>,
    member: Member,
    night: u64,
    room: &Semaphore,
) -> ProviderReport {
    // Waiting for a connection takes no room: a node that is away costs the others nothing.
    let waited = Instant::now();
    let connection = connect(hub, &member).await;
    let waiting = waited.elapsed();
    let Ok(_place) = room.acquire().await else {
        return ProviderReport::new(member.id, Outcome::Failed);
    };
    let begun = Instant::now();
    let (mut line, noted) = match connection {
        Ok(connection) => with_deadline(hub, &member, night, connection).await,
        Err(note) => {
            let mut line = ProviderReport::new(member.id.clone(), Outcome::Unreachable);
            line.note = note;
            line.millis = millis(waiting);
            (line, false)
        }
    };
    line.millis += millis(begun.elapsed());
    if !noted {
        note(hub, &mut line).await;
    }
    tracing::info!(provider = %line.provider, outcome = %line.outcome, note = line.note, "provider done");
    line
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

async fn connect(hub: &Hub, member: &Member) -> Result<Connection, String> {
    match &member.reach {
        Reach::Listens(address) => dial(hub, &member.id, address).await,
        Reach::DialsOut => {
            let patience = Duration::from_secs(hub.config.night.wait_seconds);
            let connection = hub.links.wait(&member.id, patience).await;
            connection.ok_or_else(|| {
                format!(
                    "the node is not connected (waited {} s)",
                    patience.as_secs()
                )
            })
        }
    }
}

async fn with_deadline(
    hub: &Arc<Hub>,
    member: &Member,
    night: u64,
    connection: Connection,
) -> (ProviderReport, bool) {
    let limit = Duration::from_secs(hub.config.limits.provider_seconds);
    let mut exchange = Exchange::new(hub, member, night, connection);
    let ended = match tokio::time::timeout(limit, exchange.run()).await {
        Ok(ended) => ended,
        Err(_) => Err(Broken::Lost(format!(
            "the night of this provider took longer than {} s",
            limit.as_secs()
        ))),
    };
    exchange.settled().await;
    let mut line = exchange.line().clone();
    if let Err(broken) = ended {
        line.outcome = broken.outcome(exchange.has_committed());
        line.note = broken.to_string();
        exchange.acknowledge_failure(&line).await;
    }
    (line, exchange.is_noted())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
