//! The reference: what a provider's owner did, what that makes of the catalogue, and what readers may
//! be shown of it. It knows nothing of stores, streams or chunks.
//!
//! Time in the model is a number that counts up with every action of an owner. *Proof* that an offer
//! is gone is an owner's withdrawal that is younger than the version that readers see, in the very
//! catalogue that is shown instead; or an operator's release of exactly that catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calluna_model::fingerprint::{Digester, content_hash};
use calluna_model::fixture::an_offer;
use calluna_model::guard::shrink;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, Digest};
use calluna_node::publish::Candidate;

/// Largest record that this district's hub takes, in bytes.
pub(crate) const RECORD_BYTES: usize = 4_096;

/// An offer as it stands in a catalogue.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) candidate: Arc<Candidate>,
    hash: ContentHash,
    /// Whether the hub takes it; otherwise it is refused and its last good version stays.
    good: bool,
    /// When the owner put it there.
    put: u64,
    /// Since when the offer has been there, in whatever version.
    since: u64,
}

impl Version {
    /// The version of `id` that an owner writes at `now`, with `length` letters.
    pub(crate) fn written(id: &str, now: u64, length: u64) -> Self {
        let text = "Lernen in kleiner Gruppe. ".repeat(usize::try_from(length).unwrap() / 26);
        let title = format!("Kurs {id} in der Fassung {now}");
        let offer = an_offer(id).titled(&title).described(text.trim()).build();
        let candidate = Candidate::of(&offer);
        Self {
            good: candidate.record().len() <= RECORD_BYTES,
            candidate: Arc::new(candidate),
            hash: content_hash(&offer),
            put: now,
            since: now,
        }
    }
}

/// A catalogue in one line of its node's lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) alive: BTreeMap<String, Version>,
    /// Offers that the owner took away, and when.
    withdrawn: BTreeMap<String, u64>,
}

impl Catalogue {
    pub(crate) fn put(&mut self, id: &str, mut version: Version) {
        self.withdrawn.remove(id);
        if let Some(known) = self.alive.get(id) {
            version.since = known.since;
        }
        self.alive.insert(id.to_owned(), version);
    }

    pub(crate) fn withdraw(&mut self, id: &str, now: u64) {
        if self.alive.remove(id).is_some() {
            self.withdrawn.insert(id.to_owned(), now);
        }
    }

    /// Count and digest, from nothing but the versions.
    pub(crate) fn digest(&self) -> (u64, Digest) {
        let mut digester = Digester::default();
        for (id, version) in &self.alive {
            digester.add(id, &version.hash);
        }
        (digester.count(), digester.finish())
    }

    /// Makes this catalogue the list `truth`, at `now`.
    pub(crate) fn become_whole(&mut self, truth: &BTreeMap<String, Version>, now: u64) {
        let gone: Vec<String> = self
            .alive
            .keys()
            .filter(|id| !truth.contains_key(*id))
            .cloned()
            .collect();
        gone.iter().for_each(|id| self.withdraw(id, now));
        for (id, version) in truth {
            if self
                .alive
                .get(id)
                .is_none_or(|known| known.hash != version.hash)
            {
                let again = Version {
                    put: now,
                    since: now,
                    ..version.clone()
                };
                self.put(id, again);
            }
        }
    }

    pub(crate) fn refused(&self) -> u64 {
        self.alive.values().filter(|version| !version.good).count() as u64
    }
}

/// A head as a key: only the very same state of the very same life.
pub(crate) type HeadKey = ([u8; 16], u64, [u8; 32]);

pub(crate) fn key_of(head: &Head) -> HeadKey {
    (head.epoch.0, head.revision.0, head.digest.0)
}

/// Records by the id of their offer.
pub(crate) type View = BTreeMap<String, Vec<u8>>;

/// What readers were last seen to be shown of a provider.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) head: HeadKey,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) view: Arc<View>,
}

/// Everything that the owner of a node ever did.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Every state that the node's catalogue was in.
    pub(crate) heads: BTreeMap<HeadKey, Arc<Catalogue>>,
    /// Good versions that an offer ever had.
    good: BTreeMap<String, BTreeSet<[u8; 32]>>,
    /// States that an operator released.
    pub(crate) released: BTreeSet<HeadKey>,
}

