//! What changed between any two versions of a provider's period.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::number::{Block, Seen};
use super::plan::Plan;
use super::{Audit, Rule};
use crate::release::{Manifest, PeriodNote};

/// A value that no count has, for what is not shown.
const NOT_SHOWN: u32 = u32::MAX;

/// Every version of every provider's period.
#[derive(Default)]
pub(super) struct Versions(BTreeMap<(String, String), Vec<Version>>);

struct Version {
    plan: Rc<Plan>,
    release: u64,
    digest: String,
    batch: u32,
    /// By number: its value, or [`NOT_SHOWN`].
    values: Vec<u32>,
}

impl Versions {
    /// Keeps one.
    pub(super) fn keep(
        &mut self,
        plan: &Rc<Plan>,
        manifest: &Manifest,
        period: &PeriodNote,
        block: Block,
    ) {
        let shown = |seen: &Seen| match seen {
            Seen::Shown(value) => u32::try_from(*value).unwrap_or(NOT_SHOWN - 1),
            _ => NOT_SHOWN,
        };
        let version = Version {
            plan: Rc::clone(plan),
            release: manifest.number,
            digest: block
                .delivered
                .as_ref()
                .map(|known| known.digest.clone())
                .unwrap_or_default(),
            batch: manifest.rules.batch,
            values: block.seen.iter().map(shown).collect(),
        };
        let place = (period.period.clone(), block.provider);
        let kept = self.0.entry(place).or_default();
        // A provider whose figures did not change while others' did says nothing new.
        let same = |known: &Version| {
            known.digest == version.digest
                && known.values == version.values
                && Rc::ptr_eq(&known.plan, plan)
        };
        if !kept.iter().any(same) {
            kept.push(version);
        }
    }

    /// Compares every version with every later one.
    pub(super) fn check(&self, audit: &mut Audit) {
        for ((period, provider), versions) in &self.0 {
            let place = format!("{period} {provider}");
            for (at, old) in versions.iter().enumerate() {
                for new in versions.iter().skip(at + 1) {
                    if Rc::ptr_eq(&old.plan, &new.plan) {
                        audit.pairs += 1;
                        compare(&place, old, new, audit);
                    }
                }
            }
        }
    }
}

fn compare(place: &str, old: &Version, new: &Version, audit: &mut Audit) {
    let name = |number: usize| {
        let name = old.plan.names.get(number).map_or("?", String::as_str);
        format!("{place} {name}")
    };
    let since = format!("since release {}", old.release);
    if old.digest == new.digest {
        let what = format!("other values under the same digest {since}");
        audit.find(Rule::SameDigest, new.release, place.to_owned(), what);
    }
    let batch = old.batch.min(new.batch);
    for (number, (before, after)) in old.values.iter().zip(&new.values).enumerate() {
        if *before == NOT_SHOWN {
            continue;
        }
        if *after == NOT_SHOWN {
            let what = format!("shown then, no longer {since}");
            audit.find(Rule::FrozenMask, new.release, name(number), what);
            continue;
        }
        let change = before.abs_diff(*after);
        if (1..batch).contains(&change) {
            let what = format!("changed by {change}, less than {batch}, {since}");
            audit.find(Rule::Batch, new.release, name(number), what);
        }
    }
    for (parent, parts) in &old.plan.sums {
        // What is left of a parent when everything that was shown below it then is taken away.
        let shown: Vec<usize> = parts
            .iter()
            .copied()
            .filter(|part| {
                old.values
                    .get(*part)
                    .is_some_and(|value| *value != NOT_SHOWN)
            })
            .collect();
        if shown.is_empty() {
            continue;
        }
        let rest = |version: &Version| -> Option<i64> {
            let value = |number: usize| {
                let value = version.values.get(number).copied()?;
                (value != NOT_SHOWN).then(|| i64::from(value))
            };
            let below: Option<Vec<i64>> = shown.iter().map(|part| value(*part)).collect();
            Some(value(*parent)? - below?.iter().sum::<i64>())
        };
        if let (Some(before), Some(after)) = (rest(old), rest(new)) {
            let change = before.abs_diff(after);
            if (1..u64::from(batch)).contains(&change) {
                let what = format!(
                    "what is left beside the shown ones below it changed by {change}, less than {batch}, {since}"
                );
                audit.find(Rule::Batch, new.release, name(*parent), what);
            }
        }
    }
}
