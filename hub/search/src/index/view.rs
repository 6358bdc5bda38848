//! The catalogue as it is on one day: which offers are not over, what stands in each facet, the next start, the
//! price, the places. Made once a day and after each commit, so that a search only reads.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::columns::{Entry, Run, Spot};
use super::masks::Masks;
use super::row::first_bytes;
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
    /// The list, where they are few.
    pub(crate) fn few(&self) -> Option<&[u32]> {
        match self {
            Self::Many(_) => None,
            Self::Few(docs) => Some(docs),
        }
    }

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
    /// Whether it is listed: somebody has it, or it is listed also where nobody has it.
    pub(crate) listed: bool,
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
    /// The ticket of each document in the shuffle of equal hits.
    pub(crate) hash: Vec<u64>,
    /// Every value of every facet, facet by facet in the order in which it is shown.
    pub(crate) known: Vec<Known>,
    /// Where the values of each facet begin and end in [`View::known`], in the order of [`Facet::ALL`].
    pub(crate) facets: Vec<Range<usize>>,
    /// Whether the facet of each value is about runs.
    pub(crate) of_runs: Vec<bool>,
    /// The places of the price bands in [`View::known`].
    bands: [u32; values::BANDS.len()],
    /// Places in [`View::known`], document by document.
    pub(crate) values: Lists,
    /// Those of them that few documents have.
    pub(crate) rare: Lists,
    /// The place in [`View::known`] of each number of the interner.
    pub(crate) place: Vec<u32>,
    /// What the runs that are not over have of the facets that are about runs.
    pub(crate) masks: Masks,
    /// Documents with more than one run that is not over.
    pub(crate) many: Bits,
    /// The spots of runs by number, and which of them each document has.
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

    /// How many items all of them have.
    pub(crate) fn items(&self) -> usize {
        self.items.len()
    }

    #[inline]
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
        let of_runs: Vec<bool> = table
            .values
            .iter()
            .map(|(facet, _)| facet.is_of_runs())
            .collect();
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
            facets: table.facets,
            masks: Masks::new(&of_runs),
            of_runs,
            bands: table.bands,
            values: Lists::default(),
            rare: Lists::default(),
            place: table.place,
            many: Bits::none(docs),
            spots: state.interner.spots(),
            at: Lists::default(),
            groups: Vec::new(),
        };
        let mut having: Vec<Vec<u32>> = vec![Vec::new(); table.values.len()];
        let mut own = Own {
            mask: view.masks.none().into_vec(),
            ..Own::default()
        };
        for (doc, row) in state.rows().enumerate() {
            view.add(doc, row, state.is_alive(doc), &mut own);
            if state.is_alive(doc) {
                let doc = u32::try_from(doc).unwrap_or(u32::MAX);
                let places = own.values.iter();
                places.for_each(|place| having[*place as usize].push(doc));
            }
        }
        let values = table.values.into_iter().zip(having);
        view.known = values
            .map(|((facet, value), having)| Known {
                // What offers had that are gone is not listed for ever.
                listed: !having.is_empty()
                    || facet.known().is_some()
                    || facet == Facet::Municipality,
                facet,
                value,
                docs: kept(having, docs),
            })
            .collect();
        let mut rare = Vec::new();
        for doc in 0..docs {
            let places = view.values.of(doc).iter();
            rare.extend(places.filter(|place| view.known[**place as usize].docs.few().is_some()));
            view.rare.push(&rare);
            rare.clear();
        }
        view.groups = groups(state);
        view
    }

    /// Adds a document; its values and spots are left in `own`.
    fn add(&mut self, doc: usize, row: Entry<'_>, alive: bool, own: &mut Own) {
        let today = self.today;
        let on = row.runs().iter().filter(|run| run.is_on(today));
        let running = on.clone().count();
        if alive && (row.runs().is_empty() || running > 0) {
            self.shown.set(doc);
        }
        if running > 1 {
            self.many.set(doc);
        }
        let next = next_start(on.clone(), today);
        self.next_start.push(next);
        self.date.push(date_term(next, today));
        let price = on.clone().filter_map(|run| run.price).min().or(row.price);
        self.price.push(price.unwrap_or(NO_PRICE));
        self.hash.push(ticket(&row));
        own.clear();
        let numbers = on.clone().flat_map(|run| row.values_of(run));
        for number in row.values().iter().chain(numbers) {
            own.value(self.place[*number as usize]);
        }
        if running == 0 {
            own.value(self.band(price));
        }
        for run in on {
            let band = self.band(run.price);
            own.value(band);
            run.at.into_iter().for_each(|spot| own.spot(spot));
            own.mask.fill(0);
            self.masks.set(&mut own.mask, band);
            for number in row.values_of(run).iter().chain(row.values_of_each()) {
                self.masks.set(&mut own.mask, self.place[*number as usize]);
            }
            self.masks.push(&own.mask, run.at);
        }
        self.masks.end();
        self.values.push(&own.values);
        self.at.push(&own.spots);
    }

    /// The place of the band of a price in [`View::known`].
    #[inline]
    pub(crate) fn band(&self, price: Option<u32>) -> u32 {
        self.bands[values::band(price)]
    }

    /// Where the values of a facet are in [`View::known`].
    pub(crate) fn places_of(&self, facet: Facet) -> Range<usize> {
        let at = Facet::ALL.iter().position(|known| *known == facet);
        at.and_then(|at| self.facets.get(at).cloned())
            .unwrap_or_default()
    }
}

