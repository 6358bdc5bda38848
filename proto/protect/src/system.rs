//! The numbers and how they hang together: cells, their measures, sums, revisions.
//!
//! Nothing here knows what a dimension is. A *cell* is one place of one table in one revision; its
//! *measures* (participants, completions, ...) share one mask. A *sum* says that a parent is the
//! total of its parts, for every measure; tables that share margins are sums that share cells. A
//! *succession* says that one cell is another one, a revision later.
//!
//! An order `completions <= participants` makes a further measure of its own, the complement
//! `participants - completions`: it is a number of persons like any other (threat T8).

use std::collections::{BTreeMap, BTreeSet};

use crate::cell::{Cell, CellId, Figure};
use crate::invalid::InvalidSystem;

/// A parent that is the total of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) parent: CellId,
    pub(crate) parts: Vec<CellId>,
}

impl Sum {
    /// Parent and parts.
    pub(crate) fn members(&self) -> impl Iterator<Item = CellId> + '_ {
        std::iter::once(self.parent).chain(self.parts.iter().copied())
    }
}

/// Most persons that one number may count: keeps every product far away from overflow.
pub(crate) const MOST: u64 = 1_000_000_000;

/// Cells, sums and successions that are judged together.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    pub(crate) measures: usize,
    pub(crate) orders: Vec<(usize, usize)>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) sums: Vec<Sum>,
    pub(crate) successions: Vec<(CellId, CellId)>,
    /// The parents of each cell.
    above: BTreeMap<CellId, Vec<CellId>>,
}

impl System {
    /// An empty system with `measures` numbers per cell; each order is (lesser, greater).
    #[must_use]
    pub fn new(measures: usize, orders: &[(usize, usize)]) -> Self {
        let orders = orders
            .iter()
            .copied()
            .filter(|(lesser, greater)| *lesser < measures && *greater < measures)
            .collect();
        Self {
            measures,
            orders,
            cells: Vec::new(),
            sums: Vec::new(),
            successions: Vec::new(),
            above: BTreeMap::new(),
        }
    }

    /// Adds a cell.
    ///
    /// # Errors
    /// [`InvalidSystem`] when its numbers contradict each other.
    pub fn add(&mut self, cell: Cell) -> Result<CellId, InvalidSystem> {
        let at = self.cells.len();
        if cell.figures.len() != self.measures {
            return Err(InvalidSystem::Measures {
                cell: at,
                got: cell.figures.len(),
                wanted: self.measures,
            });
        }
        if !(3..=1000).contains(&cell.threshold) {
            return Err(InvalidSystem::Threshold {
                cell: at,
                got: cell.threshold,
            });
        }
        for (measure, figure) in cell.figures.iter().enumerate() {
            if figure.structural && figure.value.unwrap_or(0) != 0 {
                return Err(InvalidSystem::Structural { cell: at, measure });
            }
            if figure.value.unwrap_or(0) > MOST {
                return Err(InvalidSystem::TooLarge { cell: at, measure });
            }
        }
        for (lesser, greater) in &self.orders {
            if cell.figures[*lesser].value > cell.figures[*greater].value {
                return Err(InvalidSystem::Order {
                    cell: at,
                    lesser: *lesser,
                    greater: *greater,
                });
            }
        }
        let Ok(id) = u32::try_from(at) else {
            return Err(InvalidSystem::Unknown { cell: at });
        };
        self.cells.push(cell);
        Ok(CellId(id))
    }

    /// Says that `parent` is the total of `parts`, in every measure.
    ///
    /// # Errors
    /// [`InvalidSystem`] when it is not.
    pub fn sum(&mut self, parent: CellId, parts: &[CellId]) -> Result<(), InvalidSystem> {
        let sum = Sum {
            parent,
            parts: parts.to_vec(),
        };
        let mut seen = BTreeSet::new();
        for cell in sum.members() {
            if cell.index() >= self.cells.len() || !seen.insert(cell) {
                return Err(InvalidSystem::Unknown { cell: cell.index() });
            }
        }
        for measure in 0..self.measures {
            let value = |cell: CellId| self.cells[cell.index()].figures[measure].value;
            let total: Option<u64> = parts.iter().map(|part| value(*part)).sum();
            if let (Some(total), Some(parent_value)) = (total, value(parent))
                && total != parent_value
            {
                return Err(InvalidSystem::Sum {
                    parent: parent.index(),
                    measure,
                });
            }
        }
        self.sums.push(sum);
        for part in parts {
            self.above.entry(*part).or_default().push(parent);
            self.raise_above(*part);
        }
        Ok(())
    }

    /// A total is as sensitive as the most sensitive of its parts: a shown total of 7 says that a part of it with
    /// threshold 10 is 7 at most.
    fn raise_above(&mut self, part: CellId) {
        let mut raised = vec![part];
        while let Some(cell) = raised.pop() {
            let least = self.cells[cell.index()].threshold;
            for parent in self.above.get(&cell).into_iter().flatten() {
                let threshold = &mut self.cells[parent.index()].threshold;
                if *threshold < least {
                    *threshold = least;
                    raised.push(*parent);
                }
            }
        }
    }

