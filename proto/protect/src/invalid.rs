//! What is wrong with numbers that are no system, by position and never by value.

/// Why the numbers are not a system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSystem {
    /// A cell has another number of measures than the system.
    #[error(
        "cell {cell} has {got} measures, this system has {wanted}: give every cell all measures in one order"
    )]
    Measures {
        /// Position of the cell.
        cell: usize,
        /// Measures of the cell.
        got: usize,
        /// Measures of the system.
        wanted: usize,
    },
    /// The threshold is below the legal floor of three, or above what is ever sensible.
    #[error("cell {cell} has threshold {got}; it must be between 3 and 1000")]
    Threshold {
        /// Position of the cell.
        cell: usize,
        /// The threshold.
        got: u64,
    },
    /// A measure is larger than the one it is part of.
    #[error(
        "cell {cell}: measure {lesser} is larger than measure {greater}, of which it is a part: count both from the same registrations"
    )]
    Order {
        /// Position of the cell.
        cell: usize,
        /// The measure that must not be larger.
        lesser: usize,
        /// The measure it belongs to.
        greater: usize,
    },
    /// A structural zero is not zero.
    #[error(
        "cell {cell}: measure {measure} is marked as a structural zero and is not zero: the catalogue and the registrations disagree"
    )]
    Structural {
        /// Position of the cell.
        cell: usize,
        /// The measure.
        measure: usize,
    },
    /// A number is too large to be a count of persons.
    #[error(
        "cell {cell}: measure {measure} is above 1,000,000,000: that is not a number of persons"
    )]
    TooLarge {
        /// Position of the cell.
        cell: usize,
        /// The measure.
        measure: usize,
    },
    /// A sum or a succession names a cell that is not there, or one twice.
    #[error(
        "a sum or a succession names cell {cell} twice, or it does not exist: add cells first, name each once"
    )]
    Unknown {
        /// Position named.
        cell: usize,
    },
    /// The parts do not add up to the parent.
    #[error(
        "the parts of cell {parent} do not add up to it in measure {measure}: count parent and parts from the same registrations"
    )]
    Sum {
        /// Position of the parent.
        parent: usize,
        /// The measure.
        measure: usize,
    },
}
