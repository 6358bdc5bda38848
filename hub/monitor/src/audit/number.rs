//! One provider's numbers of one period, or the district's, and the rules that hold within them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::plan::Plan;
use super::{Audit, Rule};
use crate::catalogue::TOTAL;
use crate::release::{Delivered, Manifest, PeriodNote};
use crate::rows::Row;

/// What the rows say of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// No row, and nothing says that it is zero.
    Unknown,
    /// No row in a table that is there: nobody offers it.
    Zero,
    /// Its value.
    Shown(u64),
    /// A row without a value, with bounds for the district.
    Hidden(Option<u64>, Option<u64>),
}

impl Seen {
    /// The value where one is known.
    pub(super) fn value(self) -> Option<u64> {
        match self {
            Self::Shown(value) => Some(value),
            Self::Zero => Some(0),
            Self::Unknown | Self::Hidden(..) => None,
        }
    }
}

/// The numbers of one block of rows.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) plan: Rc<Plan>,
    pub(super) provider: String,
    pub(super) release: u64,
    pub(super) period: String,
    pub(super) delivered: Option<Delivered>,
    pub(super) rules: calluna_tables::Rules,
    pub(super) seen: Vec<Seen>,
    /// Whether some cells are left out, so that a missing row may mean two things.
    pub(super) coarse: bool,
    provisional: bool,
    /// By table: depths that are left out, as `release.json` lists them.
    left_out: HashMap<String, BTreeSet<String>>,
}

impl Block {
    pub(super) fn new(
        plan: &Rc<Plan>,
        provider: &str,
        manifest: &Manifest,
        period: &PeriodNote,
    ) -> Self {
        let delivered = period
            .providers
            .iter()
            .find(|known| known.provider == provider);
        let mut left_out: HashMap<String, BTreeSet<String>> = HashMap::new();
        for left in &manifest.notes.left_out {
            if left.period == period.period && (left.provider == provider || provider == TOTAL) {
                let levels = left
                    .level
                    .split(';')
                    .map(|level| level.trim_end_matches('~'));
                let known = left_out.entry(left.table.clone()).or_default();
                known.extend(levels.map(str::to_owned));
            }
        }
        let provisional = match delivered {
            Some(delivered) => delivered.kind == calluna_tables::Kind::Provisional,
            None => period.state == "provisional",
        };
        Self {
            plan: Rc::clone(plan),
            provider: provider.to_owned(),
            release: manifest.number,
            period: period.period.clone(),
            delivered: delivered.cloned(),
            rules: manifest.rules.clone(),
            seen: vec![Seen::Unknown; plan.names.len()],
            coarse: !left_out.is_empty(),
            provisional,
            left_out,
        }
    }

    pub(super) fn place(&self, number: usize) -> String {
        let name = self.plan.names.get(number).map_or("?", String::as_str);
        format!("{} {} {name}", self.period, self.provider)
    }

    pub(super) fn at(&self, number: usize) -> Seen {
        self.seen.get(number).copied().unwrap_or(Seen::Unknown)
    }

    /// Takes a row in.
    pub(super) fn take(&mut self, row: &Row, audit: &mut Audit) {
        let Some(number) = self.plan.of(row) else {
            let place = format!("{} {} {}", self.period, self.provider, row.key());
            audit.find(
                Rule::RowShape,
                self.release,
                place,
                "a code or measure that no list of the release has".to_owned(),
            );
            return;
        };
        let bounded = row.lower.is_some() || row.upper.is_some();
        let expected = if self.provisional { "P" } else { "A" };
        let well = match row.value {
            Some(_) => row.status == expected && row.confidential == "F" && !bounded,
            None => {
                let may = self.provider == TOTAL;
                row.status == "Q" && row.confidential == "C" && (may == row.lower.is_some())
            }
        };
        if !well || row.period != self.period {
            let what = "value, bounds and status do not go together".to_owned();
            audit.find(Rule::RowShape, self.release, self.place(number), what);
        }
        let seen = match row.value {
            Some(value) => Seen::Shown(value),
            None => Seen::Hidden(row.lower, row.upper),
        };
        let before = self.at(number);
        if before != Seen::Unknown && before != seen {
            let what = format!("{before:?} in one table, {seen:?} in another");
            audit.find(Rule::OneNumber, self.release, self.place(number), what);
        }
        if let Some(slot) = self.seen.get_mut(number) {
            *slot = seen;
        }
    }

