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

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, Variable};

use super::system::{Rule, Sign, System, Unknown};

/// Numbers of the linear programs are trusted so far.
const NOISE: f64 = 1e-6;
/// Unknowns that move together around one; the whole component after the last.
const NEIGHBOURS: [usize; 3] = [24, 160, usize::MAX];
/// A point of the whole component is worth its time when it makes so many unknowns wide enough.
const WORTH: usize = 4;
/// Programs look for the least, so upwards is negative.
const UP: f64 = -1.0;
const DOWN: f64 = 1.0;

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
pub(super) type Memory = HashMap<(Vec<Rule>, Vec<Limits>), Answer>;

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
            match &memory[&name] {
                Answer::Ranges(found) => {
                    for (unknown, range) in unknowns.iter().zip(found) {
                        match range {
                            Some(range) => drop(ranges.of.insert(*unknown, *range)),
                            None => drop(ranges.unsolved.insert(*unknown)),
                        }
                    }
                    continue;
                }
                Answer::Contradiction => ranges.contradictions += 1,
                Answer::Unsolved => {}
            }
            ranges.unsolved.extend(unknowns);
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

/// What became of a component.
#[derive(Debug)]
pub(super) enum Answer {
    /// The range of every unknown; nothing where no program settled it.
    Ranges(Vec<Option<Range>>),
    /// No numbers fit its rules.
    Contradiction,
    /// The solver gave up.
    Unsolved,
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

    fn solve(&mut self) -> Answer {
        let everything: Vec<Unknown> = (0..self.limits.len()).collect();
        if let ([], [((low, high), wanted)]) = (self.rules, self.limits) {
            return Answer::Ranges(vec![Some(Range {
                low: *low,
                high: high.unwrap_or(low + wanted + 1),
                done: high.is_some(),
            })]);
        }
        match self.begin(&everything) {
            Ok(()) => {}
            Err(Error::Infeasible) => return Answer::Contradiction,
            Err(_) => return Answer::Unsolved,
        }
        let range = |unknown: &Unknown| {
            let settled = NEIGHBOURS
                .iter()
                .any(|most| self.settle(*unknown, &self.around(*unknown, *most)));
            let (low, high) = self.seen[*unknown];
            settled.then(|| Range {
                low: inwards(low, 1.0),
                high: inwards(high, -1.0),
                done: !self.is_wide(*unknown),
            })
        };
        Answer::Ranges(everything.iter().map(range).collect())
    }

