//! What was chosen, days, prices, the place.

use super::matching::Matches;
use super::runs::Asked;
use crate::answer::SearchError;
use crate::bits::Bits;
use crate::index::columns::Spot;
use crate::index::row::day_number;
use crate::index::state::State;
use crate::index::view::View;
use crate::places::{self, Point};
use crate::query::{Facet, Query};

/// Names that are offered where a place is not known.
const SIMILAR_PLACES: usize = 5;

/// How far everything is from a place.
#[derive(Debug)]
pub(super) struct Near {
    radius_km: f64,
    /// Kilometres to each spot of the view.
    km: Vec<f64>,
}

impl Near {
    /// Kilometres to a spot, and the number of its town.
    pub(super) fn km_to(&self, view: &View, spot: u32) -> Option<(f64, u32)> {
        let km = self.km.get(spot as usize)?;
        Some((*km, view.spots.get(spot as usize)?.town))
    }

    /// Whether a spot is near enough.
    #[inline]
    pub(super) fn reaches(&self, spot: u32) -> bool {
        let km = self.km.get(spot as usize);
        km.is_some_and(|km| *km <= self.radius_km)
    }

    /// Kilometres to the nearest spot of a document.
    pub(super) fn km_of(&self, view: &View, doc: usize) -> Option<f64> {
        let spots = view.at.of(doc).iter();
        let km = spots.filter_map(|spot| self.km.get(*spot as usize).copied());
        km.min_by(f64::total_cmp)
    }
}

/// The place of a question.
pub(super) fn near(state: &State, view: &View, query: &Query) -> Result<Option<Near>, SearchError> {
    let Some(near) = &query.near else {
        return Ok(None);
    };
    let Some(place) = places::find(&near.place, &state.district) else {
        return Err(SearchError::UnknownPlace {
            place: near.place.clone(),
            similar: places::similar(&near.place, SIMILAR_PLACES),
        });
    };
    let km = view
        .spots
        .iter()
        .map(|spot| place.point.km_to(point_of(*spot)));
    Ok(Some(Near {
        radius_km: f64::from(near.radius_km),
        km: km.collect(),
    }))
}

fn point_of(spot: Spot) -> Point {
    Point {
        latitude: f64::from(spot.latitude_micro) / 1e6,
        longitude: f64::from(spot.longitude_micro) / 1e6,
    }
}

/// The documents that are left.
#[derive(Debug)]
pub(super) struct Filtered {
    /// After everything.
    pub(super) hits: Bits,
    /// After everything but what was chosen in facets.
    pub(super) unchosen: Bits,
    /// What each facet in which something was chosen lets through.
    pub(super) chosen: Vec<(Facet, Bits)>,
}

impl Filtered {
    /// After everything but what was chosen in this facet.
    pub(super) fn without(&self, view: &View, facet: Facet, asked: &Asked<'_>) -> Bits {
        let mut docs = self.unchosen.clone();
        for (other, through) in &self.chosen {
            if *other != facet {
                docs.and(through);
            }
        }
        one_run_has_all(&mut docs, view, asked, Some(facet));
        docs
    }
}

/// Applies everything.
pub(super) fn filtered(
    state: &State,
    view: &View,
    query: &Query,
    near: Option<&Near>,
    matches: Option<&Matches>,
    asked: &Asked<'_>,
) -> Filtered {
    let mut docs = view.shown.clone();
    if let Some(matches) = matches {
        docs.and(matches.hits());
    }
    if let Some(near) = near {
        keep(&mut docs, |doc| {
            let spots = view.at.of(doc);
            spots.iter().any(|spot| near.reaches(*spot))
        });
    }
    if let Some(max) = query.price_max_cents {
        keep(&mut docs, |doc| view.price[doc] <= max);
    }
    if query.from.is_some() || query.until.is_some() {
        let from = query.from.map_or(i32::MIN, day_number);
        let until = query.until.map_or(i32::MAX, day_number);
        keep(&mut docs, |doc| {
            starts_between(state, view, doc, from, until)
        });
    }
    let chosen: Vec<(Facet, Bits)> = query
        .chosen
        .iter()
        .map(|(facet, values)| {
            let mut through = Bits::none(view.docs);
            let known = view.known[view.places_of(*facet)].iter();
            for known in known.filter(|known| values.contains(&known.value)) {
                known.docs.add_to(&mut through);
            }
            (*facet, through)
        })
        .collect();
    let unchosen = docs.clone();
    chosen.iter().for_each(|(_, through)| docs.and(through));
    one_run_has_all(&mut docs, view, asked, None);
    Filtered {
        hits: docs,
        unchosen,
        chosen,
    }
}

/// Of several things that are asked of a run, one run has all; with one run, or one thing, that is so already.
fn one_run_has_all(docs: &mut Bits, view: &View, asked: &Asked<'_>, but: Option<Facet>) {
    if asked.things(but) < 2 {
        return;
    }
    let mut many = view.many.clone();
    many.and(docs);
    for doc in many.iter().filter(|doc| !asked.fits(*doc, but)) {
        docs.unset(doc);
    }
}

fn keep(docs: &mut Bits, wanted: impl Fn(usize) -> bool) {
    let out: Vec<usize> = docs.iter().filter(|doc| !wanted(*doc)).collect();
    out.into_iter().for_each(|doc| docs.unset(doc));
}

/// Whether a run that is not over starts in these days; one that can be begun at any time does.
fn starts_between(state: &State, view: &View, doc: usize, from: i32, until: i32) -> bool {
    let Some(row) = state.row(doc) else {
        return false;
    };
    let mut on = row.runs().iter().filter(|run| run.is_on(view.today));
    on.any(|run| {
        run.flexible
            || run
                .start
                .is_some_and(|start| (from..=until).contains(&start))
    })
}
