//! What is asked of a run: place, day, price, and what was chosen in the facets that are about runs. One and the same
//! run has to have all of it: a course on Tuesdays elsewhere and on Fridays here is not a course here on Tuesdays.

use super::filter::Near;
use crate::index::columns::{Doc, Run};
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
    /// What was chosen: facet, and the places of its values in the view.
    chosen: Vec<(Facet, Vec<u32>)>,
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
            let known = (0..).zip(&view.known);
            let known = known.filter(|(_, known)| known.facet == *facet);
            let known = known.filter(|(_, known)| values.contains(&known.value));
            (*facet, known.map(|(at, _)| at).collect())
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
            .is_none_or(|row| row.runs.is_empty() || self.of(row, but).next().is_some())
    }

    /// The next start of a run with everything.
    pub(super) fn next_start(&self, doc: usize) -> Option<i32> {
        let row = self.state.row(doc)?;
        let on: Vec<&Run> = self.of(row, None).map(|(_, run)| run).collect();
        Some(next_start(&on, self.view.today))
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
        let km = runs.filter_map(|(_, run)| Some((near.km_to(run.at?), run.at?.town)));
        km.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The run to show, by its place in the offer: of those with everything the one that starts next.
    pub(super) fn run(&self, doc: usize) -> Option<usize> {
        let row = self.state.row(doc)?;
        let start = |run: &Run| next_start(&[run], self.view.today);
        let runs = self.of(row, None);
        runs.min_by_key(|(_, run)| start(run)).map(|(at, _)| at)
    }

    /// Values of the facets that are about runs, of the runs with everything but what was chosen in one facet, and the
    /// other values of the document.
    pub(super) fn values(&self, doc: usize, but: Option<Facet>, out: &mut Vec<u32>) {
        out.clear();
        let Some(row) = self.state.row(doc) else {
            return;
        };
        let facet = |at: u32| self.view.known.get(at as usize).map(|known| known.facet);
        let whole = self.view.values.of(doc).iter().copied();
        out.extend(whole.filter(|at| facet(*at).is_some_and(|facet| !facet.is_of_runs())));
        out.extend(row.values.iter().filter_map(|number| self.place(*number)));
        for (_, run) in self.of(row, but) {
            out.extend(run.values.iter().filter_map(|number| self.place(*number)));
            let band = values::price_band(run.price);
            let known = (0..).zip(&self.view.known);
            let mut bands =
                known.filter(|(_, known)| known.facet == Facet::Price && known.value == band);
            out.extend(bands.next().map(|(at, _)| at));
        }
        out.sort_unstable();
        out.dedup();
    }

    fn of<'r>(
        &'r self,
        row: &'r Doc,
        but: Option<Facet>,
    ) -> impl Iterator<Item = (usize, &'r Run)> + 'r {
        let on = row.runs.iter().enumerate();
        on.filter(|(_, run)| run.is_on(self.view.today))
            .filter(move |(_, run)| self.has_all(row, run, but))
    }

    fn has_all(&self, row: &Doc, run: &Run, but: Option<Facet>) -> bool {
        if let Some(near) = self.near
            && !run.at.is_some_and(|at| near.km_to(at) <= near.radius_km)
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
        let mut chosen = self.chosen.iter().filter(|(facet, _)| Some(*facet) != but);
        chosen.all(|(facet, places)| match facet {
            Facet::Price => self.query.has(*facet, values::price_band(run.price)),
            _ => {
                let numbers = run.values.iter().chain(&row.values);
                let mut places_of = numbers.filter_map(|number| self.place(*number));
                places_of.any(|place| places.contains(&place))
            }
        })
    }

    fn place(&self, number: u32) -> Option<u32> {
        self.view.place.get(number as usize).copied()
    }
}
