//! How far each unknown can move: linear programs, as few as possible.
//!
//! Every feasible point widens what is known of *all* its unknowns, and between two feasible
//! points every value can be had. So a handful of points in random directions clears most of them.
//! For one that is still too narrow only its neighbours move first, the rest stays at a feasible
//! point; what is found so holds for the whole. Only where that is not enough does the whole
//! component move, and its answer is the true range.
//!
//! Ranges are those of real numbers, rounded inwards: somebody who solves for whole numbers could
//! find narrower ones where the rules are not totally unimodular (tables of three dimensions).

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::system::{Rule, Sign, System, Unknown};

/// Numbers of the linear programs are trusted so far.
const NOISE: f64 = 1e-6;
/// Unknowns that move together around one; the whole component after the last.
const NEIGHBOURS: [usize; 3] = [24, 160, usize::MAX];
/// Points of a component in random directions.
const POINTS: usize = 6;

/// What an unknown can be, both ends included; wider than asked unless `done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: i64,
    pub(super) high: i64,
    /// Whether both ends are the true ones.
    pub(super) done: bool,
}

/// What the linear programs found.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// Of every unknown that stands for itself.
    pub(super) of: BTreeMap<Unknown, Range>,
    /// Unknowns for which no program gave an answer.
    pub(super) unsolved: BTreeSet<Unknown>,
    /// Components whose rules contradict each other.
    pub(super) contradictions: usize,
    /// Programs solved.
    pub(super) programs: usize,
}

/// Answers for components that are alike but for the names of their unknowns.
pub(super) type Memory = HashMap<(Vec<Rule>, Vec<Limits>), Vec<(Option<Range>, bool)>>;
/// Bounds of an unknown and the width that is asked of it.
type Limits = ((i64, Option<i64>), i64);

impl Ranges {
    /// Ranges of every unknown, at least as wide as `wanted` says where they can be.
    pub(super) fn find(
        system: &System,
        wanted: &BTreeMap<Unknown, i64>,
        memory: &mut Memory,
    ) -> Self {
        let mut ranges = Self::default();
        for (unknowns, rules) in components(system, wanted.keys().copied()) {
            let local: HashMap<Unknown, Unknown> =
                unknowns.iter().copied().zip(0..unknowns.len()).collect();
            let named = |(at, factor): &(Unknown, i64)| (local[at], *factor);
            let rules: Vec<Rule> = rules
                .into_iter()
                .map(|rule| Rule {
                    terms: rule.terms.iter().map(named).collect(),
                    ..rule.clone()
                })
                .collect();
            let limits: Vec<Limits> = unknowns
                .iter()
                .map(|at| (system.bounds[*at], wanted.get(at).copied().unwrap_or(0)))
                .collect();
            let name = (rules, limits);
            if !memory.contains_key(&name) {
                let mut component = Component::new(&name.0, &name.1);
                let found = component.solve();
                ranges.programs += component.programs;
                memory.insert(name.clone(), found);
            }
            let found = &memory[&name];
            if found.iter().all(|(range, _)| range.is_none()) {
                ranges.contradictions += 1;
            }
            for (unknown, (range, solved)) in unknowns.iter().zip(found) {
                match range {
                    Some(range) => {
                        ranges.of.insert(*unknown, *range);
                    }
                    None => {
                        ranges.unsolved.insert(*unknown);
                    }
                }
                if !solved {
                    ranges.unsolved.insert(*unknown);
                }
            }
        }
        ranges
    }
}

/// Unknowns that rules tie together, in order, with those rules.
fn components(
    system: &System,
    all: impl Iterator<Item = Unknown>,
) -> Vec<(Vec<Unknown>, Vec<&Rule>)> {
    fn root(above: &BTreeMap<Unknown, Unknown>, mut at: Unknown) -> Unknown {
        while above[&at] != at {
            at = above[&at];
        }
        at
    }
    let mut above: BTreeMap<Unknown, Unknown> = all.map(|at| (at, at)).collect();
    for rule in &system.rules {
        for pair in rule.terms.windows(2) {
            let (one, other) = (root(&above, pair[0].0), root(&above, pair[1].0));
            above.insert(one.max(other), one.min(other));
        }
    }
    let mut parts: BTreeMap<Unknown, (Vec<Unknown>, Vec<&Rule>)> = BTreeMap::new();
    for at in above.keys() {
        parts.entry(root(&above, *at)).or_default().0.push(*at);
    }
    for rule in &system.rules {
        if let Some((first, _)) = rule.terms.first() {
            let part = parts.entry(root(&above, *first)).or_default();
            part.1.push(rule);
        }
    }
    parts.into_values().collect()
}

