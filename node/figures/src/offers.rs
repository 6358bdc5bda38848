//! What a registration takes from its offer.

use std::collections::HashMap;

use calluna_model::id::OfferId;
use calluna_model::offer::Offer;
use calluna_tables::OfferFacts;

/// Where offers are found. The caller implements it over its store, or uses [`OfferIndex`].
pub trait Offers {
    /// The offer that a list calls so: by its own id, or by id or number of one of its runs
    /// (course software often numbers the runs). Nothing when there is none, or more than one.
    ///
    /// `name` is what a list says. With its columns shifted it may be anything, so an
    /// implementation compares it and neither logs nor keeps it.
    fn facts(&self, name: &OfferId) -> Option<OfferFacts>;
}

/// The offers of a provider in memory, found by id, and by id and number of their runs.
#[derive(Clone, Debug, Default)]
pub struct OfferIndex {
    facts: Vec<OfferFacts>,
    own: HashMap<OfferId, usize>,
    runs: HashMap<OfferId, Option<usize>>,
}

impl OfferIndex {
    /// Adds an offer.
    pub fn add(&mut self, offer: &Offer) {
        let at = self.facts.len();
        self.facts.push(OfferFacts::from(offer));
        self.own.insert(offer.id().clone(), at);
        let numbers = offer.runs.iter().flat_map(|run| [&run.id, &run.number]);
        for name in numbers.filter_map(|name| OfferId::from_foreign(name).ok()) {
            let found = self.runs.entry(name).or_insert(Some(at));
            // A number that two offers use says nothing.
            if *found != Some(at) {
                *found = None;
            }
        }
    }
}

impl<'a> FromIterator<&'a Offer> for OfferIndex {
    fn from_iter<I: IntoIterator<Item = &'a Offer>>(offers: I) -> Self {
        let mut index = Self::default();
        for offer in offers {
            index.add(offer);
        }
        index
    }
}

impl Offers for OfferIndex {
    fn facts(&self, name: &OfferId) -> Option<OfferFacts> {
        let by_run = || self.runs.get(name).copied().flatten();
        let at = self.own.get(name).copied().or_else(by_run)?;
        self.facts.get(at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calluna_model::offer::{OfferDraft, RunDraft, SubjectDraft};

    fn offer(id: &str, numbers: &[&str]) -> Offer {
        let run = |number: &&str| RunDraft {
            id: format!("r-{number}"),
            number: (*number).to_owned(),
            start: "2026-09-01".to_owned(),
            ..RunDraft::default()
        };
        Offer::check(OfferDraft {
            id: id.to_owned(),
            title: "Töpfern".to_owned(),
            subjects: vec![SubjectDraft {
                scheme: "dvv-2.0".to_owned(),
                code: "2.05".to_owned(),
                label: String::new(),
            }],
            runs: numbers.iter().map(run).collect(),
            ..OfferDraft::default()
        })
        .unwrap()
    }

    #[test]
    fn an_offer_is_found_by_its_id_and_by_its_runs_unless_two_share_the_number() {
        let offers = [
            offer("A1", &["261-7", "261-8", "dup"]),
            offer("B1", &["dup"]),
        ];
        let index: OfferIndex = offers.iter().collect();
        let find = |name: &str| index.facts(&OfferId::from_foreign(name).unwrap());
        assert_eq!(find("A1").unwrap().subject, "2.05");
        assert!(find("261-8").is_some() && find("r-261-7").is_some());
        assert!(find("dup").is_none() && find("C1").is_none());
    }
}
