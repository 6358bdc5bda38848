//! What is left out of a revision: tables and levels that would say nothing, that cannot be proved, or
//! that would cost more than they say.
//!
//! What is left out beside published parts of a sum is protected by the proof like anything hidden (`chain`).

use std::collections::BTreeMap;

use calluna_evidence::Frame;
use calluna_tables::{Measure, When};

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
        let mut left_out = self.left_out.clone();
        let mut out = |at: u32| {
            let keeps = flag(&self.shown, at) || flag(&self.stays, at);
            if let Some(out) = left_out.get_mut(index(at)).filter(|_| !keeps) {
                *out = true;
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
                let empty = below.sum::<usize>() < LEAST;
                let says_nothing = |at: &&u32| match web.depth(**at) {
                    0 => !flag(&open, **at),
                    _ => empty,
                };
                numbers.iter().filter(says_nothing).for_each(|at| out(*at));
                continue;
            }
            let empty = levels
                .iter()
                .rev()
                .take_while(|(_, (open, all))| open * WORTH < *all);
            for (depth, _) in empty {
                let level = numbers.iter().filter(|at| web.depth(**at) == *depth);
                level.for_each(|at| out(*at));
            }
        }
        leave_out_pairs(self.frame, &mut left_out);
        self.left_out = left_out;
    }

    /// Registrations are enrolments and the rest of them: cancelled and waiting. Where the rest is so little that
    /// it cannot be hidden between the two totals, enrolments with all below would have to be hidden for its sake.
    /// Then registrations and the rest are left out instead, and so they are where registrations would be hidden.
    /// Whether anything was.
    pub(crate) fn leave_out_rest(&mut self, draft: &Draft) -> bool {
        let web = &self.frame.web;
        let measure = |at: u32| web.numbers().get(index(at)).map(|number| number.measure);
        let mut left_out = self.left_out.clone();
        for sum in web.sums() {
            let enrolments = |at: &&u32| measure(**at) == Some(Measure::Enrolments);
            let said = flag(&self.shown, sum.parent)
                || flag(&self.stays, sum.parent)
                || flag(&self.structural, sum.parent)
                || flag(&self.left_out, sum.parent)
                || index(sum.parent) >= self.reach;
            if said || measure(sum.parent) != Some(Measure::Registrations) {
                continue;
            }
            let Some(part) = sum.parts.iter().find(enrolments) else {
                continue;
            };
            let rest = || sum.parts.iter().filter(|at| *at != part);
            let get = |list: &[u32], at: u32| list.get(index(at)).copied().unwrap_or_default();
            let open = rest().filter(|at| !flag(&self.structural, **at));
            let most = open
                .map(|at| get(&draft.thresholds, *at))
                .max()
                .unwrap_or(0);
            let left: u32 = rest().map(|at| get(&draft.sums.values, *at)).sum();
            if left + 1 < most || !flag(&draft.visible, sum.parent) {
                for at in rest().chain([&sum.parent]) {
                    if let Some(out) = left_out.get_mut(index(*at)) {
                        *out = true;
                    }
                }
            }
        }
        let changed = left_out != self.left_out;
        self.left_out = left_out;
        changed
    }

    /// A number was shown while a sum above it was left out. Where the sum would be hidden now, it stays left out: the
    /// number stays shown, and nothing is shown below what is hidden. Whether there was anything to leave out.
    pub(crate) fn leave_out_above(&mut self, draft: &Draft) -> bool {
        let mut left_out = self.left_out.clone();
        for sum in self.frame.web.sums() {
            let hidden = index(sum.parent) < self.reach
                && !flag(&draft.visible, sum.parent)
                && !flag(&self.structural, sum.parent);
            if hidden
                && sum.parts.iter().any(|part| flag(&self.shown, *part))
                && let Some(out) = left_out.get_mut(index(sum.parent))
            {
                *out = true;
            }
        }
        let changed = left_out != self.left_out;
        self.left_out = left_out;
        changed
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
        leave_out_pairs(self.frame, &mut left_out);
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
        leave_out_pairs(self.frame, &mut left_out);
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
