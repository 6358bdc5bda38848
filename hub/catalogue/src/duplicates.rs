//! The same offer from two providers, such as a master course that several of them give. What belongs together is
//! *grouped*, with the reason; no offer is changed by it. What an operator has said about two offers always wins.
//!
//! A [`Detector`] is shown every offer and then makes [`Groups`] of them. It compares only offers that share a key
//! (a run's number and dates, title with place and day, a piece of the description), so that a catalogue of any size
//! takes time in proportion to it. The same offers and verdicts give the same groups, in whatever order they come.
//!
//! Two offers of one provider are two offers to that provider: they come into one group only by a verdict.

mod detect;
mod sketch;
mod words;

use std::collections::HashMap;
use std::fmt;

use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

pub use self::detect::Detector;
pub(crate) use self::words::folded;

/// An offer, by its provider and its id there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OfferKey {
    /// Whose it is.
    pub provider: ProviderId,
    /// Its id.
    pub offer: String,
}

impl fmt::Display for OfferKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.offer)
    }
}

/// Why two offers are taken for the same; the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// An operator has said so.
    Verdict,
    /// A run has the same number, the same first and the same last day, and the titles share half of their words.
    SameNumberAndDates,
    /// Same title, and a run at the same place on the same first day.
    SameTitleVenueAndStart,
    /// Same title and nearly the same description.
    SameTitleAndDescription,
    /// Nearly the same title and description, a subject in common and as many teaching hours.
    NearlySameText,
}

impl Reason {
    /// Every reason, the strongest first.
    pub const ALL: [Self; 5] = [
        Self::Verdict,
        Self::SameNumberAndDates,
        Self::SameTitleVenueAndStart,
        Self::SameTitleAndDescription,
        Self::NearlySameText,
    ];

    /// The name in JSON and in lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::SameNumberAndDates => "same-number-and-dates",
            Self::SameTitleVenueAndStart => "same-title-venue-and-start",
            Self::SameTitleAndDescription => "same-title-and-description",
            Self::NearlySameText => "nearly-same-text",
        }
    }

    /// In German words.
    #[must_use]
    pub fn de(self) -> &'static str {
        match self {
            Self::Verdict => "von der Bildungsstelle bestätigt",
            Self::SameNumberAndDates => "gleiche Kursnummer, gleicher Beginn und gleiches Ende",
            Self::SameTitleVenueAndStart => "gleicher Titel, gleicher Ort und gleicher Beginn",
            Self::SameTitleAndDescription => "gleicher Titel und fast gleiche Beschreibung",
            Self::NearlySameText => {
                "fast gleicher Titel und Text, gleiches Thema, gleich viele Unterrichtsstunden"
            }
        }
    }

    /// In English words.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Verdict => "confirmed by the district office",
            Self::SameNumberAndDates => "same course number, same first and last day",
            Self::SameTitleVenueAndStart => "same title, same venue and same first day",
            Self::SameTitleAndDescription => "same title and nearly the same description",
            Self::NearlySameText => {
                "nearly the same title and text, same subject, as many teaching hours"
            }
        }
    }
}

/// Two offers that were taken for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The smaller key.
    pub left: OfferKey,
    /// The greater key.
    pub right: OfferKey,
    /// Why.
    pub reason: Reason,
}

/// Offers that are taken for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Two or more, in order of their keys. None of them is the right one.
    pub members: Vec<OfferKey>,
    /// What joined them: one link less than members.
    pub links: Vec<Link>,
}

impl Group {
    /// The strongest reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let strongest = self.links.iter().map(|link| link.reason).min();
        strongest.unwrap_or(Reason::NearlySameText)
    }
}

/// Every group. An offer is in one at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    groups: Vec<Group>,
    of: HashMap<OfferKey, usize>,
    overruled: Vec<Verdict>,
}

impl Groups {
    /// Groups that share no member; in order of their first members.
    #[must_use]
    pub fn new(mut groups: Vec<Group>) -> Self {
        groups.sort_by(|a, b| a.members.cmp(&b.members));
        let members = groups.iter().enumerate();
        let of = members
            .flat_map(|(at, group)| group.members.iter().map(move |key| (key.clone(), at)))
            .collect();
        Self {
            groups,
            of,
            overruled: Vec::new(),
        }
    }

    fn overruling(mut self, verdicts: Vec<Verdict>) -> Self {
        self.overruled = verdicts;
        self
    }

    /// Verdicts "the same" that could not hold, because others put the two apart: where a is b, b is c, and a is not
    /// c, somebody has to think again.
    #[must_use]
    pub fn overruled(&self) -> &[Verdict] {
        &self.overruled
    }

    /// The group that an offer is in.
    #[must_use]
    pub fn group_of(&self, key: &OfferKey) -> Option<&Group> {
        self.groups.get(*self.of.get(key)?)
    }

    /// All of them, in order of their first members.
    #[must_use]
    pub fn all(&self) -> &[Group] {
        &self.groups
    }
}

/// What an operator has said about two offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// One offer.
    pub left: OfferKey,
    /// The other.
    pub right: OfferKey,
    /// Whether they are the same.
    pub same: bool,
}

#[cfg(test)]
mod tests;
