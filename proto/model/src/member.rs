//! A member: a provider that the district office has invited.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::id::ProviderId;
pub use crate::public::{PublicData, Stated, WrongPublicData};

/// What kind of provider a member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// A school of general or vocational education.
    School,
    /// A Volkshochschule.
    Vhs,
    /// A commercial or non-profit trainer.
    Trainer,
    /// A university.
    University,
    /// An education counselling service.
    Counselling,
    /// Anything else.
    #[default]
    Other,
}

impl ProviderKind {
    /// Every kind, in the order of the help text.
    pub const ALL: [Self; 6] = [
        Self::School,
        Self::Vhs,
        Self::Trainer,
        Self::University,
        Self::Counselling,
        Self::Other,
    ];

    /// The name used on the command line, on the wire and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::School => "school",
            Self::Vhs => "vhs",
            Self::Trainer => "trainer",
            Self::University => "university",
            Self::Counselling => "counselling",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no kind of provider.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a kind of provider: school, vhs, trainer, university, counselling or other")]
pub struct UnknownKind(String);

impl FromStr for ProviderKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind(text.chars().take(40).collect()))
    }
}

/// How far a member is on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberState {
    /// Invited; nobody has used the join token yet.
    Invited,
    /// The join token ran out before anybody used it.
    Expired,
    /// A node holds a certificate for this member.
    Joined,
    /// It was put out.
    Revoked,
    /// Its node has joined; the operator still has to approve it.
    Waiting,
    /// The invitation was taken back before anybody used it.
    Cancelled,
}

impl MemberState {
    /// The name used in lists and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Expired => "expired",
            Self::Joined => "joined",
            Self::Revoked => "revoked",
            Self::Waiting => "waiting",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How the hub gets to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "way", content = "address")]
pub enum Reach {
    /// The node keeps a connection to the hub.
    #[default]
    DialsOut,
    /// The node listens at this address (`host:port`), and the hub dials.
    Listens(String),
}

/// A member as the hub keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id, as its certificate says it.
    pub id: ProviderId,
    /// Its public name.
    pub name: String,
    /// What kind of provider it is.
    pub kind: ProviderKind,
    /// When it was invited (last).
    pub invited_at: Moment,
    /// When it joined (last); nothing while only invited.
    pub joined_at: Option<Moment>,
    /// How the hub gets to it.
    #[serde(default)]
    pub reach: Reach,
    /// When it was put out (last); nothing once it has joined again.
    #[serde(default)]
    pub revoked_at: Option<Moment>,
    /// Its postal address, one line; empty where none is approved.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Its website, `http` or `https`; empty where none is approved.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub website: String,
    /// Whether the operator still has to approve it: nothing is fetched or shown before.
    #[serde(default)]
    pub waiting: bool,
}

impl Member {
    /// Whether its node is to be asked in a night: it has joined, was not put out since, and waits for
    /// nobody's approval.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        self.joined_at.is_some() && self.revoked_at.is_none() && !self.waiting
    }

    /// What the public reads of it.
    #[must_use]
    pub fn public(&self) -> PublicData {
        PublicData {
            name: self.name.clone(),
            kind: self.kind,
            address: self.address.clone(),
            website: self.website.clone(),
        }
    }
}
