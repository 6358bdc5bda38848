//! The proof: for every hidden number two whole tables that everybody could be looking at, far enough apart.
//!
//! A linear program gives the range of a hidden number up to rounding; an attacker who counts in
//! whole persons may know a little more, and a solver may be wrong in the last digit. So the range is
//! not computed but *witnessed*: number v is proved when two tables of whole numbers are at hand
//! that agree with all that is published (checked in integer arithmetic, row by row) and whose values of v are
//! at least W apart. Whatever an attacker computes, he cannot exclude either table. That is stronger
//! than "the interval of the linear program, rounded inwards, has width W": it implies it.
//!
//! The witnesses are found by [`crate::oracle`]; one serves all numbers it moves, and so do its
//! multiples and its mirror image where the bounds allow them. What is not found within the
//! [`Budget`] counts as not proved. So the figures of an [`Audit`] err on one side only.

use std::collections::{BTreeMap, BTreeSet};

use crate::oracle::{Wish, any_point, propose};
use crate::primary::Mask;
use crate::space::{Attacker, Component, components, space};
use crate::system::{CellId, System};

/// How much work a proof may be: linear programs, counted, so that two runs decide alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Linear programs that may still be solved.
    pub solves: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { solves: 20_000 }
    }
}

impl Budget {
    /// Takes one, if there is one.
    pub(crate) fn take(&mut self) -> bool {
        let some = self.solves > 0;
        self.solves = self.solves.saturating_sub(1);
        some
    }
}

/// Components that were proved before, by hash: a quarter that did not change is not proved again.
///
/// Only successes are remembered, with the minimum width and the number of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    proved: BTreeMap<[u8; 32], u64>,
}

impl Memory {
    /// How many proofs are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.proved.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.proved.is_empty()
    }
}

/// Evidence of one publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Against whom.
    pub attacker: Attacker,
    /// Cells judged, over all tables and revisions.
    pub cells: usize,
    /// Cells hidden.
    pub hidden: usize,
    /// Hidden numbers, all measures and complements.
    pub numbers: usize,
    /// Width of the narrowest witnessed interval; `None` where nothing is hidden.
    pub minimum_width: Option<u64>,
    /// Numbers of which no second value is witnessed. Must be 0.
    pub exact: usize,
    /// Numbers whose witnessed interval is narrower than it must be, exact ones included. Must be 0.
    pub narrower: usize,
    /// Cells that hold such a number.
    pub unproved: Vec<CellId>,
    /// Independent parts, and those of them that were proved before.
    pub components: usize,
    /// Parts whose proof was remembered.
    pub remembered: usize,
    /// Linear programs solved.
    pub solves: usize,
    /// blake3 of the system: which numbers this is evidence of.
    pub system: [u8; 32],
}

impl Audit {
    /// Whether everything hidden is proved to stay hidden.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.narrower == 0 && self.unproved.is_empty()
    }
}

/// Proves what can be proved of a mask, over all tables and revisions of the system.
#[must_use]
pub fn prove(
    system: &System,
    mask: &Mask,
    attacker: Attacker,
    budget: &mut Budget,
    memory: &mut Memory,
) -> Audit {
    let parts = components(&space(system, mask, attacker));
    let before = budget.solves;
    let mut audit = Audit {
        attacker,
        cells: system.len(),
        hidden: mask.hidden(),
        numbers: parts.iter().map(|part| part.columns.len()).sum(),
        minimum_width: None,
        exact: 0,
        narrower: 0,
        unproved: Vec::new(),
        components: parts.len(),
        remembered: 0,
        solves: 0,
        system: system.hash(),
    };
    let mut unproved = BTreeSet::new();
    for part in &parts {
        let hash = part.hash();
        if let Some(width) = memory.proved.get(&hash) {
            audit.remembered += 1;
            narrow(&mut audit.minimum_width, *width);
            continue;
        }
        let witnessed = witness(part, budget, false);
        let mut least = None;
        let mut whole = true;
        for (column, (low, high)) in part.columns.iter().zip(&witnessed) {
            // What the attacker knows without us cannot be given away: no width is left to keep.
            if column.need == 0 {
                continue;
            }
            let width = (high - low).unsigned_abs();
            narrow(&mut least, width);
            audit.exact += usize::from(width == 0);
            if high - low < column.need {
                audit.narrower += 1;
                whole = false;
                unproved.insert(column.cell);
            }
        }
        if let Some(least) = least {
            narrow(&mut audit.minimum_width, least);
            if whole {
                memory.proved.insert(hash, least);
            }
        }
    }
    audit.unproved = unproved.into_iter().collect();
    audit.solves = before - budget.solves;
    audit
}

