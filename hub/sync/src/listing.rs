//! Comparing catalogues as a whole: a listing proves itself against the head, then says what
//! differs.

use std::collections::BTreeMap;

use calluna_model::fingerprint::Digester;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, Revision};
use calluna_model::limit::Limits;

use crate::stream::{Violation, key_fits};

/// Takes a listing entry by entry. Only a listing that matches the count and digest of the head
/// may prove that something is gone (invariant 4).
#[derive(Debug)]
pub struct ListingCheck {
    head: Head,
    limits: Limits,
    digester: Digester,
    entries: BTreeMap<Box<str>, (ContentHash, Revision)>,
}

impl ListingCheck {
    /// A check against `head`.
    #[must_use]
    pub fn new(head: Head, limits: Limits) -> Self {
        Self {
            head,
            limits,
            digester: Digester::default(),
            entries: BTreeMap::new(),
        }
    }

    /// The next entry.
    ///
    /// # Errors
    /// When the order is broken, there are too many, or a key is too long.
    pub fn entry(
        &mut self,
        id: &str,
        hash: ContentHash,
        revision: Revision,
    ) -> Result<(), Violation> {
        key_fits(id)?;
        self.digester.add(id, &hash);
        if !self.digester.ascending() {
            return Err(Violation::ListingOrder);
        }
        if self.digester.count() > self.limits.offers_per_provider {
            return Err(Violation::TooManyOffers {
                most: self.limits.offers_per_provider,
            });
        }
        self.entries.insert(id.into(), (hash, revision));
        Ok(())
    }

    /// The listing ended: it counts only if it is exactly what the head says.
    ///
    /// # Errors
    /// When count or digest differ.
    pub fn prove(self) -> Result<ProvenListing, Violation> {
        let count = self.digester.count();
        if count != self.head.count || self.digester.finish() != self.head.digest {
            return Err(Violation::ListingDiffers {
                count,
                head: self.head.count,
            });
        }
        Ok(ProvenListing {
            entries: self.entries,
        })
    }
}

/// A complete listing whose count and digest match the node's head.
#[derive(Debug)]
pub struct ProvenListing {
    entries: BTreeMap<Box<str>, (ContentHash, Revision)>,
}

impl ProvenListing {
    /// What has to be fetched and what is proved gone, against what the hub holds.
    #[must_use]
    pub fn against<'a>(&self, ours: impl Iterator<Item = (&'a str, ContentHash)>) -> Difference {
        let mut gone = Vec::new();
        let mut wanted: BTreeMap<&str, Revision> = self
            .entries
            .iter()
            .map(|(id, (_, revision))| (id.as_ref(), *revision))
            .collect();
        for (id, hash) in ours {
            match self.entries.get(id) {
                None => gone.push(id.into()),
                Some((theirs, _)) if *theirs == hash => {
                    wanted.remove(id);
                }
                Some(_) => {}
            }
        }
        let fetch = wanted
            .into_iter()
            .map(|(id, revision)| (id.into(), revision))
            .collect();
        Difference { fetch, gone }
    }

    /// What the listing says about one offer.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<(ContentHash, Revision)> {
        self.entries.get(id).copied()
    }
}

/// What differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// Offers to fetch: new, or in another version; with the revision of the listing.
    pub fetch: Vec<(Box<str>, Revision)>,
    /// Offers that are proved gone.
    pub gone: Vec<Box<str>>,
}

#[cfg(test)]
mod tests {
    use calluna_model::id::EpochId;

    use super::*;

    fn hash(n: u8) -> ContentHash {
        ContentHash([n; 32])
    }

    fn head_of(pairs: &[(&str, u8)]) -> Head {
        let mut digester = Digester::default();
        for (id, n) in pairs {
            digester.add(id, &hash(*n));
        }
        Head {
            epoch: EpochId([1; 16]),
            revision: Revision(9),
            count: digester.count(),
            digest: digester.finish(),
        }
    }

    #[test]
    fn inv4_only_a_complete_listing_proves_that_something_is_gone() {
        let head = head_of(&[("a", 1), ("b", 2), ("c", 3)]);
        let mut short = ListingCheck::new(head, Limits::default());
        short.entry("a", hash(1), Revision(1)).unwrap();
        assert!(matches!(
            short.prove(),
            Err(Violation::ListingDiffers { .. })
        ));

        let mut whole = ListingCheck::new(head, Limits::default());
        for (id, n) in [("a", 1), ("b", 2), ("c", 3)] {
            whole.entry(id, hash(n), Revision(u64::from(n))).unwrap();
        }
        let ours = [("a", hash(1)), ("b", hash(9)), ("z", hash(4))];
        let difference = whole.prove().unwrap().against(ours.into_iter());
        assert_eq!(
            difference.fetch,
            [("b".into(), Revision(2)), ("c".into(), Revision(3))]
        );
        assert_eq!(difference.gone, ["z".into()]);
    }

    #[test]
    fn a_listing_out_of_order_is_refused() {
        let mut check = ListingCheck::new(head_of(&[]), Limits::default());
        check.entry("b", hash(1), Revision(1)).unwrap();
        assert_eq!(
            check.entry("a", hash(1), Revision(2)),
            Err(Violation::ListingOrder)
        );
    }

    #[test]
    fn inv6_a_listing_cannot_grow_beyond_the_limit() {
        let limits = Limits {
            offers_per_provider: 2,
            ..Limits::default()
        };
        let mut check = ListingCheck::new(head_of(&[]), limits);
        check.entry("a", hash(1), Revision(1)).unwrap();
        check.entry("b", hash(1), Revision(2)).unwrap();
        assert!(check.entry("c", hash(1), Revision(3)).is_err());
    }
}
