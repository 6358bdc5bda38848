//! From numbers to a mask that is proved, or to the statement that there is none (threats T1 to T3, T5, T6, T8, T9).
//!
//! 1. **Primary**: what is small is hidden ([`crate::is_unsafe`]).
//! 2. **Line rule**: a sum with one hidden member gives it away, and so do three zeros that are all that is left of
//!    a shown total: the cheapest other member goes too. Cheap, and not enough in linked tables: it proposes only.
//! 3. **Proof** ([`crate::prove`]) of every hidden number, over all tables and revisions.
//! 4. **Cycles**: for each number that cannot move far enough, a linear program in which shown cells
//!    may move at their price finds the cheapest way to let it; the cells on that way are hidden too.
//!    Back to 3, until all is proved.
//! 5. **Giving back**: complements, dearest first, are shown again wherever the proof still holds.
//!
//! A cell that was shown in the period stays shown (T5): if it has become small, the *update* waits,
//! not the cell ([`Verdict::HoldBack`]). If the proof cannot be had, the table has to become coarser
//! ([`Verdict::Coarsen`]); there is no way to get a mask out of this module that is not proved.

use std::collections::BTreeMap;

use crate::cell::{CellId, Standing};
use crate::pool::Pool;
use crate::primary::{Mask, is_structural, is_unsafe};
use crate::proof::{Audit, Budget, Care, Memory, Question, Stretch, holds, prove_with, truth};
use crate::space::{Attacker, Component, components, space};
use crate::system::{Sum, System};

/// What may be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This mask, with the evidence.
    Proved {
        /// Which cells are hidden.
        mask: Mask,
        /// Why that is enough.
        audit: Audit,
    },
    /// Nothing yet: these cells could not be proved in the budget; join categories and ask again.
    Coarsen {
        /// Where the proof got stuck.
        audit: Audit,
    },
    /// Nothing of this update in these cells: they are shown already and would become small.
    HoldBack {
        /// The cells; leave their last shown values, and those of their sums.
        cells: Vec<CellId>,
    },
}

/// Systems with fewer cells than this are tried from two starts and given back from in full.
const SMALL: usize = 400;
/// Rounds of proof and cycles; each hides at least one more cell.
const ROUNDS: usize = 60;
/// Part of the budget that may go into giving cells back.
const GIVING_BACK: usize = 3;

/// The cheapest mask found that is proved against the attacker.
#[must_use]
pub fn protect(
    system: &System,
    attacker: Attacker,
    budget: &mut Budget,
    memory: &mut Memory,
) -> Verdict {
    let mut primary = Mask::open(system);
    let mut held = Vec::new();
    for cell in system.ids() {
        match (system.cells[cell.index()].standing, is_unsafe(system, cell)) {
            (Standing::Shown, true) => held.push(cell),
            (Standing::Shown, false) | (Standing::Open, false) => {}
            (Standing::Hidden, _) | (Standing::Open, true) => primary.hide(cell),
        }
    }
    if !held.is_empty() {
        return Verdict::HoldBack { cells: held };
    }
    let mut work = Work {
        system,
        attacker,
        budget,
        memory,
        pool: Pool::default(),
        dearest: system
            .cells
            .iter()
            .fold(0.1, |most, cell| cell.cost.max(most)),
    };
    let starts = if system.len() < SMALL { 2 } else { 1 };
    let mut best: Option<(f64, Mask)> = None;
    let mut stuck = None;
    for start in 0..starts {
        let mut mask = primary.clone();
        if start == 0 {
            line_rule(system, &mut mask);
        }
        let audit = work.complete(&mut mask);
        if !audit.holds() {
            stuck = Some(audit);
            continue;
        }
        work.give_back(&mut mask);
        let loss = loss(system, &mask);
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, mask));
        }
    }
    if let Some((_, mask)) = best {
        let audit = work.prove(&mask, Care::Whole);
        return if audit.holds() {
            Verdict::Proved { mask, audit }
        } else {
            Verdict::Coarsen { audit }
        };
    }
    let audit = stuck.unwrap_or_else(|| work.prove(&primary, Care::Whole));
    Verdict::Coarsen { audit }
}

/// What a mask costs: the sum over hidden cells.
#[must_use]
pub fn loss(system: &System, mask: &Mask) -> f64 {
    let hidden = system.ids().filter(|cell| mask.hides(*cell));
    hidden.map(|cell| system.cells[cell.index()].cost).sum()
}

/// Whether the mask may take the cell: not shown before, and not public anyway.
fn may_hide(system: &System, cell: CellId) -> bool {
    system.cells[cell.index()].standing == Standing::Open && !is_structural(system, cell)
}

