//! Somebody who reads all that is published and counts in whole persons. Shares no code with the
//! protecting crate: it searches, where that one solves linear programs.

/// Terms, whether it is an equation, and the right-hand side.
type Rule = (Vec<(usize, i64)>, bool, i64);

/// What is published, and what else the attacker knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Public {
    /// Lowest and highest possible value of each number; equal where it is published.
    pub(crate) ranges: Vec<(i64, i64)>,
    /// `sum of by * number` is `right`, or at most that.
    pub(crate) rules: Vec<Rule>,
}

impl Public {
    /// A number that is published.
    pub(crate) fn shown(&mut self, value: i64) -> usize {
        self.ranges.push((value, value));
        self.ranges.len() - 1
    }

    /// A number that is not, and what is known of it.
    pub(crate) fn hidden(&mut self, low: i64, high: i64) -> usize {
        self.ranges.push((low, high));
        self.ranges.len() - 1
    }

    /// `parts` add up to `total`.
    pub(crate) fn adds_up(&mut self, total: usize, parts: &[usize]) {
        let mut terms: Vec<(usize, i64)> = parts.iter().map(|part| (*part, 1)).collect();
        terms.push((total, -1));
        self.rules.push((terms, true, 0));
    }

    /// `lesser` is not above `greater`.
    pub(crate) fn at_most(&mut self, lesser: usize, greater: usize) {
        self.rules
            .push((vec![(lesser, 1), (greater, -1)], false, 0));
    }

    /// Whether the number can have this value.
    pub(crate) fn possible(&self, number: usize, value: i64) -> bool {
        let mut ranges = self.ranges.clone();
        let (low, high) = ranges[number];
        if !(low..=high).contains(&value) {
            return false;
        }
        ranges[number] = (value, value);
        self.solvable(ranges)
    }

    /// Lowest and highest value of a number, found by searching; looks no further than `far` above the lowest.
    pub(crate) fn interval(&self, number: usize, far: i64) -> (i64, i64) {
        let mut ranges = self.ranges.clone();
        assert!(
            self.narrow(&mut ranges),
            "what is published contradicts itself"
        );
        let (from, to) = ranges[number];
        let low = (from..=to)
            .find(|value| self.possible(number, *value))
            .unwrap();
        let top = to.min(low + far);
        let high = (low..=top)
            .rev()
            .find(|value| self.possible(number, *value));
        (low, high.unwrap())
    }

    fn solvable(&self, mut ranges: Vec<(i64, i64)>) -> bool {
        if !self.narrow(&mut ranges) {
            return false;
        }
        let open = (0..ranges.len()).filter(|at| ranges[*at].0 < ranges[*at].1);
        let Some(at) = open.min_by_key(|at| ranges[*at].1 - ranges[*at].0) else {
            return true;
        };
        (ranges[at].0..=ranges[at].1).any(|value| {
            let mut next = ranges.clone();
            next[at] = (value, value);
            self.solvable(next)
        })
    }

    /// Narrows all ranges by all rules to the fixpoint; false where nothing is left.
    fn narrow(&self, ranges: &mut [(i64, i64)]) -> bool {
        loop {
            let mut changed = false;
            for (terms, equal, right) in &self.rules {
                changed |= bound(terms, *right, ranges);
                if *equal {
                    let mirror: Vec<_> = terms.iter().map(|(at, by)| (*at, -by)).collect();
                    changed |= bound(&mirror, -right, ranges);
                }
            }
            if ranges.iter().any(|(low, high)| low > high) {
                return false;
            }
            if !changed {
                return true;
            }
        }
    }
}

/// `sum of by * number <= right` tightens every number by what the others take at least.
fn bound(terms: &[(usize, i64)], right: i64, ranges: &mut [(i64, i64)]) -> bool {
    let least = |(at, by): &(usize, i64), ranges: &[(i64, i64)]| {
        let (low, high) = ranges[*at];
        if *by > 0 { by * low } else { by * high }
    };
    let all: i64 = terms.iter().map(|term| least(term, ranges)).sum();
    let mut changed = false;
    for term in terms {
        let (at, by) = *term;
        let room = right - (all - least(term, ranges));
        let (low, high) = ranges[at];
        let new = if by > 0 {
            (low, high.min(room.div_euclid(by)))
        } else {
            // by * x <= room with by < 0: x >= room / by, rounded up.
            (low.max(-(room.div_euclid(-by))), high)
        };
        if new != (low, high) {
            ranges[at] = new;
            if new.0 > new.1 {
                return true;
            }
            return true;
        }
        changed |= new != (low, high);
    }
    changed
}
