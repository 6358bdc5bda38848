//! The attacker of the participation figures: reads releases as anybody can, and finds what they
//! give away. It shares no code with what protects or publishes.
//!
//! **What it knows.** Every release in order; how codes add up; that a row which a table leaves out
//! is zero (nothing of that kind is offered), unless the release says that the table was made
//! coarser; that persons are at most enrolments and registrations of the group `enrolments` are the
//! enrolments; that numbers only grow while a period is provisional; that no number is negative.
//! Which hidden numbers are small it does not know: there is one code for all of them.
//!
//! **What it does not know.** Whatever is not in a release: itself as a participant, a course with
//! one room, the news. Providers are attacked one by one; the district's rows must follow from them,
//! which `district` checks, so they add nothing.
//!
//! **Left out rows.** `parent = Σ children` becomes `parent >= Σ listed children` where a child is
//! neither listed nor zero by the rules, so nothing is claimed that the attacker cannot know.
//!
//! | module | does |
//! |---|---|
//! | [`release`] | reads a folder |
//! | `numbers` | the same number in several tables, and the sums that it belongs to |
//! | `system` | unknowns and rules over all revisions, and what follows without a linear program |
//! | `ranges` | how far each unknown can move: linear programs |
//! | `changes` | any two revisions compared |
//! | `district` | the district's rows against those of the providers |
//! | [`findings`] | what was found |

mod changes;
mod district;
pub mod findings;
mod numbers;
mod ranges;
pub mod release;
mod system;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

pub use self::findings::Findings;
use self::findings::Place;
use self::numbers::{Known, Number, Numbers, Revision};
use self::ranges::{Memory, Ranges};
pub use self::release::Release;
use self::release::Row;
use self::system::{System, Unknown};

/// The provider code of the district.
const DISTRICT: &str = "_T";

/// What the attacker assumes and what counts as a finding.
#[derive(Clone, Debug)]
pub struct Options {
    /// Persons below which a number is hidden: hidden ones should be `threshold - 1` wide.
    pub threshold: u64,
    /// The same for sensitive subjects and every total above them.
    pub sensitive_threshold: u64,
    /// Codes of `SUBJECT`.
    pub sensitive: BTreeSet<String>,
    /// The smallest change that may be seen.
    pub batch: u64,
    /// Whether numbers of provisional revisions only grow.
    pub grows: bool,
    /// One period only.
    pub period: Option<String>,
    /// All enrolments by period and provider, for [`findings::Utility`]; else the shown totals.
    pub truth: Option<BTreeMap<(String, String), u64>>,
}

impl Default for Options {
    /// Thresholds 5 and 10, no sensitive subject, batches of 5, numbers grow.
    fn default() -> Self {
        Self {
            threshold: 5,
            sensitive_threshold: 10,
            sensitive: BTreeSet::new(),
            batch: 5,
            grows: true,
            period: None,
            truth: None,
        }
    }
}

/// Releases, read and ready to be attacked.
#[derive(Debug, Default)]
pub struct Attack {
    numbers: Numbers,
    releases: Vec<u64>,
    /// Period, provider.
    revisions: BTreeMap<(String, String), Vec<Revision>>,
}

impl Attack {
    /// Reads release folders, oldest first.
    ///
    /// # Errors
    /// When a file is missing or is not as agreed.
    pub fn load<P: AsRef<Path>>(folders: &[P]) -> Result<Self> {
        let mut attack = Self::default();
        for folder in folders {
            let folder = folder.as_ref();
            let release = Release::read(folder)?;
            attack
                .add(&release)
                .with_context(|| folder.display().to_string())?;
        }
        Ok(attack)
    }

    /// Takes releases from memory, oldest first.
    ///
    /// # Errors
    /// When a row has a code that is not in the release's list.
    pub fn of(releases: &[Release]) -> Result<Self> {
        let mut attack = Self::default();
        releases
            .iter()
            .try_for_each(|release| attack.add(release))
            .map(|()| attack)
    }

