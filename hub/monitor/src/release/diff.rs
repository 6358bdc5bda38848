//! What differs between two releases, from their files alone.
//!
//! Figures are read provider by provider: both files have providers in the same order, so never more
//! than one provider's rows of each lie in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Serialize;

use super::{Manifest, Releases};
use crate::error::Result;
use crate::rows::{Blocks, Row};

/// What differs between two releases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The older release; nothing when there is none.
    pub from: Option<u64>,
    /// The newer release.
    pub to: u64,
    /// Rows of figures by period, provider and table, where any differ.
    pub figures: Vec<Changes>,
    /// Files other than figures that are there only in the newer one.
    pub files_added: Vec<String>,
    /// Files other than figures that are there only in the older one.
    pub files_removed: Vec<String>,
    /// Files other than figures that differ.
    pub files_changed: Vec<String>,
}

/// Rows of one table of one provider and period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The period.
    pub period: String,
    /// The provider, or `_T` for the district.
    pub provider: String,
    /// The table.
    pub table: String,
    /// Rows only in the newer release.
    pub added: u64,
    /// Rows only in the older release.
    pub removed: u64,
    /// Rows in both with another value, bound or status.
    pub changed: u64,
}

impl Difference {
    /// Rows added, removed and changed in all.
    #[must_use]
    pub fn totals(&self) -> (u64, u64, u64) {
        let sum = |of: fn(&Changes) -> u64| self.figures.iter().map(of).sum();
        (
            sum(|one| one.added),
            sum(|one| one.removed),
            sum(|one| one.changed),
        )
    }
}

/// What differs from release `from` to release `to`.
///
/// # Errors
/// When one of them is not there or cannot be read.
pub fn diff(releases: &Releases, from: u64, to: u64) -> Result<Difference> {
    let (old, new) = (releases.show(from)?, releases.show(to)?);
    let old = (releases.folder(from), &old);
    between(Some((&old.0, old.1)), (&releases.folder(to), &new))
}

/// The same for a folder that is not finished yet.
pub(crate) fn between(
    old: Option<(&Path, &Manifest)>,
    new: (&Path, &Manifest),
) -> Result<Difference> {
    let mut out = Difference {
        from: old.map(|(_, known)| known.number),
        to: new.1.number,
        ..Difference::default()
    };
    let hashes = |known: &Manifest| -> BTreeMap<String, String> {
        let files = known.files.iter();
        files
            .map(|file| (file.name.clone(), file.blake3.clone()))
            .collect()
    };
    let before = old.map(|(_, known)| hashes(known)).unwrap_or_default();
    let after = hashes(new.1);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (before, after) = (before.get(name), after.get(name));
        if before == after {
            continue;
        }
        if name.starts_with("figures/") {
            if name.ends_with(".csv") {
                let old = old
                    .filter(|_| before.is_some())
                    .map(|(path, _)| path.join(name));
                let new = after.map(|_| new.0.join(name));
                figures(old.as_deref(), new.as_deref(), &mut out.figures)?;
            }
            continue;
        }
        let list = match (before, after) {
            (None, _) => &mut out.files_added,
            (_, None) => &mut out.files_removed,
            _ => &mut out.files_changed,
        };
        list.push(name.clone());
    }
    Ok(out)
}

/// Merges two files of one period by provider.
fn figures(old: Option<&Path>, new: Option<&Path>, out: &mut Vec<Changes>) -> Result<()> {
    let open = |path: Option<&Path>| path.map(Blocks::open).transpose();
    let (mut old, mut new) = (open(old)?, open(new)?);
    let next = |blocks: &mut Option<Blocks>| blocks.as_mut().map_or(Ok(None), Blocks::next_block);
    let (mut before, mut after) = (next(&mut old)?, next(&mut new)?);
    loop {
        // The district comes last, whatever its code sorts like.
        let rank = |block: &Option<(String, Vec<Row>)>| {
            let name = block.as_ref().map(|(provider, _)| provider.clone());
            name.map(|provider| (provider == crate::catalogue::TOTAL, provider))
        };
        let (first, second) = (rank(&before), rank(&after));
        let (take_old, take_new) = match (&first, &second) {
            (None, None) => return Ok(()),
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(one), Some(other)) => (one <= other, other <= one),
        };
        let gone = if take_old { before.take() } else { None };
        let come = if take_new { after.take() } else { None };
        compare(gone, come, out);
        if take_old {
            before = next(&mut old)?;
        }
        if take_new {
            after = next(&mut new)?;
        }
    }
}

fn compare(
    old: Option<(String, Vec<Row>)>,
    new: Option<(String, Vec<Row>)>,
    out: &mut Vec<Changes>,
) {
    let provider = [&old, &new].into_iter().flatten().next();
    let provider = provider
        .map(|(provider, _)| provider.clone())
        .unwrap_or_default();
    let rows = |block: Option<(String, Vec<Row>)>| block.map(|(_, rows)| rows).unwrap_or_default();
    let mut counts: BTreeMap<(String, String), (u64, u64, u64)> = BTreeMap::new();
    let mut known: HashMap<String, Row> =
        rows(old).into_iter().map(|row| (row.key(), row)).collect();
    for row in rows(new) {
        let place = (row.period.clone(), row.table.clone());
        match known.remove(&row.key()) {
            None => counts.entry(place).or_default().0 += 1,
            Some(old) if old.said() != row.said() => counts.entry(place).or_default().2 += 1,
            Some(_) => {}
        }
    }
    for row in known.into_values() {
        counts.entry((row.period, row.table)).or_default().1 += 1;
    }
    out.extend(
        counts
            .into_iter()
            .map(|((period, table), (added, removed, changed))| Changes {
                period,
                provider: provider.clone(),
                table,
                added,
                removed,
                changed,
            }),
    );
}
