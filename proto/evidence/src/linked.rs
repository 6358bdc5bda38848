//! All revisions of a period as one system of numbers and sums, and the proof over it.

use std::collections::BTreeMap;

use calluna_protect::{
    Attacker, Audit, Budget, Cell, CellId, InvalidSystem, Mask, Memory, Standing, System, cost,
    prove,
};
use calluna_tables::{Kind, Revision, Shown};

use crate::frame::{Frame, index};
use crate::unlisted::Unlisted;

/// A revision that was published; `truth`: every number as it is, which only the node knows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What the public sees.
    pub revision: &'a Revision,
    /// What is behind it, by number.
    pub truth: Option<&'a [u32]>,
}

/// A revision that is to be made, for [`calluna_protect::protect`].
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Every number as it would be.
    pub truth: &'a [u32],
    /// The threshold of every number: [`Frame::thresholds`].
    pub thresholds: &'a [u32],
    /// What each number may be: [`Standing::Shown`] where it was shown before, [`Standing::Hidden`] where it must
    /// be hidden whatever its value.
    pub standing: &'a [Standing],
    /// Numbers that are publicly zero.
    pub structural: &'a [bool],
    /// Numbers that are not published.
    pub left_out: &'a [bool],
}

/// A system and where its cells are.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The system.
    pub system: System,
    /// For every view in order, and last for the candidate: the cell of a number. Views have only the
    /// cells that have to do with something hidden.
    pub cells: Vec<BTreeMap<u32, CellId>>,
    /// The cells that stand for what nobody is told.
    pub slack: Vec<CellId>,
}

impl Linked {
    /// What the public sees of the views: everything that is not shown is hidden.
    #[must_use]
    pub fn mask(&self, views: &[View<'_>]) -> Mask {
        let mut mask = Mask::open(&self.system);
        for (view, cells) in views.iter().zip(&self.cells) {
            for (number, cell) in cells {
                if matches!(view.revision.value(*number), Shown::Hidden | Shown::LeftOut) {
                    mask.hide(*cell);
                }
            }
        }
        self.slack.iter().for_each(|cell| mask.hide(*cell));
        mask
    }
}

/// Builds the system of all views, in order of their revisions, and a candidate after them.
///
/// # Errors
/// The numbers contradict each other.
pub fn link(
    frame: &Frame,
    views: &[View<'_>],
    candidate: Option<Candidate<'_>>,
) -> Result<Linked, InvalidSystem> {
    let mut linked = Linked {
        system: System::new(1, &[]),
        cells: Vec::new(),
        slack: Vec::new(),
    };
    let mut layers: Vec<Box<dyn Layer + '_>> = Vec::new();
    for view in views {
        let thresholds = frame.thresholds_of(view.revision);
        layers.push(Box::new(Past {
            view: *view,
            thresholds,
            unlisted: frame.unlisted(
                |at| view.revision.value(at) == Shown::LeftOut,
                |at| view.revision.value(at) == Shown::Structural,
            ),
        }));
    }
    if let Some(candidate) = candidate {
        let flag = |list: &[bool], at: u32| list.get(index(at)).copied();
        let unlisted = frame.unlisted(
            |at| flag(candidate.left_out, at).unwrap_or(true),
            |at| flag(candidate.structural, at).unwrap_or_default(),
        );
        layers.push(Box::new(Next {
            frame,
            candidate,
            unlisted,
        }));
    }
    let kinds = views.iter().map(|view| view.revision.kind);
    let kinds: Vec<Kind> = kinds.chain(candidate.map(|next| next.kind)).collect();
    for layer in &layers {
        let mut cells = BTreeMap::new();
        tie(frame, layer.as_ref(), &mut linked, &mut cells)?;
        linked.cells.push(cells);
    }
    for at in 1..layers.len() {
        if kinds.get(at) == Some(&Kind::Provisional) {
            grow(frame, &layers, at, &mut linked)?;
        }
    }
    Ok(linked)
}

/// One revision, whether past or to be made.
trait Layer {
    /// Nothing where the number is not published.
    fn cell(&self, number: u32) -> Option<Cell>;
    /// Whether the number is, or may come to be, unknown to the public.
    fn open(&self, number: u32) -> bool;
    /// The number as it is.
    fn truth(&self, number: u32) -> Option<u32>;
}

struct Past<'a> {
    view: View<'a>,
    thresholds: Vec<u32>,
    /// Numbers that are left out and have to do with what is published.
    unlisted: Unlisted,
}

impl Layer for Past<'_> {
    fn cell(&self, number: u32) -> Option<Cell> {
        let threshold = self
            .thresholds
            .get(index(number))
            .copied()
            .unwrap_or(u32::MAX);
        Some(match self.view.revision.value(number) {
            Shown::LeftOut if self.unlisted.tying.contains(&number) => {
                Cell::slack(&[self.truth(number).map(u64::from)])
            }
            Shown::LeftOut if !self.unlisted.exposed.contains(&number) => return None,
            Shown::Structural => public_zero(),
            Shown::Value(value) => Cell::counted(&[u64::from(value)])
                .threshold(u64::from(threshold))
                .standing(Standing::Shown),
            Shown::Hidden | Shown::LeftOut => match self.truth(number) {
                Some(value) => Cell::counted(&[u64::from(value)]),
                None => Cell::unseen(1),
            }
            .threshold(u64::from(threshold))
            .standing(Standing::Hidden),
        })
    }

