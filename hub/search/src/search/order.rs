//! The best hits in order. Equal ones are shuffled anew each day, by a hash of the offer and the day.

use std::collections::{BinaryHeap, HashMap};

use calluna_model::id::ProviderId;

use super::filter::Near;
use super::matching::Matches;
use super::runs::Asked;
use crate::bits::Bits;
use crate::index::state::State;
use crate::index::view::View;
use crate::query::Sort;
use crate::ranking;

/// How hits are ordered.
#[derive(Debug)]
pub(super) struct Ordering<'a> {
    pub(super) view: &'a View,
    pub(super) scores: Option<&'a Matches>,
    pub(super) near: Option<&'a Near>,
    /// What is asked of runs, where that is anything: then only those runs say when it starts and what it costs.
    pub(super) asked: Option<&'a Asked<'a>>,
    pub(super) shuffle: u64,
    pub(super) sort: Sort,
}

/// Smaller is earlier: what is asked for first, then relevance, then the shuffle.
type Key = (u32, u32, u64);

impl Ordering<'_> {
    /// Leaves the first of each group, and says which the others are.
    pub(super) fn folded(&self, hits: &Bits) -> (Bits, HashMap<usize, Vec<usize>>) {
        let mut folded = hits.clone();
        let mut same = HashMap::new();
        for group in &self.view.groups {
            let docs = group.iter().map(|doc| *doc as usize);
            let mut here: Vec<usize> = docs.filter(|doc| hits.has(*doc)).collect();
            here.sort_by_cached_key(|doc| self.key(*doc, self.steps(*doc)));
            if let Some((first, others)) = here.split_first()
                && !others.is_empty()
            {
                others.iter().for_each(|doc| folded.unset(*doc));
                same.insert(*first, others.to_vec());
            }
        }
        (folded, same)
    }

    /// `limit` hits after the first `offset`, in order.
    pub(super) fn top(&self, hits: &Bits, offset: usize, limit: usize) -> Vec<usize> {
        let wanted = offset.saturating_add(limit);
        let mut best: BinaryHeap<(Key, usize)> = BinaryHeap::with_capacity(wanted + 1);
        // The relevance of the worst of them, once there are enough: what is worse needs no further look.
        let mut bound = u32::MAX;
        for doc in hits.iter() {
            let steps = self.steps(doc);
            if u32::MAX - steps > bound {
                continue;
            }
            // Copies share a ticket: their order must be the same on every page.
            let place = (self.key(doc, steps), doc);
            if best.len() < wanted {
                best.push(place);
            } else if let Some(mut worst) = best.peek_mut()
                && place < *worst
            {
                *worst = place;
            }
            if best.len() >= wanted
                && self.sort == Sort::Relevance
                && let Some(((_, relevance, _), _)) = best.peek()
            {
                bound = *relevance;
            }
        }
        let sorted = best.into_sorted_vec().into_iter().skip(offset);
        sorted.map(|(_, doc)| doc).collect()
    }

    #[inline]
    fn key(&self, doc: usize, steps: u32) -> Key {
        let relevance = u32::MAX - steps;
        let shuffled = mix(self.view.hash[doc] ^ self.shuffle);
        let asked = match self.sort {
            Sort::Relevance => 0,
            Sort::Start => {
                let asked = self.runs_of(doc).and_then(|asked| asked.next_start(doc));
                let start = asked.unwrap_or(self.view.next_start[doc]);
                start.abs_diff(i32::MIN)
            }
            Sort::Price => {
                let asked = self.runs_of(doc).and_then(|asked| asked.price(doc));
                asked.unwrap_or(self.view.price[doc])
            }
            Sort::Distance => {
                let asked = self.runs_of(doc).and_then(|asked| asked.nearest(doc));
                let asked = asked.map(|(km, _)| km);
                let any = || self.near.and_then(|near| near.km_of(self.view, doc));
                // To a hundred metres: closer than that nobody knows a place here.
                let km = asked.or_else(any);
                km.map_or(u32::MAX, |km| (km * 10.0).round() as u32)
            }
        };
        (asked, relevance, shuffled)
    }

    fn runs_of(&self, doc: usize) -> Option<&Asked<'_>> {
        self.asked.filter(|_| self.view.many.has(doc))
    }

    /// The score in steps: what differs by less is equal.
    #[inline]
    fn steps(&self, doc: usize) -> u32 {
        let score = self
            .scores
            .map_or(0.0, |scores| scores.score(self.view, doc));
        rounded((score + self.view.date[doc]) / ranking::STEP)
    }
}

/// What `round` gives for figures that are not negative, without asking a library for each hit.
#[inline]
fn rounded(figure: f32) -> u32 {
    let whole = figure as u32;
    whole + u32::from(figure - whole as f32 >= 0.5)
}

/// Offers that were folded into a hit.
pub(super) fn keys_of(
    state: &State,
    docs: Option<&Vec<usize>>,
    hit: usize,
) -> Vec<(ProviderId, String)> {
    let key = |doc: &usize| {
        let row = state.row(*doc)?;
        Some((row.provider.parse().ok()?, row.offer.to_string()))
    };
    let mut keys: Vec<_> = docs
        .into_iter()
        .flatten()
        .filter(|doc| **doc != hit)
        .filter_map(key)
        .collect();
    keys.sort();
    keys
}

/// Every bit of the hash decides over every bit of the result (the finaliser of splitmix64).
fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounding_is_rounding(figure in 0.0_f32..100_000.0) {
            prop_assert_eq!(rounded(figure), figure.round() as u32);
        }
    }
}
