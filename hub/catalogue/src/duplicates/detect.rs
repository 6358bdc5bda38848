//! Finds links and makes groups of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use calluna_model::id::ProviderId;
use calluna_model::offer::OfferDraft;

use super::sketch::Sketch;
use super::words::mixed;
use super::{Group, Groups, Link, OfferKey, Reason, Verdict};

/// Which offers the operator holds apart from each.
type Apart = HashMap<usize, HashSet<usize>>;
/// Members of a group, and what joined them.
type Cluster = (Vec<usize>, Vec<(Reason, usize, usize)>);

/// With how many offers of other providers an offer is compared for one key.
const COMPARED: usize = 32;

/// Is shown every offer, once each, in any order.
#[derive(Debug, Default)]
pub struct Detector {
    offers: Vec<(OfferKey, Sketch)>,
}

/// Which key brings two offers together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Block {
    Number,
    Place,
    Text,
}

impl Detector {
    /// One that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows it an offer. What is kept of it does not grow with its text.
    pub fn add(&mut self, provider: &ProviderId, offer: &OfferDraft) {
        let key = OfferKey {
            provider: provider.clone(),
            offer: offer.id.clone(),
        };
        self.offers.push((key, Sketch::of(offer)));
    }

    /// The groups. Verdicts about offers that it has not seen change nothing; of several about the same two offers
    /// the last one counts.
    #[must_use]
    pub fn groups(mut self, verdicts: &[Verdict]) -> Groups {
        self.offers.sort_by(|a, b| a.0.cmp(&b.0));
        self.offers.dedup_by(|a, b| a.0 == b.0);
        let links = self.links();
        let mut clusters = Clusters::new(&self.offers);
        let (same, different) = self.verdicts(verdicts);
        clusters.different = different;
        let mut overruled = Vec::new();
        for (left, right) in same {
            if !clusters.join(left, right, Reason::Verdict) {
                overruled.extend(self.verdict(left, right));
            }
        }
        for (reason, left, right) in links {
            clusters.join(left, right, reason);
        }
        let groups = clusters.groups();
        Groups::new(groups).overruling(overruled)
    }

    fn verdict(&self, left: usize, right: usize) -> Option<Verdict> {
        Some(Verdict {
            left: self.offers.get(left)?.0.clone(),
            right: self.offers.get(right)?.0.clone(),
            same: true,
        })
    }

    /// Verdicts by the places of the two offers: those that are the same, and for each offer those that are not it.
    fn verdicts(&self, verdicts: &[Verdict]) -> (Vec<(usize, usize)>, Apart) {
        let place = |key: &OfferKey| {
            self.offers
                .binary_search_by(|(known, _)| known.cmp(key))
                .ok()
        };
        let mut last = BTreeMap::new();
        for verdict in verdicts {
            if let (Some(left), Some(right)) = (place(&verdict.left), place(&verdict.right))
                && left != right
            {
                last.insert((left.min(right), left.max(right)), verdict.same);
            }
        }
        let mut different: HashMap<usize, HashSet<usize>> = HashMap::new();
        let mut same = Vec::new();
        for ((left, right), is_same) in last {
            if is_same {
                same.push((left, right));
            } else {
                different.entry(left).or_default().insert(right);
                different.entry(right).or_default().insert(left);
            }
        }
        (same, different)
    }

    /// Pairs of different providers with the strongest reason; the strongest first.
    fn links(&self) -> Vec<(Reason, usize, usize)> {
        let mut keys: Vec<(Block, u64, usize)> = Vec::new();
        for (at, (_, sketch)) in self.offers.iter().enumerate() {
            keys.extend(sketch.numbers.iter().map(|key| (Block::Number, *key, at)));
            let title = |place: &u64| (Block::Place, mixed(sketch.title ^ *place), at);
            keys.extend(sketch.places.iter().map(title));
            keys.extend(sketch.bands().map(|band| (Block::Text, band, at)));
        }
        keys.sort_unstable();
        let mut found: HashMap<(usize, usize), Reason> = HashMap::new();
        for block in keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            self.compare(block, &mut found);
        }
        let mut links: Vec<_> = found
            .into_iter()
            .map(|((left, right), reason)| (reason, left, right))
            .collect();
        links.sort_unstable();
        links
    }

    /// Compares the offers that share a key, each with some of the providers before it: whatever the others are the
    /// same as, one of these is too.
    fn compare(&self, block: &[(Block, u64, usize)], found: &mut HashMap<(usize, usize), Reason>) {
        let provider = |at: usize| self.offers.get(at).map(|(key, _)| &key.provider);
        // Where the provider of the offer at hand begins in the block.
        let mut begins = 0;
        for (place, (kind, _, right)) in block.iter().enumerate() {
            let before = place.checked_sub(1).and_then(|place| block.get(place));
            if before.is_some_and(|(_, _, left)| provider(*left) != provider(*right)) {
                begins = place;
            }
            let others = block
                .get(begins.saturating_sub(COMPARED)..begins)
                .unwrap_or_default();
            for (_, _, left) in others {
                if let Some(reason) = self.reason(*kind, *left, *right) {
                    let known = found.entry((*left, *right)).or_insert(reason);
                    *known = reason.min(*known);
                }
            }
        }
    }

    fn reason(&self, block: Block, left: usize, right: usize) -> Option<Reason> {
        let (left, right) = (&self.offers.get(left)?.1, &self.offers.get(right)?.1);
        match block {
            Block::Number => {
                (left.title_likeness(right) >= 50).then_some(Reason::SameNumberAndDates)
            }
            // The key holds the title; two different ones with the same key are one in 2^64.
            Block::Place => (left.title == right.title).then_some(Reason::SameTitleVenueAndStart),
            Block::Text => {
                let alike = left.text_likeness(right);
                if left.title == right.title && alike >= 80 {
                    Some(Reason::SameTitleAndDescription)
                } else if left.title_likeness(right) >= 60
                    && alike >= 85
                    && left.shares_subject(right)
                    && left.same_hours(right)
                {
                    Some(Reason::NearlySameText)
                } else {
                    None
                }
            }
        }
    }
}

