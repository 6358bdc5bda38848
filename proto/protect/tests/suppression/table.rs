//! Small tables with all their margins, for the protecting side and for the attacker.

use calluna_protect::{Cell, CellId, Mask, Standing, System, cost};

use crate::attacker::Public;

/// A table of two or three ways with every margin; each measure a number of persons.
pub(crate) struct Table {
    /// What the crate judges.
    pub(crate) system: System,
    /// Values of each cell, one per measure.
    pub(crate) values: Vec<Vec<i64>>,
    /// Total and parts, as positions of cells.
    pub(crate) sums: Vec<(usize, Vec<usize>)>,
    /// Whether measure 1 is a part of measure 0.
    pub(crate) ordered: bool,
    /// The threshold of all cells.
    pub(crate) threshold: i64,
}

/// Highest number an attacker would dream of where nothing bounds it: far above all of these tables.
const DREAM: i64 = 400;

impl Table {
    /// `sides` says how many categories each way has; `inner` the measures of each inner cell.
    pub(crate) fn new(sides: &[usize], inner: &[Vec<i64>], ordered: bool, threshold: i64) -> Self {
        let measures = inner[0].len();
        let order: &[(usize, usize)] = if ordered { &[(1, 0)] } else { &[] };
        let mut table = Self {
            system: System::new(measures, order),
            values: Vec::new(),
            sums: Vec::new(),
            ordered,
            threshold,
        };
        // A place is one category of each way, or `side` for "all".
        let places: usize = sides.iter().map(|side| side + 1).product();
        for place in 0..places {
            let at = unfold(place, sides);
            let inside = |inner_place: &[usize]| {
                let pairs = at.iter().zip(inner_place).zip(sides);
                pairs
                    .into_iter()
                    .all(|((at, inner), side)| at == side || at == inner)
            };
            let mut sum = vec![0; measures];
            for (index, value) in inner.iter().enumerate() {
                if inside(&unfold_inner(index, sides)) {
                    sum.iter_mut()
                        .zip(value)
                        .for_each(|(sum, value)| *sum += value);
                }
            }
            let margin = at.iter().zip(sides).any(|(at, side)| at == side);
            let values: Vec<u64> = sum.iter().map(|value| value.unsigned_abs()).collect();
            let cell = Cell::counted(&values)
                .threshold(threshold.unsigned_abs())
                .cost(cost(values[0], margin));
            table.system.add(cell).unwrap();
            table.values.push(sum);
        }
        for place in 0..places {
            let at = unfold(place, sides);
            for way in 0..sides.len() {
                if at[way] == sides[way] {
                    let parts: Vec<usize> = (0..sides[way])
                        .map(|category| {
                            let mut part = at.clone();
                            part[way] = category;
                            fold(&part, sides)
                        })
                        .collect();
                    table.sums.push((place, parts));
                }
            }
        }
        let ids: Vec<CellId> = table.system.ids().collect();
        for (total, parts) in &table.sums {
            let parts: Vec<CellId> = parts.iter().map(|part| ids[*part]).collect();
            table.system.sum(ids[*total], &parts).unwrap();
        }
        table
    }

    /// Numbers per cell, complements included.
    pub(crate) fn width(&self) -> usize {
        self.values[0].len() + usize::from(self.ordered)
    }

    /// A number, complements included.
    pub(crate) fn number(&self, cell: usize, at: usize) -> i64 {
        let values = &self.values[cell];
        values
            .get(at)
            .copied()
            .unwrap_or(values[0] - values[values.len() - 1])
    }

    /// What is public under a mask, to an attacker who also knows which numbers are small.
    pub(crate) fn public(&self, mask: &Mask) -> Public {
        let mut public = Public::default();
        let ids: Vec<CellId> = self.system.ids().collect();
        for (cell, id) in ids.iter().enumerate() {
            for at in 0..self.width() {
                let value = self.number(cell, at);
                if !mask.hides(*id) {
                    public.shown(value);
                } else if value < self.threshold {
                    public.hidden(0, self.threshold - 1);
                } else {
                    public.hidden(0, DREAM);
                }
            }
            if self.ordered {
                let first = cell * self.width();
                public.adds_up(first, &[first + 1, first + 2]);
            }
        }
        for (total, parts) in &self.sums {
            for at in 0..self.width() {
                let place = |cell: &usize| cell * self.width() + at;
                let parts: Vec<usize> = parts.iter().map(place).collect();
                public.adds_up(place(total), &parts);
            }
        }
        public
    }

    /// Hidden numbers that the attacker confines to fewer than W + 1 values: (cell, number, low, high).
    pub(crate) fn losses(&self, mask: &Mask) -> Vec<(usize, usize, i64, i64)> {
        let public = self.public(mask);
        let wanted = self.threshold - 1;
        let mut lost = Vec::new();
        for (cell, id) in self.system.ids().enumerate() {
            for at in (0..self.width()).filter(|_| mask.hides(id)) {
                let (low, high) = public.interval(cell * self.width() + at, wanted);
                if high - low < wanted {
                    lost.push((cell, at, low, high));
                }
            }
        }
        lost
    }

    /// A sum with one hidden member gives it away.
    pub(crate) fn breaks_line_rule(&self, mask: &Mask) -> bool {
        let ids: Vec<CellId> = self.system.ids().collect();
        self.sums.iter().any(|(total, parts)| {
            let members = parts.iter().chain([total]);
            members.filter(|cell| mask.hides(ids[**cell])).count() == 1
        })
    }
}

/// A system of one revision after another, all of a single sum, for tests of the nights.
pub(crate) fn revisions(nights: &[Vec<(u64, Standing)>]) -> (System, Vec<Vec<CellId>>) {
    let mut system = System::new(1, &[]);
    let mut all: Vec<Vec<CellId>> = Vec::new();
    for night in nights {
        let add = |system: &mut System, (value, standing): &(u64, Standing)| {
            system
                .add(Cell::counted(&[*value]).standing(*standing))
                .unwrap()
        };
        let ids: Vec<CellId> = night.iter().map(|cell| add(&mut system, cell)).collect();
        system.sum(ids[0], &ids[1..]).unwrap();
        if let Some(before) = all.last() {
            for (earlier, later) in before.iter().zip(&ids) {
                system.succeed(*earlier, *later).unwrap();
            }
        }
        all.push(ids);
    }
    (system, all)
}

fn unfold(mut place: usize, sides: &[usize]) -> Vec<usize> {
    sides
        .iter()
        .map(|side| {
            let at = place % (side + 1);
            place /= side + 1;
            at
        })
        .collect()
}

fn unfold_inner(mut place: usize, sides: &[usize]) -> Vec<usize> {
    sides
        .iter()
        .map(|side| {
            let at = place % side;
            place /= side;
            at
        })
        .collect()
}

fn fold(at: &[usize], sides: &[usize]) -> usize {
    at.iter()
        .zip(sides)
        .rev()
        .fold(0, |place, (at, side)| place * (side + 1) + at)
}
