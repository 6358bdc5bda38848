//! Counts: of each facet as if nothing were chosen in it, of values that nobody has too, so that a page can show
//! them switched off. The same offer of several providers counts once.

use std::ops::Range;

use super::filter::Filtered;
use super::runs::{Asked, OneByOne};
use crate::answer::Count;
use crate::bits::Bits;
use crate::index::view::{Lists, View};
use crate::query::Facet;

pub(super) fn counts(
    view: &View,
    filtered: &Filtered,
    asked: &Asked<'_>,
) -> Vec<(Facet, Vec<Count>)> {
    let common = Counted::new(view, &filtered.hits, None, asked);
    let mut facets: Vec<(Facet, Vec<Count>)> = Vec::with_capacity(Facet::ALL.len());
    for facet in Facet::ALL {
        let chosen = filtered.chosen.iter().any(|(chosen, _)| *chosen == facet);
        let own = chosen.then(|| {
            let hits = filtered.without(view, facet, asked);
            Counted::new(view, &hits, Some(facet), asked)
        });
        let counted = own.as_ref().unwrap_or(&common);
        let known = view.known.iter().zip(&counted.0);
        let known = known.skip(view.places_of(facet).start);
        let known = known.take(view.places_of(facet).len());
        let counts = known
            .filter(|(known, _)| known.listed)
            .map(|(known, offers)| Count {
                value: known.value.clone(),
                offers: *offers,
            });
        facets.push((facet, counts.collect()));
    }
    facets
}

/// How many hits have each known value of the view.
#[derive(Debug)]
struct Counted(Vec<u64>);

impl Counted {
    /// Counts the hits; with a facet only its values.
    fn new(view: &View, hits: &Bits, facet: Option<Facet>, asked: &Asked<'_>) -> Self {
        let mut counted = Self(vec![0; view.known.len()]);
        // What is not about runs is of the whole offer, whatever is asked of its runs.
        let by_run = asked.things(facet) > 0 && facet.is_none_or(Facet::is_of_runs);
        let asked = by_run.then_some(asked);
        let by_run = asked.map(|asked| asked.one_by_one(facet));
        let mut single = hits.clone();
        for group in &view.groups {
            group.iter().for_each(|doc| single.unset(*doc as usize));
            let here = group.iter().map(|doc| *doc as usize);
            counted.add_group(view, here.filter(|doc| hits.has(*doc)), by_run.as_ref());
        }
        if let Some(asked) = asked {
            // A run elsewhere says nothing of the runs here.
            let mut many = view.many.clone();
            many.and(&single);
            single.without(&many);
            asked.count(&many, facet, &mut counted.0);
        }
        let places = facet.map_or(0..view.known.len(), |facet| view.places_of(facet));
        counted.add_all(view, &single, places);
        counted
    }

    /// A group counts once for each value that one of its hits has.
    fn add_group(
        &mut self,
        view: &View,
        hits: impl Iterator<Item = usize>,
        by_run: Option<&OneByOne<'_>>,
    ) {
        let mut mask = view.masks.none();
        let mut places = Vec::new();
        for doc in hits {
            match by_run.filter(|_| view.many.has(doc)) {
                Some(by_run) => by_run.values(doc, &mut mask, |place| places.push(place)),
                None => places.extend_from_slice(view.values.of(doc)),
            }
        }
        places.sort_unstable();
        places.dedup();
        places.iter().for_each(|place| self.0[*place as usize] += 1);
    }

    /// Counts documents for each value that they have, in whichever of two ways is shorter: hit by hit, or set by set.
    fn add_all(&mut self, view: &View, hits: &Bits, places: Range<usize>) {
        let count = hits.count();
        let few = |list: &Lists| count * list.items() as u64 / view.docs.max(1) as u64;
        let sets = view.known[places.clone()].iter();
        let sets = sets.filter(|known| known.docs.few().is_none());
        if few(&view.values) <= (sets.count() * hits.words()) as u64 {
            return self.add_each(&view.values, hits);
        }
        let rare: u64 = view.known[places.clone()]
            .iter()
            .map(|known| known.docs.few().map_or(0, |docs| docs.len() as u64))
            .sum();
        let one_by_one = few(&view.rare) + count <= rare;
        if one_by_one {
            self.add_each(&view.rare, hits);
        }
        for place in places {
            let docs = &view.known[place].docs;
            if docs.few().is_none() || !one_by_one {
                self.0[place] += docs.count(hits);
            }
        }
    }

    fn add_each(&mut self, list: &Lists, hits: &Bits) {
        for doc in hits.iter() {
            for place in list.of(doc) {
                self.0[*place as usize] += 1;
            }
        }
    }
}
