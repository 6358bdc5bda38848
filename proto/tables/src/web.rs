//! The different numbers of all tables, and the sums that tie them together.
//!
//! The total of participation by age is the total of participation by sex: one number that stands
//! in many cells. Whoever wants to know what can be worked out from what is published has to look at
//! numbers, not at cells. So each number has one name here ([`Number`]) and one index, and every
//! relation that holds for whatever data stands once:
//!
//! * **sums**: a code of a dimension is the sum of its children, other dimensions fixed;
//! * enrolments are the registrations of status `enrolments`, so they are one number;
//! * **at most**: persons are at most enrolments in the same place.
//!
//! The numbers of the nightly tables come first: a provisional revision is a beginning of a final one.

use std::collections::{BTreeSet, HashMap};

use crate::dimension::{DIMS, Dim};
use crate::layout::{Layout, Placed};
use crate::measure::Measure;
use crate::table::When;

/// The code of the status dimension that counts as an enrolment (Belegung).
pub const ENROLMENTS: &str = "enrolments";

/// One number: a measure, and the node of each dimension (0, the total, where it is not broken down).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    /// What is counted.
    pub measure: Measure,
    /// Nodes in the order of [`Dim::ALL`].
    pub nodes: [u16; DIMS],
}

/// A number that is the sum of others, by index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum {
    /// The sum.
    pub parent: u32,
    /// What it is the sum of.
    pub parts: Vec<u32>,
}

/// Numbers and what ties them.
#[derive(Clone, Debug)]
pub struct Web {
    numbers: Vec<Number>,
    nightly: usize,
    sums: Vec<Sum>,
    at_most: Vec<(u32, u32)>,
    /// For every (cell, measure) of every table, in order, its number.
    places: Vec<Vec<u32>>,
    depth: Vec<u16>,
}