    fn open(&self, number: u32) -> bool {
        self.view.revision.value(number) == Shown::Hidden || self.unlisted.holds(number)
    }

    fn truth(&self, number: u32) -> Option<u32> {
        match self.view.revision.value(number) {
            Shown::Value(value) => Some(value),
            Shown::Structural => Some(0),
            Shown::Hidden | Shown::LeftOut => {
                let truth = self.view.truth?;
                truth.get(index(number)).copied()
            }
        }
    }
}

struct Next<'a> {
    frame: &'a Frame,
    candidate: Candidate<'a>,
    unlisted: Unlisted,
}

impl Layer for Next<'_> {
    fn cell(&self, number: u32) -> Option<Cell> {
        let Candidate {
            thresholds,
            standing,
            structural,
            left_out,
            ..
        } = self.candidate;
        let at = index(number);
        let value = u64::from(self.truth(number)?);
        let threshold = thresholds.get(at).copied().unwrap_or(u32::MAX);
        let cell = Cell::counted(&[value]).threshold(u64::from(threshold));
        if left_out.get(at).copied().unwrap_or(true) {
            if self.unlisted.tying.contains(&number) {
                return Some(Cell::slack(&[Some(value)]));
            }
            let exposed = self.unlisted.exposed.contains(&number);
            return exposed.then(|| cell.standing(Standing::Hidden));
        }
        if structural.get(at).copied().unwrap_or_default() {
            return Some(public_zero());
        }
        let cell = cell
            .cost(cost(value, false) * f64::from(1 + self.frame.below(number)))
            .standing(standing.get(at).copied().unwrap_or(Standing::Hidden));
        Some(cell)
    }

    fn open(&self, number: u32) -> bool {
        let at = index(number);
        let flag = |list: &[bool]| list.get(at).copied().unwrap_or(true);
        self.unlisted.holds(number)
            || (!flag(self.candidate.left_out) && !flag(self.candidate.structural))
    }

    fn truth(&self, number: u32) -> Option<u32> {
        self.candidate.truth.get(index(number)).copied()
    }
}

/// A zero that everybody knows; the least threshold, so that it raises none above it.
fn public_zero() -> Cell {
    Cell::counted(&[0]).structural(0).threshold(3)
}

fn place(
    layer: &dyn Layer,
    linked: &mut Linked,
    cells: &mut BTreeMap<u32, CellId>,
    number: u32,
) -> Result<Option<CellId>, InvalidSystem> {
    if let Some(cell) = cells.get(&number) {
        return Ok(Some(*cell));
    }
    let Some(cell) = layer.cell(number) else {
        return Ok(None);
    };
    let cell = linked.system.add(cell)?;
    cells.insert(number, cell);
    Ok(Some(cell))
}