    /// Says that `later` is `earlier`, a revision on, and that the public knows it only grows.
    ///
    /// # Errors
    /// [`InvalidSystem::Unknown`] when one of them is not there.
    pub fn succeed(&mut self, earlier: CellId, later: CellId) -> Result<(), InvalidSystem> {
        for cell in [earlier, later] {
            if cell.index() >= self.cells.len() || earlier == later {
                return Err(InvalidSystem::Unknown { cell: cell.index() });
            }
        }
        self.successions.push((earlier, later));
        Ok(())
    }

    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// All cells, in order.
    pub fn ids(&self) -> impl Iterator<Item = CellId> + use<> {
        (0..u32::try_from(self.cells.len()).unwrap_or(u32::MAX)).map(CellId)
    }

    /// Numbers per cell, complements included.
    pub(crate) fn width(&self) -> usize {
        self.measures + self.orders.len()
    }

    /// A number of a cell; those after the measures are complements.
    pub(crate) fn figure(&self, cell: CellId, at: usize) -> Figure {
        let figures = &self.cells[cell.index()].figures;
        if let Some(figure) = figures.get(at) {
            return *figure;
        }
        let (lesser, greater) = self.orders[at - self.measures];
        let (lesser, greater) = (figures[lesser], figures[greater]);
        Figure {
            value: greater
                .value
                .zip(lesser.value)
                .map(|(greater, lesser)| greater.saturating_sub(lesser)),
            structural: greater.structural,
            largest: 0,
        }
    }

    /// blake3 over everything that a proof depends on: two systems with one hash are one question.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut number = |value: u64| {
            hasher.update(&value.to_le_bytes());
        };
        number(self.measures as u64);
        number(self.orders.len() as u64);
        for (lesser, greater) in &self.orders {
            number(*lesser as u64);
            number(*greater as u64);
        }
        number(self.cells.len() as u64);
        for cell in &self.cells {
            number(cell.threshold);
            number(cell.standing as u64);
            number(u64::from(cell.slack));
            number(cell.cost.to_bits());
            for figure in &cell.figures {
                number(figure.value.map_or(u64::MAX, |value| value));
                number(u64::from(figure.structural));
                number(figure.largest);
            }
        }
        for sum in &self.sums {
            number(sum.parts.len() as u64);
            sum.members().for_each(|cell| number(u64::from(cell.0)));
        }
        for (earlier, later) in &self.successions {
            number(u64::from(earlier.0));
            number(u64::from(later.0));
        }
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_do_not_add_up_are_refused_with_the_place() {
        let mut system = System::new(1, &[]);
        let a = system.add(Cell::counted(&[3])).unwrap();
        let b = system.add(Cell::counted(&[4])).unwrap();
        let total = system.add(Cell::counted(&[8])).unwrap();
        let refused = system.sum(total, &[a, b]).unwrap_err();
        assert_eq!(
            refused,
            InvalidSystem::Sum {
                parent: 2,
                measure: 0
            }
        );
        assert!(system.sum(total, &[a, a]).is_err());
    }

    #[test]
    fn numbers_that_contradict_each_other_are_refused() {
        let mut system = System::new(2, &[(1, 0)]);
        assert!(matches!(
            system.add(Cell::counted(&[3, 4])),
            Err(InvalidSystem::Order { .. })
        ));
        assert!(matches!(
            system.add(Cell::counted(&[3])),
            Err(InvalidSystem::Measures { .. })
        ));
        assert!(matches!(
            system.add(Cell::counted(&[3, 1]).structural(1)),
            Err(InvalidSystem::Structural { .. })
        ));
        assert!(matches!(
            system.add(Cell::counted(&[3, 1]).threshold(2)),
            Err(InvalidSystem::Threshold { .. })
        ));
    }

    #[test]
    fn the_complement_is_a_number_of_its_own() {
        let mut system = System::new(2, &[(1, 0)]);
        let cell = system.add(Cell::counted(&[9, 7])).unwrap();
        assert_eq!(system.figure(cell, 2).value, Some(2));
    }

    #[test]
    fn a_total_is_as_sensitive_as_its_most_sensitive_part() {
        let mut system = System::new(1, &[]);
        let part = system.add(Cell::counted(&[6]).threshold(10)).unwrap();
        let total = system.add(Cell::counted(&[6])).unwrap();
        let grand = system.add(Cell::counted(&[6])).unwrap();
        system.sum(grand, &[total]).unwrap();
        system.sum(total, &[part]).unwrap();
        assert!(crate::is_unsafe(&system, total) && crate::is_unsafe(&system, grand));
    }

    #[test]
    fn the_hash_sees_every_part() {
        let base = System::new(1, &[]);
        let mut one = base.clone();
        one.add(Cell::counted(&[7])).unwrap();
        let mut other = base.clone();
        other.add(Cell::counted(&[7]).threshold(10)).unwrap();
        let mut third = base.clone();
        third.add(Cell::counted(&[8])).unwrap();
        let hashes = [base.hash(), one.hash(), other.hash(), third.hash()];
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash));
        }
    }
}
