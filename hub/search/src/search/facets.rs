//! Counts: of each facet as if nothing were chosen in it, of values that nobody has too, so that a page can show
//! them switched off. The same offer of several providers counts once.

use super::filter::Filtered;
use crate::answer::Count;
use crate::bits::Bits;
use crate::index::view::View;
use crate::query::Facet;

/// Up to so many hits are counted one by one; more of them by sets.
const FEW_HITS: u64 = 3_000;

pub(super) fn counts(view: &View, filtered: &mut Filtered) -> Vec<(Facet, Vec<Count>)> {
    let common = Counted::new(view, &filtered.hits, None);
    let mut facets: Vec<(Facet, Vec<Count>)> = Vec::with_capacity(Facet::ALL.len());
    for facet in Facet::ALL {
        let chosen = filtered.chosen.iter().any(|(chosen, _)| *chosen == facet);
        let own = chosen.then(|| Counted::new(view, &filtered.without(facet), Some(facet)));
        let counted = own.as_ref().unwrap_or(&common);
        let known = view
            .known
            .iter()
            .zip(&counted.0)
            .filter(|(known, _)| known.facet == facet);
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
    fn new(view: &View, hits: &Bits, facet: Option<Facet>) -> Self {
        let mut counted = Self(vec![0; view.known.len()]);
        let mut single = hits.clone();
        for group in &view.groups {
            group.iter().for_each(|doc| single.unset(*doc as usize));
            counted.add_group(view, group, hits);
        }
        if single.count() <= FEW_HITS {
            for doc in single.iter() {
                view.values
                    .of(doc)
                    .iter()
                    .for_each(|value| counted.0[*value as usize] += 1);
            }
        } else {
            for (count, known) in counted.0.iter_mut().zip(&view.known) {
                if facet.is_none_or(|facet| known.facet == facet) {
                    *count += known.docs.count(&single);
                }
            }
        }
        counted
    }

    /// A group counts once for each value that one of its hits has.
    fn add_group(&mut self, view: &View, group: &[u32], hits: &Bits) {
        let mut values: Vec<u32> = Vec::new();
        for doc in group.iter().filter(|doc| hits.has(**doc as usize)) {
            values.extend_from_slice(view.values.of(*doc as usize));
        }
        values.sort_unstable();
        values.dedup();
        values.iter().for_each(|value| self.0[*value as usize] += 1);
    }
}
