//! Tables that were found once serve every later question about the same numbers.
//!
//! A witness is kept as its difference from the true table. Where every cell that it changes is hidden, it is a
//! table the public cannot exclude, whatever else the mask hides: sums and bounds do not depend on
//! the mask. So trying out another mask costs linear programs only for the numbers whose witnesses are gone.

use std::collections::HashMap;

use crate::cell::CellId;
use crate::space::Component;

/// A number of a system.
pub(crate) type Number = (CellId, usize);

/// Differences of witnesses from one base table.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    moves: Vec<Vec<(Number, i64)>>,
    touching: HashMap<Number, Vec<usize>>,
}

impl Pool {
    /// How far below and above the base a number was witnessed, by tables that change hidden cells only.
    pub(crate) fn reach(&self, number: Number, hidden: &dyn Fn(CellId) -> bool) -> (i64, i64) {
        let touching = self.touching.get(&number).into_iter().flatten();
        let valid = touching
            .map(|at| &self.moves[*at])
            .filter(|moves| moves.iter().all(|((cell, _), _)| hidden(*cell)));
        let by = valid.filter_map(|moves| moves.iter().find(|(other, _)| *other == number));
        by.fold((0, 0), |(low, high), (_, by)| (low.min(*by), high.max(*by)))
    }

    /// Takes a witness in, and those multiples of it, either way, that fit too.
    pub(crate) fn take(&mut self, part: &Component, base: &[i64], point: &[i64]) {
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
        self.keep(part, &moves);
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
            let room = moves.iter().map(room).min().unwrap_or(0);
            let times = room.min(most.unwrap_or(0).max(1));
            let scaled: Vec<(usize, i64)> = moves
                .iter()
                .map(|(at, by)| (*at, by / unit * sign * times))
                .collect();
            let mut moved = base.to_vec();
            scaled.iter().for_each(|(at, by)| moved[*at] += by);
            if times > 0 && scaled != moves && part.allows(&moved) {
                self.keep(part, &scaled);
            }
        }
    }

    /// Every cell that a witness changes.
    pub(crate) fn cells(&self) -> impl Iterator<Item = CellId> + '_ {
        self.touching.keys().map(|(cell, _)| *cell)
    }

    /// Takes over the witnesses of a pool with the same base.
    pub(crate) fn join(&mut self, other: Self) {
        for moves in other.moves {
            self.insert(moves);
        }
    }

    fn insert(&mut self, moves: Vec<(Number, i64)>) {
        for (number, _) in &moves {
            self.touching
                .entry(*number)
                .or_default()
                .push(self.moves.len());
        }
        self.moves.push(moves);
    }

    fn keep(&mut self, part: &Component, moves: &[(usize, i64)]) {
        let number = |at: usize| (part.columns[at].cell, part.columns[at].at);
        let moves: Vec<(Number, i64)> = moves.iter().map(|(at, by)| (number(*at), *by)).collect();
        self.insert(moves);
    }
}

/// The greatest common divisor.
fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { divisor(b, a % b) }
}
