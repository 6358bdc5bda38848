//! The district's rows, worked out again from the providers' rows.

use super::number::{Block, Seen};
use super::plan::Plan;
use super::{Audit, Rule};

/// Sums over the providers so far.
pub(super) struct Total {
    lower: Vec<u64>,
    upper: Vec<Option<u64>>,
    known: Vec<bool>,
    there: Vec<bool>,
    /// Whether a missing row of some provider may mean two things.
    coarse: bool,
}

impl Total {
    pub(super) fn new(plan: &Plan) -> Self {
        let count = plan.names.len();
        Self {
            lower: vec![0; count],
            upper: vec![Some(0); count],
            known: vec![true; count],
            there: vec![false; count],
            coarse: false,
        }
    }

    /// Adds a provider.
    pub(super) fn add(&mut self, block: &Block, bounds: Vec<Option<u64>>) {
        self.coarse |= block.coarse;
        let slots = self
            .lower
            .iter_mut()
            .zip(&mut self.upper)
            .zip(&mut self.known)
            .zip(&mut self.there);
        for ((number, bound), (((lower, upper), known), there)) in
            bounds.into_iter().enumerate().zip(slots)
        {
            let seen = block.at(number);
            *lower += seen.value().unwrap_or_default();
            *upper = upper.zip(bound).map(|(one, other)| one + other);
            *known &= seen.value().is_some() || (seen == Seen::Unknown && bound == Some(0));
            *there |= matches!(seen, Seen::Shown(_) | Seen::Hidden(..));
        }
    }

    /// Compares with what the release says.
    pub(super) fn compare(&self, said: &Block, audit: &mut Audit) {
        for number in 0..self.lower.len() {
            let (Some(lower), Some(upper), Some(known), Some(there)) = (
                self.lower.get(number),
                self.upper.get(number),
                self.known.get(number),
                self.there.get(number),
            ) else {
                continue;
            };
            let right = match said.at(number) {
                Seen::Shown(value) => *there && value == *lower && (*known || self.coarse),
                Seen::Hidden(least, most) => {
                    // Who knows less about a missing row gets a wider interval.
                    let bound = most == *upper
                        || (self.coarse
                            && most.is_some()
                            && upper.is_none_or(|upper| most <= Some(upper)));
                    *there && !*known && least == Some(*lower) && bound
                }
                Seen::Zero | Seen::Unknown => !*there,
            };
            if !right {
                let what = format!(
                    "the release says {:?}; the providers' rows give {lower} to {upper:?}",
                    said.at(number)
                );
                audit.find(Rule::District, said.release, said.place(number), what);
            }
        }
    }
}

/// The greatest value of each number that a provider's rows allow: see `merge`, which this repeats
/// with other means.
pub(super) fn bounds(plan: &Plan, block: &Block) -> Vec<Option<u64>> {
    let mut bounds: Vec<Option<u64>> = block.seen.iter().map(|seen| seen.value()).collect();
    loop {
        let mut better = Vec::new();
        for (parent, parts) in &plan.sums {
            let Some(most) = bounds.get(*parent).copied().flatten() else {
                continue;
            };
            let known: u64 = parts
                .iter()
                .filter_map(|part| block.at(*part).value())
                .sum();
            let rest = most.saturating_sub(known);
            for part in parts
                .iter()
                .filter(|part| block.at(**part).value().is_none())
            {
                if bounds
                    .get(*part)
                    .copied()
                    .flatten()
                    .is_none_or(|bound| bound > rest)
                {
                    better.push((*part, rest));
                }
            }
        }
        if better.is_empty() {
            return bounds;
        }
        for (part, rest) in better {
            if let Some(slot) = bounds.get_mut(part) {
                *slot = Some(slot.map_or(rest, |bound| bound.min(rest)));
            }
        }
    }
}
