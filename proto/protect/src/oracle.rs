//! The linear program: it proposes other tables, and is never believed.
//!
//! A table that the public could just as well be looking at is *base + move*, where the base is a
//! table that fits (the true one, where it is known). In terms of moves, with z = up - down and both
//! parts non-negative, the starting point is zero and always allowed, so the simplex needs no first
//! phase, walks few steps, and what it finds is a short cycle of whole numbers. What comes back is
//! rounded and checked in whole-number arithmetic by [`Component::allows`]; a table that fails is
//! nothing. So an error of the solver can cost a cell, and never gives one away.
//!
//! **Why microlp and not clarabel** (both pure Rust, Apache-2.0; inner cells of three-way tables with
//! all two-way margins shown, one cell to move): microlp 3.6 ms for 240 and 960 numbers, 12 ms for 1,920,
//! all vertices whole numbers; clarabel 11, 37 and 74 ms, and as an interior-point method it ended between
//! vertices, with 184 of 960 and 261 of 1,920 numbers fractional. The same microlp on numbers instead of moves:
//! 62 and 275 ms, fractional.

use std::time::Duration;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, Variable};

use crate::space::Component;

/// No single solve may take longer: a proof that does not come is no proof.
const PATIENCE: Duration = Duration::from_secs(5);
/// Branches looked at when a vertex is not a whole number.
const BRANCHES: u64 = 40;

/// What to look for.
#[derive(Clone, Debug)]
pub(crate) struct Wish<'a> {
    /// The number to move, and by how much at most; negative is down.
    pub(crate) target: (usize, i64),
    /// What a unit of movement of each column costs; empty is nothing.
    pub(crate) prices: &'a [f64],
    /// The columns that may move.
    pub(crate) may_move: &'a [bool],
}

/// A point that fits every row and bound and has moved the target as far as it goes, or nothing.
pub(crate) fn propose(component: &Component, base: &[i64], wish: &Wish<'_>) -> Option<Vec<i64>> {
    let real = attempt(component, base, wish, false);
    match real {
        Attempt::Fits(point) => Some(point),
        Attempt::Nothing => None,
        Attempt::Fractional => match attempt(component, base, wish, true) {
            Attempt::Fits(point) => Some(point),
            Attempt::Fractional | Attempt::Nothing => None,
        },
    }
}

enum Attempt {
    Fits(Vec<i64>),
    Fractional,
    Nothing,
}

/// Two variables per column; none where the bound leaves no way.
type Pair = (Option<Variable>, Option<Variable>);

fn attempt(component: &Component, base: &[i64], wish: &Wish<'_>, whole: bool) -> Attempt {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let mut pairs: Vec<Pair> = Vec::with_capacity(base.len());
    for (at, column) in component.columns.iter().enumerate() {
        let (target, by) = wish.target;
        let mut up = column.high - base[at];
        let mut down = base[at] - column.low;
        let mut gain = 0.0;
        if at == target {
            gain = if by > 0 { GAIN } else { -GAIN };
            up = up.min(by.max(0));
            down = down.min((-by).max(0));
        }
        let price = wish.prices.get(at).copied().unwrap_or(0.0);
        let mut add = |gain: f64, room: i64| {
            (room > 0 && wish.may_move[at]).then(|| {
                let room = i32::try_from(room).unwrap_or(i32::MAX);
                if whole {
                    problem.add_integer_var(gain - price, (0, room))
                } else {
                    problem.add_var(gain - price, (0.0, f64::from(room)))
                }
            })
        };
        pairs.push((add(gain, up), add(-gain, down)));
    }
    add_rows(component, base, &pairs, &mut problem);
    let Ok(outcome) = problem.solve_with(limits()) else {
        return Attempt::Nothing;
    };
    let Some(solution) = outcome.solution() else {
        return Attempt::Nothing;
    };
    let mut point = base.to_vec();
    let mut exact = true;
    for (value, (up, down)) in point.iter_mut().zip(&pairs) {
        let part = |variable: &Option<Variable>| variable.map_or(0.0, |v| solution.var_value(v));
        let moved = part(up) - part(down);
        exact &= (moved - moved.round()).abs() < 1e-5;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded by the variables' bounds, and checked below"
        )]
        let moved = moved.round() as i64;
        *value += moved;
    }
    if component.allows(&point) {
        Attempt::Fits(point)
    } else if exact {
        Attempt::Nothing
    } else {
        Attempt::Fractional
    }
}

fn limits() -> SolveOptions {
    let mut options = SolveOptions::default();
    options.time_limit = Some(PATIENCE);
    options.node_limit = Some(BRANCHES);
    options
}

/// What a unit of the target is worth: far more than the dearest way there.
const GAIN: f64 = 1e4;

fn add_rows(component: &Component, base: &[i64], pairs: &[Pair], problem: &mut Problem) {
    for row in &component.rows {
        let mut terms = Vec::with_capacity(row.terms.len() * 2);
        let mut left = row.right;
        for (at, by) in &row.terms {
            left -= base[*at] * by;
            let by = if *by < 0 { -1.0 } else { 1.0 };
            terms.extend(pairs[*at].0.map(|up| (up, by)));
            terms.extend(pairs[*at].1.map(|down| (down, -by)));
        }
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let left = left as f64;
        if !terms.is_empty() {
            let how = if row.equal {
                ComparisonOp::Eq
            } else {
                ComparisonOp::Le
            };
            problem.add_constraint(terms, how, left);
        }
    }
}

/// A point that fits, where nobody knows the true one (the hub, or anybody with public data).
pub(crate) fn any_point(component: &Component) -> Option<Vec<i64>> {
    [false, true]
        .iter()
        .find_map(|whole| point_in(component, *whole))
}

fn point_in(component: &Component, whole: bool) -> Option<Vec<i64>> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let mut variables = Vec::with_capacity(component.columns.len());
    for column in &component.columns {
        let low = i32::try_from(column.low).unwrap_or(0);
        let high = i32::try_from(column.high).unwrap_or(i32::MAX);
        variables.push(if whole {
            problem.add_integer_var(0.0, (low, high))
        } else {
            problem.add_var(0.0, (f64::from(low), f64::from(high)))
        });
    }
    for row in &component.rows {
        let unit = |by: i64| if by < 0 { -1.0 } else { 1.0 };
        let terms: Vec<(Variable, f64)> = row
            .terms
            .iter()
            .map(|(at, by)| (variables[*at], unit(*by)))
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let right = row.right as f64;
        let how = if row.equal {
            ComparisonOp::Eq
        } else {
            ComparisonOp::Le
        };
        problem.add_constraint(terms, how, right);
    }
    let outcome = problem.solve_with(limits()).ok()?;
    let solution = outcome.solution()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounded by the variables' bounds, and checked below"
    )]
    let point: Vec<i64> = variables
        .iter()
        .map(|variable| solution.var_value(*variable).round() as i64)
        .collect();
    component.allows(&point).then_some(point)
}
