//! The end of a night, written together with the entry of the audit log that tells of it.

use std::collections::BTreeMap;

use anyhow::Result;
use calluna_audit::{Draft, Event};
use calluna_model::outcome::Outcome;
use calluna_model::report::{NightReport, NightState, Trigger};
use calluna_store::Change;

use crate::hub::Hub;

/// Providers that an entry names one by one; of more it says how many.
const NAMED: usize = 400;

/// Writes the report of a night that is over.
pub(super) fn save(hub: &Hub, report: &NightReport) -> Result<()> {
    hub.audited([draft(report)], |audit| {
        hub.store.apply(&Change::Night(report), audit)
    })?;
    Ok(())
}

/// Closes a night that was cut off by the end of the process; that night, if there was one.
///
/// # Errors
/// When it could not be made durable.
pub fn close_aborted(hub: &Hub) -> Result<Option<NightReport>> {
    let newest = hub.store.latest_night()?;
    // One night at a time runs, so only the newest can have been cut off.
    let Some(mut night) = newest.filter(|night| night.state == NightState::Running) else {
        return Ok(None);
    };
    night.state = NightState::Aborted;
    night.ended_at = Some(hub.clock.now());
    save(hub, &night)?;
    Ok(Some(night))
}

fn draft(report: &NightReport) -> Draft {
    let by_hand = report.trigger == Trigger::Hand && report.state != NightState::Aborted;
    let draft = if by_hand {
        Draft::operator(Event::Night)
    } else {
        Draft::hub(Event::Night)
    };
    let mut draft = draft
        .with("night", report.night)
        .with("trigger", report.trigger)
        .with("state", report.state)
        .with("providers", report.providers.len());
    let mut outcomes: BTreeMap<Outcome, usize> = BTreeMap::new();
    for line in &report.providers {
        *outcomes.entry(line.outcome).or_insert(0) += 1;
    }
    for (outcome, count) in outcomes {
        draft = draft.with(&format!("outcome.{outcome}"), count);
    }
    let removed: u64 = report.providers.iter().map(|line| line.removed).sum();
    draft = draft.with("removed", removed);
    let mut eventful = report
        .providers
        .iter()
        .filter(|line| line.outcome != Outcome::Unchanged);
    for line in eventful.by_ref().take(NAMED) {
        let name = format!("provider.{}", line.provider);
        draft = draft.with(&name, line.outcome);
    }
    match eventful.count() {
        0 => draft,
        more => draft.with("more-providers", more),
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::clock::Moment;
    use calluna_model::report::ProviderReport;

    use super::*;

    #[test]
    fn an_entry_counts_all_and_names_those_to_whom_something_happened() {
        let line = |number: usize, outcome| {
            let provider = format!("school-{number}").parse().unwrap();
            ProviderReport::new(provider, outcome)
        };
        let mut providers: Vec<_> = (0..NAMED).map(|n| line(n, Outcome::Ok)).collect();
        providers.extend((1_000..1_007).map(|n| line(n, Outcome::Unchanged)));
        providers.extend((2_000..2_003).map(|n| line(n, Outcome::Held)));
        let mut report = NightReport {
            night: 17,
            trigger: Trigger::Hand,
            whole: true,
            started_at: Moment(0),
            ended_at: Some(Moment(60)),
            state: NightState::Finished,
            providers,
        };
        let told = draft(&report);
        let of = |key: &str| told.details.get(key).map(str::to_owned);
        assert_eq!(of("night").as_deref(), Some("17"));
        assert_eq!(of("outcome.ok"), Some(NAMED.to_string()));
        assert_eq!(of("outcome.unchanged").as_deref(), Some("7"));
        assert_eq!(of("outcome.held").as_deref(), Some("3"));
        assert_eq!(of("provider.school-0").as_deref(), Some("ok"));
        assert_eq!(of("provider.school-1000"), None);
        assert_eq!(of("more-providers").as_deref(), Some("3"));
        assert_eq!(told.actor, calluna_audit::Actor::Operator);
        report.state = NightState::Aborted;
        assert_eq!(draft(&report).actor, calluna_audit::Actor::Hub);
    }
}