    /// What has no row is zero where its table is there and the cell is not left out.
    pub(super) fn settle(&mut self, rows: &[Row]) {
        let there: HashSet<&str> = rows.iter().map(|row| row.table.as_str()).collect();
        let plan = Rc::clone(&self.plan);
        for (table, places) in plan
            .tables
            .iter()
            .filter(|(id, _)| there.contains(id.as_str()))
        {
            let left = self.left_out.get(table);
            for (number, depth) in places {
                let listed = left.is_some_and(|left| left.contains(depth));
                if let Some(slot) = self.seen.get_mut(*number)
                    && *slot == Seen::Unknown
                    && !listed
                {
                    *slot = Seen::Zero;
                }
            }
        }
    }

    /// The rules within one provider's period.
    pub(super) fn judge(&self, bounds: &[Option<u64>], audit: &mut Audit) {
        for number in 0..self.seen.len() {
            match self.at(number) {
                Seen::Shown(value) => {
                    audit.shown += 1;
                    let least = self.threshold(number);
                    if value < least {
                        let what = format!("shown, and below {least}");
                        audit.find(Rule::Threshold, self.release, self.place(number), what);
                    }
                }
                Seen::Hidden(..) => {
                    audit.hidden += 1;
                    let width = self.threshold(number).saturating_sub(1);
                    let bound = bounds.get(number).copied().flatten();
                    if let Some(bound) = bound.filter(|bound| *bound < width) {
                        let what = format!(
                            "hidden, and at most {bound} by subtraction; {width} is the least"
                        );
                        audit.find(Rule::Width, self.release, self.place(number), what);
                    }
                }
                Seen::Unknown | Seen::Zero => {}
            }
        }
        for (parent, parts) in &self.plan.sums {
            self.sum(*parent, parts, audit);
        }
        for (persons, enrolments) in &self.plan.persons {
            match (self.at(*persons), self.at(*enrolments)) {
                (Seen::Shown(persons_here), Seen::Shown(all)) if persons_here > all => {
                    let what = format!("{persons_here} persons with {all} enrolments");
                    audit.find(Rule::Persons, self.release, self.place(*persons), what);
                }
                (Seen::Shown(_), Seen::Hidden(..)) | (Seen::Hidden(..), Seen::Shown(_)) => {
                    let what =
                        "one of persons and enrolments is shown, the other hidden".to_owned();
                    audit.find(Rule::OneMask, self.release, self.place(*persons), what);
                }
                _ => {}
            }
        }
    }

    fn sum(&self, parent: usize, parts: &[usize], audit: &mut Audit) {
        let known: u64 = parts.iter().filter_map(|part| self.at(*part).value()).sum();
        let all = parts.iter().all(|part| self.at(*part).value().is_some());
        let shown = parts
            .iter()
            .any(|part| matches!(self.at(*part), Seen::Shown(_)));
        match self.at(parent) {
            Seen::Hidden(..) if shown => {
                let what = "hidden, and something below it is shown".to_owned();
                audit.find(Rule::HiddenParent, self.release, self.place(parent), what);
            }
            Seen::Shown(value) if known > value || (all && known != value) => {
                let what = format!("{value}, and what is below it adds up to {known}");
                audit.find(Rule::Sums, self.release, self.place(parent), what);
            }
            Seen::Zero
                if shown
                    || parts
                        .iter()
                        .any(|part| matches!(self.at(*part), Seen::Hidden(..))) =>
            {
                let what = "nothing is offered, and something below it has a row".to_owned();
                audit.find(Rule::Sums, self.release, self.place(parent), what);
            }
            _ => {}
        }
    }

    fn threshold(&self, number: usize) -> u64 {
        let subjects = self.plan.subjects.get(number);
        let sensitive = subjects
            .is_some_and(|codes| codes.iter().any(|code| self.rules.sensitive.contains(code)));
        u64::from(if sensitive {
            self.rules.sensitive_threshold
        } else {
            self.rules.threshold
        })
    }
}