/// Puts the sums of one revision into the system, as far as anything in them is unknown.
fn tie(
    frame: &Frame,
    layer: &dyn Layer,
    linked: &mut Linked,
    cells: &mut BTreeMap<u32, CellId>,
) -> Result<(), InvalidSystem> {
    for sum in frame.web.sums() {
        let mut members = std::iter::once(&sum.parent).chain(&sum.parts);
        if !members.any(|number| layer.open(*number)) {
            continue;
        }
        let Some(parent) = place(layer, linked, cells, sum.parent)? else {
            continue;
        };
        let mut parts = Vec::with_capacity(sum.parts.len());
        let mut left = Some(0_u64);
        let mut whole = true;
        for part in &sum.parts {
            if let Some(cell) = place(layer, linked, cells, *part)? {
                parts.push(cell);
            } else {
                // A part that is not published is something that nobody is told.
                whole = false;
                left = left
                    .zip(layer.truth(*part))
                    .map(|(sum, one)| sum + u64::from(one));
            }
        }
        if parts.is_empty() {
            continue;
        }
        if !whole {
            parts.push(slack(linked, left)?);
        }
        linked.system.sum(parent, &parts)?;
    }
    for (lesser, greater) in frame.web.at_most() {
        if !layer.open(*lesser) && !layer.open(*greater) {
            continue;
        }
        let lower = place(layer, linked, cells, *lesser)?;
        let upper = place(layer, linked, cells, *greater)?;
        if let (Some(lower), Some(upper)) = (lower, upper) {
            let left = layer.truth(*greater).zip(layer.truth(*lesser));
            let left = left.map(|(greater, lesser)| u64::from(greater.saturating_sub(lesser)));
            let rest = slack(linked, left)?;
            linked.system.sum(upper, &[lower, rest])?;
        }
    }
    // A number in no sum is open all the same.
    for number in 0..u32::try_from(frame.web.numbers().len()).unwrap_or(u32::MAX) {
        if layer.open(number) {
            place(layer, linked, cells, number)?;
        }
    }
    Ok(())
}

fn slack(linked: &mut Linked, left: Option<u64>) -> Result<CellId, InvalidSystem> {
    let cell = linked.system.add(Cell::slack(&[left]))?;
    linked.slack.push(cell);
    Ok(cell)
}

/// While the period runs numbers only grow: says so for every number that is unknown before or after.
fn grow(
    frame: &Frame,
    layers: &[Box<dyn Layer + '_>],
    at: usize,
    linked: &mut Linked,
) -> Result<(), InvalidSystem> {
    let Some(earlier_at) = at.checked_sub(1) else {
        return Ok(());
    };
    let (Some(before), Some(after)) = (layers.get(earlier_at), layers.get(at)) else {
        return Ok(());
    };
    let mut earlier = linked
        .cells
        .get_mut(earlier_at)
        .map(std::mem::take)
        .unwrap_or_default();
    let mut later = linked
        .cells
        .get_mut(at)
        .map(std::mem::take)
        .unwrap_or_default();
    for number in 0..u32::try_from(frame.web.nightly()).unwrap_or(u32::MAX) {
        if !before.open(number) && !after.open(number) {
            continue;
        }
        let first = place(before.as_ref(), linked, &mut earlier, number)?;
        let second = place(after.as_ref(), linked, &mut later, number)?;
        if let (Some(first), Some(second)) = (first, second) {
            linked.system.succeed(first, second)?;
        }
    }
    for (at, cells) in [(earlier_at, earlier), (at, later)] {
        if let Some(slot) = linked.cells.get_mut(at) {
            *slot = cells;
        }
    }
    Ok(())
}

/// Which system is proved. Whatever changes [`link`] or what a proof means raises it, so that nobody takes a proof of
/// yesterday for one of today; `tests/rules.rs` notices when the system changes.
pub const GENERATION: u32 = 2;

/// Proves from public data alone that nothing hidden in any of the revisions (of one period, in order)
/// can be confined to fewer than its threshold of values. The audit holds or it does not.
///
/// # Errors
/// The numbers contradict each other.
pub fn prove_public(
    frame: &Frame,
    revisions: &[Revision],
    budget: &mut Budget,
    memory: &mut Memory,
) -> Result<Audit, InvalidSystem> {
    let views: Vec<View<'_>> = revisions
        .iter()
        .map(|revision| View {
            revision,
            truth: None,
        })
        .collect();
    let linked = link(frame, &views, None)?;
    let mask = linked.mask(&views);
    Ok(prove(
        &linked.system,
        &mask,
        Attacker::OUTSIDER,
        budget,
        memory,
    ))
}
