//! All provisional revisions of the period and a candidate as one system of numbers, made small.
//!
//! [`calluna_evidence::link`] puts every revision beside the others, tied by growth. After 90 nights that is a large
//! question, and most of it says the same again. Here the hidden number of a revision is that of the revision
//! before **plus a known step** where
//!
//! * it did not change (the step is 0), or
//! * it was at or above its threshold in both: a complement, hidden for others' sake.
//!
//! That tells the attacker something true that he cannot see: which hidden numbers did not change, and by how much the
//! large ones grew. Every table that he cannot exclude although he knows this, he cannot exclude
//! without knowing it either. So what is proved over the small system holds over the large one (a test proves it there
//! again); only something that could have been proved may be missed. A large number is then one unknown for the
//! whole period, a small one has as many as it had values, and rows that say the same stand once: the
//! question grows little with the nights. In a sum in which a small number changed the largest hidden part is an
//! unknown of its own that night: if the step of everything else were known, so would be the small one's.

use std::collections::{BTreeMap, HashMap, HashSet};

use calluna_evidence::Frame;
use calluna_protect::{Cell, CellId, InvalidSystem, Standing, System};
use calluna_tables::web::Sum;
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
    /// Not published, and still the sum of what is.
    Tied(u32),
    /// May be shown or hidden.
    Open(u32),
}

impl Place {
    fn truth(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::Out(value)
            | Self::Known(value)
            | Self::Hidden(value)
            | Self::Tied(value)
            | Self::Open(value) => u64::from(value),
        }
    }

    fn unknown(self) -> bool {
        matches!(self, Self::Hidden(_) | Self::Tied(_) | Self::Open(_))
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

    /// With what can be said of numbers that are left out ([`calluna_evidence::Unlisted`]).
    fn whole(&self, frame: &Frame) -> Self {
        let out = |at: u32| matches!(self.place(at), Place::Out(_));
        let unlisted = frame.unlisted(out, |at| self.place(at) == Place::Zero);
        let mut places = self.places.clone();
        for (at, place) in places.iter_mut().enumerate() {
            let Place::Out(truth) = *place else { continue };
            if unlisted.tying.contains(&number(at)) {
                *place = Place::Tied(truth);
            } else if unlisted.exposed.contains(&number(at)) {
                *place = Place::Hidden(truth);
            }
        }
        Self {
            places,
            thresholds: self.thresholds.clone(),
            costs: self.costs.clone(),
        }
    }

    /// Takes over what an earlier revision says of a number.
    fn remember(&mut self, at: u32, earlier: &Self) {
        if let Some(place) = self.places.get_mut(index(at)) {
            *place = earlier.place(at);
        }
        if let Some(threshold) = self.thresholds.get_mut(index(at)) {
            *threshold = earlier.threshold(at);
        }
    }

    fn place(&self, at: u32) -> Place {
        self.places.get(index(at)).copied().unwrap_or(Place::Out(0))
    }

    fn threshold(&self, at: u32) -> u32 {
        self.thresholds.get(index(at)).copied().unwrap_or(u32::MAX)
    }

    fn cell(&self, at: u32) -> Option<Cell> {
        let place = self.place(at);
        let threshold = self.threshold(at);
        let cell = Cell::counted(&[place.truth()]).threshold(u64::from(threshold));
        Some(match place {
            Place::Out(_) => return None,
            // The least threshold, so that it raises none above it.
            Place::Zero => Cell::counted(&[0]).structural(0).threshold(3),
            Place::Known(_) => cell.standing(Standing::Shown),
            Place::Hidden(_) => cell.standing(Standing::Hidden),
            Place::Tied(_) => Cell::slack(&[Some(place.truth())]),
            Place::Open(_) => cell.cost(self.costs.get(index(at)).copied().unwrap_or(1.0)),
        })
    }
}

/// The system, and where its cells are.
pub(crate) struct Chain {
    pub(crate) system: System,
    /// The candidate's cells that may be shown.
    pub(crate) open: BTreeMap<u32, CellId>,
    /// Which number each cell is, whatever the revision.
    pub(crate) numbers: HashMap<CellId, u32>,
}

