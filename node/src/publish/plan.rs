//! From a list of offers to a difference, and from there to the next head.

use std::collections::{BTreeSet, HashSet};

use calluna_kv::packed::{Index, Kind};
use calluna_model::fingerprint::content_hash;
use calluna_model::guard::shrink;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, OfferId};
use calluna_model::limit;
use calluna_model::offer::Offer;
use calluna_wire::convert::offer::record_of;

use super::difference::{Difference, EXAMPLES, REMOVED_IDS};
use super::example::example;
use super::{PublishError, Publisher};
use crate::store::{Change, ImportSummary, SourceFile};

/// An offer that is to be published, as it would be stored.
#[derive(Clone, Debug)]
pub struct Candidate {
    id: OfferId,
    hash: ContentHash,
    record: Vec<u8>,
}

impl Candidate {
    /// The candidate for an offer.
    #[must_use]
    pub fn of(offer: &Offer) -> Self {
        Self {
            id: offer.id().clone(),
            hash: content_hash(offer),
            record: record_of(offer),
        }
    }

    /// The offer's id.
    #[must_use]
    pub fn id(&self) -> &OfferId {
        &self.id
    }

    /// Its encoded record.
    #[must_use]
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Its encoded record, on its way to somebody else.
    #[must_use]
    pub fn into_record(self) -> Vec<u8> {
        self.record
    }
}

/// How to publish.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The list is complete: what is not in it is gone.
    pub replace: bool,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Do it although more is removed than the guard allows.
    pub confirmed: bool,
    /// Ids whose record was refused: with `replace` their last good version stays.
    pub keep: BTreeSet<String>,
    /// What was read, for `status`.
    pub sources: Vec<SourceFile>,
}

/// What a publication did, or would do.
#[derive(Clone, Debug)]
pub struct Published {
    /// What changed.
    pub difference: Difference,
    /// Where the catalogue stands afterwards.
    pub head: Head,
}

/// What is to be written: places in the list of candidates, and ids that go.
struct Plan {
    puts: Vec<usize>,
    gone: Vec<String>,
    difference: Difference,
}

impl Publisher {
    /// Publishes a list: all of it or, after any error, nothing. Of several offers with one id the
    /// first counts.
    ///
    /// # Errors
    /// When more would be removed than goes without a person's word, there would be too many
    /// offers, or the store cannot be written.
    pub fn publish(&self, offers: &[Candidate], terms: &Terms) -> Result<Published, PublishError> {
        let _alone = self.store.lock_writer();
        let current = self.store.current();
        let mut index = self.store.index_of(&current)?;
        let plan = self.plan(&index, offers, terms)?;
        if terms.dry_run {
            return Ok(Published {
                difference: plan.difference,
                head: current.head,
            });
        }
        refuse_unless_allowed(
            &plan.difference,
            current.head.count,
            offers.is_empty(),
            terms,
        )?;
        let now = self.clock.now();
        let puts = plan
            .puts
            .iter()
            .filter_map(|place| offers.get(*place))
            .map(put);
        let gone = plan.gone.iter().map(|id| Change::Gone { id });
        let summary = summary_of(&plan.difference, terms, now);
        let head = self
            .store
            .append(&mut index, puts.chain(gone), now, &summary)?;
        if !plan.puts.is_empty() || !plan.gone.is_empty() {
            self.store.compact(&mut index, now);
        }
        Ok(Published {
            difference: plan.difference,
            head,
        })
    }

    fn plan(
        &self,
        index: &Index,
        offers: &[Candidate],
        terms: &Terms,
    ) -> Result<Plan, PublishError> {
        let mut plan = Plan {
            puts: Vec::new(),
            gone: Vec::new(),
            difference: Difference::default(),
        };
        let mut seen: HashSet<&str> = HashSet::with_capacity(offers.len());
        for (place, offer) in offers.iter().enumerate() {
            if !seen.insert(offer.id.as_str()) {
                continue;
            }
            let known = index
                .get(offer.id.as_str())
                .filter(|entry| entry.kind == Kind::Value);
            match known {
                Some(entry) if entry.hash == offer.hash.0 => plan.difference.unchanged += 1,
                Some(entry) => {
                    plan.difference.changed += 1;
                    plan.puts.push(place);
                    if plan.difference.examples.len() < EXAMPLES
                        && let Some(old) = self.store.log().get(entry.at)?
                    {
                        let example = example(offer.id.as_str(), &old.body, &offer.record);
                        plan.difference.examples.push(example);
                    }
                }
                None => {
                    plan.difference.added += 1;
                    plan.puts.push(place);
                }
            }
        }
        if terms.replace {
            let present = index
                .iter()
                .filter(|(_, entry)| entry.kind == Kind::Value)
                .map(|(id, _)| id);
            let missing = present.filter(|id| !seen.contains(id) && !terms.keep.contains(*id));
            plan.gone = missing.map(str::to_owned).collect();
        }
        plan.difference.removed = plan.gone.len() as u64;
        plan.difference.removed_ids = plan.gone.iter().take(REMOVED_IDS).cloned().collect();
        plan.difference.held = shrink(index.count() as u64, plan.difference.removed);
        Ok(plan)
    }
}

fn refuse_unless_allowed(
    difference: &Difference,
    before: u64,
    empty: bool,
    terms: &Terms,
) -> Result<(), PublishError> {
    let after = (before + difference.added).saturating_sub(difference.removed);
    if after > limit::OFFERS_PER_PROVIDER && difference.added > 0 {
        return Err(PublishError::TooManyOffers { got: after });
    }
    if terms.confirmed {
        return Ok(());
    }
    if terms.replace && empty && before > 0 {
        return Err(PublishError::NothingAccepted { before });
    }
    difference
        .held
        .map_or(Ok(()), |shrink| Err(PublishError::WouldShrink(shrink)))
}

fn put(offer: &Candidate) -> Change<'_> {
    Change::Put {
        id: offer.id.as_str(),
        hash: offer.hash,
        record: &offer.record,
    }
}

fn summary_of(
    difference: &Difference,
    terms: &Terms,
    at: calluna_model::clock::Moment,
) -> ImportSummary {
    ImportSummary {
        at,
        files: terms.sources.clone(),
        added: difference.added,
        changed: difference.changed,
        unchanged: difference.unchanged,
        removed: difference.removed,
        refused: terms.sources.iter().map(|file| file.refused).sum(),
    }
}
