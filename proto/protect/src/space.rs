//! What an attacker does not know, as variables and equations, split into parts that have nothing to
//! do with each other.
//!
//! Columns are the hidden numbers. Rows are what ties them: every sum (with what is shown moved to
//! the right-hand side), `greater = lesser + complement` in every hidden cell, and, for an attacker who
//! believes that numbers only grow, `earlier <= later`. Bounds are what the attacker knows of each
//! number alone: non-negative, below the threshold, at least what the attacker contributed.

use std::collections::BTreeMap;

use crate::cell::CellId;
use crate::primary::{Mask, is_small};
use crate::system::{MOST, System};

/// What an attacker is assumed to know beyond what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attacker {
    /// Which hidden numbers are below the threshold (Kerckhoffs: the rules are public, T6).
    pub knows_small: bool,
    /// The largest contribution to every hidden cell: a participant or provider who knows that he is in there (T6).
    pub contributes: bool,
    /// That numbers only grow between revisions, wherever that is true.
    pub growth: bool,
}

impl Attacker {
    /// Knows the thresholds and that numbers grow; is no contributor. What every release is proved against.
    pub const OUTSIDER: Self = Self {
        knows_small: true,
        contributes: false,
        growth: true,
    };
    /// Also knows the largest contribution to every cell at once, which is more than any one person knows. Meant for
    /// few large contributors (providers in a district's table). In a table of persons with many ones and twos
    /// it stands for a conspiracy of one person from each cell, who between them know such a table already:
    /// what is asked for then often cannot be had, and the verdict is to coarsen.
    pub const INSIDER: Self = Self {
        knows_small: true,
        contributes: true,
        growth: true,
    };
}

/// Every number that a table may hold at most, for whoever knows nothing of it.
pub(crate) const UNKNOWN: i64 = MOST as i64;

/// A hidden number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) cell: CellId,
    /// Which number of the cell.
    pub(crate) at: usize,
    /// The true number, where it is known.
    pub(crate) value: Option<i64>,
    pub(crate) low: i64,
    pub(crate) high: i64,
    /// The width that must remain; less than W only where the bounds alone leave less.
    pub(crate) need: i64,
}

/// `sum of coefficient * column (= or <=) right`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) terms: Vec<(usize, i64)>,
    pub(crate) equal: bool,
    pub(crate) right: i64,
}

/// Columns and the rows that tie them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// The rows in which each column stands; filled by [`components`].
    pub(crate) rows_of: Vec<Vec<usize>>,
}

impl Component {
    /// The columns nearest to one, by steps from row to row, at most `most`; whether each column is among them.
    pub(crate) fn near(&self, column: usize, most: usize) -> Vec<bool> {
        let mut near = vec![false; self.columns.len()];
        near[column] = true;
        let mut found = vec![column];
        let mut seen = vec![false; self.rows.len()];
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            next += 1;
            for row in &self.rows_of[at] {
                if std::mem::replace(&mut seen[*row], true) {
                    continue;
                }
                for (other, _) in &self.rows[*row].terms {
                    if found.len() < most && !std::mem::replace(&mut near[*other], true) {
                        found.push(*other);
                    }
                }
            }
        }
        near
    }

    /// Whether the numbers fulfil every row and every bound, in whole-number arithmetic.
    pub(crate) fn allows(&self, point: &[i64]) -> bool {
        let inside = |(column, value): (&Column, &i64)| (column.low..=column.high).contains(value);
        point.len() == self.columns.len()
            && self.columns.iter().zip(point).all(inside)
            && self.rows.iter().all(|row| {
                let left: i64 = row.terms.iter().map(|(at, by)| point[*at] * by).sum();
                if row.equal {
                    left == row.right
                } else {
                    left <= row.right
                }
            })
    }

    /// blake3 over the question: a component with the same hash has the same answer.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut number = |value: i64| {
            hasher.update(&value.to_le_bytes());
        };
        number(self.columns.len() as i64);
        for column in &self.columns {
            number(column.value.unwrap_or(-1));
            number(column.low);
            number(column.high);
            number(column.need);
        }
        for row in &self.rows {
            number(row.terms.len() as i64);
            number(i64::from(row.equal));
            number(row.right);
            for (at, by) in &row.terms {
                number(*at as i64);
                number(*by);
            }
        }
        *hasher.finalize().as_bytes()
    }
}

/// A number as an i64; [`System::add`] has bounded it.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(UNKNOWN)
}

