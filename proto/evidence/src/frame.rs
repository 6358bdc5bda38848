//! What all questions share.

use std::collections::{BTreeMap, BTreeSet};

use calluna_tables::region::UNKNOWN;
use calluna_tables::{Dim, Layout, Measure, Revision, Rules, Shown, Web};

/// A layout, its web, and how numbers hang together.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Tables and dimensions.
    pub layout: Layout,
    /// Numbers and sums.
    pub web: Web,
    /// [`Layout::fingerprint`].
    pub fingerprint: String,
    parents: Vec<Vec<u32>>,
    below: Vec<u32>,
}

impl Frame {
    /// The frame of a layout.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let web = Web::new(&layout);
        let fingerprint = layout.fingerprint();
        let mut parents = vec![Vec::new(); web.numbers().len()];
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for sum in web.sums() {
            parts.entry(sum.parent).or_default().extend(&sum.parts);
            for part in &sum.parts {
                if let Some(parents) = parents.get_mut(index(*part))
                    && !parents.contains(&sum.parent)
                {
                    parents.push(sum.parent);
                }
            }
        }
        let numbers = (0_u32..).take(web.numbers().len());
        let below = numbers.map(|number| below(&parts, number)).collect();
        Self {
            layout,
            web,
            fingerprint,
            parents,
            below,
        }
    }

    /// The numbers that a number is a part of.
    #[must_use]
    pub fn parents(&self, number: u32) -> &[u32] {
        self.parents.get(index(number)).map_or(&[], Vec::as_slice)
    }

    /// Whether a number is the sum of others.
    #[must_use]
    pub fn is_margin(&self, number: u32) -> bool {
        self.below(number) > 0
    }

    /// How many numbers stand below it: what is lost when it is hidden, since nothing is shown below a hidden
    /// number.
    #[must_use]
    pub fn below(&self, number: u32) -> u32 {
        self.below.get(index(number)).copied().unwrap_or_default()
    }

    /// How many values a revision of this kind has.
    #[must_use]
    pub fn values(&self, revision: &Revision) -> usize {
        match revision.kind {
            calluna_tables::Kind::Provisional => self.web.nightly(),
            _ => self.web.numbers().len(),
        }
    }

    /// The threshold of every number: that of the rules, and of every sum at least that of its parts, since
    /// a shown total of 7 says that a part with threshold 10 is 7 at most. Parts that are publicly zero or
    /// not published (`silent`) raise nothing.
    #[must_use]
    pub fn thresholds(&self, rules: &Rules, silent: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut thresholds = rules.thresholds(&self.layout, &self.web);
        if self.all_sensitive(rules, &silent) {
            // Where nothing else is offered, every number is one of a sensitive subject.
            for threshold in &mut thresholds {
                *threshold = rules.sensitive_threshold.max(*threshold);
            }
        }
        let at = |thresholds: &[u32], number: u32| {
            thresholds.get(index(number)).copied().unwrap_or(u32::MAX)
        };
        loop {
            let mut changed = false;
            for sum in self.web.sums() {
                let parts = sum.parts.iter().filter(|part| !silent(**part));
                let most = parts.map(|part| at(&thresholds, *part)).max().unwrap_or(0);
                if most > at(&thresholds, sum.parent)
                    && let Some(threshold) = thresholds.get_mut(index(sum.parent))
                {
                    *threshold = most;
                    changed = true;
                }
            }
            if !changed {
                return thresholds;
            }
        }
    }

    /// Whether all subject areas that are offered are sensitive; what is unknown aside.
    fn all_sensitive(&self, rules: &Rules, silent: &impl Fn(u32) -> bool) -> bool {
        let Some(tree) = self.layout.tree(Dim::Subject) else {
            return false;
        };
        let mut offered = (0_u32..)
            .zip(self.web.numbers())
            .filter_map(|(at, number)| {
                let nodes = number.nodes;
                let subject = *nodes.get(Dim::Subject as usize)?;
                let alone = nodes.iter().filter(|node| **node != 0).count() == 1;
                let code = tree.codes().get(usize::from(subject))?;
                let area = code.parent == Some(0) && code.id != UNKNOWN;
                (number.measure == Measure::Enrolments && alone && area && !silent(at))
                    .then_some(code)
            });
        let mut any = false;
        let all = offered.all(|code| {
            any = true;
            rules.sensitive.contains(&code.id)
        });
        any && all
    }

    /// The thresholds of a revision, from what it says itself.
    #[must_use]
    pub fn thresholds_of(&self, revision: &Revision) -> Vec<u32> {
        self.thresholds(&revision.rules, |number| {
            matches!(revision.value(number), Shown::Structural | Shown::LeftOut)
        })
    }
}

fn below(parts: &BTreeMap<u32, Vec<u32>>, number: u32) -> u32 {
    let mut seen = BTreeSet::new();
    let mut open = vec![number];
    while let Some(number) = open.pop() {
        for part in parts.get(&number).into_iter().flatten() {
            if seen.insert(*part) {
                open.push(*part);
            }
        }
    }
    u32::try_from(seen.len()).unwrap_or(u32::MAX)
}

/// A number as an index.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
