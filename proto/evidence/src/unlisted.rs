//! What can be said of numbers that a revision leaves out.
//!
//! Nobody lists a number that is left out, and still it is the sum of its parts. Where the courses of one subject area
//! are all held in person, the persons in person *are* those of the area, and those by sex add up to the same:
//! whoever leaves the area's own number out of the system ties the two to nothing, and does not see that the one
//! hidden number by sex follows by subtraction.

use std::collections::BTreeSet;

use crate::frame::Frame;

/// Numbers that are left out and have to do with what is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unlisted {
    /// Parts beside published parts of a sum that is known or can be: they could be worked out like hidden
    /// ones, and are protected like them.
    pub exposed: BTreeSet<u32>,
    /// Sums of something published. They tie their parts to each other and to what stands above, and need no
    /// protection of their own: a sum is never confined more closely than the hidden parts that it is made of.
    pub tying: BTreeSet<u32>,
}

impl Unlisted {
    /// Whether the number has to do with what is published.
    #[must_use]
    pub fn holds(&self, number: u32) -> bool {
        self.exposed.contains(&number) || self.tying.contains(&number)
    }
}

impl Frame {
    /// The numbers that are left out (`out`) of a revision and have to do with what is published in it; `zero`:
    /// publicly zero. Totals of all states ([`calluna_tables::Web::is_silent`]) tie nothing that their parts do not
    /// tie: every one of them is left out in every revision, and what is said of their parts adds up by itself.
    #[must_use]
    pub fn unlisted(&self, out: impl Fn(u32) -> bool, zero: impl Fn(u32) -> bool) -> Unlisted {
        let sums = self.web.sums();
        let mut found = Unlisted::default();
        loop {
            let before = found.tying.len();
            for sum in sums {
                let published = |at: &u32| !out(*at) && !zero(*at);
                let says = |at: &u32| published(at) || found.tying.contains(at);
                if out(sum.parent)
                    && !self.web.is_silent(sum.parent)
                    && !found.tying.contains(&sum.parent)
                    && sum.parts.iter().any(says)
                {
                    found.tying.insert(sum.parent);
                }
            }
            if found.tying.len() == before {
                break;
            }
        }
        for sum in sums {
            let ties = |at: &u32| found.tying.contains(at);
            let apart = |at: &u32| out(*at) && !ties(at);
            if apart(&sum.parent) || sum.parts.iter().all(|at| apart(at) || zero(*at)) {
                continue;
            }
            let parts = sum.parts.iter().copied();
            found.exposed.extend(parts.filter(|at| apart(at)));
        }
        found
    }
}