/// Hides the cheapest further member of every sum that gives its hidden members away, to the fixpoint.
fn line_rule(system: &System, mask: &mut Mask) {
    loop {
        let mut changed = false;
        for sum in &system.sums {
            if !speaks(system, mask, sum) {
                continue;
            }
            let others = sum
                .members()
                .filter(|cell| !mask.hides(*cell) && may_hide(system, *cell));
            let price = |cell: &CellId| system.cells[cell.index()].cost;
            if let Some(cell) = others.min_by(|a, b| price(a).total_cmp(&price(b))) {
                mask.hide(cell);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Whether a sum alone says too much: one hidden member is a difference, and hidden parts of a shown total
/// are together what is left of it, which must be enough for each of them to be anything below its threshold.
fn speaks(system: &System, mask: &Mask, sum: &Sum) -> bool {
    // Where something unknown is in the sum, it is no equation: the proof will tell.
    if sum.members().any(|cell| system.cells[cell.index()].slack) {
        return false;
    }
    if sum.members().filter(|cell| mask.hides(*cell)).count() == 1 {
        return true;
    }
    !mask.hides(sum.parent)
        && (0..system.width()).any(|at| {
            let hidden = sum.parts.iter().filter(|part| mask.hides(**part));
            let figures = hidden.map(|part| (part, system.figure(*part, at)));
            let open = figures.filter(|(_, figure)| !figure.structural);
            let (left, most) = open.fold((0, 0), |(left, most), (part, figure)| {
                let threshold = system.cells[part.index()].threshold;
                (left + figure.value.unwrap_or(0), threshold.max(most))
            });
            left + 1 < most
        })
}

struct Work<'a> {
    system: &'a System,
    attacker: Attacker,
    budget: &'a mut Budget,
    memory: &'a mut Memory,
    pool: Pool,
    dearest: f64,
}

impl Work<'_> {
    fn prove(&mut self, mask: &Mask, care: Care) -> Audit {
        let question = Question {
            system: self.system,
            mask,
            attacker: self.attacker,
        };
        prove_with(question, care, self.budget, self.memory, &mut self.pool)
    }

    /// Adds cells until all is proved or nothing helps.
    fn complete(&mut self, mask: &mut Mask) -> Audit {
        let mut audit = self.prove(mask, Care::Whole);
        for _ in 0..ROUNDS {
            if audit.holds() || !self.add_cycles(mask, &audit.unproved) {
                break;
            }
            audit = self.prove(mask, Care::Whole);
        }
        audit
    }

    /// Hides the cells on the cheapest ways for the failing ones; whether there were any.
    fn add_cycles(&mut self, mask: &mut Mask, failing: &[CellId]) -> bool {
        let mut wide = mask.clone();
        for cell in self.system.ids() {
            if may_hide(self.system, cell) {
                wide.hide(cell);
            }
        }
        let before = mask.hidden();
        for part in components(&space(self.system, &wide, self.attacker)) {
            let Some(base) = truth(&part) else { continue };
            for at in 0..base.len() {
                if failing.binary_search(&part.columns[at].cell).is_ok() {
                    self.free(mask, &part, &base, at);
                }
            }
        }
        mask.hidden() > before
    }

    /// Lets one number move as far as it must, and hides the cells on the way.
    fn free(&mut self, mask: &mut Mask, part: &Component, base: &[i64], at: usize) {
        let column = &part.columns[at];
        let now = |cell: CellId| mask.hides(cell);
        let (low, high) = self.pool.reach((column.cell, column.at), &now);
        if high - low >= column.need {
            return;
        }
        let prices: Vec<f64> = part
            .columns
            .iter()
            .map(|column| {
                let cost = self.system.cells[column.cell.index()].cost;
                let price = if mask.hides(column.cell) { 0.0 } else { cost };
                0.01 + price / self.dearest * 100.0
            })
            .collect();
        // Ways found for others may pass where this one may not pay: only what this one finds is hidden.
        let mut ways = Pool::default();
        let stretch = Stretch {
            part,
            base,
            hidden: &|_| true,
            prices: &prices,
            near_only: false,
        };
        stretch.column(at, self.budget, &mut ways);
        ways.cells().for_each(|cell| mask.hide(cell));
        self.pool.join(ways);
    }

    /// Shows complements again, dearest first, wherever the proof still holds.
    fn give_back(&mut self, mask: &mut Mask) {
        let cost = |cell: &CellId| self.system.cells[cell.index()].cost;
        let mut complements: Vec<CellId> = self
            .system
            .ids()
            .filter(|cell| {
                mask.hides(*cell) && may_hide(self.system, *cell) && !is_unsafe(self.system, *cell)
            })
            .collect();
        complements.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
        let sums = sums_of(self.system);
        let mut share = Budget {
            solves: self.budget.solves / GIVING_BACK,
            until: self.budget.until,
        };
        for cell in complements {
            if share.solves == 0 {
                return;
            }
            mask.show(cell);
            let lonely = sums.get(&cell).into_iter().flatten().any(|at| {
                let members = self.system.sums[*at].members();
                members.filter(|cell| mask.hides(*cell)).count() == 1
            });
            let before = share.solves;
            let question = Question {
                system: self.system,
                mask,
                attacker: self.attacker,
            };
            if lonely || !holds(question, &mut share, &mut self.pool) {
                mask.hide(cell);
            }
            self.budget.solves -= (before - share.solves).min(self.budget.solves);
        }
    }
}

/// The sums in which each cell stands.
fn sums_of(system: &System) -> BTreeMap<CellId, Vec<usize>> {
    let mut all: BTreeMap<CellId, Vec<usize>> = BTreeMap::new();
    for (at, sum) in system.sums.iter().enumerate() {
        for cell in sum.members() {
            all.entry(cell).or_default().push(at);
        }
    }
    all
}
