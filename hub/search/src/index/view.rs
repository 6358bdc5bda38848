//! The catalogue as it is on one day: which offers are not over, what stands in each facet, the next start, the
//! price, the places. Made once a day and after each commit, so that a search only reads.

use std::collections::{BTreeMap, HashMap};

use super::columns::{Doc, Run, Spot};
use super::schema::FIELDS;
use super::state::State;
use super::values;
use crate::bits::Bits;
use crate::places;
use crate::query::Facet;
use crate::ranking;

/// No run starts any more, or nobody knows when.
pub(crate) const NO_START: i32 = i32::MAX;
/// The price is not known.
pub(crate) const NO_PRICE: u32 = u32::MAX;
/// A value that less than one in so many documents has is kept as a list.
const DENSE: usize = 64;

/// The documents that have a value.
#[derive(Debug)]
pub(crate) enum Having {
    /// Many.
    Many(Bits),
    /// Few.
    Few(Vec<u32>),
}

impl Having {
    /// How many of `hits` have it.
    pub(crate) fn count(&self, hits: &Bits) -> u64 {
        match self {
            Self::Many(bits) => bits.count_both(hits),
            Self::Few(docs) => docs.iter().filter(|doc| hits.has(**doc as usize)).count() as u64,
        }
    }

    /// Adds them to a set.
    pub(crate) fn add_to(&self, set: &mut Bits) {
        match self {
            Self::Many(bits) => set.or(bits),
            Self::Few(docs) => docs.iter().for_each(|doc| set.set(*doc as usize)),
        }
    }
}

/// A value of a facet.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) facet: Facet,
    pub(crate) value: String,
    pub(crate) docs: Having,
}

/// The catalogue on one day.
#[derive(Debug)]
pub(crate) struct View {
    /// The day; nothing where the past counts too.
    pub(crate) today: Option<i32>,
    pub(crate) docs: usize,
    /// Documents that a search may find.
    pub(crate) shown: Bits,
    /// Length of the fields of each document as a factor, see [`ranking::B`].
    pub(crate) norms: Vec<[f32; FIELDS]>,
    pub(crate) next_start: Vec<i32>,
    pub(crate) price: Vec<u32>,
    /// The date term.
    pub(crate) date: Vec<f32>,
    /// Hash of the key of the offer, for the shuffle.
    pub(crate) hash: Vec<u64>,
    /// Every value of every facet, facet by facet in the order in which it is shown.
    pub(crate) known: Vec<Known>,
    /// Places in [`View::known`], document by document.
    pub(crate) values: Lists,
    /// The spots of runs, and which of them each document has.
    pub(crate) spots: Vec<Spot>,
    pub(crate) at: Lists,
    /// Documents that are the same offer.
    pub(crate) groups: Vec<Vec<u32>>,
}

/// A list for each document.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    ends: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn push(&mut self, items: &[u32]) {
        self.items.extend_from_slice(items);
        self.ends
            .push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
    }

    pub(crate) fn of(&self, doc: usize) -> &[u32] {
        let start = if doc == 0 { 0 } else { self.ends[doc - 1] };
        &self.items[start as usize..self.ends[doc] as usize]
    }
}

impl View {
    /// The catalogue on `today`; without a day everything, whether it is over or not.
    pub(crate) fn new(state: &State, today: Option<i32>) -> Self {
        let docs = state.docs();
        let table = Table::new(state);
        let mut view = Self {
            today,
            docs,
            shown: Bits::none(docs),
            norms: norms(state),
            next_start: Vec::with_capacity(docs),
            price: Vec::with_capacity(docs),
            date: Vec::with_capacity(docs),
            hash: Vec::with_capacity(docs),
            known: Vec::new(),
            values: Lists::default(),
            spots: Vec::new(),
            at: Lists::default(),
            groups: Vec::new(),
        };
        let mut having: Vec<Vec<u32>> = vec![Vec::new(); table.values.len()];
        let mut spots: HashMap<Spot, u32> = HashMap::new();
        for (doc, row) in state.rows().enumerate() {
            view.add(doc, row, state, &table, &mut having, &mut spots);
        }
        let mut by_number: Vec<(Spot, u32)> = spots.into_iter().collect();
        by_number.sort_by_key(|(_, number)| *number);
        view.spots = by_number.into_iter().map(|(spot, _)| spot).collect();
        let values = table.values.into_iter().zip(having);
        view.known = values
            .map(|((facet, value), having)| Known {
                facet,
                value,
                docs: kept(having, docs),
            })
            .collect();
        view.groups = groups(state);
        view
    }

    fn add(
        &mut self,
        doc: usize,
        row: &Doc,
        state: &State,
        table: &Table,
        having: &mut [Vec<u32>],
        spots: &mut HashMap<Spot, u32>,
    ) {
        let on: Vec<&Run> = row
            .runs
            .iter()
            .filter(|run| run.is_on(self.today))
            .collect();
        let alive = state.is_alive(doc);
        if alive && (row.runs.is_empty() || !on.is_empty()) {
            self.shown.set(doc);
        }
        let next = next_start(&on, self.today);
        self.next_start.push(next);
        self.date.push(date_term(next, self.today));
        let price = on.iter().filter_map(|run| run.price).min().or(row.price);
        self.price.push(price.unwrap_or(NO_PRICE));
        self.hash.push(key_hash(row));
        let mut values: Vec<u32> = Vec::new();
        let mut add = |place: u32| {
            if !values.contains(&place) {
                values.push(place);
            }
        };
        let runs = on.iter().flat_map(|run| run.values.iter());
        row.values
            .iter()
            .chain(runs)
            .for_each(|number| add(table.place[*number as usize]));
        add(table.price_band(price));
        let mut at: Vec<u32> = Vec::new();
        for spot in on.iter().filter_map(|run| run.at) {
            let next = u32::try_from(spots.len()).unwrap_or(u32::MAX);
            let number = *spots.entry(spot).or_insert(next);
            if !at.contains(&number) {
                at.push(number);
            }
        }
        if alive {
            let doc = u32::try_from(doc).unwrap_or(u32::MAX);
            values
                .iter()
                .for_each(|place| having[*place as usize].push(doc));
        }
        self.values.push(&values);
        self.at.push(&at);
    }
}

