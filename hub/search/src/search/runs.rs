//! What is asked of a run: place, day, price, and what was chosen in the facets that are about runs. One and the same
//! run has to have all of it: a course on Tuesdays elsewhere and on Fridays here is not a course here on Tuesdays.

use super::filter::Near;
use crate::index::columns::{Entry, Run};
use crate::index::masks::meet;
use crate::index::row::day_number;
use crate::index::state::State;
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
    /// What was chosen: facet, and its values as bits of [`View::masks`].
    chosen: Vec<(Facet, Box<[u64]>)>,
    /// Nothing else is asked.
    only_chosen: bool,
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
            let mut mask = view.masks.none();
            for (place, known) in (0..).zip(&view.known) {
                if known.facet == *facet && values.contains(&known.value) {
                    view.masks.set(&mut mask, place);
                }
            }
            (*facet, mask)
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
            only_chosen: near.is_none() && query.price_max_cents.is_none() && !dated,
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

    /// Whether a document with runs has one with everything. One without is judged as a whole, before.
    pub(super) fn fits(&self, doc: usize, but: Option<Facet>) -> bool {
        if self.only_chosen {
            let mut masks = self.view.masks.of(doc);
            return masks.any(|mask| self.has_chosen(mask, but));
        }
        self.of(doc, but).next().is_some()
    }

    /// The next start of a run with everything.
    pub(super) fn next_start(&self, doc: usize) -> Option<i32> {
        let on = self.of(doc, None).map(|(_, run, _)| run);
        Some(next_start(on, self.view.today))
    }

    /// The price of the cheapest run with everything.
    pub(super) fn price(&self, doc: usize) -> Option<u32> {
        self.of(doc, None).filter_map(|(_, run, _)| run.price).min()
    }

    /// The nearest run with everything: kilometres, and the number of its town.
    pub(super) fn nearest(&self, doc: usize) -> Option<(f64, u32)> {
        let near = self.near?;
        let runs = self.of(doc, None);
        let km = runs.filter_map(|(_, run, _)| near.km_to(self.view, run.at?));
        km.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The run to show, by its place in the offer: of those with everything the one that starts next.
    pub(super) fn run(&self, doc: usize) -> Option<usize> {
        let start = |run: &Run| next_start(std::iter::once(run), self.view.today);
        let runs = self.of(doc, None);
        let first = runs.min_by_key(|(_, run, _)| start(run));
        first.map(|(at, _, _)| at)
    }

    /// Hands over the places of the values of a document, each once: those of the facets that are about runs of the
    /// runs with everything, and the others of the whole document. `mask` is there to be written on.
    #[inline]
    pub(super) fn values(&self, doc: usize, mask: &mut [u64], mut visit: impl FnMut(u32)) {
        let view = self.view;
        let whole = view.values.of(doc).iter();
        let whole = whole.filter(|place| !view.of_runs[**place as usize]);
        whole.for_each(|place| visit(*place));
        self.mask(doc, None, mask);
        view.masks.each(mask, &(0..view.known.len()), visit);
    }

    /// Hands over the places of the values that a document has in one facet about runs, each once: of the runs with everything
    /// but what was chosen there.
    #[inline]
    pub(super) fn values_in(
        &self,
        doc: usize,
        facet: Facet,
        mask: &mut [u64],
        visit: impl FnMut(u32),
    ) {
        self.mask(doc, Some(facet), mask);
        let wanted = self.view.places_of(facet);
        self.view.masks.each(mask, &wanted, visit);
    }

    /// What the runs with everything have, together.
    #[inline]
    fn mask(&self, doc: usize, but: Option<Facet>, mask: &mut [u64]) {
        mask.fill(0);
        let mut add = |of_one: &[u64]| {
            for (all, one) in mask.iter_mut().zip(of_one) {
                *all |= one;
            }
        };
        if self.only_chosen {
            let masks = self.view.masks.of(doc);
            let masks = masks.filter(|mask| self.has_chosen(mask, but));
            masks.for_each(add);
        } else {
            self.of(doc, but).for_each(|(_, _, mask)| add(mask));
        }
    }

    /// The runs with everything: place in the offer, run, what it has.
    fn of(
        &self,
        doc: usize,
        but: Option<Facet>,
    ) -> impl Iterator<Item = (usize, &Run, &[u64])> + Clone {
        let runs = self.state.row(doc).map_or(&[][..], Entry::runs);
        let on = runs.iter().enumerate();
        on.filter(|(_, run)| run.is_on(self.view.today))
            .zip(self.view.masks.of(doc))
            .map(|((at, run), mask)| (at, run, mask))
            .filter(move |(_, run, mask)| self.has_chosen(mask, but) && self.has_rest(run))
    }

    #[inline]
    fn has_chosen(&self, mask: &[u64], but: Option<Facet>) -> bool {
        let mut chosen = self.chosen.iter().filter(|(facet, _)| Some(*facet) != but);
        chosen.all(|(_, chosen)| meet(mask, chosen))
    }

    #[inline]
    fn has_rest(&self, run: &Run) -> bool {
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
        true
    }
}