    /// Feasible points of the whole, as long as each of them makes several unknowns wide enough,
    /// and one in their middle.
    fn begin(&mut self, everything: &[Unknown]) -> Result<(), Error> {
        // A fixed beginning: the same input gives the same programs.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f64 / f64::from(1 << 24)
        };
        let least: Vec<f64> = everything.iter().map(|_| random()).collect();
        let rooms: Vec<(f64, f64)> = self.limits.iter().map(limit_of).collect();
        let first = self.program(everything, &least, &rooms)?;
        self.take(everything, &first);
        self.base = first;
        let mut points = 1.0;
        for direction in [UP, DOWN] {
            loop {
                let before = self.open(everything);
                if before == 0 {
                    return Ok(());
                }
                let (way, rooms) = self.together(everything, direction, None);
                let Ok(point) = self.program(everything, &way, &rooms) else {
                    break;
                };
                self.take(everything, &point);
                for (base, value) in self.base.iter_mut().zip(&point) {
                    *base += (value - *base) / (points + 1.0);
                }
                points += 1.0;
                if before - self.open(everything) < WORTH {
                    break;
                }
            }
        }
        Ok(())
    }

    fn open(&self, of: &[Unknown]) -> usize {
        of.iter().filter(|at| !self.is_wide(**at)).count()
    }

    /// A direction in which all of `moving` that are too narrow go at once, none further than it
    /// needs to, so that as many as possible get there; `first` before all others.
    fn together(
        &self,
        moving: &[Unknown],
        direction: f64,
        first: Option<Unknown>,
    ) -> (Vec<f64>, Vec<(f64, f64)>) {
        let way = |at: &Unknown| match (Some(*at) == first, self.is_wide(*at)) {
            (true, _) => 4.0 * direction,
            (false, true) => 0.0,
            (false, false) => direction,
        };
        let room = |at: &Unknown| {
            let (least, most) = limit_of(&self.limits[*at]);
            if self.is_wide(*at) {
                return (least, most);
            }
            // One more, since both ends are rounded inwards.
            let width = self.limits[*at].1 as f64 + 1.0;
            let (low, high) = self.seen[*at];
            if direction == UP {
                (least, most.min((low + width).max(self.base[*at])))
            } else {
                (least.max((high - width).min(self.base[*at])), most)
            }
        };
        (
            moving.iter().map(way).collect(),
            moving.iter().map(room).collect(),
        )
    }

    /// Looks for the least and the most of one unknown while only `moving` ones move. True when it
    /// is wide enough, or its true range is known.
    fn settle(&mut self, unknown: Unknown, moving: &[Unknown]) -> bool {
        let whole = moving.len() == self.limits.len();
        let mut known = true;
        for direction in [UP, DOWN] {
            if self.is_wide(unknown) {
                return true;
            }
            let (low, high) = self.seen[unknown];
            let (least, most) = limit_of(&self.limits[unknown]);
            // Bounds that are reached need no program.
            if direction == DOWN && low <= least + NOISE || direction == UP && high >= most - NOISE
            {
                continue;
            }
            let (mut way, mut rooms) = self.together(moving, direction, Some(unknown));
            if whole {
                // Nothing else counts now: this is the true end, unless it is far enough.
                for ((at, way), room) in moving.iter().zip(&mut way).zip(&mut rooms) {
                    if *at != unknown {
                        *way = 0.0;
                        *room = limit_of(&self.limits[*at]);
                    }
                }
            }
            match self.program(moving, &way, &rooms) {
                Ok(point) => self.take(moving, &point),
                Err(_) => known = false,
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
        rooms: &[(f64, f64)],
    ) -> Result<Vec<f64>, Error> {
        self.programs += 1;
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let mut variables: HashMap<Unknown, Variable> = HashMap::new();
        for ((at, way), room) in moving.iter().zip(way).zip(rooms) {
            variables.insert(*at, problem.add_var(*way, *room));
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
        let outcome = problem.solve()?;
        let solution = outcome
            .solution()
            .ok_or_else(|| Error::InternalError("no time limit was set".to_owned()))?;
        let value = |at: &Unknown| solution.var_value(variables[at]);
        Ok(moving.iter().map(value).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(rules: &[Rule], limits: &[Limits]) -> Vec<Range> {
        match Component::new(rules, limits).solve() {
            Answer::Ranges(found) => found.into_iter().map(Option::unwrap).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn rule(terms: &[(Unknown, i64)], sign: Sign, right: i64) -> Rule {
        Rule {
            terms: terms.to_vec(),
            sign,
            right,
        }
    }

    #[test]
    fn ends_between_whole_numbers_are_rounded_inwards_and_the_search_goes_far_enough_for_that() {
        // Twice the first is at least one: it begins at a half, so 1 to 5 needs a way of 4.5.
        let rules = [rule(&[(0, -2), (1, 1)], Sign::AtMost, 0)];
        let found = solve(&rules, &[((0, None), 4), ((1, Some(1)), 0)]);
        assert!(found[0].low == 1 && found[0].high >= 5, "{found:?}");
        assert!(!found[0].done);
        // With an end at 4.5 it is 1 to 4, and that is the truth.
        let rules = [rules[0].clone(), rule(&[(0, 2), (1, 1)], Sign::AtMost, 10)];
        let found = solve(&rules, &[((0, None), 4), ((1, Some(1)), 0)]);
        assert_eq!((found[0].low, found[0].high, found[0].done), (1, 4, true));
    }

    #[test]
    fn a_component_that_nothing_fits_is_told_apart() {
        let rules = [
            rule(&[(0, 1), (1, 1)], Sign::Equal, 5),
            rule(&[(0, 1), (1, 1)], Sign::Equal, 6),
        ];
        let limits = [((0, None), 4), ((0, None), 4)];
        let answer = Component::new(&rules, &limits).solve();
        assert!(matches!(answer, Answer::Contradiction));
    }
}
