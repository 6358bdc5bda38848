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

use crate::cell::CellId;
use crate::oracle::{Wish, any_point, propose};
use crate::pool::Pool;
use crate::primary::Mask;
use crate::space::{Attacker, Column, Component, components, space};
use crate::system::System;

/// How much work a proof may be: linear programs, counted, so that two runs decide alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Linear programs that may still be solved.
    pub solves: usize,
    /// When to stop in any case; nothing is proved any more then. For whoever proves what others sent.
    pub until: Option<std::time::Instant>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            solves: 20_000,
            until: None,
        }
    }
}

impl Budget {
    /// Takes one, if there is one.
    pub(crate) fn take(&mut self) -> bool {
        #[expect(
            clippy::disallowed_methods,
            reason = "a limit against whoever sends hard questions"
        )]
        let late = self
            .until
            .is_some_and(|until| std::time::Instant::now() > until);
        let some = self.solves > 0 && !late;
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

    /// Every proof: the hash of what was proved and its narrowest width. For whoever keeps them.
    pub fn iter(&self) -> impl Iterator<Item = ([u8; 32], u64)> + '_ {
        self.proved.iter().map(|(hash, width)| (*hash, *width))
    }
}

impl FromIterator<([u8; 32], u64)> for Memory {
    fn from_iter<I: IntoIterator<Item = ([u8; 32], u64)>>(proofs: I) -> Self {
        Self {
            proved: proofs.into_iter().collect(),
        }
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
    let question = Question {
        system,
        mask,
        attacker,
    };
    prove_with(question, Care::Whole, budget, memory, &mut Pool::default())
}

/// What is to be proved.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) system: &'a System,
    pub(crate) mask: &'a Mask,
    pub(crate) attacker: Attacker,
}

/// How hard a proof is sought. Less care proves less, and nothing that is not true.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Around each number, then everywhere.
    Whole,
    /// Around each number only, and no further than the first that fails.
    FirstFailure,
}

/// [`prove`], with witnesses that were found before.
pub(crate) fn prove_with(
    question: Question<'_>,
    care: Care,
    budget: &mut Budget,
    memory: &mut Memory,
    pool: &mut Pool,
) -> Audit {
    let Question {
        system,
        mask,
        attacker,
    } = question;
    let parts = components(&space(system, mask, attacker));
    let before = budget.solves;
    let mut audit = Audit {
        attacker,
        cells: system.len(),
        hidden: mask.hidden(),
        numbers: parts
            .iter()
            .flat_map(|part| &part.columns)
            .filter(|column| !system.cells[column.cell.index()].slack)
            .count(),
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
        let witnessed = witness(part, mask, care, budget, pool);
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
pub(crate) fn holds(question: Question<'_>, budget: &mut Budget, pool: &mut Pool) -> bool {
    let Question {
        system,
        mask,
        attacker,
    } = question;
    let parts = components(&space(system, mask, attacker));
    parts.iter().all(|part| {
        let witnessed = witness(part, mask, Care::FirstFailure, budget, pool);
        let wide = |(column, (low, high)): (&Column, &(i64, i64))| high - low >= column.need;
        part.columns.iter().zip(&witnessed).all(wide)
    })
}

fn narrow(least: &mut Option<u64>, width: u64) {
    *least = Some(least.map_or(width, |least| least.min(width)));
}

/// The true table of a part, where it is known and fits what is published.
pub(crate) fn truth(part: &Component) -> Option<Vec<i64>> {
    let known: Option<Vec<i64>> = part.columns.iter().map(|column| column.value).collect();
    known.filter(|base| part.allows(base))
}

/// Lowest and highest value witnessed for every column.
fn witness(
    part: &Component,
    mask: &Mask,
    care: Care,
    budget: &mut Budget,
    pool: &mut Pool,
) -> Vec<(i64, i64)> {
    // Whoever does not know the truth starts from a table of his own, with witnesses of its own.
    let unknown = part.columns.iter().any(|column| column.value.is_none());
    let mut own = Pool::default();
    let (base, pool) = if unknown {
        (budget.take().then(|| any_point(part)).flatten(), &mut own)
    } else {
        (truth(part), pool)
    };
    let Some(base) = base else {
        return vec![(0, 0); part.columns.len()];
    };
    let hidden = |cell: CellId| mask.hides(cell);
    let stretch = Stretch {
        part,
        base: &base,
        hidden: &hidden,
        prices: &[],
        near_only: care != Care::Whole,
    };
    for at in 0..base.len() {
        if !stretch.column(at, budget, pool) && care == Care::FirstFailure {
            break;
        }
    }
    let columns = part.columns.iter().zip(&base);
    columns
        .map(|(column, value)| {
            let (low, high) = pool.reach((column.cell, column.at), &hidden);
            (value + low, value + high)
        })
        .collect()
}

/// How a number is to be stretched.
pub(crate) struct Stretch<'a> {
    pub(crate) part: &'a Component,
    pub(crate) base: &'a [i64],
    /// Which cells may change.
    pub(crate) hidden: &'a dyn Fn(CellId) -> bool,
    /// What changing each column costs; empty is nothing.
    pub(crate) prices: &'a [f64],
    /// Look around the number only; what is not found there counts as not there.
    pub(crate) near_only: bool,
}

/// Columns around a number that are looked at first: nearly always enough, and an order faster.
const NEAR: usize = 160;

impl Stretch<'_> {
    /// Sees to it that a number is witnessed widely enough; whether it is.
    pub(crate) fn column(&self, at: usize, budget: &mut Budget, pool: &mut Pool) -> bool {
        if self.enough(at, pool) {
            return true;
        }
        let all = self.part.columns.len();
        if self.within(at, NEAR, budget, pool) {
            return true;
        }
        all > NEAR && !self.near_only && self.within(at, all, budget, pool)
    }

    fn enough(&self, at: usize, pool: &Pool) -> bool {
        let column = &self.part.columns[at];
        let (low, high) = pool.reach((column.cell, column.at), self.hidden);
        high - low >= column.need
    }

    fn within(&self, at: usize, most: usize, budget: &mut Budget, pool: &mut Pool) -> bool {
        let Self { part, base, .. } = *self;
        let column = &part.columns[at];
        let may_move = part.near(at, most);
        // Up first; what is missing then has to be found below.
        for upwards in [true, false] {
            let (low, high) = pool.reach((column.cell, column.at), self.hidden);
            let missing = if upwards {
                (low + column.need).min(column.high - base[at])
            } else {
                (high - column.need).max(column.low - base[at])
            };
            if high - low >= column.need || missing == 0 {
                continue;
            }
            if !budget.take() {
                return false;
            }
            let wish = Wish {
                target: (at, missing),
                prices: self.prices,
                may_move: &may_move,
            };
            if let Some(point) = propose(part, base, &wish) {
                pool.take(part, base, &point);
            }
        }
        self.enough(at, pool)
    }
}
