//! What is asked: the words, the filters, the order. One form for pages, feeds and interface, which travels in
//! the address; [`Query::read`] and [`Query::pairs`] are each other's inverse.
//!
//! | module | holds |
//! |---|---|
//! | [`facet`] | what one can filter by, its key in the address, its known values |
//! | [`read`] | address to query and back |
//! | [`fault`] | what may be wrong with an address, in words that list what is known |

pub mod facet;
pub mod fault;
pub mod read;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub use self::facet::Facet;
pub use self::fault::QueryFault;

/// Most characters of the words.
pub const TEXT_MAX: usize = 200;
/// Most characters of a place or of any other value.
pub const VALUE_MAX: usize = 80;
/// Most values in one facet.
pub const VALUES_MAX: usize = 50;
/// Most pairs in an address.
pub const PAIRS_MAX: usize = 200;
/// Most hits to pass over.
pub const OFFSET_MAX: usize = 10_000;
/// Most hits in one answer.
pub const LIMIT_MAX: usize = 100;
/// Hits on a page.
pub const PAGE_SIZE: usize = 20;
/// Radius in kilometres where a place is given without one.
pub const RADIUS_KM: u16 = 20;
/// Largest radius in kilometres.
pub const RADIUS_MAX_KM: u16 = 200;

/// The order of the hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Best first; see [`crate::ranking`].
    #[default]
    Relevance,
    /// Next start first.
    Start,
    /// Cheapest first, unknown last.
    Price,
    /// Nearest first; needs a place.
    Distance,
}

impl Sort {
    /// Every order, the usual one first.
    pub const ALL: [Self; 4] = [Self::Relevance, Self::Start, Self::Price, Self::Distance];

    /// Its name in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Start => "start",
            Self::Price => "price",
            Self::Distance => "distance",
        }
    }

    /// The order of that name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == key)
    }
}

/// Near a place: a town, a part of it, or a postal code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Near {
    /// As it was written.
    pub place: String,
    /// Radius in kilometres, 1 to 200.
    pub radius_km: u16,
}

/// A question to the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The words; at most 200 characters.
    pub text: String,
    /// What was chosen in each facet.
    pub chosen: BTreeMap<Facet, BTreeSet<String>>,
    /// Near a place.
    pub near: Option<Near>,
    /// Runs that start on this day or later.
    pub from: Option<Date>,
    /// Runs that start on this day or earlier.
    pub until: Option<Date>,
    /// At most this price in cents.
    pub price_max_cents: Option<u32>,
    /// Offers whose runs are all over, too; they are left out otherwise.
    pub past: bool,
    /// Order.
    pub sort: Sort,
    /// Hits to pass over; at most 10,000.
    pub offset: usize,
    /// Most hits, 1 to 100.
    pub limit: usize,
}

impl Default for Query {
    /// Everything, the first page.
    fn default() -> Self {
        Self {
            text: String::new(),
            chosen: BTreeMap::new(),
            near: None,
            from: None,
            until: None,
            price_max_cents: None,
            past: false,
            sort: Sort::default(),
            offset: 0,
            limit: PAGE_SIZE,
        }
    }
}

impl Query {
    /// The words alone.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }

    /// Which page it asks for; the first is 1.
    #[must_use]
    pub fn page(&self) -> usize {
        self.offset.checked_div(self.limit).unwrap_or_default() + 1
    }

    /// The same question, another page. Pages that nobody may ask for become the last one that may.
    #[must_use]
    pub fn at_page(&self, page: usize) -> Self {
        let limit = self.limit.clamp(1, LIMIT_MAX);
        let page = page.clamp(1, OFFSET_MAX / limit + 1);
        Self {
            offset: (page - 1) * limit,
            ..self.clone()
        }
    }

    /// The same question with a value of a facet chosen, or no longer chosen; from the first page.
    #[must_use]
    pub fn toggled(&self, facet: Facet, value: &str) -> Self {
        let mut query = self.at_page(1);
        let values = query.chosen.entry(facet).or_default();
        if !values.remove(value) {
            values.insert(value.to_owned());
        }
        if values.is_empty() {
            query.chosen.remove(&facet);
        }
        query
    }

    /// Whether a value of a facet is chosen.
    #[must_use]
    pub fn has(&self, facet: Facet, value: &str) -> bool {
        self.chosen
            .get(&facet)
            .is_some_and(|values| values.contains(value))
    }
}