/// One component, its unknowns numbered from 0.
struct Component<'a> {
    rules: &'a [Rule],
    limits: &'a [Limits],
    /// The rules of each unknown.
    of: Vec<Vec<usize>>,
    /// A feasible point, far from the edges.
    base: Vec<f64>,
    /// Least and most value of each unknown in the points found.
    seen: Vec<(f64, f64)>,
    programs: usize,
}

impl<'a> Component<'a> {
    fn new(rules: &'a [Rule], limits: &'a [Limits]) -> Self {
        let mut of = vec![Vec::new(); limits.len()];
        for (at, rule) in rules.iter().enumerate() {
            for (unknown, _) in &rule.terms {
                of[*unknown].push(at);
            }
        }
        Self {
            rules,
            limits,
            of,
            base: Vec::new(),
            seen: vec![(f64::INFINITY, f64::NEG_INFINITY); limits.len()],
            programs: 0,
        }
    }

    /// For every unknown its range, and whether that is settled.
    fn solve(&mut self) -> Vec<(Option<Range>, bool)> {
        let everything: Vec<Unknown> = (0..self.limits.len()).collect();
        if let ([], [((low, high), wanted)]) = (self.rules, self.limits) {
            let range = Range {
                low: *low,
                high: high.unwrap_or(low + wanted + 1),
                done: high.is_some(),
            };
            return vec![(Some(range), true)];
        }
        if !self.begin(&everything) {
            return vec![(None, false); self.limits.len()];
        }
        everything
            .iter()
            .map(|unknown| {
                let settled = NEIGHBOURS
                    .iter()
                    .any(|most| self.settle(*unknown, &self.around(*unknown, *most)));
                let (low, high) = self.seen[*unknown];
                let range = Range {
                    low: inwards(low, 1.0),
                    high: inwards(high, -1.0),
                    done: !self.is_wide(*unknown),
                };
                (Some(range), settled)
            })
            .collect()
    }

