//! From coded registrations to counts per cell, and to the cells that each person touches.

use std::collections::HashMap;
use std::ops::Range;

use calluna_tables::dimension::DIMS;
use calluna_tables::layout::Placed;
use calluna_tables::{Counts, Layout};

use crate::fault::{Faults, Rule};
use crate::identity::PersonHash;

/// A registration after its text is gone: hashes, codes, a line.
pub(crate) struct Coded {
    pub(crate) person: PersonHash,
    /// Keyed hash of what makes it this registration and no other.
    pub(crate) key: [u8; 32],
    pub(crate) leaves: [u16; DIMS],
    pub(crate) status: Status,
    pub(crate) file: u16,
    pub(crate) line: u64,
}

/// How far a registration got, least first: of the same registration twice, the furthest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Cancelled,
    Waiting,
    Enrolled,
    NotCompleted,
    Completed,
}

impl Status {
    pub(crate) const ALL: [Self; 5] = [
        Self::Cancelled,
        Self::Waiting,
        Self::Enrolled,
        Self::NotCompleted,
        Self::Completed,
    ];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Waiting => "waiting",
            Self::Enrolled => "enrolled",
            Self::NotCompleted => "not-completed",
            Self::Completed => "completed",
        }
    }

    fn counts(self) -> Counts {
        let enrolled = !matches!(self, Self::Cancelled | Self::Waiting);
        Counts {
            enrolments: u32::from(enrolled),
            persons: u32::from(enrolled),
            completions: u32::from(self == Self::Completed),
            cancellations: u32::from(self == Self::Cancelled),
            waiting: u32::from(self == Self::Waiting),
            contributors: 1,
        }
    }
}

/// What one person adds to one cell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// The cell, numbered through all tables of the [`Layout`].
    pub cell: u32,
    /// Belegungen.
    pub enrolments: u32,
    /// Completed ones.
    pub completions: u32,
    /// Cancelled registrations.
    pub cancellations: u32,
    /// Registrations on the waiting list.
    pub waiting: u32,
}

impl Touch {
    /// The same as counts of one person.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            enrolments: self.enrolments,
            persons: u32::from(self.enrolments > 0),
            completions: self.completions,
            cancellations: self.cancellations,
            waiting: self.waiting,
            contributors: 1,
        }
    }

    fn add(&mut self, counts: &Counts) {
        self.enrolments += counts.enrolments;
        self.completions += counts.completions;
        self.cancellations += counts.cancellations;
        self.waiting += counts.waiting;
    }
}

/// One person: the hash, and what she adds to which cells, by number. Together a profile of her, so
/// neither this nor a [`Touch`] can be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Person<'a> {
    /// Who, for the holder of the secret.
    pub hash: PersonHash,
    /// The cells that she touches, margins included, ascending.
    pub touches: &'a [Touch],
}

/// The figures of one import: dense counts, and the cells of each person.
///
/// Unprotected. It lies in the memory of the node and goes nowhere before it was protected.
pub struct Figures {
    cells: Vec<Counts>,
    persons: Vec<(PersonHash, Range<usize>)>,
    touches: Vec<Touch>,
}

impl Figures {
    /// The counts of a cell, numbered as in the [`Layout`].
    #[must_use]
    pub fn counts(&self, cell: u32) -> Counts {
        let at = usize::try_from(cell).unwrap_or(usize::MAX);
        self.cells.get(at).copied().unwrap_or_default()
    }

    /// The counts of all cells.
    #[must_use]
    pub fn cells(&self) -> &[Counts] {
        &self.cells
    }

    /// Every person, by hash: the order says nothing.
    pub fn persons(&self) -> impl ExactSizeIterator<Item = Person<'_>> {
        self.persons.iter().map(|(hash, range)| Person {
            hash: *hash,
            touches: self.touches.get(range.clone()).unwrap_or_default(),
        })
    }

    /// The person with this hash.
    #[must_use]
    pub fn person(&self, hash: &PersonHash) -> Option<Person<'_>> {
        let at = self
            .persons
            .binary_search_by_key(hash, |(known, _)| *known)
            .ok()?;
        let (hash, range) = self.persons.get(at)?;
        Some(Person {
            hash: *hash,
            touches: self.touches.get(range.clone())?,
        })
    }

    /// Who is new, gone or changed against `before`, each with every cell that changes.
    #[must_use]
    pub fn changed(&self, before: &Self) -> Vec<(PersonHash, Vec<u32>)> {
        let gone = before
            .persons()
            .filter(|old| self.person(&old.hash).is_none());
        let gone = gone.map(|old| (old.hash, differing(&[], old.touches)));
        let mut out: Vec<(PersonHash, Vec<u32>)> = self
            .persons()
            .map(|new| {
                let old = before.person(&new.hash).map_or(&[][..], |old| old.touches);
                (new.hash, differing(new.touches, old))
            })
            .chain(gone)
            .filter(|(_, cells)| !cells.is_empty())
            .collect();
        out.sort_unstable_by_key(|(hash, _)| *hash);
        out
    }
}

