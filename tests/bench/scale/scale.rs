//! Nights over a growing catalogue.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use calluna_host::out::{data, table};
use calluna_tests::bench::crowd::Keeps;
use calluna_tests::bench::field::{Cost, Field, keep};
use calluna_tests::bench::meter;
use serde::Serialize;

/// Nights of each kind, after the first one.
const ROUNDS: usize = 3;

/// All that was measured at one size.
#[derive(Debug, Serialize)]
struct Size {
    nodes: usize,
    offers: usize,
    hub_mib_empty: f64,
    hub_mib_connected: f64,
    nights: BTreeMap<&'static str, Vec<Cost>>,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let numbers: Vec<usize> = args
        .iter()
        .map(|text| {
            text.parse()
                .with_context(|| format!("`{text}` is not a number"))
        })
        .collect::<Result<_>>()?;
    let nodes = numbers.first().copied().unwrap_or(1_000);
    let sizes = match numbers.get(1..) {
        Some(sizes) if !sizes.is_empty() => sizes.to_vec(),
        _ => vec![10_000, 100_000, 1_000_000],
    };
    let mut all = Vec::new();
    for offers in sizes {
        let size = one(nodes, offers)?;
        data(&shown(&size));
        all.push(size);
    }
    data(&ratios(&all));
    keep("bench-scale.json", &all)
}

fn one(nodes: usize, offers: usize) -> Result<Size> {
    let dir = tempfile::tempdir()?;
    let mut field = Field::found(dir.path(), nodes, Keeps::InMemory, None)?;
    let connected = meter::of(field.hub.id()).resident_mib();
    field = field.restart_hub();
    let empty = meter::of(field.hub.id()).resident_mib();
    field.nodes.ask("connected")?;
    field
        .nodes
        .ask(&format!("publish {}", (offers / nodes).max(1)))?;
    let mut nights: BTreeMap<&'static str, Vec<Cost>> = BTreeMap::new();
    nights.entry("1 first").or_default().push(field.night()?);
    for _ in 0..ROUNDS {
        nights.entry("2 quiet").or_default().push(field.night()?);
        field.nodes.ask(&format!("change {nodes}"))?;
        nights.entry("3 one each").or_default().push(field.night()?);
        field
            .nodes
            .ask(&format!("change {}", (offers / 100).max(1)))?;
        nights
            .entry("4 one percent")
            .or_default()
            .push(field.night()?);
    }
    Ok(Size {
        nodes,
        offers,
        hub_mib_empty: empty,
        hub_mib_connected: connected,
        nights,
    })
}

fn shown(size: &Size) -> String {
    let header = [
        "night",
        "added",
        "changed",
        "seconds min",
        "median",
        "hub CPU s",
        "nodes CPU s",
        "wire MB",
        "messages MB",
        "calls",
        "hub peak MiB",
    ];
    let rows: Vec<Vec<String>> = size
        .nights
        .iter()
        .map(|(name, costs)| row(name, costs))
        .collect();
    format!(
        "{} nodes, {} offers; hub {:.0} MiB without nodes, {:.0} MiB with all of them connected\n{}",
        size.nodes,
        size.offers,
        size.hub_mib_empty,
        size.hub_mib_connected,
        table(&header, &rows)
    )
}

fn row(name: &str, costs: &[Cost]) -> Vec<String> {
    let first = costs.first().cloned().unwrap_or_default();
    let peak = costs
        .iter()
        .map(|cost| cost.hub_peak_mib)
        .fold(0.0, f64::max);
    vec![
        name.to_owned(),
        first.added.to_string(),
        first.changed.to_string(),
        format!("{:.2}", least(costs, |cost| cost.seconds)),
        format!("{:.2}", median(costs, |cost| cost.seconds)),
        format!("{:.2}", median(costs, |cost| cost.hub_cpu)),
        format!("{:.2}", median(costs, |cost| cost.nodes_cpu)),
        format!("{:.2}", median(costs, |cost| cost.wire_bytes) / 1e6),
        format!(
            "{:.2}",
            median(costs, |cost| cost.message_bytes as f64) / 1e6
        ),
        first.calls.to_string(),
        format!("{peak:.0}"),
    ]
}

/// What one offer costs at each size, and what is left when only the size grows.
fn ratios(all: &[Size]) -> String {
    let mut lines = vec!["per offer that was new or changed (hub CPU, wall, wire):".to_owned()];
    for size in all {
        for (name, costs) in size.nights.iter().filter(|(name, _)| **name != "2 quiet") {
            let some = costs
                .first()
                .map_or(0, |cost| cost.added + cost.changed)
                .max(1) as f64;
            lines.push(format!(
                "  {:>9} offers, {name:<13}  {:>8.1} us CPU  {:>8.1} us wall  {:>7.0} bytes",
                size.offers,
                median(costs, |cost| cost.hub_cpu) / some * 1e6,
                median(costs, |cost| cost.seconds) / some * 1e6,
                median(costs, |cost| cost.wire_bytes) / some,
            ));
        }
    }
    if let (Some(small), Some(large)) = (all.first(), all.last()) {
        let of = |size: &Size, name: &str, pick: fn(&Cost) -> f64| {
            size.nights
                .get(name)
                .map_or(0.0, |costs| median(costs, pick))
        };
        let grown = large.offers as f64 / small.offers as f64;
        for name in ["2 quiet", "3 one each"] {
            lines.push(format!(
                "the catalogue grows {grown:.0} x, the changes stay: `{name}` costs {:.2} x the hub CPU, {:.2} x the wall time, {:.2} x the bytes",
                of(large, name, |c| c.hub_cpu) / of(small, name, |c| c.hub_cpu),
                of(large, name, |c| c.seconds) / of(small, name, |c| c.seconds),
                of(large, name, |c| c.wire_bytes) / of(small, name, |c| c.wire_bytes),
            ));
        }
    }
    lines.join("\n")
}

fn sorted(costs: &[Cost], pick: impl Fn(&Cost) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = costs.iter().map(pick).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn least(costs: &[Cost], pick: impl Fn(&Cost) -> f64) -> f64 {
    sorted(costs, pick).first().copied().unwrap_or_default()
}

fn median(costs: &[Cost], pick: impl Fn(&Cost) -> f64) -> f64 {
    let values = sorted(costs, pick);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