    /// Adds the next release.
    ///
    /// # Errors
    /// When it is not the next one, or a row has a code that is not in the release's list.
    pub fn add(&mut self, release: &Release) -> Result<()> {
        ensure!(
            self.releases
                .last()
                .is_none_or(|last| *last < release.number),
            "release {} comes too late: oldest first",
            release.number
        );
        self.releases.push(release.number);
        self.numbers.learn(release)?;
        let mut groups: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
        let mut growing: BTreeSet<(&str, &str)> = BTreeSet::new();
        for row in &release.rows {
            let group = groups.entry((&row.period, &row.provider)).or_default();
            group.push(row);
            if row.provisional {
                growing.insert((&row.period, &row.provider));
            }
        }
        for ((period, provider), rows) in groups {
            let coarse: BTreeSet<&str> = release
                .left_out
                .iter()
                .filter(|out| out.period == period && out.provider == provider)
                .map(|out| out.table.as_str())
                .collect();
            let provisional = growing.contains(&(period, provider));
            let new = Revision::new(
                &mut self.numbers,
                release.number,
                provisional,
                &rows,
                &coarse,
            )?;
            let name = (period.to_owned(), provider.to_owned());
            let known = self.revisions.entry(name).or_default();
            match known.last_mut() {
                Some(last) if last.same(&new) => last.releases.1 = release.number,
                _ => known.push(new),
            }
        }
        Ok(())
    }

    /// Distinct revisions of all providers, the district left out.
    #[must_use]
    pub fn revisions(&self) -> usize {
        let providers = self
            .revisions
            .iter()
            .filter(|((_, who), _)| who != DISTRICT);
        providers.map(|(_, revisions)| revisions.len()).sum()
    }

    /// Attacks.
    #[must_use]
    pub fn run(&self, options: &Options) -> Findings {
        let mut findings = Findings::default();
        let mut memory = Memory::new();
        let mut periods: BTreeSet<&str> = self
            .revisions
            .keys()
            .map(|(period, _)| period.as_str())
            .collect();
        periods.retain(|period| options.period.as_deref().is_none_or(|only| only == *period));
        for period in periods {
            self.run_period(period, options, &mut memory, &mut findings);
        }
        findings
    }

    fn run_period(
        &self,
        period: &str,
        options: &Options,
        memory: &mut Memory,
        findings: &mut Findings,
    ) {
        let mut district = None;
        let mut providers = Vec::new();
        for ((of, provider), revisions) in &self.revisions {
            if of != period {
                continue;
            }
            let subject = Subject {
                numbers: &self.numbers,
                period,
                provider,
            };
            let batch = whole(options.batch);
            changes::compare(&subject, revisions, batch, findings);
            if provider == DISTRICT {
                district = Some((subject, revisions));
                continue;
            }
            subject.utility(revisions, options, findings);
            let system = subject.solve(revisions, options, memory, findings);
            providers.push(district::Provider { revisions, system });
        }
        if let Some((subject, revisions)) = district {
            district::check(
                &subject,
                revisions,
                &mut providers,
                &self.releases,
                memory,
                findings,
            );
        }
    }
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX / 4)
}

/// Whose numbers are attacked.
struct Subject<'a> {
    numbers: &'a Numbers,
    period: &'a str,
    provider: &'a str,
}