/// A number of a revision: a cell and what is known to come on top.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Spot {
    cell: CellId,
    step: u64,
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
    let reach = number(candidate.places.len());
    let counts = |sum: &&Sum| sum.parent < reach && sum.parts.iter().any(|part| *part < reach);
    let mut work = Work {
        frame,
        sums: frame.web.sums().iter().filter(counts).collect(),
        system: System::new(1, &[]),
        numbers: HashMap::new(),
        said: HashSet::new(),
        rests: HashMap::new(),
        tops: HashMap::new(),
    };
    let layers = past.iter().chain([candidate]);
    let layers: Vec<Layer> = layers.map(|layer| layer.whole(frame)).collect();
    let mut before: Option<(Layer, BTreeMap<u32, Spot>)> = None;
    for layer in &layers {
        let mut spots = match &before {
            Some((earlier, known)) => work.continued(earlier, known, layer),
            None => BTreeMap::new(),
        };
        work.tie(layer, &mut spots)?;
        let mut whole = Layer {
            places: layer.places.clone(),
            thresholds: layer.thresholds.clone(),
            costs: Vec::new(),
        };
        if let Some((earlier, mut known)) = before {
            work.grow(&earlier, &mut known, layer, &mut spots)?;
            // What is left out for some nights is no less than it was before, when it comes back.
            for (at, spot) in known {
                if matches!(layer.place(at), Place::Out(_)) {
                    whole.remember(at, &earlier);
                    spots.insert(at, spot);
                }
            }
        }
        before = Some((whole, spots));
    }
    let spots = before.map(|(_, spots)| spots).unwrap_or_default();
    let is_open = |(at, _): &(u32, Spot)| matches!(candidate.place(*at), Place::Open(_));
    Ok(Chain {
        system: work.system,
        open: spots
            .into_iter()
            .filter(is_open)
            .map(|(at, spot)| (at, spot.cell))
            .collect(),
        numbers: work.numbers,
    })
}

/// What a sum says of what is unknown: cells with signs, and what they add up to.
type Saying = (Vec<(CellId, i8)>, i128);

struct Work<'a> {
    frame: &'a Frame,
    sums: Vec<&'a Sum>,
    system: System,
    numbers: HashMap<CellId, u32>,
    said: HashSet<Saying>,
    /// By how much the second cell may be less than the first at most: what was said so far.
    rests: HashMap<(CellId, CellId), i128>,
    /// Cells with a step on top.
    tops: HashMap<(CellId, u64), CellId>,
}