impl Web {
    /// The web of a layout.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let mut web = Self {
            numbers: Vec::new(),
            nightly: 0,
            sums: Vec::new(),
            at_most: Vec::new(),
            places: vec![Vec::new(); layout.tables().len()],
            depth: Vec::new(),
        };
        let mut known = HashMap::new();
        for when in [When::Nightly, When::Closing] {
            for (at, placed) in layout.tables().iter().enumerate() {
                if placed.table.when == when {
                    let places = web.name(layout, placed, &mut known);
                    if let Some(slot) = web.places.get_mut(at) {
                        *slot = places;
                    }
                }
            }
            if when == When::Nightly {
                web.nightly = web.numbers.len();
            }
        }
        web.tie(layout);
        for number in &web.numbers {
            let persons = Number {
                measure: Measure::Persons,
                nodes: number.nodes,
            };
            if number.measure == Measure::Enrolments
                && let (Some(lesser), Some(greater)) = (known.get(&persons), known.get(number))
            {
                web.at_most.push((*lesser, *greater));
            }
        }
        web.depth = web
            .numbers
            .iter()
            .map(|number| depth(layout, number))
            .collect();
        web
    }

    /// Gives every cell and measure of a table its number.
    fn name(
        &mut self,
        layout: &Layout,
        placed: &Placed,
        known: &mut HashMap<Number, u32>,
    ) -> Vec<u32> {
        let mut places = Vec::new();
        for cell in placed.first..placed.first + placed.cells {
            let mut nodes = [0; DIMS];
            let own = placed.nodes(cell).unwrap_or_default();
            for (dim, node) in placed.table.dims.iter().zip(own) {
                if let Some(slot) = nodes.get_mut(*dim as usize) {
                    *slot = node;
                }
            }
            for measure in placed.table.measures {
                let number = one_name(layout, *measure, nodes);
                let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                let at = *known.entry(number.clone()).or_insert(next);
                if at == next {
                    self.numbers.push(number);
                }
                places.push(at);
            }
        }
        places
    }

    /// Finds every sum of every table, each once.
    fn tie(&mut self, layout: &Layout) {
        let mut sums = BTreeSet::new();
        for (at, placed) in layout.tables().iter().enumerate() {
            let measures = placed.table.measures.len();
            let Some(places) = self.places.get(at) else {
                continue;
            };
            let number = |cell: u32, measure: usize| {
                let at = usize::try_from(cell - placed.first).ok()? * measures + measure;
                places.get(at).copied()
            };
            for cell in placed.first..placed.first + placed.cells {
                let nodes = placed.nodes(cell).unwrap_or_default();
                for (which, dim) in placed.table.dims.iter().enumerate() {
                    let (Some(tree), Some(node)) = (layout.tree(*dim), nodes.get(which)) else {
                        continue;
                    };
                    let below: Vec<u32> = tree
                        .children(*node)
                        .filter_map(|child| {
                            let mut nodes = nodes.clone();
                            *nodes.get_mut(which)? = child;
                            placed.cell(&nodes)
                        })
                        .collect();
                    if below.is_empty() {
                        continue;
                    }
                    for measure in 0..measures {
                        let parts: Option<Vec<u32>> =
                            below.iter().map(|cell| number(*cell, measure)).collect();
                        if let (Some(parent), Some(parts)) = (number(cell, measure), parts) {
                            sums.insert(Sum { parent, parts });
                        }
                    }
                }
            }
        }
        self.sums = sums.into_iter().collect();
    }

    /// All numbers, those of every night first.
    #[must_use]
    pub fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// How many of them are published every night.
    #[must_use]
    pub fn nightly(&self) -> usize {
        self.nightly
    }

    /// Every sum, once. One whose parent is a number of every night may have parts that are not.
    #[must_use]
    pub fn sums(&self) -> &[Sum] {
        &self.sums
    }

    /// Pairs (lesser, greater): the first is at most the second, whatever the data.
    #[must_use]
    pub fn at_most(&self) -> &[(u32, u32)] {
        &self.at_most
    }

    /// The number in a cell of a table (its position in [`Layout::tables`], the cell counted from the
    /// table's first, the measure by its position in the table).
    #[must_use]
    pub fn place(&self, table: usize, cell: usize, measure: usize, measures: usize) -> Option<u32> {
        self.places
            .get(table)?
            .get(cell * measures + measure)
            .copied()
    }

    /// Every number of a table, cell by cell, measure by measure.
    #[must_use]
    pub fn places(&self, table: usize) -> &[u32] {
        self.places.get(table).map_or(&[], Vec::as_slice)
    }

    /// Whether it is the total of all states of registrations together. Nobody needs it, and beside the enrolments
    /// it would tell how few were cancelled or wait: it is never published ([`crate::Shown::LeftOut`]).
    #[must_use]
    pub fn is_silent(&self, number: u32) -> bool {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        self.numbers.get(at).is_none_or(|number| {
            number.measure == Measure::Registrations && number.nodes[Dim::Status as usize] == 0
        })
    }

    /// How far below the total a number stands: the steps of all dimensions together. Coarser is less.
    #[must_use]
    pub fn depth(&self, number: u32) -> u16 {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        self.depth.get(at).copied().unwrap_or_default()
    }

    /// What is zero whatever the registrations are, by number: see [`Layout::structural`].
    #[must_use]
    pub fn structural(&self, layout: &Layout, empty: &[bool]) -> Vec<bool> {
        let mut out = vec![false; self.numbers.len()];
        for (at, placed) in layout.tables().iter().enumerate() {
            let measures = placed.table.measures.len();
            for (place, number) in self.places(at).iter().enumerate() {
                let cell = usize::try_from(placed.first).unwrap_or_default() + place / measures;
                if let Some(slot) = out.get_mut(usize::try_from(*number).unwrap_or(usize::MAX)) {
                    *slot = empty.get(cell).copied().unwrap_or_default();
                }
            }
        }
        out
    }
}

