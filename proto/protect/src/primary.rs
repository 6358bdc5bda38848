//! Which cells may not be shown whatever else is shown (threats T1, T7, T8).
//!
//! A cell is unsafe when any of its numbers x, complements included, is `0 <= x < t`. Zero is as
//! telling as one: "none of the eight completed" is a statement about each of the eight. Only a
//! structural zero is shown, because the public catalogue says it already. All measures of a cell
//! share the mask: a hidden number beside its shown sibling would be half known.

use crate::cell::CellId;
use crate::system::System;

/// Which cells are hidden. There is one code for hidden: nobody can tell a small cell from a
/// complement (T13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    hidden: Vec<bool>,
}

impl Mask {
    /// Nothing is hidden.
    #[must_use]
    pub fn open(system: &System) -> Self {
        Self {
            hidden: vec![false; system.len()],
        }
    }

    /// Whether the cell is hidden.
    #[must_use]
    pub fn hides(&self, cell: CellId) -> bool {
        self.hidden.get(cell.index()).copied().unwrap_or(true)
    }

    /// Hides the cell.
    pub fn hide(&mut self, cell: CellId) {
        if let Some(hidden) = self.hidden.get_mut(cell.index()) {
            *hidden = true;
        }
    }

    /// Shows the cell.
    pub(crate) fn show(&mut self, cell: CellId) {
        if let Some(hidden) = self.hidden.get_mut(cell.index()) {
            *hidden = false;
        }
    }

    /// How many cells are hidden.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.hidden.iter().filter(|hidden| **hidden).count()
    }
}

/// Whether the number at `at` is below the threshold and not publicly known to be zero.
pub(crate) fn is_small(system: &System, cell: CellId, at: usize) -> bool {
    let figure = system.figure(cell, at);
    let place = &system.cells[cell.index()];
    let threshold = place.threshold;
    !place.slack && !figure.structural && figure.value.is_some_and(|value| value < threshold)
}

/// Whether everything the cell says is public anyway: all its measures are structural zeros.
pub(crate) fn is_structural(system: &System, cell: CellId) -> bool {
    let mut figures = system.cells[cell.index()].figures.iter();
    figures.all(|figure| figure.structural)
}

/// Whether the cell may not be shown for its own numbers' sake.
///
/// A complement counts only where its parts are really two numbers: with a structural zero as the
/// lesser it equals the greater, with a structural zero as the greater all three are zero.
#[must_use]
pub fn is_unsafe(system: &System, cell: CellId) -> bool {
    let unseen = |at| {
        let figure = system.figure(cell, at);
        figure.value.is_none() && !figure.structural
    };
    (0..system.width()).any(|at| is_small(system, cell, at) || unseen(at))
}

/// Dominance: whether the second largest contributor could estimate the largest to within p percent.
///
/// With contributions x1 >= x2 >= ... and total X the estimate X - x2 of x1 is off by X - x1 - x2;
/// unsafe when `X - x1 - x2 < p/100 * x1`, or with fewer than `contributors` contributors. For
/// magnitudes such as hours at the hub; a count of persons has contributors of one each.
#[must_use]
pub fn is_dominated(contributions: &[u64], percent: u64, contributors: usize) -> bool {
    let mut sorted: Vec<u128> = contributions
        .iter()
        .filter(|amount| **amount > 0)
        .map(|amount| u128::from(*amount))
        .collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let Some(largest) = sorted.first() else {
        return false;
    };
    let rest: u128 = sorted.iter().skip(2).sum();
    sorted.len() < contributors || rest * 100 < u128::from(percent) * largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Cell;

    fn judge(cell: Cell) -> bool {
        let mut system = System::new(2, &[(1, 0)]);
        let id = system.add(cell).unwrap();
        is_unsafe(&system, id)
    }

    #[test]
    fn small_numbers_zeros_and_complements_are_unsafe() {
        assert!(!judge(Cell::counted(&[20, 10])));
        assert!(judge(Cell::counted(&[4, 0])));
        assert!(judge(Cell::counted(&[20, 4])), "four completed");
        assert!(judge(Cell::counted(&[20, 17])), "three did not");
        assert!(judge(Cell::counted(&[20, 20])), "all did");
        assert!(judge(Cell::counted(&[20, 0])), "nobody did");
        assert!(judge(Cell::counted(&[9, 0]).threshold(10).structural(1)));
    }

    #[test]
    fn structural_zeros_give_nothing_away() {
        assert!(!judge(Cell::counted(&[20, 0]).structural(1)));
        assert!(!judge(Cell::counted(&[0, 0]).structural(0).structural(1)));
    }

    #[test]
    fn one_contributor_with_nearly_everything_dominates() {
        assert!(is_dominated(&[90, 5, 5], 10, 3));
        assert!(!is_dominated(&[90, 5, 9, 4], 10, 3) && !is_dominated(&[40, 30, 30], 10, 3));
        assert!(
            is_dominated(&[50, 50], 10, 3),
            "two contributors know each other"
        );
        assert!(!is_dominated(&[], 10, 3));
    }
}
