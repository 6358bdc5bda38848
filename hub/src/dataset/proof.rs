//! The proof, repeated from a release alone: `calluna-hub dataset audit`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use calluna_evidence::{broken, prove_public};
use calluna_model::id::ProviderId;
use calluna_monitor::{Releases, revisions};
use calluna_protect::{Budget, Memory};
use calluna_tables::{Period, Revision};
use serde::Serialize;

use crate::desk::Desk;

/// What the proof found for one provider and period, all its revisions together.
#[derive(Clone, Debug, Serialize)]
pub struct Proved {
    /// Whose figures.
    pub provider: ProviderId,
    /// Of which quarter.
    pub period: String,
    /// Revisions that were looked at.
    pub revisions: usize,
    /// Numbers that are hidden, over all revisions.
    pub hidden: usize,
    /// The narrowest interval, in persons; nothing where nothing is hidden.
    pub minimum_width: Option<u64>,
    /// Hidden numbers of which no second value was found. Must be 0.
    pub exact: usize,
    /// Hidden numbers with an interval that is too narrow, or not proved in the budget. Must be 0.
    pub narrower: usize,
    /// Rules that a revision breaks against those before it. Must be empty.
    pub broken: Vec<String>,
}

impl Proved {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.narrower == 0 && self.broken.is_empty()
    }
}

/// Repeats the proof for everything that a release holds. `each` hears of every result.
///
/// # Errors
/// When the release cannot be read, or its numbers contradict each other.
pub fn prove(
    desk: &Desk,
    releases: &Releases,
    number: u64,
    solves: usize,
    each: &mut dyn FnMut(&Proved),
) -> Result<Vec<Proved>> {
    let mut histories: BTreeMap<(Period, ProviderId), Vec<Revision>> = BTreeMap::new();
    for (provider, revision) in revisions(releases, number)? {
        if revision.layout != desk.frame.fingerprint {
            // Of another layout: it stands in older releases, where its own tables are.
            continue;
        }
        let history = histories.entry((revision.period, provider)).or_default();
        history.push(revision);
    }
    let mut found = Vec::new();
    let mut memory = Memory::default();
    for ((period, provider), history) in histories {
        let mut rules = Vec::new();
        for (at, next) in history.iter().enumerate() {
            let earlier = history.get(..at).unwrap_or_default();
            let names = broken(&desk.frame, &desk.least, earlier, next);
            let named = names
                .iter()
                .map(|broken| format!("revision {}: {broken}", next.number));
            rules.extend(named);
        }
        let mut budget = Budget {
            solves,
            until: None,
        };
        let audit =
            prove_public(&desk.frame, &history, &mut budget, &mut memory).with_context(|| {
                format!("the figures of {provider} for {period} contradict each other")
            })?;
        let proved = Proved {
            provider,
            period: period.to_string(),
            revisions: history.len(),
            hidden: audit.numbers,
            minimum_width: audit.minimum_width,
            exact: audit.exact,
            narrower: audit.narrower,
            broken: rules,
        };
        each(&proved);
        found.push(proved);
    }
    Ok(found)
}