/// Whether a mask holds; stops at the first number that cannot be proved. For trying masks out.
pub(crate) fn holds(
    system: &System,
    mask: &Mask,
    attacker: Attacker,
    budget: &mut Budget,
    memory: &mut Memory,
) -> bool {
    components(&space(system, mask, attacker))
        .iter()
        .all(|part| {
            let hash = part.hash();
            if memory.proved.contains_key(&hash) {
                return true;
            }
            let witnessed = witness(part, budget, true);
            let proved = |(column, (low, high)): (&crate::space::Column, &(i64, i64))| {
                high - low >= column.need
            };
            let all = part.columns.iter().zip(&witnessed).all(proved);
            let watched = part.columns.iter().zip(&witnessed);
            let widths = watched.filter(|(column, _)| column.need > 0);
            let least = widths.map(|(_, (low, high))| high - low).min();
            if let Some(least) = least.filter(|_| all) {
                memory.proved.insert(hash, least.unsigned_abs());
            }
            all
        })
}

fn narrow(least: &mut Option<u64>, width: u64) {
    *least = Some(least.map_or(width, |least| least.min(width)));
}

/// Lowest and highest value witnessed for every column.
fn witness(part: &Component, budget: &mut Budget, give_up_early: bool) -> Vec<(i64, i64)> {
    let known: Option<Vec<i64>> = part.columns.iter().map(|column| column.value).collect();
    let base = match known {
        Some(base) => Some(base).filter(|base| part.allows(base)),
        None => budget.take().then(|| any_point(part)).flatten(),
    };
    let Some(base) = base else {
        return vec![(0, 0); part.columns.len()];
    };
    let mut ranges: Vec<(i64, i64)> = base.iter().map(|value| (*value, *value)).collect();
    for at in 0..base.len() {
        let need = part.columns[at].need;
        let column = &part.columns[at];
        // Up first; what is missing then has to be found below.
        for upwards in [true, false] {
            let (low, high) = ranges[at];
            let missing = if upwards {
                (low + need).min(column.high) - base[at]
            } else {
                (high - need).max(column.low) - base[at]
            };
            if high - low >= need || missing == 0 {
                continue;
            }
            if !budget.take() {
                return ranges;
            }
            let wish = Wish {
                target: (at, missing),
                prices: &[],
            };
            if let Some(point) = propose(part, &base, &wish) {
                widen(part, &base, &point, &mut ranges);
            }
        }
        let (low, high) = ranges[at];
        if give_up_early && high - low < need {
            return ranges;
        }
    }
    ranges
}

/// Takes a witness in, with the multiples of its move that fit, in both directions.
fn widen(part: &Component, base: &[i64], point: &[i64], ranges: &mut [(i64, i64)]) {
    let moves: Vec<(usize, i64)> = base
        .iter()
        .zip(point)
        .enumerate()
        .filter(|(_, (from, to))| from != to)
        .map(|(at, (from, to))| (at, to - from))
        .collect();
    let unit = moves
        .iter()
        .fold(0, |unit, (_, by)| divisor(unit, by.abs()));
    if unit == 0 {
        return;
    }
    let most = moves.iter().map(|(at, _)| part.columns[*at].need).max();
    for sign in [1, -1] {
        // As far as every bound allows, and no further than anybody needs.
        let room = |(at, by): &(usize, i64)| {
            let by = by / unit * sign;
            let column = &part.columns[*at];
            if by > 0 {
                (column.high - base[*at]) / by
            } else {
                (base[*at] - column.low) / -by
            }
        };
        let times = moves.iter().map(room).min().unwrap_or(0);
        let times = times.min(most.unwrap_or(0).max(unit));
        let mut moved = base.to_vec();
        for (at, by) in &moves {
            moved[*at] += by / unit * sign * times;
        }
        if times > 0 && part.allows(&moved) {
            take(&moved, ranges);
        }
    }
    take(point, ranges);
}

fn take(point: &[i64], ranges: &mut [(i64, i64)]) {
    for (value, (low, high)) in point.iter().zip(ranges) {
        *low = (*low).min(*value);
        *high = (*high).max(*value);
    }
}

/// The greatest common divisor.
fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { divisor(b, a % b) }
}
