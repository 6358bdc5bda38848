//! Unknowns of one provider and period over all revisions, and every rule that ties them.
//!
//! First everything that follows without a linear program: rules with one unknown, equal sums of
//! growing numbers (then each of them stayed the same), bounds from bounds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::numbers::{Key, Known, Number, Numbers, Revision, Sum};

/// An unknown number, or several that are known to be equal.
pub(super) type Unknown = usize;

/// How the terms of a rule stand to its right side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Sign {
    Equal,
    AtMost,
}

/// `Σ factor × unknown = right` or `<= right`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rule {
    pub(super) terms: Vec<(Unknown, i64)>,
    pub(super) sign: Sign,
    pub(super) right: i64,
}

/// The rules contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contradiction;

/// A number in a revision, with its factor in a rule.
type Place = (usize, Number);

/// A rule before anything is inserted.
#[derive(Debug)]
struct Raw {
    terms: Vec<(Place, i64)>,
    sign: Sign,
}

/// More rounds of bounds from bounds than this are left to the linear program.
const ROUNDS: usize = 40;

/// The unknowns and what is known of them.
#[derive(Debug)]
pub(super) struct System {
    /// Of every hidden number in every revision, the unknown before it was found equal to others.
    pub(super) places: BTreeMap<Place, Unknown>,
    shown: HashMap<Place, i64>,
    same: Vec<Unknown>,
    /// Lowest and highest value of an unknown, by the rules used so far.
    pub(super) bounds: Vec<(i64, Option<i64>)>,
    /// What is left for linear programs.
    pub(super) rules: Vec<Rule>,
}

impl System {
    /// Builds and reduces the system. With `grows`, numbers of provisional revisions only grow.
    pub(super) fn new(
        numbers: &Numbers,
        revisions: &[Revision],
        grows: bool,
    ) -> Result<Self, Contradiction> {
        let mut system = Self {
            places: BTreeMap::new(),
            shown: HashMap::new(),
            same: Vec::new(),
            bounds: Vec::new(),
            rules: Vec::new(),
        };
        let mut raw = Vec::new();
        let mut all_sums = Vec::new();
        for (at, revision) in revisions.iter().enumerate() {
            system.place(numbers, at, revision);
            let sums = revision.sums(numbers);
            raw.extend(sums.values().map(|sum| raw_sum(at, sum)));
            for number in revision.cells.keys() {
                if let Some(most) = numbers.enrolments_of(*number)
                    && revision.cells.contains_key(&most)
                {
                    raw.push(at_most((at, *number), (at, most)));
                }
            }
            all_sums.push(sums);
        }
        let steps = if grows { steps(revisions) } else { Vec::new() };
        for (before, after, number) in &steps {
            raw.push(at_most((*before, *number), (*after, *number)));
        }
        let links: BTreeSet<(usize, usize)> = steps
            .iter()
            .map(|(before, after, _)| (*before, *after))
            .collect();
        loop {
            let mut changed = false;
            for (before, after) in &links {
                changed |= system.still(*before, &all_sums[*before], *after, &all_sums[*after])?;
            }
            changed |= system.insert(&raw)?;
            if !changed {
                return Ok(system);
            }
        }
    }

    fn place(&mut self, numbers: &Numbers, at: usize, revision: &Revision) {
        for number in revision.cells.keys().chain(&revision.unlisted) {
            if let Known::Value(value) = revision.known(numbers, *number) {
                self.shown.insert((at, *number), whole(value));
            } else {
                self.places.insert((at, *number), self.same.len());
                self.same.push(self.same.len());
                self.bounds.push((0, None));
            }
        }
    }

    /// The unknown that stands for all that are equal to this one.
    pub(super) fn root(&self, mut unknown: Unknown) -> Unknown {
        while self.same[unknown] != unknown {
            unknown = self.same[unknown];
        }
        unknown
    }

    /// The value, if it is known by now.
    pub(super) fn fixed(&self, unknown: Unknown) -> Option<i64> {
        let (low, high) = self.bounds[unknown];
        (high == Some(low)).then_some(low)
    }

    /// A number as it stands now: a value or an unknown.
    fn now(&self, place: Place) -> Result<i64, Unknown> {
        if let Some(value) = self.shown.get(&place) {
            return Ok(*value);
        }
        let root = self.root(self.places[&place]);
        self.fixed(root).ok_or(root)
    }

    fn narrow(
        &mut self,
        unknown: Unknown,
        low: i64,
        high: Option<i64>,
    ) -> Result<bool, Contradiction> {
        let old = self.bounds[unknown];
        let low = low.max(old.0);
        let high = match (high, old.1) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if high.is_some_and(|high| high < low) {
            return Err(Contradiction);
        }
        self.bounds[unknown] = (low, high);
        Ok(old != (low, high))
    }

    fn join(&mut self, one: Place, other: Place) -> Result<bool, Contradiction> {
        match (self.now(one), self.now(other)) {
            (Ok(one), Ok(other)) if one == other => Ok(false),
            (Ok(_), Ok(_)) => Err(Contradiction),
            (Err(unknown), Ok(value)) | (Ok(value), Err(unknown)) => {
                self.narrow(unknown, value, Some(value))
            }
            (Err(one), Err(other)) if one == other => Ok(false),
            (Err(one), Err(other)) => {
                let (low, high) = self.bounds[other];
                self.same[other] = one;
                self.narrow(one, low, high)?;
                Ok(true)
            }
        }
    }