impl Memory {
    pub(crate) fn learn(&mut self, head: &Head, catalogue: &Catalogue) {
        for (id, version) in catalogue.alive.iter().filter(|(_, version)| version.good) {
            let hash = blake3::hash(version.candidate.record());
            self.good
                .entry(id.clone())
                .or_default()
                .insert(*hash.as_bytes());
        }
        self.heads.insert(key_of(head), Arc::new(catalogue.clone()));
    }

    /// Whether readers may be shown `view` as the state `head`, after `before`.
    pub(crate) fn judge(
        &self,
        before: Option<&Seen>,
        head: HeadKey,
        view: &View,
    ) -> Result<Arc<Catalogue>, String> {
        let Some(catalogue) = self.heads.get(&head) else {
            return Err(format!(
                "readers are shown revision {} of a state that the node never had",
                head.1
            ));
        };
        whole(catalogue, view, |id, record| {
            let known = self.good.get(id);
            known.is_some_and(|known| known.contains(blake3::hash(record).as_bytes()))
        })?;
        if let Some(before) = before {
            stays(before, catalogue, view)?;
            if !self.released.contains(&head) {
                proved(before, catalogue, view)?;
            }
        }
        Ok(Arc::clone(catalogue))
    }
}

/// Exactly the good versions of the catalogue, and of refused ones at most an earlier good one.
fn whole(
    catalogue: &Catalogue,
    view: &View,
    ever_good: impl Fn(&str, &[u8]) -> bool,
) -> Result<(), String> {
    for (id, record) in view {
        let right = match catalogue.alive.get(id) {
            None => {
                return Err(format!(
                    "readers are shown {id}, which the catalogue does not have"
                ));
            }
            Some(version) if version.good => version.candidate.record() == record.as_slice(),
            Some(_) => ever_good(id, record),
        };
        if !right {
            return Err(format!(
                "readers are shown {id} in another version than the catalogue has"
            ));
        }
    }
    for (id, version) in &catalogue.alive {
        if version.good && !view.contains_key(id) {
            return Err(format!(
                "readers are not shown {id}, which the catalogue has: not a whole state"
            ));
        }
    }
    Ok(())
}

/// A refused record costs its last good version nothing (invariant 7).
fn stays(before: &Seen, catalogue: &Catalogue, view: &View) -> Result<(), String> {
    for id in before.view.keys().filter(|id| !view.contains_key(*id)) {
        let seen_put = before
            .catalogue
            .alive
            .get(id)
            .map_or(0, |version| version.put);
        let refused = catalogue.alive.get(id).is_some_and(|version| !version.good);
        let gone_between = catalogue
            .alive
            .get(id)
            .is_some_and(|version| version.since > seen_put);
        if refused && !gone_between {
            return Err(format!(
                "{id} was refused, and its last good version is gone too"
            ));
        }
    }
    Ok(())
}

/// Deletion needs proof (invariant 4).
fn proved(before: &Seen, catalogue: &Catalogue, view: &View) -> Result<(), String> {
    let gone: Vec<&String> = before
        .view
        .keys()
        .filter(|id| !view.contains_key(*id))
        .collect();
    for id in &gone {
        let seen = before
            .catalogue
            .alive
            .get(*id)
            .map_or(0, |version| version.put);
        let withdrawn = catalogue.withdrawn.get(*id).copied().unwrap_or(0);
        let refused = catalogue.alive.contains_key(*id);
        if withdrawn <= seen && !refused {
            return Err(format!(
                "{id} is gone, and nobody withdrew it after readers saw it"
            ));
        }
    }
    let (had, removed) = (before.view.len() as u64, gone.len() as u64);
    match shrink(had, removed) {
        Some(shrink) => Err(format!("without an operator's word {shrink}")),
        None => Ok(()),
    }
}

/// How many offers that readers see are not in the catalogue any more.
pub(crate) fn missing(seen: &Seen, catalogue: &Catalogue) -> u64 {
    let gone = seen
        .view
        .keys()
        .filter(|id| !catalogue.alive.contains_key(*id));
    gone.count() as u64
}

/// Whether a night from `seen` to `catalogue` removes nothing that needs a person's word.
pub(crate) fn harmless(seen: &Seen, catalogue: &Catalogue) -> bool {
    let view = seen
        .view
        .iter()
        .filter(|(id, _)| catalogue.alive.contains_key(*id));
    let left: View = view
        .map(|(id, record)| (id.clone(), record.clone()))
        .collect();
    proved(seen, catalogue, &left).is_ok()
}
