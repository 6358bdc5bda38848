//! What is asked of a run: place, day, price, and what was chosen in the facets that are about runs. One and the same
//! run has to have all of it: a course on Tuesdays elsewhere and on Fridays here is not a course here on Tuesdays.

use super::filter::Near;
use crate::index::columns::{Entry, Run};
use crate::index::row::day_number;
use crate::index::state::State;
use crate::index::values;
use crate::index::view::{View, next_start};
use crate::query::{Facet, Query};

/// Everything that is asked of a run.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    state: &'a State,
    view: &'a View,
    query: &'a Query,
    near: Option<&'a Near>,
    /// Days between which it starts.
    days: Option<(i32, i32)>,
    /// What was chosen: facet, and which numbers of values are chosen in it.
    chosen: Vec<(Facet, Vec<bool>)>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        state: &'a State,
        view: &'a View,
        query: &'a Query,
        near: Option<&'a Near>,
    ) -> Self {
        let of_runs = query.chosen.iter().filter(|(facet, _)| facet.is_of_runs());
        let chosen = of_runs.map(|(facet, values)| {
            let places = view.places_of(*facet);
            let chosen = |place: &u32| {
                let place = *place as usize;
                places.contains(&place) && values.contains(&view.known[place].value)
            };
            (*facet, view.place.iter().map(chosen).collect())
        });
        let dated = query.from.is_some() || query.until.is_some();
        let from = query.from.map_or(i32::MIN, day_number);
        let until = query.until.map_or(i32::MAX, day_number);
        Self {
            state,
            view,
            query,
            near,
            days: dated.then_some((from, until)),
            chosen: chosen.collect(),
        }
    }

    /// How many things are asked for, leaving this facet aside.
    pub(super) fn count(&self, but: Option<Facet>) -> usize {
        let chosen = self.chosen.iter().filter(|(facet, _)| Some(*facet) != but);
        chosen.count()
            + usize::from(self.near.is_some())
            + usize::from(self.query.price_max_cents.is_some())
            + usize::from(self.days.is_some())
    }

    /// Whether a document has a run with everything. One without runs is judged as a whole, before.
    pub(super) fn fits(&self, doc: usize, but: Option<Facet>) -> bool {
        self.state
            .row(doc)
            .is_none_or(|row| row.runs().is_empty() || self.of(row, but).next().is_some())
    }

    /// The next start of a run with everything.
    pub(super) fn next_start(&self, doc: usize) -> Option<i32> {
        let row = self.state.row(doc)?;
        let on = self.of(row, None).map(|(_, run)| run);
        Some(next_start(on, self.view.today))
    }

    /// The price of the cheapest run with everything.
    pub(super) fn price(&self, doc: usize) -> Option<u32> {
        let row = self.state.row(doc)?;
        self.of(row, None).filter_map(|(_, run)| run.price).min()
    }

    /// The nearest run with everything: kilometres, and the number of its town.
    pub(super) fn nearest(&self, doc: usize) -> Option<(f64, u32)> {
        let row = self.state.row(doc)?;
        let near = self.near?;
        let runs = self.of(row, None);
        let km = runs.filter_map(|(_, run)| near.km_to(self.view, run.at?));
        km.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The run to show, by its place in the offer: of those with everything the one that starts next.
    pub(super) fn run(&self, doc: usize) -> Option<usize> {
        let row = self.state.row(doc)?;
        let start = |run: &Run| next_start(std::iter::once(run), self.view.today);
        let runs = self.of(row, None);
        runs.min_by_key(|(_, run)| start(run)).map(|(at, _)| at)
    }

    /// Hands over the places of the values of a document: those of the facets that are about runs of the runs with
    /// everything but what was chosen in one facet, and the others of the whole document. Some come twice. With
    /// such a facet only its own values come.
    pub(super) fn values(&self, doc: usize, but: Option<Facet>, mut visit: impl FnMut(u32)) {
        let Some(row) = self.state.row(doc) else {
            return;
        };
        let view = self.view;
        let wanted = but.map_or(0..view.known.len(), |facet| view.places_of(facet));
        let mut add = |place: u32| {
            if wanted.contains(&(place as usize)) {
                visit(place);
            }
        };
        if !but.is_some_and(Facet::is_of_runs) {
            let whole = view.values.of(doc).iter();
            let whole = whole.filter(|place| !view.of_runs[**place as usize]);
            whole.for_each(|place| add(*place));
        }
        for number in row.values_of_each() {
            add(view.place[*number as usize]);
        }
        for (_, run) in self.of(row, but) {
            let places = row.values_of(run).iter();
            places.for_each(|number| add(view.place[*number as usize]));
            add(view.band(run.price));
        }
    }

    fn of<'r>(
        &'r self,
        row: Entry<'r>,
        but: Option<Facet>,
    ) -> impl Iterator<Item = (usize, &'r Run)> + Clone + 'r {
        let on = row.runs().iter().enumerate();
        on.filter(|(_, run)| run.is_on(self.view.today))
            .filter(move |(_, run)| self.has_all(row, run, but))
    }

    fn has_all(&self, row: Entry<'_>, run: &Run, but: Option<Facet>) -> bool {
        if let Some(near) = self.near
            && !run.at.is_some_and(|spot| near.reaches(spot))
        {
            return false;
        }
        if let Some(most) = self.query.price_max_cents
            && run.price.is_none_or(|price| price > most)
        {
            return false;
        }
        if let Some((from, until)) = self.days {
            let starts = run.start.is_some_and(|day| (from..=until).contains(&day));
            if !starts && !run.flexible {
                return false;
            }
        }
        let mut all = self.chosen.iter().filter(|(facet, _)| Some(*facet) != but);
        all.all(|(facet, chosen)| match facet {
            Facet::Price => self
                .query
                .has(*facet, values::BANDS[values::band(run.price)]),
            _ => {
                let mut numbers = row.values_of(run).iter().chain(row.values_of_each());
                numbers.any(|number| chosen.get(*number as usize) == Some(&true))
            }
        })
    }
}
