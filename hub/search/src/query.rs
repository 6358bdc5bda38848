//! What is asked: the words, the filters, the order. One form for pages, feeds and interface, which travels in
//! the address; [`Query::read`] and [`Query::pairs`] are each other's inverse.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

/// What one can filter by, each with counts. A chosen facet takes values joined by OR; facets are joined by AND.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// Subject area: code list `dvv_area` (first digit of a dvv code), or `other`.
    Subject,
    /// Municipality of the district of a run's venue: its AGS; `online` for offers without a place, `elsewhere`.
    Municipality,
    /// Code list `format`.
    Format,
    /// 1 (Monday) to 7.
    Weekday,
    /// `morning` (before 12), `afternoon` (12 to 17), `evening` (from 17).
    TimeOfDay,
    /// `free`, `50` (to 50 euros), `100`, `250`, `more`, `unknown`.
    Price,
    /// DQR level `1` to `8`.
    Level,
    /// What one must have: code list `qualification`; `none` where nothing is asked.
    Entry,
    /// What one has afterwards: code list `qualification`.
    Award,
    /// Language of instruction, BCP 47.
    Language,
    /// CEFR level, `A1` to `C2`.
    Cefr,
    /// Code list `accessibility`.
    Accessibility,
    /// `yes`.
    Childcare,
    /// Code list `funding`.
    Funding,
    /// Provider id.
    Provider,
    /// `school`, `vhs` ...
    ProviderKind,
    /// `yes`: the provider says that one can still get in.
    FreeSeats,
}

/// The order of the hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Best first; see `ranking`.
    #[default]
    Relevance,
    /// Next start first.
    Start,
    /// Cheapest first, unknown last.
    Price,
    /// Nearest first; needs a place.
    Distance,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
