//! Two live nodes with one identity: a machine that was cloned, or a copy that somebody started.
//!
//! Each would cut the other's connection, dial again, and be cut. The rule:
//!
//! * The newest connection wins: after a broken line the older one is mostly a corpse.
//! * Before the older one is cut it is asked something. If it answers, two nodes live: the alarm
//!   [`ALARM`] is raised, in the log and in `status`, with both addresses.
//! * From then on they change places at most once a minute; until then a connection is turned
//!   away while the one before it answers. A night needs a connection that stays.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_wire::v1::GetHeadRequest;
use calluna_wire::v1::provider_node_client::ProviderNodeClient;
use calluna_wire::version::SPOKEN;
use tokio::time::Instant;

use super::{Connection, Links};

/// Name of the alarm.
pub const ALARM: &str = "duplicate-identity";
/// How long the older connection may take to show that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);
/// How often two nodes with one identity may change places.
const TURN: Duration = Duration::from_secs(60);
/// How long the alarm is shown after its last sign: until somebody has looked in the morning.
const SHOWN_SECONDS: i64 = 24 * 3_600;

/// What is known of two nodes with one identity.
#[derive(Clone, Debug)]
pub struct Twin {
    /// When both were first seen alive.
    pub first: Moment,
    /// When they were last.
    pub last: Moment,
    /// Where the two were last seen: the older connection, the newer one.
    pub from: [String; 2],
    swapped: Instant,
}

/// Every provider with two nodes.
#[derive(Debug, Default)]
pub(super) struct Twins(Mutex<HashMap<ProviderId, Twin>>);

impl Twins {
    fn lock(&self) -> MutexGuard<'_, HashMap<ProviderId, Twin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the two changed places so lately that they may not again.
    fn wait(&self, provider: &ProviderId) -> bool {
        let twins = self.lock();
        let twin = twins.get(provider);
        twin.is_some_and(|twin| twin.swapped.elapsed() < TURN)
    }

    /// Both were seen alive, `older` and `newer`.
    fn seen(&self, provider: &ProviderId, older: &Connection, newer: &Connection, swapped: bool) {
        let (now, at) = (newer.since, Instant::now());
        let from = [older.from.clone(), newer.from.clone()];
        let mut twins = self.lock();
        let twin = twins.entry(provider.clone()).or_insert_with(|| Twin {
            first: now,
            last: now,
            from: from.clone(),
            swapped: at,
        });
        (twin.last, twin.from) = (now, from);
        if swapped {
            twin.swapped = at;
        }
    }
}

impl Links {
    /// Takes a new connection of `provider` by the rule of this module. Returns when it is decided.
    pub async fn admit(&self, provider: &ProviderId, new: Connection) {
        if self.twins.wait(provider)
            && let Some(old) = self.get(provider)
            && lives(&old).await
        {
            self.twins.seen(provider, &old, &new, false);
            tracing::info!(
                alarm = ALARM, %provider, stays = old.from, turned_away = new.from,
                "a second node with the same identity was turned away"
            );
            return new.leash.cut();
        }
        let Some(old) = self.replace(provider, new.clone()) else {
            return;
        };
        if lives(&old).await {
            self.twins.seen(provider, &old, &new, true);
            tracing::error!(
                alarm = ALARM, %provider, cut = old.from, since = %old.since, stays = new.from,
                "two live nodes have the same identity; the newest connection stays: stop one of \
                 them; a copy that shall be a member of its own needs an invitation of its own"
            );
        }
        old.leash.cut();
    }

    /// The two nodes of `provider`, if two were seen within the last day.
    #[must_use]
    pub fn twin(&self, provider: &ProviderId, now: Moment) -> Option<Twin> {
        let twins = self.twins.lock();
        let twin = twins.get(provider);
        twin.filter(|twin| now.since(twin.last) < SHOWN_SECONDS)
            .cloned()
    }
}

/// Whether somebody answers at the other end.
async fn lives(connection: &Connection) -> bool {
    let mut client = ProviderNodeClient::new(connection.channel.clone());
    let versions = SPOKEN.iter().map(ToString::to_string).collect();
    let answer = client.get_head(GetHeadRequest {
        versions,
        trust_digest: Vec::new(),
    });
    matches!(tokio::time::timeout(SIGN_OF_LIFE, answer).await, Ok(Ok(_)))
}
