//! What is decided about daemon, store, nights and reports.

use calluna_host::check::Finding;
use calluna_model::clock::Moment;
use calluna_sync::schedule::Schedule;

use crate::view::StatusDocument;

/// How long after a night that should have been nobody worries yet: it takes its time (2 hours).
/// With one night a day this warns after 26 hours and fails after 50.
pub(super) const NIGHT_SLACK: i64 = 2 * 3_600;
const DAY: i64 = 86_400;
/// Most providers that are named.
const NAMED: usize = 5;

/// The store, as whoever has it open says.
pub(super) fn store(status: &StatusDocument) -> Vec<Finding> {
    let opens = Finding::ok(
        "store-opens",
        format!(
            "the store is open and of a known version: {} offers of {} providers",
            status.offers,
            status.providers.len()
        ),
    );
    let state = if status.store_note.is_empty() {
        Finding::ok(
            "store-state",
            "it holds everything that was ever committed (STATE)",
        )
    } else {
        Finding::warning(
            "store-state",
            format!("the store is not whole: {}", status.store_note),
            "nothing is deleted; the next night compares everything with every node: calluna-hub sync --verify does so now",
        )
    };
    vec![opens, state]
}

/// The daemon, nights, providers, reports. `offline`: no daemon is expected.
pub(super) fn nights(
    status: &StatusDocument,
    schedule: Option<&Schedule>,
    now: Moment,
    offline: bool,
) -> Vec<Finding> {
    let mut findings = vec![daemon(status, offline)];
    findings.extend(version(status));
    findings.push(last_night(status.last_whole_night, schedule, now));
    findings.extend(held(status));
    findings.extend(silent(status));
    findings.extend(alarms(status));
    findings.extend(deliveries(status));
    findings
}

fn daemon(status: &StatusDocument, offline: bool) -> Finding {
    match (status.running, offline) {
        (true, _) => Finding::ok("daemon", "the hub's daemon runs"),
        (false, true) => Finding::note("daemon", "the hub's daemon does not run"),
        (false, false) => Finding::failure(
            "daemon",
            "the hub's daemon does not run: no node can connect, and no night begins",
            "start it: calluna-hub serve (or the system's service)",
        ),
    }
}

fn version(status: &StatusDocument) -> Option<Finding> {
    let own = env!("CARGO_PKG_VERSION");
    let (running, other) = (status.running, &status.version);
    (running && other != own).then(|| {
        let what = format!("the daemon has version {other}, and this program {own}");
        Finding::warning("version", what, "restart the daemon")
    })
}

/// The last night over all providers that ended in order, against the schedule.
pub(super) fn last_night(
    last: Option<Moment>,
    schedule: Option<&Schedule>,
    now: Moment,
) -> Finding {
    let Some(last) = last else {
        let what = "when the last night was completed is unknown: there was none yet";
        return Finding::note("night", what);
    };
    let what = format!("the last completed night began {last}");
    let Some(schedule) = schedule else {
        return Finding::ok("night", format!("{what}; nights begin by hand"));
    };
    let period = period(schedule, now);
    let age = now.since(last);
    let way_out =
        "look at `calluna-hub runs` and at the daemon's log; hold one now: calluna-hub sync";
    if age > 2 * period + NIGHT_SLACK {
        Finding::failure("night", what, way_out)
    } else if age > period + NIGHT_SLACK {
        Finding::warning("night", what, way_out)
    } else {
        Finding::ok("night", what)
    }
}

/// The time between the last two beginnings; never less than a day, so that the hour of a switch
/// of the clock makes no difference.
fn period(schedule: &Schedule, now: Moment) -> i64 {
    let last = schedule.at_or_before(now);
    let before = last.and_then(|last| schedule.at_or_before(last.plus(-1)));
    match (last, before) {
        (Some(last), Some(before)) => last.since(before).max(DAY),
        _ => DAY,
    }
}

fn held(status: &StatusDocument) -> Option<Finding> {
    let held = status.providers.iter().filter(|of| of.held.is_some());
    let names: Vec<&str> = held.map(|of| of.id.as_str()).collect();
    (!names.is_empty()).then(|| {
        Finding::warning(
            "held",
            format!("a guard holds back the night of {}", listed(&names)),
            "look at it with `calluna-hub held`, then `calluna-hub release` or `calluna-hub discard`",
        )
    })
}

fn silent(status: &StatusDocument) -> Option<Finding> {
    let mut silent: Vec<(&str, u64)> = status
        .providers
        .iter()
        .filter(|of| of.nights_missed > 0)
        .map(|of| (of.id.as_str(), of.nights_missed))
        .collect();
    silent.sort_by_key(|(_, missed)| std::cmp::Reverse(*missed));
    let names: Vec<String> = silent
        .iter()
        .map(|(id, missed)| format!("{id} ({missed})"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| {
        Finding::warning(
            "silent",
            format!(
                "without agreement, and for how many nights: {}",
                listed(&names)
            ),
            "ask them to run `calluna-node check`; why it failed stands in `calluna-hub status`",
        )
    })
}

fn alarms(status: &StatusDocument) -> Vec<Finding> {
    let all = status.providers.iter().flat_map(|of| &of.alarms);
    all.map(|alarm| {
        // The text names the way out itself.
        let (what, way_out) = alarm
            .text
            .split_once("; ")
            .unwrap_or((&alarm.text, "calluna-hub status says more"));
        Finding::warning(&alarm.name, what, way_out)
    })
    .collect()
}

fn deliveries(status: &StatusDocument) -> Vec<Finding> {
    let told = status.deliveries.iter();
    told.map(|last| {
        let (id, night) = (last.way.as_str(), last.night);
        if last.failure.is_empty() {
            return Finding::ok(
                id,
                format!("the report of night {night} was delivered {}", last.at),
            );
        }
        let what = format!(
            "the report of night {night} was not delivered: {}",
            last.failure
        );
        Finding::warning(
            id,
            what,
            "correct [mail] or [webhook] in hub.toml, then try: calluna-hub report --send",
        )
    })
    .collect()
}

fn listed(names: &[&str]) -> String {
    let shown = names
        .iter()
        .take(NAMED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
