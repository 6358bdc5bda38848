//! What was chosen, days, prices, the place.

use super::matching::Matches;
use crate::answer::SearchError;
use crate::bits::Bits;
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
    pub(super) radius_km: f64,
    /// Kilometres to each spot of the view.
    km: Vec<f64>,
}

impl Near {
    /// Kilometres to the nearest spot of a document, and which it is.
    pub(super) fn km_of(&self, view: &View, doc: usize) -> Option<(f64, u32)> {
        let spots = view.at.of(doc).iter();
        let km = spots.map(|spot| (self.km[*spot as usize], *spot));
        km.min_by(|a, b| a.0.total_cmp(&b.0))
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
    let km = view.spots.iter().map(|spot| {
        place.point.km_to(Point {
            latitude: f64::from(spot.latitude_micro) / 1e6,
            longitude: f64::from(spot.longitude_micro) / 1e6,
        })
    });
    Ok(Some(Near {
        radius_km: f64::from(near.radius_km),
        km: km.collect(),
    }))
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
    pub(super) fn without(&self, facet: Facet) -> Bits {
        let mut docs = self.unchosen.clone();
        for (other, through) in &self.chosen {
            if *other != facet {
                docs.and(through);
            }
        }
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
) -> Filtered {
    let mut docs = view.shown.clone();
    if let Some(matches) = matches {
        docs.and(matches.hits());
    }
    if let Some(near) = near {
        keep(&mut docs, |doc| {
            near.km_of(view, doc)
                .is_some_and(|(km, _)| km <= near.radius_km)
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
            let known = view.known.iter().filter(|known| known.facet == *facet);
            for known in known.filter(|known| values.contains(&known.value)) {
                known.docs.add_to(&mut through);
            }
            (*facet, through)
        })
        .collect();
    let unchosen = docs.clone();
    chosen.iter().for_each(|(_, through)| docs.and(through));
    Filtered {
        hits: docs,
        unchosen,
        chosen,
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
    let mut on = row.runs.iter().filter(|run| run.is_on(view.today));
    on.any(|run| {
        run.flexible
            || run
                .start
                .is_some_and(|start| (from..=until).contains(&start))
    })
}