/// Groups while they grow.
struct Clusters<'a> {
    offers: &'a [(OfferKey, Sketch)],
    /// In which cluster an offer is, by its place.
    of: Vec<usize>,
    /// Members of each cluster and the links that hold it together.
    clusters: Vec<Cluster>,
    different: HashMap<usize, HashSet<usize>>,
}

impl<'a> Clusters<'a> {
    fn new(offers: &'a [(OfferKey, Sketch)]) -> Self {
        Self {
            offers,
            of: (0..offers.len()).collect(),
            clusters: (0..offers.len()).map(|at| (vec![at], Vec::new())).collect(),
            different: HashMap::new(),
        }
    }

    /// Puts two offers into one cluster, if nothing stands against it. Says whether they are in one now.
    fn join(&mut self, left: usize, right: usize, reason: Reason) -> bool {
        let (Some(one), Some(two)) = (self.of.get(left).copied(), self.of.get(right).copied())
        else {
            return false;
        };
        if one == two {
            return true;
        }
        if !self.may_join(one, two, reason) {
            return false;
        }
        let (small, large) = if self.size(one) < self.size(two) {
            (one, two)
        } else {
            (two, one)
        };
        let taken = self.clusters.get_mut(small).map(std::mem::take);
        let (members, links) = taken.unwrap_or_default();
        for member in &members {
            if let Some(cluster) = self.of.get_mut(*member) {
                *cluster = large;
            }
        }
        if let Some(cluster) = self.clusters.get_mut(large) {
            cluster.0.extend(members);
            cluster.1.extend(links);
            cluster.1.push((reason, left, right));
        }
        true
    }

    fn size(&self, cluster: usize) -> usize {
        self.clusters
            .get(cluster)
            .map_or(0, |(members, _)| members.len())
    }

    fn may_join(&self, one: usize, two: usize, reason: Reason) -> bool {
        let members = |cluster: usize| {
            let found = self.clusters.get(cluster);
            found
                .map(|(members, _)| members.as_slice())
                .unwrap_or_default()
        };
        let apart = members(one).iter().any(|member| {
            let others = self.different.get(member);
            others.is_some_and(|others| members(two).iter().any(|other| others.contains(other)))
        });
        if apart {
            return false;
        }
        if reason == Reason::Verdict {
            return true;
        }
        let provider = |at: &usize| self.offers.get(*at).map(|(key, _)| &key.provider);
        let known: HashSet<_> = members(one).iter().map(provider).collect();
        !members(two)
            .iter()
            .map(provider)
            .any(|provider| known.contains(&provider))
    }

    fn groups(self) -> Vec<Group> {
        let key = |at: usize| self.offers.get(at).map(|(key, _)| key.clone());
        let grown = self
            .clusters
            .iter()
            .filter(|(members, _)| members.len() > 1);
        grown
            .map(|(members, links)| {
                let mut members: Vec<OfferKey> = members.iter().filter_map(|at| key(*at)).collect();
                members.sort();
                let mut links: Vec<Link> = links
                    .iter()
                    .filter_map(|(reason, left, right)| {
                        Some(Link {
                            left: key(*left)?,
                            right: key(*right)?,
                            reason: *reason,
                        })
                    })
                    .collect();
                links.sort_by(|a, b| (&a.left, &a.right).cmp(&(&b.left, &b.right)));
                Group { members, links }
            })
            .collect()
    }
}
