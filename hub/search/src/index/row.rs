//! What the index keeps of an offer besides its words: values of facets, days, prices, places.

use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::values;
use crate::places::{self, Place};
use crate::query::Facet;

/// A value of a facet: place of the facet in [`Facet::ALL`], and the value.
pub(crate) type Value = (u8, String);

/// What facets and orders need of an offer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) provider: String,
    pub(crate) offer: String,
    /// Different words in each weighed field.
    pub(crate) lengths: [u16; super::schema::FIELDS],
    /// Values that hold for every run.
    pub(crate) values: Vec<Value>,
    pub(crate) price: Option<u32>,
    pub(crate) runs: Vec<RunRow>,
}

/// What facets and orders need of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRow {
    /// First day, as a number.
    pub(crate) start: Option<i32>,
    /// Last day.
    pub(crate) end: Option<i32>,
    /// One can start at any time.
    pub(crate) flexible: bool,
    /// It takes place, as far as is known.
    pub(crate) takes_place: bool,
    pub(crate) price: Option<u32>,
    pub(crate) values: Vec<Value>,
    /// Where it is: millionths of a degree, and the town.
    pub(crate) at: Option<(i32, i32, String)>,
}

/// What the reason of a hit is written from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub(crate) title: Vec<String>,
    pub(crate) subject: Vec<String>,
    pub(crate) keyword: Vec<String>,
    pub(crate) place: Vec<String>,
    pub(crate) provider: Vec<String>,
    pub(crate) fact: Vec<String>,
    pub(crate) summary: Vec<String>,
    pub(crate) description: Vec<String>,
}

/// A day as a number: days since 1970-01-01.
pub(crate) fn day_number(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(date).map_or(0, |span| span.get_days())
}

/// The row of an offer, without what the card of its provider says.
pub(crate) fn row(draft: &OfferDraft, district: &str) -> Row {
    let mut row = Row {
        offer: draft.id.clone(),
        price: draft.price.as_ref().and_then(lowest),
        values: values::of_offer(draft),
        ..Row::default()
    };
    row.runs = draft
        .runs
        .iter()
        .map(|run| run_row(draft, run, district))
        .collect();
    if row.runs.is_empty() {
        row.values.extend(values::of_format(&draft.format));
        if values::is_elsewhere_free(&draft.format) {
            values::push(&mut row.values, Facet::Municipality, "online");
        }
    }
    row
}

fn run_row(draft: &OfferDraft, run: &RunDraft, district: &str) -> RunRow {
    let place = place_of(run, district);
    let day = |text: &str| text.parse::<Date>().ok().map(day_number);
    let slots = run.slots.iter().filter_map(|slot| day(&slot.date));
    let start = day(&run.start).or_else(|| slots.clone().min());
    let end = day(&run.end).or_else(|| slots.max()).max(start);
    RunRow {
        start,
        end,
        flexible: run.flexible_start,
        takes_place: run.status != "cancelled",
        price: run.price.as_ref().and_then(lowest),
        values: values::of_run(draft, run, place, district),
        at: point_of(run, place),
    }
}

fn lowest(price: &PriceDraft) -> Option<u32> {
    price.amount_cents
}

fn place_of(run: &RunDraft, district: &str) -> Option<&'static Place> {
    let venue = run.venue.as_ref()?;
    let abroad = !venue.country.is_empty() && venue.country != "DE";
    if abroad {
        return None;
    }
    places::locate(&venue.ags, &venue.city, &venue.postal_code, district)
}

fn point_of(run: &RunDraft, place: Option<&Place>) -> Option<(i32, i32, String)> {
    let venue = run.venue.as_ref()?;
    let town = if venue.city.is_empty() {
        place.map_or("", |place| place.name.as_str())
    } else {
        venue.city.as_str()
    };
    let micro = |degrees: f64| (degrees * 1e6).round() as i32;
    let known = venue.latitude_micro.zip(venue.longitude_micro);
    let centre = || place.map(|place| (micro(place.point.latitude), micro(place.point.longitude)));
    let (latitude, longitude) = known.or_else(centre)?;
    Some((latitude, longitude, town.to_owned()))
}
