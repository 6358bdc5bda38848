//! What may be wrong with an address.

use super::{OFFSET_MAX, PAIRS_MAX, VALUES_MAX};

/// An address that asks for something that cannot be asked. The text says what can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryFault {
    /// There is no such filter.
    #[error("there is no filter `{name}`; there are: {known}")]
    UnknownFilter {
        /// As asked, cut and without control characters.
        name: String,
        /// All that there are, joined by commas.
        known: String,
    },
    /// The filter does not take this value.
    #[error("`{filter}` does not take `{value}`; it takes: {known}")]
    UnknownValue {
        /// The filter.
        filter: &'static str,
        /// As asked, cut and without control characters.
        value: String,
        /// What it takes, in words.
        known: String,
    },
    /// The value is too long.
    #[error("`{filter}` takes at most {max} characters")]
    TooLong {
        /// The filter.
        filter: &'static str,
        /// Most characters.
        max: usize,
    },
    /// A filter that takes one value has several.
    #[error("`{filter}` is given more than once, with different values")]
    Twice {
        /// The filter.
        filter: &'static str,
    },
    /// Too many values in one filter.
    #[error("`{filter}` takes at most {VALUES_MAX} values")]
    TooManyValues {
        /// The filter.
        filter: &'static str,
    },
    /// Too many pairs.
    #[error("an address has at most {PAIRS_MAX} filters and values")]
    TooManyPairs,
    /// Not a day.
    #[error("`{filter}` takes a day such as 2027-01-31, not `{value}`")]
    BadDate {
        /// The filter.
        filter: &'static str,
        /// As asked.
        value: String,
    },
    /// Not a number, or not one that fits.
    #[error("`{filter}` takes {expected}, not `{value}`")]
    BadNumber {
        /// The filter.
        filter: &'static str,
        /// What it takes, in words.
        expected: &'static str,
        /// As asked.
        value: String,
    },
    /// The last day lies before the first.
    #[error("`until` lies before `from`")]
    EndsBeforeStart,
    /// Nearest first, but to where?
    #[error("`sort=distance` needs a `place`")]
    SortNeedsPlace,
    /// So many hits are never passed over: a narrower question helps more.
    #[error("pages end after {OFFSET_MAX} hits; ask more narrowly")]
    TooDeep,
}

impl QueryFault {
    /// The filter that is to blame; nothing where it is not one alone.
    #[must_use]
    pub fn filter(&self) -> Option<&'static str> {
        match self {
            Self::UnknownFilter { .. } | Self::TooManyPairs => None,
            Self::UnknownValue { filter, .. }
            | Self::TooLong { filter, .. }
            | Self::Twice { filter }
            | Self::TooManyValues { filter }
            | Self::BadDate { filter, .. }
            | Self::BadNumber { filter, .. } => Some(filter),
            Self::EndsBeforeStart => Some("until"),
            Self::SortNeedsPlace => Some("sort"),
            Self::TooDeep => Some("page"),
        }
    }
}

/// What somebody wrote, fit for a message: at most 40 characters, nothing that moves a terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !super::read::is_hidden(*c))
        .take(40)
        .collect()
}
