//! What each run has of the facets that are about runs, as bits: whether one run has several things is then a matter
//! of a few words of memory, which lie one behind the other.

use std::ops::Range;

/// Nobody knows where a run is.
const NOWHERE: u32 = u32::MAX;

/// Bits and spots of the runs that are not over, document by document.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    /// The place in the view of each bit.
    places: Vec<u32>,
    /// The bit of each place in the view, where it has one.
    bits: Vec<Option<u32>>,
    /// Words of a mask.
    width: usize,
    words: Vec<u64>,
    /// The spot of each run.
    spots: Vec<u32>,
    /// Where the runs of each document end.
    ends: Vec<u32>,
}

impl Masks {
    /// With a bit for each place that is of a facet about runs.
    pub(crate) fn new(of_runs: &[bool]) -> Self {
        let mut masks = Self::default();
        for (place, of_runs) in (0_u32..).zip(of_runs) {
            let next = u32::try_from(masks.places.len()).unwrap_or(u32::MAX);
            masks.bits.push(of_runs.then_some(next));
            if *of_runs {
                masks.places.push(place);
            }
        }
        masks.width = masks.places.len().div_ceil(64).max(1);
        masks
    }

    /// A mask with no bits.
    pub(crate) fn none(&self) -> Box<[u64]> {
        vec![0; self.width].into()
    }

    /// Sets the bit of a place.
    pub(crate) fn set(&self, mask: &mut [u64], place: u32) {
        if let Some(Some(bit)) = self.bits.get(place as usize)
            && let Some(word) = mask.get_mut(*bit as usize / 64)
        {
            *word |= 1 << (bit % 64);
        }
    }

    /// Adds a run to the document at hand.
    pub(crate) fn push(&mut self, mask: &[u64], spot: Option<u32>) {
        self.words.extend_from_slice(mask);
        self.spots.push(spot.unwrap_or(NOWHERE));
    }

    /// Ends the document at hand.
    pub(crate) fn end(&mut self) {
        let end = u32::try_from(self.spots.len()).unwrap_or(u32::MAX);
        self.ends.push(end);
    }

    /// The masks of the runs of a document, and the spot of each; the number of one that is nowhere is of no spot.
    #[inline]
    pub(crate) fn of(&self, doc: usize) -> impl Iterator<Item = (&[u64], u32)> + Clone {
        let start = if doc == 0 { 0 } else { self.ends[doc - 1] };
        let (start, end) = (start as usize, self.ends[doc] as usize);
        let words = &self.words[start * self.width..end * self.width];
        let spots = self.spots[start..end].iter().copied();
        words.chunks_exact(self.width).zip(spots)
    }

    /// The bits of places in a range.
    pub(crate) fn range(&self, places: Range<usize>) -> Box<[u64]> {
        let mut mask = self.none();
        for place in places {
            self.set(&mut mask, u32::try_from(place).unwrap_or(u32::MAX));
        }
        mask
    }

    /// Hands over the places that two masks share.
    #[inline]
    pub(crate) fn each(&self, mask: &[u64], wanted: &[u64], mut visit: impl FnMut(u32)) {
        let mut at = 0;
        while at < mask.len() && at < wanted.len() {
            let mut rest = mask[at] & wanted[at];
            while rest != 0 {
                visit(self.places[at * 64 + rest.trailing_zeros() as usize]);
                rest &= rest - 1;
            }
            at += 1;
        }
    }
}

/// Whether two masks share a bit.
#[inline]
pub(crate) fn meet(a: &[u64], b: &[u64]) -> bool {
    let (mut both, mut at) = (0, 0);
    while at < a.len() && at < b.len() {
        both |= a[at] & b[at];
        at += 1;
    }
    both != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_more_than_one_word_hold_places() {
        let of_runs: Vec<bool> = (0..200).map(|place| place % 2 == 1).collect();
        let mut masks = Masks::new(&of_runs);
        for places in [&[1, 2, 151, 199][..], &[5]] {
            let mut mask = masks.none();
            places.iter().for_each(|place| masks.set(&mut mask, *place));
            masks.push(&mask, None);
        }
        masks.end();
        masks.end();
        let places = |doc: usize, wanted: Range<usize>| {
            let mut places = Vec::new();
            for (mask, _) in masks.of(doc) {
                masks.each(mask, &masks.range(wanted.clone()), |place| {
                    places.push(place)
                });
            }
            places
        };
        assert_eq!(places(0, 0..200), [1, 151, 199, 5]);
        assert_eq!(places(0, 5..160), [151, 5]);
        assert!(places(1, 0..200).is_empty());
        let (mut a, mut b) = (masks.none(), masks.none());
        masks.set(&mut a, 151);
        masks.set(&mut b, 149);
        assert!(!meet(&a, &b));
        masks.set(&mut b, 151);
        assert!(meet(&a, &b));
    }
}