/// Cells in which two lists, both ascending, do not agree.
fn differing(new: &[Touch], old: &[Touch]) -> Vec<u32> {
    let (mut new, mut old) = (new.iter().peekable(), old.iter().peekable());
    let mut cells = Vec::new();
    loop {
        match (new.peek(), old.peek()) {
            (None, None) => return cells,
            (Some(a), Some(b)) if a == b => {
                new.next();
                old.next();
            }
            (Some(a), b) if b.is_none_or(|b| a.cell <= b.cell) => {
                cells.push(a.cell);
                if b.is_some_and(|b| a.cell == b.cell) {
                    old.next();
                }
                new.next();
            }
            (_, Some(b)) => {
                cells.push(b.cell);
                old.next();
            }
            (Some(_), None) => return cells,
        }
    }
}

/// Sorts, drops what stands twice, counts. The order of rows and files makes no difference.
pub(crate) fn tally(
    layout: &Layout,
    mut rows: Vec<Coded>,
    files: &[String],
    notices: &mut Faults,
) -> (Figures, u64) {
    rows.sort_unstable_by(|a, b| {
        let order = |row: &Coded| {
            (
                row.person,
                row.key,
                std::cmp::Reverse(row.status),
                row.leaves,
                row.file,
                row.line,
            )
        };
        order(a).cmp(&order(b))
    });
    let mut twice = 0;
    let mut kept: Vec<Coded> = Vec::with_capacity(rows.len());
    for row in rows {
        match kept.last() {
            Some(first) if first.person == row.person && first.key == row.key => {
                let same = first.status == row.status && first.leaves == row.leaves;
                let rule = if same {
                    Rule::Twice
                } else {
                    Rule::TwiceDiffers
                };
                let file = files.get(usize::from(row.file)).map_or("", String::as_str);
                notices.add(file, row.line, rule, "", None);
                twice += 1;
            }
            _ => kept.push(row),
        }
    }
    let mut figures = Figures {
        cells: vec![Counts::default(); usize::try_from(layout.cells()).unwrap_or_default()],
        persons: Vec::new(),
        touches: Vec::new(),
    };
    for group in kept.chunk_by(|a, b| a.person == b.person) {
        let start = figures.touches.len();
        let Some(first) = group.first() else { continue };
        figures.touches.extend(touches(layout, group));
        let range = start..figures.touches.len();
        for touch in figures.touches.get(range.clone()).unwrap_or_default() {
            let at = usize::try_from(touch.cell).unwrap_or(usize::MAX);
            if let Some(cell) = figures.cells.get_mut(at) {
                cell.add(&touch.counts());
            }
        }
        figures.persons.push((first.person, range));
    }
    figures.touches.shrink_to_fit();
    (figures, twice)
}

/// What the registrations of one person add to which cells.
fn touches(layout: &Layout, registrations: &[Coded]) -> Vec<Touch> {
    let mut found: HashMap<u32, Touch> = HashMap::new();
    for registration in registrations {
        let counts = registration.status.counts();
        for placed in layout.tables() {
            each_cell(layout, placed, &registration.leaves, |cell| {
                let none = Touch {
                    cell,
                    enrolments: 0,
                    completions: 0,
                    cancellations: 0,
                    waiting: 0,
                };
                found.entry(cell).or_insert(none).add(&counts);
            });
        }
    }
    let mut out: Vec<Touch> = found.into_values().collect();
    out.sort_unstable_by_key(|touch| touch.cell);
    out
}

/// The inner cell of a registration in a table, and every margin and group above it.
fn each_cell(layout: &Layout, placed: &Placed, leaves: &[u16; DIMS], mut take: impl FnMut(u32)) {
    let chains: Vec<&[u16]> = placed
        .table
        .dims
        .iter()
        .filter_map(|dim| Some(layout.tree(*dim)?.chain(*leaves.get(*dim as usize)?)))
        .collect();
    let mut nodes: Vec<u16> = Vec::with_capacity(chains.len());
    let all: usize = chains.iter().map(|chain| chain.len()).product();
    for at in 0..all {
        nodes.clear();
        let mut rest = at;
        for chain in &chains {
            nodes.extend(chain.get(rest % chain.len()));
            rest /= chain.len();
        }
        if let Some(cell) = placed.cell(&nodes) {
            take(cell);
        }
    }
}
