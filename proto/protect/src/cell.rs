//! One place of one table: its numbers, what it costs to hide it, and whether it was shown before.

/// A cell of a [`crate::System`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub(crate) u32);

impl CellId {
    /// Position in the order in which cells were added.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What earlier publications of the period say about showing a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Not yet shown: may be shown or hidden.
    #[default]
    Open,
    /// Was shown, or is a cell of an earlier revision that was: stays shown.
    Shown,
    /// A cell of an earlier revision that was hidden.
    Hidden,
}

/// One number of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    /// Unknown to whoever audits from what is public.
    pub(crate) value: Option<u64>,
    /// Zero for a reason that everybody knows.
    pub(crate) structural: bool,
    /// What the largest single contributor gave, and therefore knows.
    pub(crate) largest: u64,
}

/// One place of one table in one revision, with all its measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub(crate) figures: Vec<Figure>,
    pub(crate) threshold: u64,
    pub(crate) cost: f64,
    pub(crate) standing: Standing,
    pub(crate) slack: bool,
}

impl Cell {
    /// A cell whose measures are known, with threshold 5 and the usual [`cost`] of an inner cell.
    #[must_use]
    pub fn counted(values: &[u64]) -> Self {
        let figure = |value: &u64| Figure {
            value: Some(*value),
            structural: false,
            largest: 0,
        };
        Self {
            figures: values.iter().map(figure).collect(),
            threshold: 5,
            cost: cost(values.first().copied().unwrap_or(0), false),
            standing: Standing::Open,
            slack: false,
        }
    }

    /// A hidden cell as the public sees it: `measures` numbers that nobody knows.
    #[must_use]
    pub fn unseen(measures: usize) -> Self {
        let figure = Figure {
            value: None,
            structural: false,
            largest: 0,
        };
        Self {
            figures: vec![figure; measures],
            threshold: 5,
            cost: 0.0,
            standing: Standing::Hidden,
            slack: false,
        }
    }

    /// What lies between two numbers of which one is at most the other (`greater = lesser + slack`), or
    /// what is not published of a sum at all: a number that is at least zero, that nobody is told and
    /// that needs no protection of its own.
    #[must_use]
    pub fn slack(values: &[Option<u64>]) -> Self {
        let figure = |value: &Option<u64>| Figure {
            value: *value,
            structural: false,
            largest: 0,
        };
        Self {
            figures: values.iter().map(figure).collect(),
            // The least that a system takes, so that it raises no threshold above it.
            threshold: 3,
            cost: 0.0,
            standing: Standing::Hidden,
            slack: true,
        }
    }

    /// Numbers below `threshold` are hidden: 5, or 10 for sensitive subjects; never below 3.
    #[must_use]
    pub fn threshold(mut self, threshold: u64) -> Self {
        self.threshold = threshold;
        self
    }

    /// What it costs to hide the cell.
    #[must_use]
    pub fn cost(mut self, cost: f64) -> Self {
        self.cost = cost;
        self
    }

    /// What earlier publications say.
    #[must_use]
    pub fn standing(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    /// The measure is zero for a reason that everybody knows (no offer in the public catalogue, no
    /// course of the period has ended): nothing is given away by showing it.
    #[must_use]
    pub fn structural(mut self, measure: usize) -> Self {
        if let Some(figure) = self.figures.get_mut(measure) {
            figure.structural = true;
        }
        self
    }

    /// What the largest contributor to the measure gave (1 where contributors are persons).
    #[must_use]
    pub fn largest(mut self, measure: usize, amount: u64) -> Self {
        if let Some(figure) = self.figures.get_mut(measure) {
            figure.largest = amount;
        }
        self
    }
}

/// The usual cost of hiding: log(1 + x), margins ten times as much, and never nothing.
#[must_use]
pub fn cost(value: u64, margin: bool) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a cost, and counts stay far below 2^52"
    )]
    let inner = (value as f64).ln_1p().max(0.1);
    if margin { inner * 10.0 } else { inner }
}
