//! All provisional revisions of the period and a candidate as one system of numbers, made small.
//!
//! [`calluna_evidence::link`] puts every revision beside the others, tied by growth. After 90 nights that is a large
//! question, and most of it says the same again. Here two numbers of neighbouring revisions are **one** where both
//! are hidden and are in truth the same. That tells the attacker something true that he cannot see: which hidden
//! numbers did *not* change. Every table that he cannot exclude although he knows this, he cannot exclude
//! without knowing it either. So what is proved over the small system holds over the large one (a test proves it there
//! again); only something that could have been proved may be missed. Sums that then say the same stand once.

use std::collections::{BTreeMap, HashMap, HashSet};

use calluna_evidence::Frame;
use calluna_protect::{Cell, CellId, InvalidSystem, Standing, System};
use calluna_tables::{Revision, Shown};

use crate::history::{index, number};

/// A number of one revision.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Not published.
    Out(u32),
    /// Zero, as everybody knows.
    Zero,
    /// Published.
    Known(u32),
    /// Hidden, with the truth.
    Hidden(u32),
    /// May be shown or hidden.
    Open(u32),
}

impl Place {
    fn truth(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::Out(value) | Self::Known(value) | Self::Hidden(value) | Self::Open(value) => {
                u64::from(value)
            }
        }
    }

    fn unknown(self) -> bool {
        matches!(self, Self::Hidden(_) | Self::Open(_))
    }
}

/// One revision: what stands where, and the thresholds.
pub(crate) struct Layer {
    pub(crate) places: Vec<Place>,
    pub(crate) thresholds: Vec<u32>,
    /// What it costs to hide a number that may be hidden.
    pub(crate) costs: Vec<f64>,
}

impl Layer {
    /// A published revision with the truth behind it.
    pub(crate) fn past(frame: &Frame, revision: &Revision, truth: &[u32]) -> Self {
        let place = |(at, shown): (usize, &Shown)| {
            let truth = truth.get(at).copied().unwrap_or_default();
            match shown {
                Shown::Value(value) => Place::Known(*value),
                Shown::Hidden => Place::Hidden(truth),
                Shown::Structural => Place::Zero,
                Shown::LeftOut => Place::Out(truth),
            }
        };
        Self {
            places: revision.values.iter().enumerate().map(place).collect(),
            thresholds: frame.thresholds_of(revision),
            costs: Vec::new(),
        }
    }

    fn place(&self, at: u32) -> Place {
        self.places.get(index(at)).copied().unwrap_or(Place::Out(0))
    }

    fn cell(&self, at: u32) -> Option<Cell> {
        let place = self.place(at);
        let threshold = self.thresholds.get(index(at)).copied().unwrap_or(u32::MAX);
        let cell = Cell::counted(&[place.truth()]).threshold(u64::from(threshold));
        Some(match place {
            Place::Out(_) => return None,
            // The least threshold, so that it raises none above it.
            Place::Zero => Cell::counted(&[0]).structural(0).threshold(3),
            Place::Known(_) => cell.standing(Standing::Shown),
            Place::Hidden(_) => cell.standing(Standing::Hidden),
            Place::Open(_) => cell.cost(self.costs.get(index(at)).copied().unwrap_or(1.0)),
        })
    }
}

/// The system, and where its cells are.
pub(crate) struct Chain {
    pub(crate) system: System,
    /// The candidate's cells that have to do with something unknown.
    pub(crate) cells: BTreeMap<u32, CellId>,
    /// Which number each cell is, whatever the revision.
    pub(crate) numbers: HashMap<CellId, u32>,
}

/// The system of past provisional revisions (in order; none for a final one, which nothing ties to
/// what was before) and a candidate.
///
/// # Errors
/// Numbers that contradict each other: a fault of this program.
pub(crate) fn chain(
    frame: &Frame,
    past: &[Layer],
    candidate: &Layer,
) -> Result<Chain, InvalidSystem> {
    let mut work = Work {
        frame,
        system: System::new(1, &[]),
        numbers: HashMap::new(),
        said: HashSet::new(),
        rests: HashMap::new(),
    };
    let mut before: Option<(&Layer, BTreeMap<u32, CellId>)> = None;
    for layer in past.iter().chain([candidate]) {
        let mut cells = BTreeMap::new();
        if let Some((earlier, known)) = &before {
            for (at, cell) in known {
                let same = earlier.place(*at) == layer.place(*at)
                    && earlier.thresholds.get(index(*at)) == layer.thresholds.get(index(*at));
                if same && !matches!(layer.place(*at), Place::Open(_)) {
                    cells.insert(*at, *cell);
                }
            }
        }
        work.tie(layer, &mut cells)?;
        if let Some((earlier, mut known)) = before {
            work.grow(earlier, &mut known, layer, &mut cells)?;
        }
        before = Some((layer, cells));
    }
    Ok(Chain {
        system: work.system,
        cells: before.map(|(_, cells)| cells).unwrap_or_default(),
        numbers: work.numbers,
    })
}

