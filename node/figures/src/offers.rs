//! What a registration takes from its offer.

use std::collections::{BTreeSet, HashMap};

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

/// An offer as lists may call it, with what the tables take from it. All of it is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOffer {
    /// Its id.
    pub id: OfferId,
    /// Ids and numbers of its runs.
    pub runs: BTreeSet<OfferId>,
    /// What the tables take from it.
    pub facts: OfferFacts,
}

impl From<&Offer> for KnownOffer {
    fn from(offer: &Offer) -> Self {
        let numbers = offer.runs.iter().flat_map(|run| [&run.id, &run.number]);
        Self {
            id: offer.id().clone(),
            runs: numbers
                .filter_map(|name| OfferId::from_foreign(name).ok())
                .collect(),
            facts: OfferFacts::from(offer),
        }
    }
}

/// The offers of a provider in memory, found by id, and by id and number of their runs.
#[derive(Clone, Debug, Default)]
pub struct OfferIndex {
    known: Vec<KnownOffer>,
    own: HashMap<OfferId, usize>,
    runs: HashMap<OfferId, Option<usize>>,
}

impl OfferIndex {
    /// Adds an offer.
    pub fn add(&mut self, offer: &Offer) {
        let known = KnownOffer::from(offer);
        let at = self.known.len();
        self.own.insert(known.id.clone(), at);
        for name in &known.runs {
            let found = self.runs.entry(name.clone()).or_insert(Some(at));
            // A number that two offers use says nothing.
            if *found != Some(at) {
                *found = None;
            }
        }
        self.known.push(known);
    }

    /// Adds what is remembered of an offer that may have left the catalogue, or lost runs. What the catalogue
    /// says now goes before it: a number that an offer of today uses is that offer's. Add the offers of today first.
    pub fn remember(&mut self, old: KnownOffer) {
        let at = self.own.get(&old.id).copied();
        let at = at.unwrap_or(self.known.len());
        for name in &old.runs {
            self.runs.entry(name.clone()).or_insert(Some(at));
        }
        match self.known.get_mut(at) {
            Some(known) => known.runs.extend(old.runs),
            None => {
                self.own.insert(old.id.clone(), at);
                self.known.push(old);
            }
        }
    }

    /// Every offer that is known, those of today first.
    #[must_use]
    pub fn known(&self) -> &[KnownOffer] {
        &self.known
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
        self.known.get(at).map(|known| known.facts.clone())
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

    #[test]
    fn what_left_the_catalogue_is_still_found_and_gives_way_to_what_is_there() {
        let before: Vec<KnownOffer> = [offer("A1", &["1", "2"]), offer("B1", &["3", "9"])]
            .iter()
            .map(KnownOffer::from)
            .collect();
        // A1 lost a run, B1 is gone, and C1 uses one of its numbers.
        let mut index: OfferIndex = [offer("A1", &["2"]), offer("C1", &["9"])].iter().collect();
        before.into_iter().for_each(|old| index.remember(old));
        let find = |name: &str| {
            let name = OfferId::from_foreign(name).unwrap();
            let by_run = || index.runs.get(&name).copied().flatten();
            let at = index.own.get(&name).copied().or_else(by_run);
            at.map(|at| index.known[at].id.to_string())
        };
        let found = ["1", "2", "3", "9", "B1"].map(|name| find(name).unwrap());
        assert_eq!(found, ["A1", "A1", "B1", "C1", "B1"]);
        assert_eq!(index.known().len(), 3);
        assert_eq!(index.known()[0].runs.len(), 4, "both runs by id and number");
    }
}
