//! Whether a provider has given its offers new ids (invariant 4).
//!
//! A course program that was set up anew, or an export with another id column, makes every offer
//! vanish and come back under another name: links break, and with them what citizens saved and what
//! counsellors noted. It looks like many removals and as many arrivals with the same content.

use std::collections::HashMap;

use calluna_model::fingerprint::content_hash;
use calluna_model::id::ContentHash;
use calluna_model::offer::{Offer, OfferDraft};

/// Removing more offers than this needs a look at what came instead.
pub const FEW: u64 = 3;
/// Re-keying more than this share of a provider's offers needs a person's word.
pub const SHARE_PERCENT: u64 = 10;

/// The content of an offer without its names: ids and numbers, the address of its page (which mostly holds the
/// id) and the time of its last change. Two offers with the same likeness say the same to a reader.
#[must_use]
pub fn likeness(mut draft: OfferDraft) -> Option<ContentHash> {
    "x".clone_into(&mut draft.id);
    draft.url.clear();
    draft.modified.clear();
    for (number, run) in draft.runs.iter_mut().enumerate() {
        run.id = number.to_string();
        run.number.clear();
    }
    Offer::check(draft).ok().map(|offer| content_hash(&offer))
}

/// How many of the offers in `gone` stand in `come` again, each counted once.
#[must_use]
pub fn again(
    gone: impl IntoIterator<Item = ContentHash>,
    come: impl IntoIterator<Item = ContentHash>,
) -> u64 {
    let mut left: HashMap<[u8; 32], u64> = HashMap::new();
    for hash in gone {
        *left.entry(hash.0).or_default() += 1;
    }
    let mut again = 0;
    for hash in come {
        if let Some(count) = left.get_mut(&hash.0).filter(|count| **count > 0) {
            *count -= 1;
            again += 1;
        }
    }
    again
}

/// Whether a night with these counts can be a mass re-key at all, so that contents are worth
/// reading.
#[must_use]
pub fn suspicious(before: u64, added: u64, removed: u64) -> bool {
    mass(before, added.min(removed))
}

/// Whether `rekeyed` of the `before` offers that readers see are too many to change their names
/// without a person's word.
#[must_use]
pub fn mass(before: u64, rekeyed: u64) -> bool {
    rekeyed > FEW && rekeyed.saturating_mul(100) > before.saturating_mul(SHARE_PERCENT)
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::an_offer;

    use super::*;

    fn draft(id: &str, title: &str) -> OfferDraft {
        an_offer(id).titled(title).build().into_draft()
    }

    #[test]
    fn inv4_an_offer_under_another_id_is_the_same_to_a_reader() {
        let mut other = draft("Z-99", "Englisch B1");
        other.url = "https://vhs.example/kurs/Z-99".into();
        other.modified = "2026-11-01".into();
        assert_eq!(
            likeness(draft("A-1", "Englisch B1")),
            likeness(other),
            "names do not count"
        );
        assert_ne!(
            likeness(draft("A-1", "Englisch B1")),
            likeness(draft("A-1", "Englisch B2"))
        );
        assert!(likeness(draft("A-1", "Englisch B1")).is_some());
    }

    #[test]
    fn each_arrival_makes_up_for_one_removal() {
        let h = |n: u8| ContentHash([n; 32]);
        assert_eq!(again([h(1), h(1), h(2)], [h(1), h(3), h(1), h(1)]), 2);
        assert_eq!(again([], [h(1)]), 0);
    }

    #[test]
    fn inv4_a_tenth_under_new_names_needs_a_word() {
        assert!(!mass(10, 3), "a few are everyday life");
        assert!(mass(10, 4));
        assert!(!mass(100, 10));
        assert!(mass(100, 11));
        assert!(suspicious(100, 11, 50) && !suspicious(100, 10, 50) && !suspicious(100, 50, 10));
    }
}
