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
    /// By number: its value, or [`NOT_SHOWN`]; what is not shown at the end is left off. Numbers of
    /// every night come first, so most versions are short.
    values: Vec<u32>,
}

impl Version {
    fn value(&self, number: usize) -> Option<u32> {
        let value = self.values.get(number).copied();
        value.filter(|value| *value != NOT_SHOWN)
    }

    /// What is left of a parent when these parts are taken away; nothing where one is not shown.
    fn rest(&self, parent: usize, parts: &[usize]) -> Option<i64> {
        let mut rest = i64::from(self.value(parent)?);
        for part in parts {
            rest -= i64::from(self.value(*part)?);
        }
        Some(rest)
    }

    /// Every shown parent with the parts of it that are shown.
    fn residuals(&self) -> Vec<(usize, Vec<usize>)> {
        let mut out = Vec::new();
        for (parent, parts) in &self.plan.sums {
            let shown = |part: &&usize| self.value(**part).is_some();
            let shown: Vec<usize> = parts.iter().filter(shown).copied().collect();
            if self.value(*parent).is_some() && !shown.is_empty() {
                out.push((*parent, shown));
            }
        }
        out
    }
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
        let mut values: Vec<u32> = block.seen.iter().map(shown).collect();
        let end = values.iter().rposition(|value| *value != NOT_SHOWN);
        values.truncate(end.map_or(0, |end| end + 1));
        let version = Version {
            plan: Rc::clone(plan),
            release: manifest.number,
            digest: block
                .delivered
                .as_ref()
                .map(|known| known.digest.clone())
                .unwrap_or_default(),
            batch: manifest.rules.batch,
            values,
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
                let residuals = old.residuals();
                for new in versions.iter().skip(at + 1) {
                    if Rc::ptr_eq(&old.plan, &new.plan) {
                        audit.pairs += 1;
                        compare(&place, old, &residuals, new, audit);
                    }
                }
            }
        }
    }
}

fn compare(
    place: &str,
    old: &Version,
    residuals: &[(usize, Vec<usize>)],
    new: &Version,
    audit: &mut Audit,
) {
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
    for number in 0..old.values.len() {
        let Some(before) = old.value(number) else {
            continue;
        };
        let Some(after) = new.value(number) else {
            let what = format!("shown then, no longer {since}");
            audit.find(Rule::FrozenMask, new.release, name(number), what);
            continue;
        };
        let change = before.abs_diff(after);
        if (1..batch).contains(&change) {
            let what = format!("changed by {change}, less than {batch}, {since}");
            audit.find(Rule::Batch, new.release, name(number), what);
        }
    }
    for (parent, parts) in residuals {
        let (Some(before), Some(after)) = (old.rest(*parent, parts), new.rest(*parent, parts))
        else {
            continue;
        };
        let change = before.abs_diff(after);
        if (1..u64::from(batch)).contains(&change) {
            let what = format!(
                "what is left beside the shown ones below it changed by {change}, less than {batch}, {since}"
            );
            audit.find(Rule::Batch, new.release, name(*parent), what);
        }
    }
}