    /// Some feasible points, and one in their middle.
    fn begin(&mut self, everything: &[Unknown]) -> bool {
        // A fixed beginning: the same input gives the same programs.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f64 / f64::from(1 << 24)
        };
        let least: Vec<f64> = everything.iter().map(|_| random()).collect();
        let room = |limit: &Limits, _: usize| limit_of(limit);
        let Some(first) = self.program(everything, &least, &room) else {
            return false;
        };
        self.take(everything, &first);
        let mut points = vec![first.clone()];
        for _ in 1..POINTS {
            if everything.iter().all(|unknown| self.is_wide(*unknown)) {
                break;
            }
            // Where nothing else holds a number back, this does; narrower than asked it is not.
            let room = |limit: &Limits, at: usize| {
                let (low, high) = limit_of(limit);
                (low, high.min(first[at] + 4.0 * (limit.1 as f64 + 1.0)))
            };
            let way: Vec<f64> = everything
                .iter()
                .map(|at| match self.is_wide(*at) {
                    true => 0.1 * (random() - 0.5),
                    false => random() - 0.5,
                })
                .collect();
            if let Some(point) = self.program(everything, &way, &room) {
                self.take(everything, &point);
                points.push(point);
            }
        }
        let middle =
            |at: usize| points.iter().map(|point| point[at]).sum::<f64>() / points.len() as f64;
        self.base = everything.iter().map(|at| middle(*at)).collect();
        true
    }

    /// Looks for the least and the most of one unknown while only `moving` ones move. True when it
    /// is wide enough, or its true range is known.
    fn settle(&mut self, unknown: Unknown, moving: &[Unknown]) -> bool {
        let whole = moving.len() == self.limits.len();
        let mut known = true;
        for direction in [1.0, -1.0] {
            if self.is_wide(unknown) {
                return true;
            }
            let (low, high) = self.seen[unknown];
            let (least, most) = limit_of(&self.limits[unknown]);
            // Bounds that are reached need no program.
            if direction > 0.0 && low <= least + NOISE || direction < 0.0 && high >= most - NOISE {
                continue;
            }
            let far = low + 2.0 * (self.limits[unknown].1 as f64 + 1.0);
            let way: Vec<f64> = moving
                .iter()
                .map(|at| if *at == unknown { direction } else { 0.0 })
                .collect();
            let far = far.max(self.base[unknown]);
            let room = |limit: &Limits, at: usize| {
                let (low, high) = limit_of(limit);
                (low, if at == unknown { high.min(far) } else { high })
            };
            match self.program(moving, &way, &room) {
                Some(point) => self.take(moving, &point),
                None => known = false,
            }
        }
        self.is_wide(unknown) || whole && known
    }

    /// The unknowns nearest to one, itself first; `most` of them, in order.
    fn around(&self, unknown: Unknown, most: usize) -> Vec<Unknown> {
        let mut found = BTreeSet::from([unknown]);
        let mut next = VecDeque::from([unknown]);
        while let Some(at) = next.pop_front() {
            let near = self.of[at].iter().flat_map(|rule| &self.rules[*rule].terms);
            for (other, _) in near {
                if found.len() < most && found.insert(*other) {
                    next.push_back(*other);
                }
            }
        }
        found.into_iter().collect()
    }

    /// The point with the least `Σ way × unknown` of the moving ones, the rest at the base.
    fn program(
        &mut self,
        moving: &[Unknown],
        way: &[f64],
        room: &dyn Fn(&Limits, usize) -> (f64, f64),
    ) -> Option<Vec<f64>> {
        self.programs += 1;
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let mut variables: HashMap<Unknown, Variable> = HashMap::new();
        for (at, way) in moving.iter().zip(way) {
            variables.insert(*at, problem.add_var(*way, room(&self.limits[*at], *at)));
        }
        let rules: BTreeSet<usize> = moving
            .iter()
            .flat_map(|at| self.of[*at].iter().copied())
            .collect();
        for rule in rules.into_iter().map(|rule| &self.rules[rule]) {
            let mut terms = Vec::new();
            let mut right = rule.right as f64;
            for (at, factor) in &rule.terms {
                match variables.get(at) {
                    Some(variable) => terms.push((*variable, *factor as f64)),
                    None => right -= *factor as f64 * self.base[*at],
                }
            }
            let sign = match rule.sign {
                Sign::Equal => ComparisonOp::Eq,
                Sign::AtMost => ComparisonOp::Le,
            };
            problem.add_constraint(terms, sign, right);
        }
        let solution = problem.solve().ok()?.into_solution().ok()?;
        Some(
            moving
                .iter()
                .map(|at| solution.var_value(variables[at]))
                .collect(),
        )
    }

    /// Widens what was seen.
    fn take(&mut self, moving: &[Unknown], point: &[f64]) {
        for (at, value) in moving.iter().zip(point) {
            let (low, high) = &mut self.seen[*at];
            *low = low.min(*value);
            *high = high.max(*value);
        }
    }

    fn is_wide(&self, unknown: Unknown) -> bool {
        let (low, high) = self.seen[unknown];
        low <= high && inwards(high, -1.0) - inwards(low, 1.0) >= self.limits[unknown].1
    }
}

fn limit_of(((low, high), _): &Limits) -> (f64, f64) {
    (*low as f64, high.map_or(f64::INFINITY, |high| high as f64))
}

/// The nearest whole number inwards: upwards of a lower end (`side` 1), downwards of an upper one.
fn inwards(value: f64, side: f64) -> i64 {
    if side > 0.0 {
        (value - NOISE).ceil() as i64
    } else {
        (value + NOISE).floor() as i64
    }
}