impl Work<'_> {
    /// The numbers that are those of the revision before plus a known step.
    fn continued(
        &self,
        earlier: &Layer,
        known: &BTreeMap<u32, Spot>,
        layer: &Layer,
    ) -> BTreeMap<u32, Spot> {
        let mut spots = BTreeMap::new();
        for (at, spot) in known {
            let least = layer.threshold(*at);
            if let (Place::Hidden(was), Place::Hidden(is)) | (Place::Tied(was), Place::Tied(is)) =
                (earlier.place(*at), layer.place(*at))
                && earlier.threshold(*at) == least
                && (was == is || (was >= least && is >= was))
            {
                let step = spot.step + u64::from(is - was);
                spots.insert(*at, Spot { step, ..*spot });
            }
        }
        // Where a number of a sum is new, another one has to be able to give way to it: the largest part.
        loop {
            let mut changed = false;
            for sum in &self.sums {
                let unknown = |at: &&u32| layer.place(**at).unknown();
                let parts = || sum.parts.iter().filter(unknown);
                let Some(largest) = parts().max_by_key(|at| layer.place(**at).truth()) else {
                    continue;
                };
                let mut others = parts().chain([&sum.parent].into_iter().filter(unknown));
                if spots.contains_key(largest)
                    && others.any(|at| at != largest && !spots.contains_key(at))
                {
                    spots.remove(largest);
                    changed = true;
                }
            }
            if !changed {
                return spots;
            }
        }
    }

    fn place(
        &mut self,
        layer: &Layer,
        spots: &mut BTreeMap<u32, Spot>,
        at: u32,
    ) -> Result<Option<Spot>, InvalidSystem> {
        if let Some(spot) = spots.get(&at) {
            return Ok(Some(*spot));
        }
        let Some(cell) = layer.cell(at) else {
            return Ok(None);
        };
        let cell = self.system.add(cell)?;
        let spot = Spot { cell, step: 0 };
        spots.insert(at, spot);
        self.numbers.insert(cell, at);
        Ok(Some(spot))
    }

    /// Something that everybody knows.
    fn known(&mut self, value: u64) -> Result<CellId, InvalidSystem> {
        self.system
            .add(Cell::slack(&[Some(value)]).standing(Standing::Shown))
    }

    /// A cell for the whole of a number; `truth` is that.
    fn top(&mut self, spot: Spot, truth: u64) -> Result<CellId, InvalidSystem> {
        if spot.step == 0 {
            return Ok(spot.cell);
        }
        if let Some(cell) = self.tops.get(&(spot.cell, spot.step)) {
            return Ok(*cell);
        }
        let step = self.known(spot.step)?;
        let top = self.system.add(Cell::slack(&[Some(truth)]))?;
        self.system.sum(top, &[spot.cell, step])?;
        self.tops.insert((spot.cell, spot.step), top);
        Ok(top)
    }

    fn tie(&mut self, layer: &Layer, spots: &mut BTreeMap<u32, Spot>) -> Result<(), InvalidSystem> {
        for sum in self.sums.clone() {
            let members = || std::iter::once(sum.parent).chain(sum.parts.iter().copied());
            if members().any(|at| layer.place(at).unknown())
                && !matches!(layer.place(sum.parent), Place::Out(_))
            {
                self.add_up(layer, spots, sum)?;
            }
        }
        for (lesser, greater) in self.frame.web.at_most() {
            if layer.place(*lesser).unknown() || layer.place(*greater).unknown() {
                self.compare(layer, spots, *lesser, *greater)?;
            }
        }
        for at in (0..layer.places.len()).map(number) {
            if layer.place(at).unknown() {
                self.place(layer, spots, at)?;
            }
        }
        Ok(())
    }

    fn add_up(
        &mut self,
        layer: &Layer,
        spots: &mut BTreeMap<u32, Spot>,
        sum: &Sum,
    ) -> Result<(), InvalidSystem> {
        let mut saying: Saying = (Vec::new(), 0);
        let mut left = None;
        let members = std::iter::once(sum.parent).chain(sum.parts.iter().copied());
        for (at, sign) in members.zip(std::iter::once(-1).chain(std::iter::repeat(1))) {
            let place = layer.place(at);
            let known = match self.place(layer, spots, at)? {
                None => {
                    left = Some(left.unwrap_or(0) + place.truth());
                    0
                }
                Some(spot) if place.unknown() => {
                    saying.0.push((spot.cell, sign));
                    spot.step
                }
                Some(_) => place.truth(),
            };
            saying.1 -= i128::from(sign) * i128::from(known);
        }
        // With a part that is not published a sum is no equation, and stands by itself.
        if left.is_none() && !self.said.insert(saying) {
            return Ok(());
        }
        let mut parts = Vec::with_capacity(sum.parts.len());
        for at in &sum.parts {
            let Some(spot) = spots.get(at).copied() else {
                continue;
            };
            parts.push(spot.cell);
            if spot.step > 0 {
                parts.push(self.known(spot.step)?);
            }
        }
        let Some(parent) = spots
            .get(&sum.parent)
            .copied()
            .filter(|_| !parts.is_empty())
        else {
            return Ok(());
        };
        if let Some(left) = left {
            parts.push(self.system.add(Cell::slack(&[Some(left)]))?);
        }
        let parent = self.top(parent, layer.place(sum.parent).truth())?;
        self.system.sum(parent, &parts)
    }

    /// One number is at most another one: they differ by something that is at least zero.
    fn compare(
        &mut self,
        layer: &Layer,
        spots: &mut BTreeMap<u32, Spot>,
        lesser: u32,
        greater: u32,
    ) -> Result<(), InvalidSystem> {
        let lower = self.place(layer, spots, lesser)?;
        let upper = self.place(layer, spots, greater)?;
        let (Some(lower), Some(upper)) = (lower, upper) else {
            return Ok(());
        };
        // Where this was said of the same cells with less room, it says nothing new.
        let room = i128::from(upper.step) - i128::from(lower.step);
        let said = self.rests.get(&(lower.cell, upper.cell));
        if said.is_some_and(|said| *said <= room) {
            return Ok(());
        }
        self.rests.insert((lower.cell, upper.cell), room);
        let (less, more) = (layer.place(lesser).truth(), layer.place(greater).truth());
        let rest = self
            .system
            .add(Cell::slack(&[Some(more.saturating_sub(less))]))?;
        let mut parts = vec![lower.cell, rest];
        if lower.step > 0 {
            parts.push(self.known(lower.step)?);
        }
        let upper = self.top(upper, more)?;
        self.system.sum(upper, &parts)
    }

    /// Numbers only grow from one provisional revision to the next, and everybody knows it.
    fn grow(
        &mut self,
        earlier: &Layer,
        before: &mut BTreeMap<u32, Spot>,
        later: &Layer,
        after: &mut BTreeMap<u32, Spot>,
    ) -> Result<(), InvalidSystem> {
        for at in (0..later.places.len()).map(number) {
            let (was, is) = (earlier.place(at), later.place(at));
            if (!was.unknown() && !is.unknown()) || was == Place::Zero {
                continue;
            }
            let first = self.place(earlier, before, at)?;
            let second = self.place(later, after, at)?;
            if let (Some(first), Some(second)) = (first, second)
                && first.cell != second.cell
            {
                let first = self.top(first, was.truth())?;
                let second = self.top(second, is.truth())?;
                self.system.succeed(first, second)?;
            }
        }
        Ok(())
    }
}
