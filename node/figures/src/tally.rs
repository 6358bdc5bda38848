//! From coded registrations to what each person adds to each number of the web, and to their sums.

use std::cmp::Reverse;
use std::ops::Range;

use calluna_tables::dimension::DIMS;
use calluna_tables::layout::Placed;
use calluna_tables::{Layout, Measure, Web};
use jiff::civil::Date;

use crate::fault::{Faults, Rule};
use crate::identity::PersonHash;

/// A registration after its text is gone: hashes, codes, a day, a line.
pub(crate) struct Coded {
    pub(crate) person: PersonHash,
    /// Keyed hash of what makes it this registration and no other.
    pub(crate) key: [u8; 32],
    pub(crate) leaves: [u16; DIMS],
    pub(crate) status: Status,
    /// When it was made, where the list says so.
    pub(crate) registered: Option<Date>,
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

    const fn enrolled(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Waiting)
    }
}

/// What one person adds to one number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// The number, by its index in [`Web::numbers`].
    pub number: u32,
    /// What she adds; never 0.
    pub value: u32,
}

/// One person: the hash, and what she adds to which numbers. Together a profile of her, so
/// neither this nor a [`Touch`] can be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Person<'a> {
    /// Who, for the holder of the secret.
    pub hash: PersonHash,
    /// The numbers that she adds to, margins included, ascending.
    pub touches: &'a [Touch],
}

/// The figures of one import: what each person adds, and the sums over all persons.
///
/// Unprotected. It lies in the memory of the node and goes nowhere before it was protected.
#[derive(Default)]
pub struct Figures {
    values: Vec<u32>,
    contributors: Vec<u32>,
    persons: Vec<(PersonHash, Range<usize>)>,
    touches: Vec<Touch>,
}

impl Figures {
    /// Figures over `numbers` numbers from what each person adds. Whoever stands twice adds both; what is
    /// 0 or is no number of these is dropped.
    #[must_use]
    pub fn new(numbers: usize, mut added: Vec<(PersonHash, Vec<Touch>)>) -> Self {
        added.sort_by_key(|(hash, _)| *hash);
        let mut figures = Self::empty(numbers);
        for group in added.chunk_by_mut(|a, b| a.0 == b.0) {
            if let Some(hash) = group.first().map(|(hash, _)| *hash) {
                let all = group.iter_mut().flat_map(|(_, touches)| touches.drain(..));
                figures.add(hash, all.collect());
            }
        }
        figures
    }

    fn empty(numbers: usize) -> Self {
        Self {
            values: vec![0; numbers],
            contributors: vec![0; numbers],
            persons: Vec::new(),
            touches: Vec::new(),
        }
    }

    /// Takes a person in, with what she adds in any order and any number of parts. Persons come by hash.
    fn add(&mut self, hash: PersonHash, mut parts: Vec<Touch>) {
        parts.sort_unstable_by_key(|touch| touch.number);
        let start = self.touches.len();
        for group in parts.chunk_by(|a, b| a.number == b.number) {
            let value = group
                .iter()
                .fold(0_u32, |sum, part| sum.saturating_add(part.value));
            let Some(number) = group.first().map(|part| part.number).filter(|_| value > 0) else {
                continue;
            };
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            if let (Some(sum), Some(persons)) =
                (self.values.get_mut(at), self.contributors.get_mut(at))
            {
                *sum = sum.saturating_add(value);
                *persons += 1;
                self.touches.push(Touch { number, value });
            }
        }
        self.persons.push((hash, start..self.touches.len()));
    }

    /// The value of every number, in the order of the web.
    #[must_use]
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// How many persons add to every number, in the order of the web. A number may be large and be
    /// of one person: she has many registrations.
    #[must_use]
    pub fn contributors(&self) -> &[u32] {
        &self.contributors
    }

    /// The value of one number; 0 for one that is not there.
    #[must_use]
    pub fn value(&self, number: u32) -> u32 {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        self.values.get(at).copied().unwrap_or_default()
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
}

/// Sorts, drops what stands twice, counts. The order of rows and files makes no difference.
pub(crate) fn tally(
    layout: &Layout,
    web: &Web,
    mut rows: Vec<Coded>,
    files: &[String],
    notices: &mut Faults,
) -> (Figures, u64) {
    rows.sort_unstable_by(|a, b| {
        let order = |row: &Coded| {
            (
                row.person,
                row.key,
                Reverse(row.status),
                row.leaves,
                row.registered,
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
    let mut figures = Figures::empty(web.numbers().len());
    for group in kept.chunk_by(|a, b| a.person == b.person) {
        if let Some(first) = group.first() {
            figures.add(first.person, counted(layout, web, group));
        }
    }
    figures.touches.shrink_to_fit();
    (figures, twice)
}

/// What one person adds, one for each time that she counts in a number.
///
/// As a person she counts at the place of her first enrolment and nowhere else, so that persons add up
/// along every dimension: the earliest day, without days the smallest key, which says nothing. With days
/// a later registration leaves her where she was.
fn counted(layout: &Layout, web: &Web, registrations: &[Coded]) -> Vec<Touch> {
    let enrolled = registrations.iter().filter(|one| one.status.enrolled());
    let first = enrolled
        .min_by_key(|one| (one.registered.is_none(), one.registered, one.key))
        .map(|one| one.key);
    let mut all = Vec::new();
    for one in registrations {
        // One number stands in many tables and counts a registration once.
        let mut numbers = Vec::new();
        for (at, placed) in layout.tables().iter().enumerate() {
            let measures = placed.table.measures;
            each_cell(layout, placed, &one.leaves, |cell| {
                for (which, measure) in measures.iter().enumerate() {
                    let counts = match measure {
                        Measure::Enrolments => one.status.enrolled(),
                        Measure::Persons => first == Some(one.key),
                        Measure::Registrations => true,
                    };
                    if counts {
                        numbers.extend(web.place(at, cell, which, measures.len()));
                    }
                }
            });
        }
        numbers.sort_unstable();
        numbers.dedup();
        all.extend(numbers.into_iter().map(|number| Touch { number, value: 1 }));
    }
    all
}

/// The inner cell of a registration in a table, and every margin and group above it, counted from the
/// table's first.
fn each_cell(layout: &Layout, placed: &Placed, leaves: &[u16; DIMS], mut take: impl FnMut(usize)) {
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
        let cell = placed.cell(&nodes).map(|cell| cell - placed.first);
        if let Some(cell) = cell.and_then(|cell| usize::try_from(cell).ok()) {
            take(cell);
        }
    }
}