/// The one name of a number that can be called two ways.
fn one_name(layout: &Layout, measure: Measure, mut nodes: [u16; DIMS]) -> Number {
    let status = Dim::Status as usize;
    let group = layout
        .tree(Dim::Status)
        .and_then(|tree| tree.node(ENROLMENTS));
    if measure == Measure::Registrations && Some(nodes[status]) == group {
        nodes[status] = 0;
        return Number {
            measure: Measure::Enrolments,
            nodes,
        };
    }
    Number { measure, nodes }
}

fn depth(layout: &Layout, number: &Number) -> u16 {
    let steps = Dim::ALL.iter().zip(number.nodes).map(|(dim, node)| {
        let above = layout.tree(*dim).map_or(1, |tree| tree.chain(node).len());
        u16::try_from(above.saturating_sub(1)).unwrap_or(u16::MAX)
    });
    steps.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::Region;
    use crate::subject::Subjects;

    fn both() -> (Layout, Web) {
        let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
        let web = Web::new(&layout);
        (layout, web)
    }

    #[test]
    fn a_number_has_one_name_and_the_nightly_ones_come_first() {
        let (layout, web) = both();
        let distinct: BTreeSet<String> = web
            .numbers()
            .iter()
            .map(|number| format!("{number:?}"))
            .collect();
        assert_eq!(distinct.len(), web.numbers().len());
        for (at, placed) in layout.tables().iter().enumerate() {
            let measures = placed.table.measures.len();
            assert_eq!(web.places(at).len(), placed.cells as usize * measures);
            if placed.table.when == When::Nightly {
                let inside = |number: &u32| (*number as usize) < web.nightly();
                assert!(web.places(at).iter().all(inside), "{}", placed.table.id);
            }
        }
        assert!(web.nightly() > 100 && web.nightly() < web.numbers().len() / 10);
    }

    #[test]
    fn totals_of_all_tables_of_a_measure_are_one_number() {
        let (layout, web) = both();
        let total = |table: &str| {
            let at = layout
                .tables()
                .iter()
                .position(|placed| placed.table.id == table);
            web.places(at.unwrap())[0]
        };
        assert_eq!(total("subject"), total("age"));
        assert_eq!(total("subject"), total("subject_age"));
        assert_ne!(
            total("subject"),
            total("status"),
            "registrations are more than enrolments"
        );
        assert!(
            web.at_most().is_empty(),
            "no table counts persons beside enrolments"
        );
        assert_eq!(web.depth(total("subject")), 0);
    }

    #[test]
    fn every_sum_holds_for_counts_that_are_summed_from_leaves() {
        let (layout, web) = both();
        // A value for each number that is made of its leaves: additive by itself.
        let leaf_value = |number: &Number| -> u64 {
            let mut value = 1;
            for (dim, node) in Dim::ALL.iter().zip(number.nodes) {
                value *= weight(&layout, *dim, node);
            }
            value
        };
        assert!(!web.sums().is_empty());
        for sum in web.sums() {
            let value = |at: u32| {
                let number = &web.numbers()[at as usize];
                let mut as_registrations = number.clone();
                // Enrolments are the registrations of one status; persons are additive like them.
                if number.measure != Measure::Registrations {
                    as_registrations.nodes[Dim::Status as usize] =
                        layout.tree(Dim::Status).unwrap().node(ENROLMENTS).unwrap();
                }
                leaf_value(&as_registrations)
            };
            let parts: u64 = sum.parts.iter().map(|part| value(*part)).sum();
            assert_eq!(value(sum.parent), parts);
        }
    }

    fn weight(layout: &Layout, dim: Dim, node: u16) -> u64 {
        let tree = layout.tree(dim).unwrap();
        let below: Vec<u16> = tree.children(node).collect();
        if below.is_empty() {
            1
        } else {
            below.iter().map(|child| weight(layout, dim, *child)).sum()
        }
    }
}
