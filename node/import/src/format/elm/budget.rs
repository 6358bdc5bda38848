//! How much of a document may be written out as elements, in all.
//!
//! Parts of JSON-LD nest and refer to one another, so a small file can ask for a large memory: 60
//! levels around one list hold that list 60 times. What is written out is counted before it is.

use std::cell::Cell;

use serde_json::{Map, Value};

/// Most values that are written out.
pub(super) const NODES: usize = 2_000_000;
/// Bytes of text that count as one value more.
const TEXT_BYTES: usize = 128;

/// What is left of the memory.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self::of(NODES)
    }
}

/// The budget does not suffice.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooManyParts;

impl TooManyParts {
    /// The rule of its findings.
    pub(super) const RULE: &str = "too-many-parts";
}

impl Budget {
    /// A budget of that many values.
    pub(super) fn of(nodes: usize) -> Self {
        Self(Cell::new(nodes))
    }

    /// Takes from the budget, or nothing when there is not enough.
    pub(super) fn spend(&self, cost: usize) -> Result<(), TooManyParts> {
        let left = self.0.get().checked_sub(cost).ok_or(TooManyParts)?;
        self.0.set(left);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0.get()
    }
}

/// What an object costs.
pub(super) fn cost(fields: &Map<String, Value>) -> usize {
    let inner = fields
        .iter()
        .map(|(name, value)| name.len() / TEXT_BYTES + cost_of(value));
    1 + inner.sum::<usize>()
}

fn cost_of(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / TEXT_BYTES,
        Value::Array(items) => 1 + items.iter().map(cost_of).sum::<usize>(),
        Value::Object(fields) => cost(fields),
        _ => 1,
    }
}
