//! The rows of a segment in memory, with values as numbers: flat, so that a pass over many offers reads on and on.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tantivy::schema::Value as _;
use tantivy::{SegmentReader, TantivyDocument, TantivyError};

use super::row::Row;
use super::schema::FIELDS;
use crate::query::Facet;

/// Numbers for texts and spots, the same for all segments of an index.
#[derive(Debug, Default)]
pub(crate) struct Interner(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    /// By kind.
    numbers: Vec<HashMap<Box<str>, u32>>,
    names: Vec<(u8, Box<str>)>,
    spots: Vec<Spot>,
    spot_numbers: HashMap<Spot, u32>,
}

/// Stands for a town in [`Interner`], beside the places of the facets.
const TOWN: u8 = 255;

impl Names {
    fn number(&mut self, kind: u8, name: &str) -> u32 {
        let kinds = usize::from(kind) + 1;
        if self.numbers.len() < kinds {
            self.numbers.resize_with(kinds, HashMap::new);
        }
        let numbers = &mut self.numbers[usize::from(kind)];
        if let Some(number) = numbers.get(name) {
            return *number;
        }
        let number = number_of(self.names.len());
        numbers.insert(name.into(), number);
        self.names.push((kind, name.into()));
        number
    }

    fn spot(&mut self, spot: Spot) -> u32 {
        let next = number_of(self.spots.len());
        let number = *self.spot_numbers.entry(spot).or_insert(next);
        if number == next {
            self.spots.push(spot);
        }
        number
    }
}

impl Interner {
    /// The text of a number.
    pub(crate) fn name(&self, number: u32) -> String {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = names.names.get(number as usize);
        name.map(|(_, name)| name.to_string()).unwrap_or_default()
    }

    /// Every value so far: place of its facet and the value, by number.
    pub(crate) fn all(&self) -> Vec<(u8, Box<str>)> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.names.clone()
    }

    /// Every spot so far, by number.
    pub(crate) fn spots(&self) -> Vec<Spot> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.spots.clone()
    }
}

/// A part of one of the lists of [`Columns`].
type Span = std::ops::Range<u32>;

/// The documents of a segment.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    docs: Vec<Doc>,
    runs: Vec<Run>,
    values: Vec<u32>,
}

/// One document.
#[derive(Debug)]
pub(crate) struct Doc {
    pub(crate) provider: Box<str>,
    pub(crate) offer: Box<str>,
    pub(crate) lengths: [u16; FIELDS],
    pub(crate) title: u64,
    pub(crate) price: Option<u32>,
    values: Span,
    /// How many of them, the first ones, are of facets that are about runs.
    of_runs: u32,
    runs: Span,
}

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) start: Option<i32>,
    /// The last day on which it is not over.
    last: i32,
    pub(crate) flexible: bool,
    pub(crate) price: Option<u32>,
    /// Number of the spot where it is.
    pub(crate) at: Option<u32>,
    values: Span,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    pub(crate) latitude_micro: i32,
    pub(crate) longitude_micro: i32,
    /// Number of the name of the town.
    pub(crate) town: u32,
}

impl Run {
    /// Whether it is not over on this day; without a day it takes place at all.
    #[inline]
    pub(crate) fn is_on(&self, today: Option<i32>) -> bool {
        today.is_none_or(|today| today <= self.last)
    }
}

/// One document among its segment's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    columns: &'a Columns,
    doc: &'a Doc,
}

impl std::ops::Deref for Entry<'_> {
    type Target = Doc;

    fn deref(&self) -> &Doc {
        self.doc
    }
}

impl<'a> Entry<'a> {
    /// Id of its provider.
    pub(crate) fn provider(self) -> &'a str {
        &self.doc.provider
    }

    #[inline]
    pub(crate) fn runs(self) -> &'a [Run] {
        of(&self.columns.runs, &self.doc.runs)
    }

    /// Values that hold for every run.
    pub(crate) fn values(self) -> &'a [u32] {
        of(&self.columns.values, &self.doc.values)
    }

    /// Those of them that are of facets about runs.
    pub(crate) fn values_of_each(self) -> &'a [u32] {
        let first = self.doc.values.start;
        of(&self.columns.values, &(first..first + self.doc.of_runs))
    }

    /// Values of one of its runs, of facets about runs.
    #[inline]
    pub(crate) fn values_of(self, run: &Run) -> &'a [u32] {
        of(&self.columns.values, &run.values)
    }
}

fn of<'a, T>(list: &'a [T], span: &Span) -> &'a [T] {
    list.get(span.start as usize..span.end as usize)
        .unwrap_or_default()
}

impl Columns {
    /// The rows of a segment, those of deleted documents among them.
    pub(crate) fn read(
        segment: &SegmentReader,
        field: tantivy::schema::Field,
        interner: &Interner,
    ) -> tantivy::Result<Self> {
        let store = segment.get_store_reader(1)?;
        let mut columns = Self {
            docs: Vec::with_capacity(segment.max_doc() as usize),
            ..Self::default()
        };
        for document in store.iter::<TantivyDocument>(None) {
            let document = document?;
            let text = document.get_first(field).and_then(|value| value.as_str());
            let row: Row = serde_json::from_str(text.unwrap_or_default()).map_err(|error| {
                TantivyError::SystemError(format!("a row of the index: {error}"))
            })?;
            columns.push(row, interner);
        }
        Ok(columns)
    }

    pub(crate) fn len(&self) -> usize {
        self.docs.len()
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<Entry<'_>> {
        let doc = self.docs.get(at)?;
        Some(Entry { columns: self, doc })
    }

    /// The documents, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.docs.iter().map(|doc| Entry { columns: self, doc })
    }

    fn push(&mut self, mut row: Row, interner: &Interner) {
        let is_of_runs = |(facet, _): &(u8, String)| {
            let facet = Facet::ALL.get(usize::from(*facet));
            facet.is_some_and(|facet| facet.is_of_runs())
        };
        row.values.sort_by_key(|value| !is_of_runs(value));
        let of_runs = row.values.iter().filter(|value| is_of_runs(value)).count();
        let mut names = interner.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = number_of(self.runs.len());
        for run in &row.runs {
            let at = run.at.as_ref().map(|(latitude, longitude, town)| Spot {
                latitude_micro: *latitude,
                longitude_micro: *longitude,
                town: names.number(TOWN, town),
            });
            let last = match run.end {
                _ if !run.takes_place => i32::MIN,
                Some(end) if !run.flexible => end,
                _ => i32::MAX,
            };
            let run = Run {
                start: run.start,
                last,
                flexible: run.flexible,
                price: run.price.or(row.price),
                at: at.map(|spot| names.spot(spot)),
                values: self.push_values(&run.values, &mut names),
            };
            self.runs.push(run);
        }
        let doc = Doc {
            lengths: row.lengths,
            title: row.title,
            price: row.price,
            values: self.push_values(&row.values, &mut names),
            of_runs: number_of(of_runs),
            runs: first..number_of(self.runs.len()),
            provider: row.provider.into(),
            offer: row.offer.into(),
        };
        self.docs.push(doc);
    }

    fn push_values(&mut self, values: &[(u8, String)], names: &mut Names) -> Span {
        let first = number_of(self.values.len());
        let numbers = values
            .iter()
            .map(|(facet, value)| names.number(*facet, value));
        self.values.extend(numbers);
        first..number_of(self.values.len())
    }
}

fn number_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
