//! What is asked of a run: place, day, price, and what was chosen in the facets that are about runs. One and the same
//! run has to have all of it: a course on Tuesdays elsewhere and on Fridays here is not a course here on Tuesdays.

use super::filter::Near;
use crate::bits::Bits;
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
    /// Nothing is asked but what was chosen and the place.
    no_dates_and_prices: bool,
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
            no_dates_and_prices: query.price_max_cents.is_none() && !dated,
        }
    }

    /// How many things are asked for, leaving this facet aside.
    pub(super) fn things(&self, but: Option<Facet>) -> usize {
        let chosen = self.chosen.iter().filter(|(facet, _)| Some(*facet) != but);
        chosen.count()
            + usize::from(self.near.is_some())
            + usize::from(self.query.price_max_cents.is_some())
            + usize::from(self.days.is_some())
    }

    /// Whether a document with runs has one with everything. One without is judged as a whole, before.
    pub(super) fn fits(&self, doc: usize, but: Option<Facet>) -> bool {
        if self.no_dates_and_prices {
            let mut masks = self.view.masks.of(doc);
            return masks.any(|(mask, spot)| self.reaches(spot) && self.has_chosen(mask, but));
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

    /// Counts the values of documents, each of them once: those of the facets that are about runs of the runs with
    /// everything, and the others of the whole document. With a facet about runs only the values in it, of the runs with
    /// everything but what was chosen there.
    pub(super) fn count(&self, docs: &Bits, facet: Option<Facet>, counts: &mut [u64]) {
        let one_by_one = self.one_by_one(facet);
        let mut mask = self.view.masks.none();
        for doc in docs.iter() {
            one_by_one.values(doc, &mut mask, |place| counts[place as usize] += 1);
        }
    }

    /// For the values of single documents.
    pub(super) fn one_by_one(&self, facet: Option<Facet>) -> OneByOne<'_> {
        let places = facet.map_or(0..self.view.known.len(), |facet| self.view.places_of(facet));
        let chosen = self
            .chosen
            .iter()
            .filter(|(other, _)| Some(*other) != facet);
        OneByOne {
            asked: self,
            facet,
            wanted: self.view.masks.range(places),
            chosen: chosen.map(|(_, chosen)| &**chosen).collect(),
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
            .filter(move |((_, run), (mask, spot))| {
                self.reaches(*spot) && self.has_chosen(mask, but) && self.has_rest(run)
            })
            .map(|((at, run), (mask, _))| (at, run, mask))
    }

    #[inline]
    fn reaches(&self, spot: u32) -> bool {
        self.near.is_none_or(|near| near.reaches(spot))
    }

    fn has_chosen(&self, mask: &[u64], but: Option<Facet>) -> bool {
        let mut chosen = self.chosen.iter().filter(|(facet, _)| Some(*facet) != but);
        chosen.all(|(_, chosen)| meet(mask, chosen))
    }

    #[inline]
    fn has_rest(&self, run: &Run) -> bool {
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

/// Hands over the values of one document after the other, as [`Asked::count`] counts them.
#[derive(Debug)]
pub(super) struct OneByOne<'a> {
    asked: &'a Asked<'a>,
    facet: Option<Facet>,
    /// The values that are handed over.
    wanted: Box<[u64]>,
    /// What was chosen elsewhere than in the facet.
    chosen: Vec<&'a [u64]>,
}

impl OneByOne<'_> {
    /// The places of the values of a document, each once. `mask` is there to be written on.
    #[inline]
    pub(super) fn values(&self, doc: usize, mask: &mut [u64], mut visit: impl FnMut(u32)) {
        let view = self.asked.view;
        if self.facet.is_none() {
            for place in view.values.of(doc) {
                if !view.of_runs[*place as usize] {
                    visit(*place);
                }
            }
        }
        mask.fill(0);
        if self.asked.no_dates_and_prices {
            for (of_one, spot) in view.masks.of(doc) {
                let chosen = || self.chosen.iter().all(|chosen| meet(of_one, chosen));
                if self.asked.reaches(spot) && chosen() {
                    add(mask, of_one);
                }
            }
        } else {
            for (_, _, of_one) in self.asked.of(doc, self.facet) {
                add(mask, of_one);
            }
        }
        view.masks.each(mask, &self.wanted, visit);
    }
}

#[inline]
fn add(mask: &mut [u64], of_one: &[u64]) {
    let mut at = 0;
    while at < mask.len() && at < of_one.len() {
        mask[at] |= of_one[at];
        at += 1;
    }
}
