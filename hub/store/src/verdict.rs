//! The operator's word on two offers: that they are the same, or that they are not. It stays, whatever becomes
//! of the offers.

use calluna_kv::Batch;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

use crate::embedded::{Shelf, json};
use crate::error::StoreError;
use crate::key;
use crate::port::AuditRecord;

/// An offer by its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OfferAt {
    /// Whose.
    pub provider: ProviderId,
    /// Its id.
    pub offer: String,
}

/// What was said of two offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The smaller one.
    first: OfferAt,
    /// The greater one.
    second: OfferAt,
    /// Whether they are the same.
    pub same: bool,
    /// When it was said.
    pub at: Moment,
}

impl Verdict {
    /// A word on two different offers, in whatever order; nothing for an offer and itself.
    #[must_use]
    pub fn on(one: OfferAt, other: OfferAt, same: bool, at: Moment) -> Option<Self> {
        let (first, second) = match one.cmp(&other) {
            std::cmp::Ordering::Less => (one, other),
            std::cmp::Ordering::Greater => (other, one),
            std::cmp::Ordering::Equal => return None,
        };
        Some(Self {
            first,
            second,
            same,
            at,
        })
    }

    /// The smaller offer.
    #[must_use]
    pub fn first(&self) -> &OfferAt {
        &self.first
    }

    /// The greater offer.
    #[must_use]
    pub fn second(&self) -> &OfferAt {
        &self.second
    }
}

impl Shelf {
    pub(crate) fn save_verdict(
        &self,
        verdict: &Verdict,
        audit: &[AuditRecord],
    ) -> Result<(), StoreError> {
        let key = key::verdict(verdict.first(), verdict.second());
        let value = json(&key, verdict)?;
        let mut batch = Batch::default();
        batch.put(key, value);
        self.put_audit(&mut batch, audit)?;
        self.commit(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_on_two_offers_has_no_order() {
        let offer = |provider: &str, offer: &str| OfferAt {
            provider: provider.parse().unwrap(),
            offer: offer.to_owned(),
        };
        let (a, b) = (offer("vhs", "1"), offer("bbs", "9"));
        let there = Verdict::on(a.clone(), b.clone(), true, Moment(1)).unwrap();
        let back = Verdict::on(b.clone(), a.clone(), true, Moment(1)).unwrap();
        assert_eq!(there, back);
        assert_eq!(there.first(), &b);
        assert_eq!(Verdict::on(a.clone(), a, true, Moment(1)), None);
    }
}
