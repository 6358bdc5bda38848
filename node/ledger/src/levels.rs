//! What is left out of a revision: tables and levels that would say nothing, that cannot be proved, or
//! that would cost more than they say.
//!
//! What is left out beside published parts of a sum is protected by the proof like anything hidden (`chain`). A sum of
//! something published is not left out: it would tie its parts all the same, and nothing could be shown below it.

use std::collections::BTreeMap;

use calluna_evidence::Frame;
use calluna_tables::When;

use crate::history::{index, number};
use crate::search::{Draft, Search, flag};

/// A level of a closing table is published when one of so many of its numbers could be shown.
const WORTH: usize = 3;
/// A nightly table is published when so many of its numbers could be shown: one of them has to hide the others.
const LEAST: usize = 3;

impl Search<'_> {
    /// Leaves out what would say nothing: of the nightly tables those of which next to nothing could be shown, and totals
    /// that could not; of the others the levels, deepest first, of which too little could. To hide so much one by
    /// one protects nobody better, and it takes minutes to prove that nothing can be worked out of it.
    pub(crate) fn leave_out_empty(&mut self) {
        let web = &self.frame.web;
        let nightly = web.nightly();
        let play: Vec<usize> = self.in_play().map(|(at, _)| at).collect();
        let open = self.open(&self.sums_with(play.into_iter()), &self.thresholds());
        let published = self.shown.iter().zip(&self.stays).zip(&self.structural);
        let mut kept: Vec<bool> = published
            .map(|((shown, stays), zero)| (*shown || *stays) && !zero)
            .collect();
        let mut keep = |at: u32| {
            if let Some(kept) = kept.get_mut(index(at)) {
                *kept = true;
            }
        };
        for (table, placed) in self.frame.layout.tables().iter().enumerate() {
            let mut levels: BTreeMap<u16, (usize, usize)> = BTreeMap::new();
            let mut numbers: Vec<u32> = web.places(table).to_vec();
            let at_night = placed.table.when == When::Nightly;
            numbers
                .retain(|at| !flag(&self.structural, *at) && (at_night || index(*at) >= nightly));
            for at in &numbers {
                let level = levels.entry(web.depth(*at)).or_default();
                level.0 += usize::from(flag(&open, *at));
                level.1 += 1;
            }
            if at_night {
                let below = levels.range(1..).map(|(_, (open, _))| open);
                let enough = below.sum::<usize>() >= LEAST;
                let says_something = |at: &&u32| match web.depth(**at) {
                    0 => flag(&open, **at),
                    _ => enough,
                };
                let worth = numbers.iter().filter(says_something);
                worth.for_each(|at| keep(*at));
                continue;
            }
            let mut levels = levels.iter().rev();
            if let Some((deepest, _)) = levels.find(|(_, (open, all))| open * WORTH >= *all) {
                let worth = numbers.iter().filter(|at| web.depth(**at) <= *deepest);
                worth.for_each(|at| keep(*at));
            }
        }
        keep_sums(self.frame, &mut kept);
        let mut left_out = self.left_out.clone();
        for ((out, kept), zero) in left_out.iter_mut().zip(&kept).zip(&self.structural) {
            *out |= !kept && !zero;
        }
        leave_out_pairs(self.frame, &mut left_out);
        self.left_out = left_out;
    }

    /// Leaves out everything where nothing at all can be shown yet, and nothing was published before; whether that is so.
    /// Hidden numbers of a night that says nothing would only bind the nights to come.
    pub(crate) fn leave_out_all(&mut self, draft: &Draft) -> bool {
        let nothing = self.night
            && !draft.visible.contains(&true)
            && self
                .stays
                .iter()
                .zip(&self.structural)
                .all(|(stays, zero)| !stays || *zero);
        let left_out: Vec<bool> = self.structural.iter().map(|zero| !zero).collect();
        let changed = nothing && left_out != self.left_out;
        if changed {
            self.left_out = left_out;
        }
        changed
    }

    /// A total of 7 that was shown says of a part with threshold 10 that it is 7 at most. Such parts are left out where
    /// they were not published yet: then the total is as sensitive as it was. Whether there was anything to leave out.
    pub(crate) fn leave_out_sensitive(&mut self, fallen: &[u32]) -> bool {
        let thresholds = self.thresholds();
        let least = |at: u32| thresholds.get(index(at)).copied().unwrap_or_default();
        let own = self.rules.thresholds(&self.frame.layout, &self.frame.web);
        let mut left_out = self.left_out.clone();
        for sum in self.frame.web.sums() {
            if fallen.binary_search(&sum.parent).is_err() {
                continue;
            }
            let before = own.get(index(sum.parent)).copied().unwrap_or_default();
            for part in sum.parts.iter().filter(|part| least(**part) > before) {
                if !flag(&self.shown, *part)
                    && let Some(out) = left_out.get_mut(index(*part))
                {
                    *out = true;
                }
            }
        }
        self.leave_out_below(&mut left_out);
        let changed = left_out != self.left_out;
        self.left_out = left_out;
        changed
    }

    /// Leaves out the deepest level of the tables that hold these numbers; whether anything is
    /// left to leave out and nothing of it was shown before.
    pub(crate) fn coarsen(&mut self, unproved: &[u32]) -> bool {
        let web = &self.frame.web;
        let mut deepest: Vec<(usize, u16)> = Vec::new();
        for table in 0..self.frame.layout.tables().len() {
            let places = web.places(table);
            let is_in = |at: &u32| index(*at) < self.reach && !flag(&self.left_out, *at);
            let depth = places
                .iter()
                .filter(|at| is_in(at))
                .map(|at| web.depth(*at))
                .max();
            let holds = places.iter().any(|at| unproved.contains(at) && is_in(at));
            if let Some(depth) = depth.filter(|_| holds) {
                deepest.push((table, depth));
            }
        }
        let Some(most) = deepest.iter().map(|(_, depth)| *depth).max() else {
            return false;
        };
        let mut left_out = self.left_out.clone();
        for (table, _) in deepest.iter().filter(|(_, depth)| *depth == most) {
            for at in web
                .places(*table)
                .iter()
                .filter(|at| web.depth(**at) == most)
            {
                if let Some(out) = left_out.get_mut(index(*at)) {
                    *out = true;
                }
            }
        }
        self.leave_out_below(&mut left_out);
        let lost = |at: usize| {
            let at = number(at);
            flag(&left_out, at) && flag(&self.shown, at)
        };
        if most == 0 || (0..self.reach).any(lost) {
            return false;
        }
        self.left_out = left_out;
        // A coarser question may need fewer complements.
        self.barred.fill(false);
        true
    }

    /// With a sum goes what is below it, but for what was published; of a pair both go.
    fn leave_out_below(&self, left_out: &mut [bool]) {
        loop {
            let before = left_out.iter().filter(|out| **out).count();
            for sum in self.frame.web.sums() {
                if !flag(left_out, sum.parent) || self.frame.web.is_silent(sum.parent) {
                    continue;
                }
                for part in &sum.parts {
                    let keeps = flag(&self.shown, *part)
                        || flag(&self.stays, *part)
                        || flag(&self.structural, *part);
                    if let Some(out) = left_out.get_mut(index(*part)).filter(|_| !keeps) {
                        *out = true;
                    }
                }
            }
            leave_out_pairs(self.frame, left_out);
            if left_out.iter().filter(|out| **out).count() == before {
                return;
            }
        }
    }
}

/// What is kept keeps the sums that it is a part of: below a sum that nobody lists nothing is shown.
fn keep_sums(frame: &Frame, kept: &mut [bool]) {
    loop {
        let mut changed = false;
        for sum in frame.web.sums() {
            if !flag(kept, sum.parent)
                && sum.parts.iter().any(|part| flag(kept, *part))
                && let Some(parent) = kept.get_mut(index(sum.parent))
            {
                *parent = true;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Of a pair both are left out, or none.
fn leave_out_pairs(frame: &Frame, left_out: &mut [bool]) {
    for (lesser, greater) in frame.web.at_most() {
        if flag(left_out, *lesser) != flag(left_out, *greater) {
            for at in [lesser, greater] {
                if let Some(out) = left_out.get_mut(index(*at)) {
                    *out = true;
                }
            }
        }
    }
}
