//! All nodes lose their hub in the same moment, and come back.

use anyhow::{Context, Result};
use calluna_host::out::data;
use calluna_node::config::Link;
use calluna_tests::bench::crowd::{Keeps, busiest_second};
use calluna_tests::bench::field::{Field, keep};
use calluna_tests::bench::meter;
use serde_json::json;
use tokio::time::Instant;

/// How often the hub is killed.
const ROUNDS: usize = 3;

pub(crate) fn run(args: &[String]) -> Result<()> {
    let number = |at: usize| args.get(at).map(|text| text.parse::<usize>()).transpose();
    let count = number(0)?.unwrap_or(1_000);
    let spread = number(1)?.map(|seconds| seconds as u64);
    let dir = tempfile::tempdir()?;
    let mut field = Field::found(dir.path(), count, Keeps::InMemory, spread)?;
    field.nodes.ask("publish 2")?;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        field.nodes.tell("return")?;
        let begun = Instant::now();
        field = field.restart_hub();
        let down = begun.elapsed().as_secs_f64();
        let hub = meter::of(field.hub.id());
        let empty = hub.resident_mib();
        let overflows = meter::accept_queue_overflows();
        let answer = field.nodes.answer()?;
        let moments: Vec<f64> = serde_json::from_value(answer["moments"].clone())?;
        let overflows = meter::accept_queue_overflows() - overflows;
        let (connected, cpu) = (hub.resident_mib(), hub.cpu_seconds());
        field.night()?;
        let asked = hub.resident_mib();
        let last = moments.last().copied().context("nobody came back")?;
        let busiest = busiest_second(&moments);
        let mean = count as f64 / spread.unwrap_or(Link::default().reconnect_seconds).max(1) as f64;
        let over_mean = busiest as f64 / mean;
        let each = |mib: f64| (mib - empty) * 1_024.0 / count as f64;
        let line = json!({
            "nodes": count, "down_seconds": down, "first_back": moments.first(), "last_back": last,
            "busiest_second": busiest, "peak_over_mean": over_mean, "queue_overflows": overflows,
            "hub_cpu": cpu, "hub_mib_before": empty, "hub_mib_connected": connected,
            "hub_mib_after_night": asked, "hub_peak_mib": hub.peak_mib(),
            "kib_per_connection": each(connected), "kib_per_connection_after_night": each(asked),
        });
        data(&format!(
            "round {round}: {count} nodes; hub down for {down:.2} s; all back {last:.2} s after the kill (to reach: 120); \
             busiest second {busiest}, {over_mean:.2} x an even spread (to reach: below 3); queue overflows {overflows}; hub CPU {cpu:.2} s; \
             hub {empty:.0} MiB -> {connected:.0} MiB connected ({:.0} KiB each) -> {asked:.0} MiB after a night \
             ({:.0} KiB each), peak {:.0} MiB (to reach: 300)",
            each(connected),
            each(asked),
            hub.peak_mib(),
        ));
        rounds.push(line);
    }
    keep("bench-herd.json", &rounds)
}
