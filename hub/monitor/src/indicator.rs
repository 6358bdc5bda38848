//! Indicators: numbers that are worked out from published ones, each with formula, unit and source.
//!
//! An indicator is one file `indicator/<name>.rs` and one line in [`INDICATORS`]. Ids are Calluna's own
//! (`CAL-…`, STANDARDS 2.5); a person with the Anwendungsleitfaden has to map them.
//!
//! Only published numbers go in. Where one of them is hidden, the indicator is not shown (`Q`), or is
//! an interval that follows from the published one; nothing is estimated. Shares have no decimals and
//! are not shown for fewer than [`SMALLEST_BASE`].

mod accessible_offers;
mod completion;
mod coverage;
mod enrolments;
mod free_offers;
mod participation;
mod teaching_hours;
mod transitions;
mod waiting;

use std::collections::HashMap;

use calluna_tables::dimension::{Code, DIMS};
use calluna_tables::web::Number;
use calluna_tables::{Dim, Layout, Measure, Web};

use crate::catalogue::CatalogueStatistics;
use crate::merge::{District, Merged};
use crate::population::Population;

/// Fewest cases that a share is worked out for (PRIVACY c.5).
pub(crate) const SMALLEST_BASE: u64 = 20;

/// Every indicator.
pub(crate) const INDICATORS: &[Indicator] = &[
    participation::INDICATOR,
    enrolments::INDICATOR,
    teaching_hours::INDICATOR,
    completion::INDICATOR,
    waiting::INDICATOR,
    free_offers::INDICATOR,
    accessible_offers::INDICATOR,
    coverage::INDICATOR,
    transitions::INDICATOR,
];

/// An indicator: what it is, and how it is worked out.
pub(crate) struct Indicator {
    pub(crate) id: &'static str,
    /// Goes up when the formula changes: values of two versions cannot be compared.
    pub(crate) version: u32,
    pub(crate) de: &'static str,
    pub(crate) en: &'static str,
    pub(crate) formula_de: &'static str,
    pub(crate) formula_en: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) source: &'static str,
    /// Whether it needs no period: only what is in the catalogue today.
    pub(crate) of_catalogue: bool,
    pub(crate) read: fn(&Facts<'_>) -> Vec<Reading>,
}

/// What indicators are worked out from.
pub(crate) struct Facts<'a> {
    pub(crate) layout: &'a Layout,
    /// The district's numbers of a period; nothing for indicators of the catalogue.
    pub(crate) district: Option<&'a District>,
    /// All providers' offers together; only with the newest period, for they are of today.
    pub(crate) catalogue: Option<&'a CatalogueStatistics>,
    pub(crate) population: &'a Population,
    pub(crate) numbers: &'a HashMap<Number, u32>,
    /// Key of the Kreis.
    pub(crate) area: &'a str,
}

impl Facts<'_> {
    /// The district's number where these codes meet, all other dimensions together.
    pub(crate) fn number(&self, measure: Measure, at: &[(Dim, &str)]) -> Merged {
        let mut nodes = [0; DIMS];
        for (dim, code) in at {
            let node = self.layout.tree(*dim).and_then(|tree| tree.node(code));
            match (node, nodes.get_mut(*dim as usize)) {
                (Some(node), Some(slot)) => *slot = node,
                _ => return Merged::Absent,
            }
        }
        let known = self.numbers.get(&Number { measure, nodes });
        match (known, self.district) {
            (Some(number), Some(district)) => district.number(*number),
            _ => Merged::Absent,
        }
    }

    /// The codes of a dimension, the total first.
    pub(crate) fn codes(&self, dim: Dim) -> &[Code] {
        self.layout.tree(dim).map_or(&[], |tree| tree.codes())
    }

    /// Names of numbers by what they count.
    pub(crate) fn index(web: &Web) -> HashMap<Number, u32> {
        web.numbers().iter().cloned().zip(0_u32..).collect()
    }
}

/// A number in hundredths that is known, or lies between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Known(u64),
    Between(u64, Option<u64>),
    /// Neither shown nor bounded.
    Hidden,
}

impl Amount {
    /// A count.
    pub(crate) fn count(count: u64) -> Self {
        Self::Known(count * 100)
    }

    /// A number of the district; nothing where it is not there at all.
    pub(crate) fn of(merged: Merged) -> Option<Self> {
        match merged {
            Merged::Absent => None,
            Merged::Known(value) => Some(Self::count(value)),
            Merged::Between { lower, upper } => {
                Some(Self::Between(lower * 100, upper.map(|upper| upper * 100)))
            }
        }
    }

    fn known(self) -> Option<u64> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    fn map(self, change: impl Fn(u64) -> u64) -> Self {
        match self {
            Self::Known(value) => Self::Known(change(value)),
            Self::Between(lower, upper) => Self::Between(change(lower), upper.map(change)),
            Self::Hidden => Self::Hidden,
        }
    }
}

/// One value of an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) area: String,
    /// What it is of besides area and period: `SUBJECT=4`; `;` between several, empty for none.
    pub(crate) dimensions: String,
    pub(crate) numerator: Option<Amount>,
    pub(crate) denominator: Option<Amount>,
    pub(crate) value: Amount,
    /// For rates on residents: what their count carries on, and who counted.
    pub(crate) base: Option<(String, String)>,
}

impl Reading {
    /// A plain number.
    pub(crate) fn plain(area: &str, dimensions: String, value: Amount) -> Self {
        Self {
            area: area.to_owned(),
            dimensions,
            numerator: Some(value),
            denominator: None,
            value,
            base: None,
        }
    }

    /// Numerator per hundred of the denominator, without decimals; not shown where one of them is not
    /// known, or the denominator is less than [`SMALLEST_BASE`].
    pub(crate) fn share(
        area: &str,
        dimensions: String,
        numerator: Amount,
        denominator: Amount,
    ) -> Self {
        let value = match (numerator.known(), denominator.known()) {
            (Some(part), Some(all)) if all >= SMALLEST_BASE * 100 => {
                Amount::count(rounded(part * 100, all))
            }
            _ => Amount::Hidden,
        };
        Self {
            area: area.to_owned(),
            dimensions,
            numerator: Some(numerator),
            denominator: Some(denominator),
            value,
            base: None,
        }
    }

    /// Numerator per 1,000 residents, to one decimal. An interval stays an interval.
    pub(crate) fn per_thousand(
        area: &str,
        dimensions: String,
        numerator: Amount,
        residents: &crate::population::Residents,
    ) -> Self {
        // Tenths of a rate, from hundredths of a count.
        let rate = |hundredths: u64| rounded(hundredths * 100, residents.count) * 10;
        let value = if residents.count >= SMALLEST_BASE {
            numerator.map(rate)
        } else {
            Amount::Hidden
        };
        Self {
            area: area.to_owned(),
            dimensions,
            numerator: Some(numerator),
            denominator: Some(Amount::count(residents.count)),
            value,
            base: Some((residents.base.clone(), residents.source.clone())),
        }
    }
}

/// Rounded to the nearest whole, halves up.
fn rounded(part: u64, of: u64) -> u64 {
    (2 * part + of) / (2 * of).max(1)
}

/// A pair of dimension and code as it stands in the column `DIMENSIONS`.
pub(crate) fn at(dim: Dim, code: &str) -> String {
    format!("{}={code}", dim.id())
}
