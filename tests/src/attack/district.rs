//! Whether the district's numbers say only what the providers' numbers say.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{DistrictLeak, Findings};
use super::numbers::{Cell, Known, Number, Numbers, Revision};
use super::ranges::{Memory, Ranges};
use super::system::{System, Unknown};
use super::{Subject, whole};

/// Wider than any interval that a district publishes: asks for true ranges.
const WHOLE: i64 = 100_000;

/// A provider's revisions and what was found out about them; no system where they contradict
/// each other.
pub(super) struct Provider<'a> {
    pub(super) revisions: &'a [Revision],
    pub(super) system: Option<System>,
}

/// Checks every distinct state of the district's numbers.
pub(super) fn check(
    subject: &Subject<'_>,
    district: &[Revision],
    providers: &mut [Provider<'_>],
    releases: &[u64],
    memory: &mut Memory,
    findings: &mut Findings,
) {
    let mut told: BTreeSet<(Number, String)> = BTreeSet::new();
    let mut before = None;
    for release in releases {
        let Some(at) = in_release(district, *release) else {
            continue;
        };
        let present: Vec<(usize, usize)> = providers
            .iter()
            .enumerate()
            .filter_map(|(who, provider)| Some((who, in_release(provider.revisions, *release)?)))
            .collect();
        let state = (at, present);
        if before.as_ref() == Some(&state) {
            continue;
        }
        for (number, cell) in &district[at].cells {
            findings.district_judged += 1;
            let parts = parts(subject.numbers, providers, &state.1, *number);
            let why = match cell.value {
                Some(value) => shown(whole(value), &parts),
                None => between(cell, &parts, providers, memory, findings),
            };
            if let Some(why) = why
                && told.insert((*number, why.clone()))
            {
                let place = subject.place(district, at, *number);
                findings.district_leaks.push(DistrictLeak { place, why });
            }
        }
        before = Some(state);
    }
}

fn in_release(revisions: &[Revision], release: u64) -> Option<usize> {
    revisions
        .iter()
        .position(|known| (known.releases.0..=known.releases.1).contains(&release))
}

/// What the providers' numbers say of one cell.
#[derive(Default)]
struct Parts {
    /// Sum of what is shown.
    sum: i64,
    /// Providers whose number is hidden.
    open: usize,
    /// The hidden ones: whose, which unknown.
    hidden: Vec<(usize, Unknown)>,
    /// Sum of what the open ones can be at most; nothing without a limit.
    most: Option<i64>,
    /// Sum of what the hidden ones are at least.
    least: i64,
}

fn parts(
    numbers: &Numbers,
    providers: &[Provider<'_>],
    present: &[(usize, usize)],
    number: Number,
) -> Parts {
    let mut parts = Parts {
        most: Some(0),
        ..Parts::default()
    };
    for (who, at) in present {
        let provider = &providers[*who];
        let revision = &provider.revisions[*at];
        let known = revision.known(numbers, number);
        if let Known::Value(value) = known {
            parts.sum += whole(value);
            continue;
        }
        let place = (*at, number);
        let listed = revision.cells.contains_key(&number);
        let unknown = provider
            .system
            .as_ref()
            .filter(|_| listed)
            .and_then(|system| Some((system, system.root(*system.places.get(&place)?))));
        let most = match unknown {
            Some((system, unknown)) => {
                parts.open += 1;
                let (low, high) = system.bounds[unknown];
                parts.hidden.push((*who, unknown));
                parts.least += low;
                high
            }
            // Not listed where the table is left out: it may be zero for a reason that is in the public
            // catalogue, which an attacker of rows does not read. The district may use it.
            None => Some(0),
        };
        parts.most = add(parts.most, most);
    }
    parts
}

fn add(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    Some(one? + other?)
}

fn shown(value: i64, parts: &Parts) -> Option<String> {
    let Parts { sum, open, .. } = parts;
    if *open > 0 {
        return Some(format!("shown while {open} providers hide it"));
    }
    (value != *sum).then(|| format!("shown as {value}, the providers' sum is {sum}"))
}

/// An interval must hold everything that the providers' numbers leave possible.
fn between(
    cell: &Cell,
    parts: &Parts,
    providers: &[Provider<'_>],
    memory: &mut Memory,
    findings: &mut Findings,
) -> Option<String> {
    let (low, high) = cell.bounds.map(|(low, high)| (whole(low), whole(high)))?;
    let reaches = |most: Option<i64>| most.is_some_and(|most| parts.sum + most <= high);
    if low <= parts.sum && reaches(parts.most) {
        return None;
    }
    // The bounds so far are not the true ranges; linear programs know those.
    let mut most = Some(0);
    let mut least = 0;
    for (who, unknown) in &parts.hidden {
        let system = providers[*who].system.as_ref()?;
        let range = true_range(system, *unknown, memory, findings)?;
        least += range.0;
        most = add(most, range.1);
    }
    if low <= parts.sum + least && reaches(most) {
        return None;
    }
    let (sum, most) = (parts.sum, most.map(|most| parts.sum + most));
    Some(format!(
        "given as {low} to {high}, the providers' numbers say {} to {most:?}",
        sum + least
    ))
}

/// The true range of an unknown; no upper end where there is none.
fn true_range(
    system: &System,
    unknown: Unknown,
    memory: &mut Memory,
    findings: &mut Findings,
) -> Option<(i64, Option<i64>)> {
    if let Some(value) = system.fixed(unknown) {
        return Some((value, Some(value)));
    }
    let mut wanted: BTreeMap<Unknown, i64> = system
        .rules
        .iter()
        .flat_map(|rule| &rule.terms)
        .map(|(at, _)| (*at, 0))
        .collect();
    wanted.insert(unknown, WHOLE);
    let ranges = Ranges::find(system, &wanted, memory);
    findings.programs += ranges.programs;
    let range = ranges.of.get(&unknown)?;
    Some((range.low, range.done.then_some(range.high)))
}