    /// Where a sum of growing numbers stayed the same, each of them did; and the other way round.
    fn still(
        &mut self,
        before: usize,
        sums: &BTreeMap<(Key, usize), Sum>,
        after: usize,
        later: &BTreeMap<(Key, usize), Sum>,
    ) -> Result<bool, Contradiction> {
        let mut changed = false;
        for (name, sum) in sums {
            let Some(then) = later.get(name).filter(|then| *then == sum && sum.complete) else {
                continue;
            };
            let Some(parent) = then.parent else { continue };
            let (one, other) = (self.now((before, parent)), self.now((after, parent)));
            let mut moved = match (one, other) {
                (Ok(one), Ok(other)) => Some(other - one),
                (one, other) => (one == other).then_some(0),
            };
            let mut open = Vec::new();
            for child in &sum.children {
                match (self.now((before, *child)), self.now((after, *child))) {
                    (Ok(one), Ok(other)) => moved = moved.map(|moved| moved - (other - one)),
                    (one, other) if one == other => {}
                    _ => open.push(*child),
                }
            }
            if moved == Some(0) {
                for child in open {
                    changed |= self.join((before, child), (after, child))?;
                }
            } else if open.is_empty() && one != other {
                let still = sum
                    .children
                    .iter()
                    .all(|child| self.now((before, *child)) == self.now((after, *child)));
                if still {
                    changed |= self.join((before, parent), (after, parent))?;
                }
            }
        }
        Ok(changed)
    }

    /// Inserts what is known into every rule and draws bounds from them; keeps what is left.
    fn insert(&mut self, raw: &[Raw]) -> Result<bool, Contradiction> {
        let rules: BTreeSet<Rule> = raw.iter().map(|raw| self.rule(raw)).collect();
        let mut changed = false;
        for _ in 0..ROUNDS {
            let mut moved = false;
            for rule in &rules {
                moved |= self.draw(rule)?;
            }
            changed |= moved;
            if !moved {
                break;
            }
        }
        self.rules = rules
            .into_iter()
            .filter(|rule| rule.terms.len() > 1)
            .collect();
        // Rounds without end are for the linear program: only what became known starts again.
        Ok(changed
            && self
                .rules
                .iter()
                .flat_map(|rule| &rule.terms)
                .any(|(unknown, _)| self.fixed(*unknown).is_some()))
    }

    fn rule(&self, raw: &Raw) -> Rule {
        let mut terms: BTreeMap<Unknown, i64> = BTreeMap::new();
        let mut right = 0;
        for (place, factor) in &raw.terms {
            match self.now(*place) {
                Ok(value) => right -= factor * value,
                Err(unknown) => *terms.entry(unknown).or_default() += factor,
            }
        }
        terms.retain(|_, factor| *factor != 0);
        Rule {
            terms: terms.into_iter().collect(),
            sign: raw.sign,
            right,
        }
    }

    /// Bounds of each unknown of a rule from those of the others.
    fn draw(&mut self, rule: &Rule) -> Result<bool, Contradiction> {
        let mut changed = false;
        let directions: &[i64] = match rule.sign {
            Sign::AtMost => &[1],
            Sign::Equal => &[1, -1],
        };
        for direction in directions {
            let right = rule.right * direction;
            // The smallest value of each term; nothing when it can fall without end.
            let least = |system: &Self, (unknown, factor): &(Unknown, i64)| {
                let (low, high) = system.bounds[*unknown];
                let factor = factor * direction;
                if factor > 0 {
                    Some(factor * low)
                } else {
                    high.map(|high| factor * high)
                }
            };
            let endless = rule
                .terms
                .iter()
                .filter(|term| least(self, term).is_none())
                .count();
            let sum: i64 = rule.terms.iter().filter_map(|term| least(self, term)).sum();
            if endless == 0 && sum > right {
                return Err(Contradiction);
            }
            for term in &rule.terms {
                let own = least(self, term);
                if endless > usize::from(own.is_none()) {
                    continue;
                }
                let room = right - (sum - own.unwrap_or(0));
                let factor = term.1 * direction;
                changed |= if factor > 0 {
                    self.narrow(term.0, 0, Some(room.div_euclid(factor)))?
                } else {
                    // -f x <= room, so x >= -room / f, rounded up.
                    self.narrow(term.0, -room.div_euclid(-factor), None)?
                };
            }
        }
        Ok(changed)
    }
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX / 4)
}

fn raw_sum(at: usize, sum: &Sum) -> Raw {
    let children = sum.children.iter().map(|child| ((at, *child), 1));
    let parent = sum.parent.map(|parent| ((at, parent), -1));
    Raw {
        terms: children.chain(parent).collect(),
        sign: if sum.complete {
            Sign::Equal
        } else {
            Sign::AtMost
        },
    }
}

fn at_most(one: Place, other: Place) -> Raw {
    Raw {
        terms: vec![(one, 1), (other, -1)],
        sign: Sign::AtMost,
    }
}

/// For every number each provisional revision and the next one that lists it.
fn steps(revisions: &[Revision]) -> Vec<(usize, usize, Number)> {
    let mut last: HashMap<Number, usize> = HashMap::new();
    let mut steps = Vec::new();
    let provisional = |(_, revision): &(usize, &Revision)| revision.provisional;
    for (at, revision) in revisions.iter().enumerate().filter(provisional) {
        for number in revision.cells.keys() {
            if let Some(before) = last.insert(*number, at) {
                steps.push((before, at, *number));
            }
        }
    }
    steps
}
