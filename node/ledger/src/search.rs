//! Who may appear and what may be seen, each depending on the other.
//!
//! The batch depends on what is visible (residuals), and what is visible depends on the batch
//! (thresholds) and on the proof (complements). The search starts from everything that could be
//! visible with everybody, and only ever takes away: numbers that the batch does not bring to their threshold,
//! numbers below a hidden one, one of a pair whose other is hidden, complements. So it ends.

use std::collections::BTreeSet;

use calluna_evidence::Frame;
use calluna_protect::batch::{Pending, Watch, largest_batch};
use calluna_protect::{Attacker, Audit, Budget, Memory, Verdict, cost, protect};
use calluna_tables::{Revision, Rules, Shown};

use crate::against::Against;
use crate::chain::{Layer, Place, chain};
use crate::fault::Fault;
use crate::history::{Change, Persons, Sums, index, number};

/// Why a person waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Too few with her in a number or residual.
    Few,
    /// She changed or left after she was published.
    Changed,
    /// Without her a shown number falls below its threshold.
    Below,
}

/// What is asked, and what is known before.
pub(crate) struct Search<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) rules: &'a Rules,
    pub(crate) revisions: &'a [Revision],
    pub(crate) persons: &'a Persons,
    /// The sums behind every revision.
    pub(crate) truths: &'a [Sums],
    pub(crate) night: bool,
    /// How many numbers the revision will have.
    pub(crate) reach: usize,
    pub(crate) changes: Vec<Change<'a>>,
    /// Taken out of the batch for the whole decision.
    pub(crate) out: Vec<Option<Reason>>,
    /// Numbers that are publicly zero.
    pub(crate) structural: Vec<bool>,
    pub(crate) left_out: Vec<bool>,
    /// Numbers that were shown in some revision.
    pub(crate) shown: Vec<bool>,
    /// Numbers that the revision of the night before holds, shown or hidden: they do not come and go.
    pub(crate) stays: Vec<bool>,
    /// Numbers that stay hidden this night whatever they are.
    pub(crate) asleep: Vec<bool>,
    /// Numbers that may not be shown this time.
    pub(crate) barred: Vec<bool>,
}

/// What came out.
pub(crate) struct Found {
    /// Positions of the changes that are released, ascending.
    pub(crate) released: Vec<usize>,
    /// Everybody else with the reason.
    pub(crate) waiting: Vec<(usize, Reason)>,
    pub(crate) sums: Sums,
    pub(crate) visible: Vec<bool>,
    pub(crate) audit: Audit,
}

/// How a search ends.
pub(crate) enum End {
    Found(Box<Found>),
    /// Not proved, and it cannot be made coarser.
    NotProved,
    /// A number that was shown would fall below its threshold whatever waits.
    WouldFall,
}

/// A batch with what it brings.
pub(crate) struct Draft {
    released: Vec<usize>,
    held: Vec<usize>,
    pub(crate) sums: Sums,
    pub(crate) visible: Vec<bool>,
    pub(crate) thresholds: Vec<u32>,
}

