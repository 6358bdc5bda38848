//! The rules of protection that a revision was made under. Everybody may know them.
//!
//! Values follow PRIVACY.md c.5: threshold 5 (the legal floor is 3), 10 where the subject is sensitive
//! (Gesundheit, Grundbildung), batches of 5.

use serde::{Deserialize, Serialize};

use crate::dimension::Dim;
use crate::layout::Layout;
use crate::web::{Number, Web};

/// Thresholds and batch size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// A number of fewer persons is hidden: 5; never below 3.
    pub threshold: u32,
    /// The same in sensitive subjects: 10; never below `threshold`.
    pub sensitive_threshold: u32,
    /// Codes of the subject dimension that are sensitive, with all below them.
    pub sensitive: Vec<String>,
    /// Rule N: between two revisions every number that can be seen or worked out changes by nobody or
    /// by at least so many persons.
    pub batch: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            threshold: 5,
            sensitive_threshold: 10,
            sensitive: vec!["3".to_owned(), "7".to_owned()],
            batch: 5,
        }
    }
}

/// Lowest threshold and batch that may ever be set.
pub const FLOOR: u32 = 3;

impl Rules {
    /// What keeps these rules from being used, if anything does.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        if self.threshold < FLOOR || self.batch < FLOOR {
            return Some("threshold and batch are at least 3");
        }
        if self.sensitive_threshold < self.threshold {
            return Some("sensitive_threshold is at least threshold");
        }
        (self.sensitive_threshold > 1000 || self.batch > 1000)
            .then_some("thresholds and batch are at most 1000")
    }

    /// Whether these are at least as strict as `least` for every number.
    #[must_use]
    pub fn at_least(&self, least: &Self) -> bool {
        self.threshold >= least.threshold
            && self.sensitive_threshold >= least.sensitive_threshold
            && self.batch >= least.batch
            && least
                .sensitive
                .iter()
                .all(|code| self.sensitive.contains(code))
    }

    /// The threshold of every number of a web, in its order.
    #[must_use]
    pub fn thresholds(&self, layout: &Layout, web: &Web) -> Vec<u32> {
        web.numbers()
            .iter()
            .map(|number| self.threshold_of(layout, number))
            .collect()
    }

    fn threshold_of(&self, layout: &Layout, number: &Number) -> u32 {
        let subject = number.nodes[Dim::Subject as usize];
        let Some(tree) = layout.tree(Dim::Subject) else {
            return self.sensitive_threshold;
        };
        let sensitive = tree.chain(subject).iter().any(|node| {
            let code = tree.codes().get(usize::from(*node));
            code.is_some_and(|code| self.sensitive.contains(&code.id))
        });
        if sensitive {
            self.sensitive_threshold
        } else {
            self.threshold
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::Region;
    use crate::subject::Subjects;

    #[test]
    fn sensitive_subjects_have_their_own_threshold() {
        let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
        let web = Web::new(&layout);
        let rules = Rules::default();
        let thresholds = rules.thresholds(&layout, &web);
        let of = |code: &str| {
            let node = layout.tree(Dim::Subject).unwrap().node(code).unwrap();
            let at = web
                .numbers()
                .iter()
                .position(|number| {
                    number.nodes[Dim::Subject as usize] == node
                        && number.nodes.iter().filter(|node| **node != 0).count() <= 1
                })
                .unwrap();
            thresholds[at]
        };
        assert_eq!((of("4"), of("3"), of("7")), (5, 10, 10));
    }

    #[test]
    fn rules_below_the_floor_are_refused() {
        let rules = |threshold, sensitive_threshold, batch| Rules {
            threshold,
            sensitive_threshold,
            batch,
            ..Rules::default()
        };
        assert!(rules(5, 10, 5).fault().is_none());
        assert!(rules(2, 10, 5).fault().is_some());
        assert!(rules(5, 4, 5).fault().is_some());
        assert!(rules(5, 10, 2).fault().is_some());
        assert!(rules(6, 10, 5).at_least(&Rules::default()));
        assert!(!rules(5, 10, 4).at_least(&Rules::default()));
    }
}