/// What a sum says of what is unknown: cells with signs, and what they add up to.
type Saying = (Vec<(CellId, i8)>, i128);

struct Work<'a> {
    frame: &'a Frame,
    system: System,
    numbers: HashMap<CellId, u32>,
    said: HashSet<Saying>,
    /// What lies between two cells of which one is at most the other.
    rests: HashMap<(CellId, CellId), CellId>,
}

impl Work<'_> {
    fn place(
        &mut self,
        layer: &Layer,
        cells: &mut BTreeMap<u32, CellId>,
        at: u32,
    ) -> Result<Option<CellId>, InvalidSystem> {
        if let Some(cell) = cells.get(&at) {
            return Ok(Some(*cell));
        }
        let Some(cell) = layer.cell(at) else {
            return Ok(None);
        };
        let cell = self.system.add(cell)?;
        cells.insert(at, cell);
        self.numbers.insert(cell, at);
        Ok(Some(cell))
    }

    fn tie(
        &mut self,
        layer: &Layer,
        cells: &mut BTreeMap<u32, CellId>,
    ) -> Result<(), InvalidSystem> {
        let frame = self.frame;
        for sum in frame.web.sums() {
            let members = || std::iter::once(sum.parent).chain(sum.parts.iter().copied());
            if !members().any(|at| layer.place(at).unknown())
                || matches!(layer.place(sum.parent), Place::Out(_))
            {
                continue;
            }
            let mut saying: Saying = (Vec::new(), 0);
            let mut parts = Vec::with_capacity(sum.parts.len());
            let mut left = None;
            for (at, sign) in members().zip(std::iter::once(-1).chain(std::iter::repeat(1))) {
                let place = layer.place(at);
                let Some(cell) = self.place(layer, cells, at)? else {
                    left = Some(left.unwrap_or(0) + place.truth());
                    continue;
                };
                if sign == 1 {
                    parts.push(cell);
                }
                if place.unknown() {
                    saying.0.push((cell, sign));
                } else {
                    saying.1 -= i128::from(sign) * i128::from(place.truth());
                }
            }
            // With a part that is not published a sum is no equation, and stands by itself.
            if parts.is_empty() || (left.is_none() && !self.said.insert(saying)) {
                continue;
            }
            if let Some(left) = left {
                parts.push(self.system.add(Cell::slack(&[Some(left)]))?);
            }
            let Some(parent) = cells.get(&sum.parent).copied() else {
                continue;
            };
            self.system.sum(parent, &parts)?;
        }
        for (lesser, greater) in frame.web.at_most() {
            if !layer.place(*lesser).unknown() && !layer.place(*greater).unknown() {
                continue;
            }
            let lower = self.place(layer, cells, *lesser)?;
            let upper = self.place(layer, cells, *greater)?;
            if let (Some(lower), Some(upper)) = (lower, upper)
                && !self.rests.contains_key(&(lower, upper))
            {
                let (less, more) = (layer.place(*lesser).truth(), layer.place(*greater).truth());
                let rest = self
                    .system
                    .add(Cell::slack(&[Some(more.saturating_sub(less))]))?;
                self.system.sum(upper, &[lower, rest])?;
                self.rests.insert((lower, upper), rest);
            }
        }
        for at in (0..layer.places.len()).map(number) {
            if layer.place(at).unknown() {
                self.place(layer, cells, at)?;
            }
        }
        Ok(())
    }

    /// Numbers only grow from one provisional revision to the next, and everybody knows it.
    fn grow(
        &mut self,
        earlier: &Layer,
        before: &mut BTreeMap<u32, CellId>,
        later: &Layer,
        after: &mut BTreeMap<u32, CellId>,
    ) -> Result<(), InvalidSystem> {
        for at in (0..later.places.len()).map(number) {
            if !earlier.place(at).unknown() && !later.place(at).unknown() {
                continue;
            }
            let first = self.place(earlier, before, at)?;
            let second = self.place(later, after, at)?;
            if let (Some(first), Some(second)) = (first, second)
                && first != second
            {
                self.system.succeed(first, second)?;
            }
        }
        Ok(())
    }
}