/// Which values there are, in the order in which they are shown, and where each number of the interner stands.
#[derive(Debug)]
struct Table {
    values: Vec<(Facet, String)>,
    place: Vec<u32>,
    bands: HashMap<&'static str, u32>,
}

impl Table {
    fn new(state: &State) -> Self {
        let numbered = state.interner.all();
        let mut of: BTreeMap<u8, Vec<String>> = BTreeMap::new();
        for (facet, value) in &numbered {
            of.entry(*facet).or_default().push(value.clone());
        }
        let mut values: Vec<(Facet, String)> = Vec::new();
        for (at, facet) in Facet::ALL.into_iter().enumerate() {
            let seen = u8::try_from(at)
                .ok()
                .and_then(|at| of.remove(&at))
                .unwrap_or_default();
            let ordered = ordered(facet, seen, &state.district);
            values.extend(ordered.into_iter().map(|value| (facet, value)));
        }
        let index: HashMap<(Facet, &str), u32> = (0..)
            .zip(&values)
            .map(|(at, (facet, value))| ((*facet, value.as_str()), at))
            .collect();
        let place_of = |(facet, value): &(u8, String)| {
            let facet = Facet::ALL.get(usize::from(*facet));
            facet
                .and_then(|facet| index.get(&(*facet, value.as_str())).copied())
                .unwrap_or_default()
        };
        let place = numbered.iter().map(place_of).collect();
        let bands = Facet::Price.known().unwrap_or_default();
        let bands = bands
            .into_iter()
            .filter_map(|band| Some((band, *index.get(&(Facet::Price, band))?)))
            .collect();
        Self {
            values,
            place,
            bands,
        }
    }

    fn price_band(&self, price: Option<u32>) -> u32 {
        self.bands
            .get(values::price_band(price))
            .copied()
            .unwrap_or_default()
    }
}

/// Known values first, then what the catalogue has, in order.
fn ordered(facet: Facet, mut seen: Vec<String>, district: &str) -> Vec<String> {
    let mut ordered: Vec<String> = match facet {
        Facet::Municipality => {
            let municipalities = places::municipalities(district).into_iter();
            let mut all: Vec<String> = municipalities.map(|place| place.ags.clone()).collect();
            all.extend(["elsewhere".to_owned(), "online".to_owned()]);
            all
        }
        _ => facet
            .known()
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    };
    seen.sort();
    seen.retain(|value| !ordered.contains(value));
    ordered.extend(seen);
    ordered
}

fn kept(docs: Vec<u32>, of: usize) -> Having {
    if docs.len() < of / DENSE {
        return Having::Few(docs);
    }
    let mut bits = Bits::none(of);
    docs.iter().for_each(|doc| bits.set(*doc as usize));
    Having::Many(bits)
}

/// The first start from today on; a run that goes on comes after all that still start.
fn next_start(on: &[&Run], today: Option<i32>) -> i32 {
    let from = today.unwrap_or(i32::MIN);
    let ahead = on
        .iter()
        .filter_map(|run| run.start)
        .filter(|start| *start >= from);
    let going_on = || {
        on.iter()
            .any(|run| run.start.is_some())
            .then_some(NO_START - 1)
    };
    ahead.min().or_else(going_on).unwrap_or(NO_START)
}

fn date_term(next: i32, today: Option<i32>) -> f32 {
    let Some(today) = today else { return 0.0 };
    if next >= NO_START - 1 {
        return 0.0;
    }
    let days = next.saturating_sub(today) as f32;
    ranking::DATE * (1.0 - days / ranking::DATE_DAYS).clamp(0.0, 1.0)
}

fn key_hash(row: &Doc) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(row.provider.as_bytes());
    hasher.update(b"\n");
    hasher.update(row.offer.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// `1 / (1 - B + B * length / average)` for each field of each document.
fn norms(state: &State) -> Vec<[f32; FIELDS]> {
    let mut sums = [0_f64; FIELDS];
    let mut full = [0_f64; FIELDS];
    for row in state.rows() {
        for (field, length) in row.lengths.iter().enumerate() {
            if *length > 0 {
                sums[field] += f64::from(*length);
                full[field] += 1.0;
            }
        }
    }
    let average: Vec<f32> = sums
        .iter()
        .zip(full)
        .map(|(sum, full)| (sum / full.max(1.0)).max(1.0) as f32)
        .collect();
    let norm = |row: &Doc| {
        let mut norm = [1.0; FIELDS];
        for (field, length) in row.lengths.iter().enumerate() {
            let longer = (f32::from(*length) / average[field]).min(ranking::LENGTH_MAX);
            norm[field] = 1.0 / (1.0 - ranking::B + ranking::B * longer);
        }
        norm
    };
    state.rows().map(norm).collect()
}

fn groups(state: &State) -> Vec<Vec<u32>> {
    if state.groups.is_empty() {
        return Vec::new();
    }
    let mut groups: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (doc, row) in (0..).zip(state.rows()) {
        let Ok(provider) = row.provider.parse() else {
            continue;
        };
        if let Some(group) = state.groups.of(&provider, &row.offer)
            && state.is_alive(doc as usize)
        {
            groups.entry(group).or_default().push(doc);
        }
    }
    groups.into_values().filter(|docs| docs.len() > 1).collect()
}
