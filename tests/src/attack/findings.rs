//! What an attack found.

use std::collections::BTreeMap;
use std::fmt;

/// A number in words, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The period.
    pub period: String,
    /// The provider, `_T` for the district.
    pub provider: String,
    /// The first release in a row that holds it.
    pub release: u64,
    /// Measure and codes.
    pub what: String,
}

/// A hidden number that is not hidden enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disclosed {
    /// Which.
    pub place: Place,
    /// Its least possible value.
    pub low: i64,
    /// Its largest possible value.
    pub high: i64,
    /// How far these should lie apart.
    pub wanted: i64,
}

/// A shown number, or what is left of a shown number without its shown parts, that changed by a
/// few persons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SmallChange {
    /// Which, in the earlier of the two releases.
    pub place: Place,
    /// The later release.
    pub later: u64,
    /// Whether it is what is left of a number.
    pub residual: bool,
    /// What it was.
    pub from: i64,
    /// What it became.
    pub to: i64,
}

/// A number that was shown and later hidden.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HiddenAgain {
    /// Which, where it was shown.
    pub place: Place,
    /// The release that hides it.
    pub later: u64,
}

/// A number of the district that says more than the numbers of the providers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DistrictLeak {
    /// Which.
    pub place: Place,
    /// What it says too much.
    pub why: String,
}

/// How much was shown at the end of each period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Utility {
    /// Numbers of providers that are listed.
    pub listed: u64,
    /// Of these the shown ones.
    pub shown: u64,
    /// By dimensions: enrolments in shown cells that nothing lies below, of all that are known.
    pub inner: BTreeMap<String, (u64, u64)>,
}

/// Everything that an attack found. An attack that finds nothing has read something all the same:
/// see [`Findings::judged`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Hidden numbers in all distinct revisions.
    pub judged: u64,
    /// Hidden numbers with one possible value.
    pub exact: Vec<Disclosed>,
    /// Hidden numbers with too few possible values.
    pub narrow: Vec<Disclosed>,
    /// Numbers that no program could solve: nothing is proved for them.
    pub unsolved: Vec<Place>,
    /// Changes by a few persons, each pair of values once.
    pub small_changes: Vec<SmallChange>,
    /// Numbers hidden after they were shown.
    pub hidden_again: Vec<HiddenAgain>,
    /// Numbers of the district that say too much.
    pub district_leaks: Vec<DistrictLeak>,
    /// Where the releases contradict themselves, in words.
    pub contradictions: Vec<String>,
    /// Numbers of the district that were checked.
    pub district_judged: u64,
    /// Linear programs solved.
    pub programs: usize,
    /// What readers have of it.
    pub utility: Utility,
}

impl Findings {
    /// Adds a number that is not hidden enough.
    pub(super) fn disclosed(&mut self, place: Place, (low, high): (i64, i64), wanted: i64) {
        let list = if low == high {
            &mut self.exact
        } else {
            &mut self.narrow
        };
        list.push(Disclosed {
            place,
            low,
            high,
            wanted,
        });
    }

    /// Whether nothing was found and nothing was left undecided.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.exact.is_empty()
            && self.narrow.is_empty()
            && self.unsolved.is_empty()
            && self.small_changes.is_empty()
            && self.hidden_again.is_empty()
            && self.district_leaks.is_empty()
            && self.contradictions.is_empty()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            period,
            provider,
            release,
            what,
        } = self;
        write!(f, "{period} {provider} release {release}: {what}")
    }
}

/// Figures, and the first few of each kind.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} hidden numbers judged with {} linear programs: {} exact, {} narrow, {} unsolved",
            self.judged,
            self.programs,
            self.exact.len(),
            self.narrow.len(),
            self.unsolved.len()
        )?;
        writeln!(
            f,
            "{} small changes, {} hidden again, {} of {} district numbers say too much, {} contradictions",
            self.small_changes.len(),
            self.hidden_again.len(),
            self.district_leaks.len(),
            self.district_judged,
            self.contradictions.len()
        )?;
        let Utility {
            listed,
            shown,
            inner,
        } = &self.utility;
        writeln!(f, "{shown} of {listed} listed numbers shown")?;
        for (dimensions, (shown, all)) in inner {
            writeln!(
                f,
                "  {dimensions}: {shown} of {all} enrolments in shown inner cells"
            )?;
        }
        for found in self.exact.iter().chain(&self.narrow).take(5) {
            let Disclosed {
                place,
                low,
                high,
                wanted,
            } = found;
            writeln!(f, "  {place} is {low} to {high}, wanted {wanted} apart")?;
        }
        for found in self.small_changes.iter().take(5) {
            let kind = if found.residual {
                " (what is left)"
            } else {
                ""
            };
            let SmallChange {
                place,
                later,
                from,
                to,
                ..
            } = found;
            writeln!(
                f,
                "  {place}{kind} goes from {from} to {to} in release {later}"
            )?;
        }
        for found in self.hidden_again.iter().take(3) {
            writeln!(
                f,
                "  {} is hidden again in release {}",
                found.place, found.later
            )?;
        }
        for found in self.district_leaks.iter().take(3) {
            writeln!(f, "  {}: {}", found.place, found.why)?;
        }
        for found in self.unsolved.iter().take(3) {
            writeln!(f, "  {found} is unsolved")?;
        }
        for found in self.contradictions.iter().take(3) {
            writeln!(f, "  {found}")?;
        }
        Ok(())
    }
}
