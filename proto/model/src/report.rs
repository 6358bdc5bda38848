//! What a night did, per provider and in all. Text, JSON, mail and exit codes are made from these
//! values and from nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::id::ProviderId;
use crate::outcome::Outcome;

/// One provider's line in the report of a night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReport {
    /// Who.
    pub provider: ProviderId,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the catalogues had to be compared as a whole; empty for a night by changes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reconciled: String,
    /// Offers that the hub did not have before.
    pub added: u64,
    /// Offers that the hub had in another version.
    pub changed: u64,
    /// Offers that are gone.
    pub removed: u64,
    /// Records that are refused at present.
    pub quarantined: u64,
    /// Offers that readers see now.
    pub offers: u64,
    /// Bytes of answers received, after TLS and HTTP/2 framing was taken off.
    pub bytes: u64,
    /// Calls made.
    pub calls: u64,
    /// How often it was tried within this night.
    #[serde(default)]
    pub attempts: u32,
    /// Duration in milliseconds.
    pub millis: u64,
    /// Periods of participation figures of which new revisions were accepted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub figures: u64,
    /// What a person should know; empty when all is well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ProviderReport {
    /// A line in which nothing has happened yet.
    #[must_use]
    pub fn new(provider: ProviderId, outcome: Outcome) -> Self {
        Self {
            provider,
            outcome,
            reconciled: String::new(),
            added: 0,
            changed: 0,
            removed: 0,
            quarantined: 0,
            offers: 0,
            bytes: 0,
            calls: 0,
            attempts: 1,
            millis: 0,
            figures: 0,
            note: String::new(),
        }
    }
}

/// How a night as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NightState {
    /// Going on.
    Running,
    /// Ended in order.
    Finished,
    /// Cut off by the end of the process; closed at the next start.
    Aborted,
    /// Ended early by the operator.
    Cancelled,
}

impl fmt::Display for NightState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Aborted => "aborted",
            Self::Cancelled => "cancelled",
        })
    }
}

/// Why a night began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Somebody asked for it.
    #[default]
    Hand,
    /// The schedule.
    Clock,
    /// The schedule's night was missed.
    CatchUp,
    /// The night before was cut off.
    Resumed,
}

impl Trigger {
    /// Whether nobody waits for it: it may take its time, and tries again within the window.
    #[must_use]
    pub fn unattended(self) -> bool {
        self != Self::Hand
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Hand => "by hand",
            Self::Clock => "by the clock",
            Self::CatchUp => "made up for",
            Self::Resumed => "resumed",
        })
    }
}

/// One night: a synchronisation of some or all providers, by the clock or by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightReport {
    /// Its number; counts up.
    pub night: u64,
    /// Why it began.
    #[serde(default)]
    pub trigger: Trigger,
    /// Whether it is over all providers.
    #[serde(default)]
    pub whole: bool,
    /// When it began.
    pub started_at: Moment,
    /// When it ended; nothing while it runs.
    pub ended_at: Option<Moment>,
    /// How it stands.
    pub state: NightState,
    /// One line per provider, in order of the provider id.
    pub providers: Vec<ProviderReport>,
}

impl NightReport {
    /// How many providers ended with `outcome`.
    #[must_use]
    pub fn with(&self, outcome: Outcome) -> usize {
        self.providers
            .iter()
            .filter(|line| line.outcome == outcome)
            .count()
    }

    /// Whether every provider is `ok` or `unchanged`: exit code 0 of `sync`, otherwise 3.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.providers.iter().all(|line| line.outcome.clean())
    }
}

/// A way on which the morning report, or the sign of life, leaves the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// By e-mail.
    Mail,
    /// To an address that takes JSON.
    Webhook,
    /// The sign of life after a night without trouble.
    Heartbeat,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Mail, Self::Webhook, Self::Heartbeat];

    /// The name used in JSON and in text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Heartbeat => "heartbeat",
        }
    }
}

/// How the last try to deliver a night's report on one way ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// On which way.
    pub way: Way,
    /// Whose report.
    pub night: u64,
    /// When the try ended.
    pub at: Moment,
    /// How many tries there were.
    pub tries: u32,
    /// Why it failed; empty when it was delivered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failure: String,
    /// When it is tried again; nothing when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Moment>,
}
