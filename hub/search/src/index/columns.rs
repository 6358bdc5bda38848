//! The rows of a segment in memory, with values as numbers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tantivy::schema::Value as _;
use tantivy::{SegmentReader, TantivyDocument, TantivyError};

use super::row::Row;
use super::schema::FIELDS;

/// Numbers for texts, the same for all segments of an index.
#[derive(Debug, Default)]
pub(crate) struct Interner(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<(u8, String), u32>,
    names: Vec<(u8, String)>,
}

/// Stands for a town in [`Interner`], beside the places of the facets.
const TOWN: u8 = 255;

impl Interner {
    fn number(&self, kind: u8, name: &str) -> u32 {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (kind, name.to_owned());
        if let Some(number) = names.numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(names.names.len()).unwrap_or(u32::MAX);
        names.names.push(key.clone());
        names.numbers.insert(key, number);
        number
    }

    /// The text of a number.
    pub(crate) fn name(&self, number: u32) -> String {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = names.names.get(number as usize);
        name.map(|(_, name)| name.clone()).unwrap_or_default()
    }

    /// Every value so far: place of its facet and the value, by number.
    pub(crate) fn all(&self) -> Vec<(u8, String)> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.names.clone()
    }
}

/// One document.
#[derive(Debug)]
pub(crate) struct Doc {
    pub(crate) provider: Box<str>,
    pub(crate) offer: Box<str>,
    pub(crate) lengths: [u16; FIELDS],
    pub(crate) values: Box<[u32]>,
    pub(crate) price: Option<u32>,
    pub(crate) runs: Box<[Run]>,
}

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) start: Option<i32>,
    pub(crate) end: Option<i32>,
    pub(crate) flexible: bool,
    pub(crate) takes_place: bool,
    pub(crate) price: Option<u32>,
    pub(crate) values: Box<[u32]>,
    pub(crate) at: Option<Spot>,
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
    pub(crate) fn is_on(&self, today: Option<i32>) -> bool {
        let Some(today) = today else { return true };
        self.takes_place && (self.flexible || self.end.is_none_or(|end| end >= today))
    }
}

/// The rows of a segment, those of deleted documents among them.
pub(crate) fn read(
    segment: &SegmentReader,
    field: tantivy::schema::Field,
    interner: &Interner,
) -> tantivy::Result<Vec<Doc>> {
    let store = segment.get_store_reader(1)?;
    let mut docs = Vec::with_capacity(segment.max_doc() as usize);
    for document in store.iter::<TantivyDocument>(None) {
        let document = document?;
        let bytes = document.get_first(field).and_then(|value| value.as_bytes());
        let row: Row = serde_json::from_slice(bytes.unwrap_or_default())
            .map_err(|error| TantivyError::SystemError(format!("a row of the index: {error}")))?;
        docs.push(doc(row, interner));
    }
    Ok(docs)
}

fn doc(row: Row, interner: &Interner) -> Doc {
    let numbers = |values: &[(u8, String)]| -> Box<[u32]> {
        let number = |(facet, value): &(u8, String)| interner.number(*facet, value);
        values.iter().map(number).collect()
    };
    let runs = row.runs.iter().map(|run| Run {
        start: run.start,
        end: run.end,
        flexible: run.flexible,
        takes_place: run.takes_place,
        price: run.price.or(row.price),
        values: numbers(&run.values),
        at: run.at.as_ref().map(|(latitude, longitude, town)| Spot {
            latitude_micro: *latitude,
            longitude_micro: *longitude,
            town: interner.number(TOWN, town),
        }),
    });
    Doc {
        lengths: row.lengths,
        values: numbers(&row.values),
        price: row.price,
        runs: runs.collect(),
        provider: row.provider.into(),
        offer: row.offer.into(),
    }
}
