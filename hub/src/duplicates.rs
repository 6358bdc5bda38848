//! The same offer from two providers: which are taken for the same, and the operator's word on them.
//!
//! Groups are found anew whenever the catalogue changes ([`calluna_catalogue::duplicates`]); nothing is changed by
//! them, hits are folded. What the operator says of two offers stands in the store, in every backup, and wins over
//! whatever is found, in every later night, also when the offers go and come back.

use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use calluna_audit::{Draft, Event};
use calluna_catalogue::duplicates::{Detector, Group, Groups, OfferKey, Verdict};
use calluna_catalogue::reader::{Reader, Standing};
use calluna_model::id::OfferId;
use calluna_store::{Change, HubStore, OfferAt};
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::readers::StoreReader;

/// An offer as the command line names it: `PROVIDER/OFFER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(pub OfferKey);

/// The text names no offer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no offer: write PROVIDER/OFFER, such as vhs-heidekreis/K-101")]
pub struct NoOffer(String);

impl FromStr for Named {
    type Err = NoOffer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (provider, offer) = text.split_once('/')?;
            let offer: OfferId = offer.parse().ok()?;
            Some(Self(OfferKey {
                provider: provider.parse().ok()?,
                offer: offer.to_string(),
            }))
        };
        read().ok_or_else(|| NoOffer(calluna_model::finding::shorten(text)))
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What `duplicates --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicatesDocument {
    /// Groups of offers that are taken for the same.
    pub groups: Vec<GroupDocument>,
    /// What the operator has said.
    pub verdicts: Vec<VerdictDocument>,
}

/// Offers that are taken for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDocument {
    /// The offers.
    pub offers: Vec<NamedOffer>,
    /// Why: the strongest reason.
    pub reason: String,
    /// What joined them, two by two.
    pub links: Vec<LinkDocument>,
}

/// An offer with its title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedOffer {
    /// `PROVIDER/OFFER`.
    pub offer: String,
    /// Its title; empty where it is not shown.
    pub title: String,
}

/// Two offers that were taken for the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkDocument {
    /// `PROVIDER/OFFER`.
    pub left: String,
    /// `PROVIDER/OFFER`.
    pub right: String,
    /// Why.
    pub reason: String,
}

/// What the operator said of two offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictDocument {
    /// `PROVIDER/OFFER`.
    pub left: String,
    /// `PROVIDER/OFFER`.
    pub right: String,
    /// Whether they are the same.
    pub same: bool,
    /// When it was said.
    pub at: calluna_model::clock::Moment,
}

/// What the operator has said, for whoever looks for groups.
///
/// # Errors
/// When the store cannot be read.
pub fn verdicts(store: &dyn HubStore) -> Result<Vec<Verdict>> {
    let key = |at: &OfferAt| OfferKey {
        provider: at.provider.clone(),
        offer: at.offer.clone(),
    };
    let said = store.verdicts()?;
    let said = said.iter().map(|verdict| Verdict {
        left: key(verdict.first()),
        right: key(verdict.second()),
        same: verdict.same,
    });
    Ok(said.collect())
}

/// Groups of offers that are taken for the same, as the catalogue is now.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn groups(store: &dyn HubStore, reader: &dyn Reader) -> Result<Groups> {
    let said = verdicts(store)?;
    find(reader, &said)
}

/// The groups in the form of the search: each has the name of its first offer.
#[must_use]
pub fn for_search(groups: &Groups) -> calluna_search::groups::Groups {
    let mut folded = calluna_search::groups::Groups::none();
    for group in groups.all() {
        let name = group.members.first().map(ToString::to_string);
        let name = name.unwrap_or_default();
        for OfferKey { provider, offer } in &group.members {
            folded.put(provider.clone(), offer.as_str(), name.as_str());
        }
    }
    folded
}

/// What is taken for the same, and what the operator has said.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn document(hub: &Hub) -> Result<DuplicatesDocument> {
    let reader = StoreReader::new(hub.store.clone(), hub.config.name.clone());
    let groups = groups(hub.store.as_ref(), &reader)?;
    let groups: Result<Vec<_>> = groups
        .all()
        .iter()
        .map(|group| told(&reader, group))
        .collect();
    let said = hub.store.verdicts()?;
    let name = |at: &OfferAt| format!("{}/{}", at.provider, at.offer);
    let verdicts = said.iter().map(|verdict| VerdictDocument {
        left: name(verdict.first()),
        right: name(verdict.second()),
        same: verdict.same,
        at: verdict.at,
    });
    Ok(DuplicatesDocument {
        groups: groups?,
        verdicts: verdicts.collect(),
    })
}

fn told(reader: &dyn Reader, group: &Group) -> Result<GroupDocument> {
    let offers = group.members.iter().map(|key| {
        let title = match reader.offer(&key.provider, &key.offer)? {
            Standing::Shown(offer) => offer.title,
            Standing::Gone { title, .. } => title.unwrap_or_default(),
            Standing::Unknown => String::new(),
        };
        anyhow::Ok(NamedOffer {
            offer: key.to_string(),
            title,
        })
    });
    let links = group.links.iter().map(|link| LinkDocument {
        left: link.left.to_string(),
        right: link.right.to_string(),
        reason: link.reason.as_str().to_owned(),
    });
    Ok(GroupDocument {
        offers: offers.collect::<Result<_>>()?,
        reason: group.reason().as_str().to_owned(),
        links: links.collect(),
    })
}

/// Keeps the operator's word on two offers. It counts from now on and for every later night.
///
/// # Errors
/// When both are the same offer, one of them was never in the catalogue, or it could not be made durable.
pub fn judge(hub: &Hub, one: &Named, other: &Named, same: bool) -> Result<()> {
    for Named(key) in [one, other] {
        let found = hub.store.look_up(&key.provider, &key.offer)?;
        if found == calluna_store::Found::Unknown {
            bail!(
                "there is no offer `{key}`, and nothing is known of one; `calluna-hub export` lists them"
            );
        }
    }
    let at = |Named(key): &Named| OfferAt {
        provider: key.provider.clone(),
        offer: key.offer.clone(),
    };
    let now = hub.clock.now();
    let verdict = calluna_store::Verdict::on(at(one), at(other), same, now);
    let verdict = verdict.context("both are the same offer; name two different ones")?;
    let told = Draft::operator(Event::DuplicateJudged)
        .with("offer", one)
        .with("other", other)
        .with("same", same);
    hub.audited([told], |audit| {
        hub.store.apply(&Change::Verdict(&verdict), audit)
    })?;
    hub.news.tell();
    tracing::info!(%one, %other, same, "said of two offers");
    Ok(())
}

/// Looks for groups. What the operator has said always wins.
fn find(reader: &dyn Reader, said: &[Verdict]) -> Result<Groups> {
    let mut detector = Detector::new();
    for card in reader.providers()? {
        let id = &card.member.id;
        reader.offers(id, &mut |offer| {
            detector.add(id, &offer);
            ControlFlow::Continue(())
        })?;
    }
    Ok(detector.groups(said))
}