impl Subject<'_> {
    fn place(&self, revisions: &[Revision], at: usize, number: Number) -> Place {
        Place {
            period: self.period.to_owned(),
            provider: self.provider.to_owned(),
            release: revisions[at].releases.0,
            what: self.numbers.words(number),
        }
    }

    /// The width that a hidden number should have.
    fn wanted(&self, revision: &Revision, number: Number, options: &Options) -> i64 {
        let below = self.numbers.below_subject(number, &options.sensitive);
        let is_sensitive = below.iter().any(|below| revision.cells.contains_key(below));
        let threshold = if is_sensitive {
            options.sensitive_threshold
        } else {
            options.threshold
        };
        whole(threshold.saturating_sub(1))
    }

    /// The ranges of every hidden number.
    fn solve(
        &self,
        revisions: &[Revision],
        options: &Options,
        memory: &mut Memory,
        findings: &mut Findings,
    ) -> Option<System> {
        self.obvious(revisions, options, findings);
        let Ok(system) = System::new(self.numbers, revisions, options.grows) else {
            let Self {
                period, provider, ..
            } = self;
            findings
                .contradictions
                .push(format!("{period} {provider}: no numbers fit all rows"));
            return None;
        };
        // Of sums that are not listed nothing is promised; they tie what is.
        let listed = |at: usize, number| revisions[at].cells.contains_key(&number);
        let mut asked: BTreeMap<Unknown, i64> = BTreeMap::new();
        for ((at, number), unknown) in &system.places {
            let unknown = system.root(*unknown);
            if system.fixed(unknown).is_none() {
                let most = asked.entry(unknown).or_default();
                if listed(*at, *number) {
                    *most = self.wanted(&revisions[*at], *number, options).max(*most);
                }
            }
        }
        let ranges = Ranges::find(&system, &asked, memory);
        findings.programs += ranges.programs;
        let hidden = system.places.iter();
        for ((at, number), unknown) in hidden.filter(|((at, number), _)| listed(*at, *number)) {
            findings.judged += 1;
            let place = || self.place(revisions, *at, *number);
            let unknown = system.root(*unknown);
            if ranges.unsolved.contains(&unknown) {
                findings.unsolved.push(place());
                continue;
            }
            let (low, high) = match (system.fixed(unknown), ranges.of.get(&unknown)) {
                (Some(value), _) => (value, value),
                (None, Some(range)) => (range.low, range.high),
                (None, None) => continue,
            };
            let wanted = self.wanted(&revisions[*at], *number, options);
            if high - low < wanted {
                findings.disclosed(place(), (low, high), wanted);
            }
        }
        if ranges.contradictions > 0 {
            findings.contradictions.push(format!(
                "{} {}: no numbers fit the rows around {} groups of hidden ones",
                self.period, self.provider, ranges.contradictions
            ));
        }
        Some(system)
    }

    /// Numbers that one table hides and another shows, or that two tables show differently.
    fn obvious(&self, revisions: &[Revision], options: &Options, findings: &mut Findings) {
        for (at, revision) in revisions.iter().enumerate() {
            for number in &revision.torn {
                let place = self.place(revisions, at, *number);
                let text = format!("{place} has two values");
                findings.contradictions.push(text);
            }
            for (number, cell) in &revision.cells {
                if let Some(value) = cell.value.filter(|_| cell.hidden) {
                    findings.judged += 1;
                    let wanted = self.wanted(revision, *number, options);
                    let place = self.place(revisions, at, *number);
                    findings.disclosed(place, (whole(value), whole(value)), wanted);
                }
            }
        }
    }

    /// Adds what the last revision shows.
    fn utility(&self, revisions: &[Revision], options: &Options, findings: &mut Findings) {
        let Some(last) = revisions.last() else { return };
        let utility = &mut findings.utility;
        utility.listed += last.cells.len() as u64;
        let shown = || {
            let value = |(number, cell): (&Number, &numbers::Cell)| Some((*number, cell.value?));
            last.cells.iter().filter_map(value)
        };
        utility.shown += shown().count() as u64;
        let name = (self.period.to_owned(), self.provider.to_owned());
        let told = || match last.known(self.numbers, self.numbers.all_enrolments()?) {
            Known::Value(value) => Some(value),
            _ => None,
        };
        let all = match &options.truth {
            Some(truth) => truth.get(&name).copied(),
            None => told(),
        };
        let inner = |number: &Number| self.numbers.is_inner_enrolments(*number);
        let mut by: BTreeMap<String, u64> = BTreeMap::new();
        for number in last.cells.keys().copied().filter(inner) {
            let value = last.cells[&number].value.unwrap_or(0);
            *by.entry(self.numbers.dimensions_of(number).join(" × "))
                .or_default() += value;
        }
        for (dimensions, shown) in by {
            let sum = utility.inner.entry(dimensions).or_default();
            sum.0 += shown;
            sum.1 += all.unwrap_or(0);
        }
    }
}
