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
use tokio::time::Instant;

use super::Night;
use super::exchange::Exchange;
use crate::current::End;
use crate::hub::Hub;
use crate::link::{Connection, dial::dial};
use crate::members;

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
    /// The night was over before this provider was.
    #[error("{0}")]
    Ended(End),
    /// Something of the hub's own ended.
    #[error("an internal task of the hub was ended; see the hub's log")]
    Internal,
    /// Figures could not be read, judged or kept.
    #[error("{0}")]
    Figures(String),
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
            Self::NoAgreement(_) | Self::Ended(_) => Outcome::Partial,
            Self::Store(_) | Self::Internal | Self::Figures(_) => Outcome::Failed,
            Self::NotOurs(_) => Outcome::Refused,
        }
    }
}

/// One attempt at one provider; the line, and whether it was written together with a publication.
/// `earlier` is the line of the attempt before: what it cost counts on.
pub(super) async fn attempt(
    hub: &Arc<Hub>,
    member: &Member,
    night: &Night,
    earlier: &ProviderReport,
) -> (ProviderReport, bool) {
    let begun = Instant::now();
    // Waiting for a connection takes no room: a node that is away costs the others nothing.
    let connection = tokio::select! {
        why = night.ending.ended() => Err(Broken::Ended(why)),
        found = connect(hub, member) => found.map_err(Broken::Lost),
    };
    let room = tokio::select! {
        why = night.ending.ended() => Err(Broken::Ended(why)),
        place = night.room.acquire() => place.map_err(|_| Broken::Internal),
    };
    let (mut line, noted) = match (connection, room) {
        (Ok(connection), Ok(_place)) => {
            with_deadline(hub, member, night, connection, earlier).await
        }
        (Err(broken), _) | (_, Err(broken)) => {
            let mut line = fresh(member, earlier);
            line.outcome = broken.outcome(false);
            line.note = broken.to_string();
            (line, false)
        }
    };
    line.millis = earlier.millis + millis(begun.elapsed());
    (line, noted)
}

/// A line in which only what earlier attempts cost is noted.
pub(super) fn fresh(member: &Member, earlier: &ProviderReport) -> ProviderReport {
    ProviderReport {
        bytes: earlier.bytes,
        calls: earlier.calls,
        attempts: earlier.attempts,
        millis: earlier.millis,
        ..ProviderReport::new(member.id.clone(), Outcome::Failed)
    }
}

async fn connect(hub: &Hub, member: &Member) -> Result<Connection, String> {
    // It may have been put out since the night began.
    let still = hub.store.member(&member.id).map_err(|e| e.to_string())?;
    if !still.is_some_and(|member| member.takes_part()) {
        return Err("it was revoked while the night ran".to_owned());
    }
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
    night: &Night,
    connection: Connection,
    earlier: &ProviderReport,
) -> (ProviderReport, bool) {
    let limit = Duration::from_secs(hub.config.limits.provider_seconds);
    let line = fresh(member, earlier);
    let _stage = hub.current.stage(&member.id).await;
    // It may have been put out while this waited; from here on whoever does so waits for the stage.
    let (id, leaf) = (member.id.clone(), connection.leaf.clone());
    let welcome = super::blocking(hub, move |hub| Ok(members::may_stay(hub, &id, &leaf)?));
    if let Err(refused) = welcome.await {
        hub.links.cut(&member.id);
        let mut line = line;
        line.outcome = Outcome::Refused;
        line.note = format!("{refused:#}");
        return (line, false);
    }
    let mut exchange = Exchange::new(hub, member, night, connection, line);
    let ended = tokio::select! {
        why = night.ending.ended() => Err(Broken::Ended(why)),
        ended = tokio::time::timeout(limit, exchange.run()) => match ended {
            Ok(ended) => ended,
            Err(_) => Err(Broken::Lost(format!(
                "the night of this provider took longer than {} s",
                limit.as_secs()
            ))),
        },
    };
    exchange.settled().await;
    let mut line = exchange.line().clone();
    if line.outcome.agreed() {
        hub.news.tell();
    }
    if let Err(broken) = ended {
        line.outcome = broken.outcome(exchange.has_committed());
        line.note = broken.to_string();
        if !matches!(broken, Broken::Ended(_)) {
            exchange.acknowledge_failure(&line).await;
        }
    }
    (line, exchange.is_noted())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