impl Search<'_> {
    pub(crate) fn run(
        mut self,
        budget: &mut Budget,
        memory: &mut Memory,
    ) -> Result<(End, Self), Fault> {
        let mut against = None;
        let layers: Vec<Layer> = if self.night {
            let past = self.revisions.iter().zip(self.truths);
            past.map(|(revision, truth)| Layer::past(self.frame, revision, &truth.values))
                .collect()
        } else {
            Vec::new()
        };
        self.leave_out_empty();
        loop {
            let draft = match self.draft(&mut against) {
                Ok(draft) => draft,
                Err(fallen) if self.leave_out_sensitive(&fallen) => continue,
                Err(_) => return Ok((End::WouldFall, self)),
            };
            let chain = chain(self.frame, &layers, &self.layer(&draft))
                .map_err(|_| Fault::Internal("the numbers do not add up"))?;
            match protect(&chain.system, Attacker::OUTSIDER, budget, memory) {
                Verdict::Proved { mask, audit } => {
                    let hidden: Vec<u32> = (0..self.reach)
                        .map(number)
                        .filter(|at| flag(&draft.visible, *at))
                        .filter(|at| chain.open.get(at).is_some_and(|cell| mask.hides(*cell)))
                        .collect();
                    if hidden.is_empty() && self.leave_out_all(&draft) {
                        continue;
                    }
                    if hidden.is_empty() {
                        return Ok((End::Found(Box::new(self.found(draft, audit))), self));
                    }
                    self.bar(&hidden);
                }
                Verdict::Coarsen { audit } => {
                    let unproved = audit.unproved.iter();
                    let numbers: Vec<u32> = unproved
                        .filter_map(|cell| chain.numbers.get(cell).copied())
                        .collect();
                    let coarser = budget.solves > 0
                        && (self.coarsen(&numbers) || self.bar_new(&draft.visible));
                    if !coarser {
                        return Ok((End::NotProved, self));
                    }
                }
                Verdict::HoldBack { .. } => return Ok((End::WouldFall, self)),
            }
        }
    }

    fn found(&self, draft: Draft, audit: Audit) -> Found {
        let out = self.out.iter().enumerate();
        let mut waiting: Vec<(usize, Reason)> = out
            .filter_map(|(at, out)| out.map(|reason| (at, reason)))
            .collect();
        waiting.extend(draft.held.iter().map(|at| (*at, Reason::Few)));
        Found {
            released: draft.released,
            waiting,
            sums: draft.sums,
            visible: draft.visible,
            audit,
        }
    }

    fn bar(&mut self, numbers: &[u32]) {
        for at in numbers {
            if let Some(barred) = self.barred.get_mut(index(*at)) {
                *barred = true;
            }
        }
    }

    /// Nothing appears for the first time; whether anything would have.
    fn bar_new(&mut self, visible: &[bool]) -> bool {
        let new = |at: &u32| flag(visible, *at) && !flag(&self.shown, *at);
        let new: Vec<u32> = (0..self.reach).map(number).filter(new).collect();
        self.bar(&new);
        !new.is_empty()
    }

    /// The thresholds that hold when these are left out and those are publicly zero.
    pub(crate) fn thresholds(&self) -> Vec<u32> {
        self.frame.thresholds(self.rules, |at| {
            index(at) >= self.reach || flag(&self.structural, at) || flag(&self.left_out, at)
        })
    }

    pub(crate) fn in_play(&self) -> impl Iterator<Item = (usize, &Change<'_>)> {
        let all = self.changes.iter().enumerate().zip(&self.out);
        all.filter(|(_, out)| out.is_none()).map(|(one, _)| one)
    }

    pub(crate) fn sums_with(&self, released: impl Iterator<Item = usize>) -> Sums {
        let numbers = self.frame.web.numbers().len();
        let mut sums = self
            .truths
            .last()
            .cloned()
            .unwrap_or_else(|| Sums::empty(numbers));
        for change in released.filter_map(|at| self.changes.get(at)) {
            sums.change(change.was, change.is);
        }
        sums
    }

    /// What may be visible with these sums: at its threshold by value and by persons, nothing below what is
    /// hidden, persons and enrolments together.
    pub(crate) fn open(&self, sums: &Sums, thresholds: &[u32]) -> Vec<bool> {
        let mut open: Vec<bool> = (0..self.frame.web.numbers().len())
            .map(|at| {
                let get = |list: &[u32]| list.get(at).copied().unwrap_or_default();
                let least = thresholds.get(at).copied().unwrap_or(u32::MAX);
                // A batch of k persons can be larger than a threshold: who looks at the first value
                // knows that the number was less before.
                let enough = get(&sums.values) >= least
                    && get(&sums.contributors) >= least.max(self.rules.batch);
                let at = number(at);
                index(at) < self.reach
                    && !flag(&self.left_out, at)
                    && !flag(&self.structural, at)
                    && (flag(&self.shown, at)
                        || (enough && !flag(&self.barred, at) && !flag(&self.asleep, at)))
            })
            .collect();
        loop {
            let mut changed = false;
            let mut close = |open: &mut Vec<bool>, at: u32| {
                if let Some(open) = open.get_mut(index(at)).filter(|open| **open) {
                    *open = false;
                    changed = true;
                }
            };
            for at in (0..self.reach)
                .map(number)
                .filter(|at| !flag(&self.shown, *at))
            {
                // Nor below what is left out: its parts would say what it is.
                let hidden = |parent: &u32| {
                    !flag(&open, *parent)
                        && index(*parent) < self.reach
                        && !self.frame.web.is_silent(*parent)
                };
                if flag(&open, at) && self.frame.parents(at).iter().any(hidden) {
                    close(&mut open, at);
                }
            }
            for (lesser, greater) in self.frame.web.at_most() {
                if flag(&open, *lesser) != flag(&open, *greater) && index(*lesser) < self.reach {
                    close(&mut open, *lesser);
                    close(&mut open, *greater);
                }
            }
            if !changed {
                return open;
            }
        }
    }

    /// What everybody will know.
    fn known(&self, visible: &[bool]) -> Vec<bool> {
        visible
            .iter()
            .zip(&self.structural)
            .map(|(visible, zero)| *visible || *zero)
            .collect()
    }

    /// The largest batch, with what is visible then; else the shown numbers that would fall too low.
    fn draft(&mut self, against: &mut Option<Against>) -> Result<Draft, Vec<u32>> {
        let thresholds = self.thresholds();
        let play: Vec<usize> = self.in_play().map(|(at, _)| at).collect();
        let mut visible = self.open(&self.sums_with(play.into_iter()), &thresholds);
        loop {
            let (released, held) = self.batch(&visible);
            let sums = self.sums_with(released.iter().copied());
            let next = self.open(&sums, &thresholds);
            let lost: Vec<u32> = (0..self.reach)
                .map(number)
                .filter(|at| flag(&visible, *at) && !flag(&next, *at))
                .collect();
            if !lost.is_empty() {
                self.bar(&lost);
                visible = visible.iter().zip(&next).map(|(a, b)| *a && *b).collect();
                continue;
            }
            let fallen = self.fallen(&sums, &thresholds);
            if !fallen.is_empty() {
                if self.night || !self.take_out_below(&released, &fallen) {
                    return Err(fallen);
                }
                continue;
            }
            if self.night && self.bar_former_zeros(&released, &visible) {
                continue;
            }
            if !self.night && self.take_out_few(&released, &visible, against) {
                continue;
            }
            return Ok(Draft {
                released,
                held,
                sums,
                visible,
                thresholds,
            });
        }
    }

    /// The largest batch when these numbers are visible: released and held.
    fn batch(&self, visible: &[bool]) -> (Vec<usize>, Vec<usize>) {
        let mut seen = self.known(visible);
        if !self.night {
            // What appears for the first time at the close has nothing to be compared with.
            let last = self.revisions.last();
            let nightly = self.frame.web.nightly();
            for (at, seen) in seen.iter_mut().enumerate().skip(nightly) {
                let before = last.and_then(|last| last.value(number(at)).value());
                *seen &= before.is_some();
            }
        }
        let sums = self.frame.web.sums().iter();
        let watch = Watch::new(&seen, sums.map(|sum| (sum.parent, &sum.parts[..])));
        let pending: Vec<Pending> = self
            .in_play()
            .map(|(at, change)| Pending {
                person: at as u64,
                touches: watch.touches(&change.by),
                waits: false,
            })
            .collect();
        let batch = largest_batch(index(self.rules.batch), &pending);
        let positions = |list: Vec<u64>| -> Vec<usize> {
            list.into_iter()
                .filter_map(|at| usize::try_from(at).ok())
                .collect()
        };
        (positions(batch.released), positions(batch.held))
    }

    /// Numbers that were shown and would be too small.
    fn fallen(&self, sums: &Sums, thresholds: &[u32]) -> Vec<u32> {
        let too_small = |at: &u32| {
            let get = |list: &[u32]| list.get(index(*at)).copied().unwrap_or_default();
            let least = thresholds.get(index(*at)).copied().unwrap_or(u32::MAX);
            flag(&self.shown, *at) && (get(&sums.values) < least || get(&sums.contributors) < least)
        };
        (0..self.reach).map(number).filter(too_small).collect()
    }

    /// Whoever takes from a number that would be too small waits; whether there was anybody.
    fn take_out_below(&mut self, released: &[usize], fallen: &[u32]) -> bool {
        let takes = |change: &Change<'_>| {
            let mut by = change.by.iter();
            by.any(|(at, by)| *by < 0 && fallen.binary_search(at).is_ok())
        };
        let mut any = false;
        for at in released {
            if self.changes.get(*at).is_some_and(takes)
                && let Some(out) = self.out.get_mut(*at)
            {
                *out = Some(Reason::Below);
                any = true;
            }
        }
        // A person may be one contributor less without taking from the value of a shown number only
        // where she takes from it, so nobody is left to wait when the rules became stricter.
        any
    }

    /// Compares with every earlier revision; whoever makes too small a difference waits: first those who had
    /// been published before, then all who have to do with it. Whether anybody was taken out.
    fn take_out_few(
        &mut self,
        released: &[usize],
        visible: &[bool],
        against: &mut Option<Against>,
    ) -> bool {
        let known = self.known(visible);
        let made = against.take().filter(|against| against.is_for(&known));
        let made =
            made.unwrap_or_else(|| Against::new(self.frame, self.revisions, self.persons, known));
        let changed = released.iter().filter_map(|at| self.changes.get(*at));
        let offences = made.offences(
            self.rules.batch,
            changed.map(|change| (change.history, change.is)),
        );
        let mut guilty: Vec<(usize, bool)> = Vec::new();
        if !offences.is_empty() {
            for at in released {
                if let Some(change) = self.changes.get(*at)
                    && made.touches(&change.by, &offences)
                {
                    guilty.push((*at, !change.history.is_empty()));
                }
            }
            if guilty.is_empty() {
                // Nobody would mean that the revisions before break the rule already.
                guilty = released.iter().map(|at| (*at, false)).collect();
            }
        }
        *against = Some(made);
        let before = guilty.iter().any(|(_, before)| *before);
        for (at, _) in guilty.iter().filter(|(_, known)| *known == before) {
            if let Some(out) = self.out.get_mut(*at) {
                *out = Some(if before { Reason::Changed } else { Reason::Few });
            }
        }
        !guilty.is_empty()
    }

    /// A number that was a public zero, then hidden, and would be shown now is known in the revisions of both ends and
    /// not in those between, and so is what is left of its sum beside it. The batches between did not look at it
    /// alone, so two revisions far apart may differ by too few there. Then it is not shown yet; whether there was
    /// anything to bar.
    fn bar_former_zeros(&mut self, released: &[usize], visible: &[bool]) -> bool {
        let Some(last) = self.revisions.last() else {
            return false;
        };
        let mut until = 0;
        let mut former: Vec<u32> = Vec::new();
        for at in (0..self.reach).map(number) {
            let appears = flag(visible, at) && !flag(&self.shown, at);
            if !appears || last.value(at).value().is_some() {
                continue;
            }
            let zero = |revision: &Revision| revision.value(at) == Shown::Structural;
            if let Some(place) = self.revisions.iter().rposition(zero) {
                until = until.max(place + 1);
                former.push(at);
            }
        }
        let Some(revisions) = self.revisions.get(..until).filter(|some| !some.is_empty()) else {
            return false;
        };
        let known = self.known(visible);
        let against = Against::new(self.frame, revisions, self.persons, known);
        let changed = released.iter().filter_map(|at| self.changes.get(*at));
        let changed = changed.map(|change| (change.history, change.is));
        let few = !against.offences(self.rules.batch, changed).is_empty();
        if few {
            self.bar(&former);
        }
        few
    }

    /// The candidate as the proof sees it.
    fn layer(&self, draft: &Draft) -> Layer {
        let place = |at: u32| {
            let value = draft
                .sums
                .values
                .get(index(at))
                .copied()
                .unwrap_or_default();
            if flag(&self.left_out, at) || index(at) >= self.reach {
                Place::Out(value)
            } else if flag(&self.structural, at) {
                Place::Zero
            } else if flag(&self.shown, at) {
                Place::Known(value)
            } else if flag(&draft.visible, at) {
                Place::Open(value)
            } else {
                Place::Hidden(value)
            }
        };
        let places: Vec<Place> = (0..self.reach).map(|at| place(number(at))).collect();
        let costs = self.costs(draft, &places);
        Layer {
            places,
            thresholds: draft.thresholds.clone(),
            costs,
        }
    }

    /// What it costs to hide each number that may be hidden: the visible numbers that go with it, since nothing
    /// is shown below a hidden one and persons go with enrolments.
    fn costs(&self, draft: &Draft, places: &[Place]) -> Vec<f64> {
        let mut below: Vec<Vec<u32>> = vec![Vec::new(); places.len()];
        let mut link = |from: u32, to: u32| {
            if flag(&draft.visible, to)
                && let Some(below) = below.get_mut(index(from))
            {
                below.push(to);
            }
        };
        for sum in self.frame.web.sums() {
            sum.parts.iter().for_each(|part| link(sum.parent, *part));
        }
        for (lesser, greater) in self.frame.web.at_most() {
            link(*lesser, *greater);
            link(*greater, *lesser);
        }
        let price = |at: u32| {
            let value = draft
                .sums
                .values
                .get(index(at))
                .copied()
                .unwrap_or_default();
            cost(u64::from(value), false)
        };
        (0..places.len())
            .map(|at| {
                if !matches!(places.get(at), Some(Place::Open(_))) {
                    return 0.0;
                }
                let mut found = BTreeSet::from([number(at)]);
                let mut next = vec![number(at)];
                while let Some(one) = next.pop() {
                    for part in below.get(index(one)).into_iter().flatten() {
                        if found.insert(*part) {
                            next.push(*part);
                        }
                    }
                }
                found.into_iter().map(price).sum()
            })
            .collect()
    }

    /// What the revision says of every number.
    pub(crate) fn values(&self, found: &Found) -> Vec<Shown> {
        let shown = |at: u32| {
            if flag(&self.left_out, at) {
                Shown::LeftOut
            } else if flag(&self.structural, at) {
                Shown::Structural
            } else if flag(&found.visible, at) {
                let value = found.sums.values.get(index(at)).copied();
                value.map_or(Shown::Hidden, Shown::Value)
            } else {
                Shown::Hidden
            }
        };
        (0..self.reach).map(|at| shown(number(at))).collect()
    }
}

/// A flag of a number; false beyond the end.
pub(crate) fn flag(list: &[bool], at: u32) -> bool {
    list.get(index(at)).copied().unwrap_or_default()
}
