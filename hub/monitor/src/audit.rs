//! What anybody can check from the public files alone: `calluna-hub dataset audit`.
//!
//! For every release: hashes; every sum of shown values; thresholds; nothing shown below a hidden
//! parent; no hidden number closer to its sums than the threshold allows; one number the same in every table; persons at most enrolments, under one mask; the
//! district's rows worked out again. Across all releases: what was shown stays shown, and every shown
//! number, and every shown parent minus its shown children, changes by nothing or by at least the
//! batch size between any two.
//!
//! Nothing here uses the layout or the merging of the rest of the crate: tables and codes are read
//! from `tables.csv` and `dimensions.csv` of the release. The proof that no hidden number can be
//! worked out needs a linear program and is done elsewhere; its findings are in `audit.json`.

mod changes;
mod district;
mod number;
mod plan;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use serde::Serialize;

use self::changes::Versions;
use self::district::Total;
use self::number::Block;
use self::plan::Plan;
use crate::catalogue::TOTAL;
use crate::error::Result;
use crate::release::{Known, Manifest, PeriodNote, Releases, verify_with};
use crate::rows::Blocks;

/// Findings of one rule that are written out; the others are only counted.
const WRITTEN: usize = 100;

/// A rule that everybody can check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Files are what `release.json` and `SHA256SUMS` say.
    Hashes,
    /// A row holds what its status says.
    RowShape,
    /// One number has one value in all tables.
    OneNumber,
    /// A code is the sum of those below it.
    Sums,
    /// Shown numbers reach the threshold.
    Threshold,
    /// Nothing is shown below what is hidden.
    HiddenParent,
    /// Persons are at most enrolments.
    Persons,
    /// Persons and enrolments of a cell are shown or hidden together.
    OneMask,
    /// The district's row follows from the providers' rows.
    District,
    /// What was shown stays shown.
    FrozenMask,
    /// Nothing changes while the digest stays.
    SameDigest,
    /// Changes are none or at least the batch size.
    Batch,
    /// A hidden number keeps its width against plain subtraction. The linear program looks further.
    Width,
}

/// A rule that is broken somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// In which release.
    pub release: u64,
    /// Where in it: period, provider, number; or a file.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

/// What an audit found. No findings: everything that can be repeated holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Releases that were looked at.
    pub releases: Vec<u64>,
    /// Rows that were read; files that are the same in several releases are read once.
    pub rows: u64,
    /// Shown numbers that were judged.
    pub shown: u64,
    /// Hidden numbers.
    pub hidden: u64,
    /// Pairs of versions of a provider's period that were compared.
    pub pairs: u64,
    /// How many findings there are by rule.
    pub broken: BTreeMap<Rule, u64>,
    /// The first 100 of each rule.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.broken.is_empty()
    }

    fn find(&mut self, rule: Rule, release: u64, place: String, what: String) {
        let count = self.broken.entry(rule).or_default();
        *count += 1;
        if *count <= WRITTEN as u64 {
            self.findings.push(Finding {
                rule,
                release,
                place,
                what,
            });
        }
    }
}

/// Checks all releases of a folder. It only reads.
///
/// # Errors
/// When a file cannot be read at all; what is wrong with what it says is a finding.
pub fn audit(folder: &Path) -> Result<Audit> {
    let releases = Releases::reading(folder);
    let mut audit = Audit::default();
    let mut versions = Versions::default();
    let mut hashes = Known::default();
    let mut seen: HashSet<(String, String)> = HashSet::new();
    let mut plans: Vec<Rc<Plan>> = Vec::new();
    for number in releases.list()? {
        audit.releases.push(number);
        let manifest = releases.show(number)?;
        for fault in verify_with(&releases, number, &mut hashes)? {
            audit.find(Rule::Hashes, number, fault.file.clone(), fault.to_string());
        }
        let here = releases.folder(number);
        let plan = Plan::read(&here)?;
        let plan = match plans.iter().find(|known| known.same(&plan)) {
            Some(known) => Rc::clone(known),
            None => {
                plans.push(Rc::new(plan));
                Rc::clone(plans.last().unwrap_or(&Rc::default()))
            }
        };
        for period in &manifest.periods {
            let name = format!("figures/{}.csv", period.period);
            let file = manifest.files.iter().find(|file| file.name == name);
            let hash = file.map(|file| file.blake3.clone()).unwrap_or_default();
            // The same bytes say the same, whatever release they stand in.
            if seen.insert((name.clone(), hash)) {
                let one = One {
                    manifest: &manifest,
                    period,
                    plan: &plan,
                };
                one.check(&here.join(&name), &mut audit, &mut versions)?;
            }
        }
    }
    versions.check(&mut audit);
    Ok(audit)
}

/// One period of one release.
struct One<'a> {
    manifest: &'a Manifest,
    period: &'a PeriodNote,
    plan: &'a Rc<Plan>,
}

impl One<'_> {
    fn check(&self, path: &Path, audit: &mut Audit, versions: &mut Versions) -> Result<()> {
        let mut total = Total::new(self.plan);
        let mut blocks = Blocks::open(path)?;
        while let Some((provider, rows)) = blocks.next_block()? {
            audit.rows += rows.len() as u64;
            let mut block = Block::new(self.plan, &provider, self.manifest, self.period);
            for row in &rows {
                block.take(row, audit);
            }
            block.settle(&rows);
            if provider == TOTAL {
                total.compare(&block, audit);
                continue;
            }
            let bounds = district::bounds(self.plan, &block);
            block.judge(&bounds, audit);
            total.add(&block, bounds);
            versions.keep(self.plan, self.manifest, self.period, block);
        }
        Ok(())
    }
}
