//! Sets of documents as bits, one for each document.

/// A set of documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// The empty set over `docs` documents.
    pub(crate) fn none(docs: usize) -> Self {
        Self(vec![0; docs.div_ceil(64)])
    }

    #[inline]
    pub(crate) fn set(&mut self, doc: usize) {
        if let Some(word) = self.0.get_mut(doc / 64) {
            *word |= 1 << (doc % 64);
        }
    }

    #[inline]
    pub(crate) fn unset(&mut self, doc: usize) {
        if let Some(word) = self.0.get_mut(doc / 64) {
            *word &= !(1 << (doc % 64));
        }
    }

    #[inline]
    pub(crate) fn has(&self, doc: usize) -> bool {
        self.0
            .get(doc / 64)
            .is_some_and(|word| word & (1 << (doc % 64)) != 0)
    }

    pub(crate) fn and(&mut self, other: &Self) {
        for (word, with) in self.0.iter_mut().zip(&other.0) {
            *word &= with;
        }
    }

    /// Takes the others out.
    pub(crate) fn without(&mut self, other: &Self) {
        for (word, with) in self.0.iter_mut().zip(&other.0) {
            *word &= !with;
        }
    }

    /// How many words the set is long.
    pub(crate) fn words(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn or(&mut self, other: &Self) {
        for (word, with) in self.0.iter_mut().zip(&other.0) {
            *word |= with;
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// How many are in both.
    pub(crate) fn count_both(&self, other: &Self) -> u64 {
        let both = self.0.iter().zip(&other.0);
        both.map(|(a, b)| u64::from((a & b).count_ones())).sum()
    }

    /// The documents, in order.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_set() {
        let mut odd = Bits::none(200);
        (0..200).filter(|n| n % 2 == 1).for_each(|n| odd.set(n));
        let mut third = Bits::none(200);
        (0..200).filter(|n| n % 3 == 0).for_each(|n| third.set(n));
        assert_eq!(odd.count(), 100);
        assert_eq!(odd.count_both(&third), 33);
        let mut both = odd.clone();
        both.and(&third);
        assert_eq!(both.iter().collect::<Vec<_>>()[..3], [3, 9, 15]);
        both.unset(3);
        assert!(!both.has(3) && both.has(9) && !both.has(10_000));
        both.or(&odd);
        assert_eq!(both, odd);
        both.without(&third);
        assert_eq!(both.iter().collect::<Vec<_>>()[..3], [1, 5, 7]);
    }
}
