//! Counts: of each facet as if nothing were chosen in it, of values that nobody has too, so that a page can show
//! them switched off. The same offer of several providers counts once.

use super::filter::Filtered;
use super::runs::Asked;
use crate::answer::Count;
use crate::bits::Bits;
use crate::index::view::View;
use crate::query::Facet;

/// Up to so many hits are counted one by one; more of them by sets.
const FEW_HITS: u64 = 3_000;

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
        let known = view
            .known
            .iter()
            .zip(&counted.0)
            .filter(|(known, _)| known.facet == facet)
            .filter(|(known, _)| known.always || !known.docs.is_empty());
        let counts = known.map(|(known, offers)| Count {
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
    fn new(view: &View, hits: &Bits, facet: Option<Facet>, asked: &Asked<'_>) -> Self {
        let mut counted = Self(vec![0; view.known.len()]);
        let by_run = asked.count(facet) > 0;
        let mut values = Vec::new();
        let mut single = hits.clone();
        for group in &view.groups {
            group.iter().for_each(|doc| single.unset(*doc as usize));
            counted.add_group(view, group, hits, facet, by_run.then_some(asked));
        }
        if by_run {
            // A run elsewhere says nothing of the runs here.
            let mut many = view.many.clone();
            many.and(&single);
            for doc in many.iter() {
                single.unset(doc);
                asked.values(doc, facet, &mut values);
                counted.add(&values);
            }
        }
        if single.count() <= FEW_HITS {
            single
                .iter()
                .for_each(|doc| counted.add(view.values.of(doc)));
        } else {
            for (count, known) in counted.0.iter_mut().zip(&view.known) {
                if facet.is_none_or(|facet| known.facet == facet) {
                    *count += known.docs.count(&single);
                }
            }
        }
        counted
    }

    fn add(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.0[*value as usize] += 1);
    }

    /// A group counts once for each value that one of its hits has.
    fn add_group(
        &mut self,
        view: &View,
        group: &[u32],
        hits: &Bits,
        facet: Option<Facet>,
        by_run: Option<&Asked<'_>>,
    ) {
        let (mut values, mut own) = (Vec::new(), Vec::new());
        for doc in group.iter().map(|doc| *doc as usize) {
            if !hits.has(doc) {
                continue;
            }
            match by_run {
                Some(asked) => {
                    asked.values(doc, facet, &mut own);
                    values.extend_from_slice(&own);
                }
                None => values.extend_from_slice(view.values.of(doc)),
            }
        }
        values.sort_unstable();
        values.dedup();
        self.add(&values);
    }
}
