//! From the providers' rows to the district's.
//!
//! A district number is known where every provider's is. Else it lies in an interval that follows from
//! the published rows alone: at least the sum of what is shown, at most that plus, for each hidden
//! number, the smallest upper bound that its sums give (bound of the parent minus the shown
//! siblings), carried down until nothing changes. Whoever holds the published rows can work the same
//! interval out, so publishing it gives nothing away: it is a service, not a disclosure. The audit of
//! this crate does it from the files alone (`audit`), and a test holds the two together.

use calluna_tables::{Revision, Shown, Web};

/// A number of the whole district.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Nobody shows or hides it: not due, left out, or zero because nobody offers it.
    Absent,
    /// Every provider's number is known.
    Known(u64),
    /// Somebody's is not.
    Between {
        /// At least.
        lower: u64,
        /// At most; nothing where nothing bounds it.
        upper: Option<u64>,
    },
}

/// For every number of a revision the greatest value that plain subtraction allows; nothing where it
/// allows any. A shown number allows itself only. A hidden one is at most the smallest, over its sums,
/// of the parent's bound minus the shown siblings; that is carried down until nothing changes.
#[must_use]
pub fn upper_bounds(web: &Web, revision: &Revision) -> Vec<Option<u64>> {
    let value = |number: u32| revision.value(number).value().map(u64::from);
    let mut bounds: Vec<Option<u64>> = (0_u32..).take(web.numbers().len()).map(value).collect();
    let get = |bounds: &[Option<u64>], number: u32| {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        bounds.get(at).copied().flatten()
    };
    let mut changed = true;
    while changed {
        changed = false;
        for sum in web.sums() {
            let Some(parent) = get(&bounds, sum.parent) else {
                continue;
            };
            let shown: u64 = sum.parts.iter().filter_map(|part| value(*part)).sum();
            let rest = parent.saturating_sub(shown);
            for part in sum.parts.iter().filter(|part| value(**part).is_none()) {
                let at = usize::try_from(*part).unwrap_or(usize::MAX);
                if let Some(bound) = bounds.get_mut(at)
                    && bound.is_none_or(|bound| bound > rest)
                {
                    *bound = Some(rest);
                    changed = true;
                }
            }
        }
    }
    bounds
}

/// The district's numbers of one period, added up provider by provider.
///
/// A number is known where every provider's is. Else it lies between two bounds that follow from the
/// published rows alone: at least the sum of what is shown; at most that plus the bounds of what is
/// hidden ([`upper_bounds`]). Whoever holds the published rows can work the same interval out, so
/// publishing it gives nothing away. [`crate::audit`] does that from the files alone.
#[derive(Clone, Debug)]
pub struct District {
    sums: Vec<Sum>,
    providers: usize,
    provisional: bool,
}

#[derive(Clone, Copy, Debug)]
struct Sum {
    lower: u64,
    upper: Option<u64>,
    known: bool,
    seen: bool,
}

impl District {
    /// Nobody's numbers yet.
    #[must_use]
    pub fn new(web: &Web) -> Self {
        let nothing = Sum {
            lower: 0,
            upper: Some(0),
            known: true,
            seen: false,
        };
        Self {
            sums: vec![nothing; web.numbers().len()],
            providers: 0,
            provisional: false,
        }
    }

    /// Adds a provider's numbers. One without the period is not added, and counts for nothing.
    pub fn add(&mut self, web: &Web, revision: &Revision) {
        self.providers += 1;
        self.provisional |= revision.kind == calluna_tables::Kind::Provisional;
        let bounds = upper_bounds(web, revision);
        for ((number, sum), bound) in (0_u32..).zip(&mut self.sums).zip(bounds) {
            let shown = revision.value(number);
            sum.lower += shown.value().map(u64::from).unwrap_or_default();
            sum.upper = sum.upper.zip(bound).map(|(one, other)| one + other);
            // What is not published at all, and cannot be other than zero, is zero.
            let nothing = shown == Shown::LeftOut && bound == Some(0);
            sum.known &= shown.value().is_some() || nothing;
            sum.seen |= matches!(shown, Shown::Value(_) | Shown::Hidden);
        }
    }

    /// How many providers were added.
    #[must_use]
    pub fn providers(&self) -> usize {
        self.providers
    }

    /// Whether the period is still open for one of them.
    #[must_use]
    pub fn provisional(&self) -> bool {
        self.provisional
    }

    /// A number of the web.
    #[must_use]
    pub fn number(&self, number: u32) -> Merged {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        match self.sums.get(at) {
            Some(sum) if sum.seen && sum.known => Merged::Known(sum.lower),
            Some(sum) if sum.seen => Merged::Between {
                lower: sum.lower,
                upper: sum.upper,
            },
            _ => Merged::Absent,
        }
    }
}