/// Everything hidden by the mask, before it is split.
pub(crate) fn space(system: &System, mask: &Mask, attacker: Attacker) -> Component {
    let mut whole = Component::default();
    let mut place: BTreeMap<(CellId, usize), usize> = BTreeMap::new();
    for cell in system.ids().filter(|cell| mask.hides(*cell)) {
        for at in 0..system.width() {
            if !system.figure(cell, at).structural {
                place.insert((cell, at), whole.columns.len());
                whole.columns.push(column(system, cell, at, attacker));
            }
        }
    }
    for sum in &system.sums {
        for at in 0..system.measures {
            let signs = sum.parts.iter().map(|part| (*part, 1));
            let members = signs.chain([(sum.parent, -1)]);
            push_row(&mut whole, system, &place, at, members, true);
        }
    }
    for cell in system.ids().filter(|cell| mask.hides(*cell)) {
        for (order, (lesser, greater)) in system.orders.iter().enumerate() {
            let complement = system.measures + order;
            let terms: Vec<(usize, i64)> = [(*lesser, 1), (complement, 1), (*greater, -1)]
                .iter()
                .filter_map(|(at, by)| Some((*place.get(&(cell, *at))?, *by)))
                .collect();
            if !terms.is_empty() {
                whole.rows.push(Row {
                    terms,
                    equal: true,
                    right: 0,
                });
            }
        }
    }
    if attacker.growth {
        for (earlier, later) in &system.successions {
            for at in 0..system.measures {
                let value = |cell: &CellId| system.figure(*cell, at).value;
                // Where a number is not known here, the attacker has only the promise that it grows.
                if value(earlier).zip(value(later)).is_none_or(|(e, l)| e <= l) {
                    let members = [(*earlier, 1), (*later, -1)];
                    push_row(&mut whole, system, &place, at, members.into_iter(), false);
                }
            }
        }
    }
    whole
}

fn column(system: &System, cell: CellId, at: usize, attacker: Attacker) -> Column {
    let figure = system.figure(cell, at);
    let width = signed(system.cells[cell.index()].threshold) - 1;
    let value = figure.value.map(signed);
    let low = match value {
        Some(value) if attacker.contributes => signed(figure.largest).min(value),
        _ => 0,
    };
    let high = if attacker.knows_small && is_small(system, cell, at) {
        width
    } else {
        UNKNOWN
    };
    Column {
        cell,
        at,
        value,
        low,
        high,
        need: if system.cells[cell.index()].slack {
            0
        } else {
            width.min(high - low)
        },
    }
}

/// A row over the hidden members; shown ones go to the right-hand side. Nothing hidden: no row.
fn push_row(
    whole: &mut Component,
    system: &System,
    place: &BTreeMap<(CellId, usize), usize>,
    at: usize,
    members: impl Iterator<Item = (CellId, i64)>,
    equal: bool,
) {
    let mut row = Row {
        terms: Vec::new(),
        equal,
        right: 0,
    };
    for (cell, by) in members {
        match place.get(&(cell, at)) {
            Some(column) => row.terms.push((*column, by)),
            None => row.right -= by * system.figure(cell, at).value.map_or(0, signed),
        }
    }
    if !row.terms.is_empty() {
        whole.rows.push(row);
    }
}

/// Splits into parts that share no row, each small enough to be looked at alone.
pub(crate) fn components(whole: &Component) -> Vec<Component> {
    let mut root: Vec<usize> = (0..whole.columns.len()).collect();
    for row in &whole.rows {
        for pair in row.terms.windows(2) {
            let (a, b) = (find(&mut root, pair[0].0), find(&mut root, pair[1].0));
            root[a.max(b)] = a.min(b);
        }
    }
    let mut parts: BTreeMap<usize, Component> = BTreeMap::new();
    let mut new_place = vec![0; whole.columns.len()];
    for (at, column) in whole.columns.iter().enumerate() {
        let part = parts.entry(find(&mut root, at)).or_default();
        new_place[at] = part.columns.len();
        part.columns.push(column.clone());
    }
    for row in &whole.rows {
        let Some((first, _)) = row.terms.first() else {
            continue;
        };
        let part = parts.entry(find(&mut root, *first)).or_default();
        let terms = row.terms.iter().map(|(at, by)| (new_place[*at], *by));
        part.rows.push(Row {
            terms: terms.collect(),
            ..row.clone()
        });
    }
    let mut parts: Vec<Component> = parts.into_values().collect();
    for part in &mut parts {
        part.rows_of = vec![Vec::new(); part.columns.len()];
        for (row, at) in part.rows.iter().zip(0..) {
            for (column, _) in &row.terms {
                part.rows_of[*column].push(at);
            }
        }
    }
    parts
}

fn find(root: &mut [usize], mut at: usize) -> usize {
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}