/// What one document has, each once.
#[derive(Debug, Default)]
struct Own {
    values: Vec<u32>,
    spots: Vec<u32>,
    /// What the run at hand has.
    mask: Vec<u64>,
}

impl Own {
    fn clear(&mut self) {
        self.values.clear();
        self.spots.clear();
    }

    fn value(&mut self, place: u32) {
        if !self.values.contains(&place) {
            self.values.push(place);
        }
    }

    fn spot(&mut self, number: u32) {
        if !self.spots.contains(&number) {
            self.spots.push(number);
        }
    }
}

/// Which values there are, in the order in which they are shown, and where each number of the interner stands.
#[derive(Debug)]
struct Table {
    values: Vec<(Facet, String)>,
    facets: Vec<Range<usize>>,
    place: Vec<u32>,
    bands: [u32; values::BANDS.len()],
}

impl Table {
    fn new(state: &State) -> Self {
        let numbered = state.interner.all();
        let mut of: BTreeMap<u8, Vec<String>> = BTreeMap::new();
        for (facet, value) in &numbered {
            of.entry(*facet).or_default().push(value.to_string());
        }
        let mut values: Vec<(Facet, String)> = Vec::new();
        let mut facets = Vec::with_capacity(Facet::ALL.len());
        for (at, facet) in (0_u8..).zip(Facet::ALL) {
            let seen = of.remove(&at).unwrap_or_default();
            let ordered = ordered(facet, seen, &state.district);
            let first = values.len();
            values.extend(ordered.into_iter().map(|value| (facet, value)));
            facets.push(first..values.len());
        }
        let index: HashMap<(Facet, &str), u32> = (0..)
            .zip(&values)
            .map(|(at, (facet, value))| ((*facet, value.as_str()), at))
            .collect();
        let place_of = |facet: Option<&Facet>, value: &str| {
            let place = facet.and_then(|facet| index.get(&(*facet, value)));
            place.copied().unwrap_or_default()
        };
        let place = numbered
            .iter()
            .map(|(facet, value)| place_of(Facet::ALL.get(usize::from(*facet)), value));
        Self {
            facets,
            place: place.collect(),
            bands: values::BANDS.map(|band| place_of(Some(&Facet::Price), band)),
            values,
        }
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
pub(crate) fn next_start<'r>(on: impl Iterator<Item = &'r Run> + Clone, today: Option<i32>) -> i32 {
    let from = today.unwrap_or(i32::MIN);
    let starts = on.filter_map(|run| run.start);
    let ahead = starts.clone().filter(|start| *start >= from).min();
    let going_on = || starts.clone().next().map(|_| NO_START - 1);
    ahead.or_else(going_on).unwrap_or(NO_START)
}

fn date_term(next: i32, today: Option<i32>) -> f32 {
    let Some(today) = today else { return 0.0 };
    if next >= NO_START - 1 {
        return 0.0;
    }
    let days = next.saturating_sub(today) as f32;
    ranking::DATE * (1.0 - days / ranking::DATE_DAYS).clamp(0.0, 1.0)
}

/// The ticket of an offer in the shuffle of equal hits: of its provider and its title, so that copies under other ids
/// draw no further ones.
fn ticket(row: &Entry<'_>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(row.provider.as_bytes());
    hasher.update(b"\n");
    hasher.update(&row.title.to_le_bytes());
    first_bytes(&hasher.finalize())
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
    let norm = |row: Entry<'_>| {
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
