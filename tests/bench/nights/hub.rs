//! The hub of the benchmark: the real one, driven by orders.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use calluna_host::clock::SystemClock;
use calluna_host::config::ProcessEnvironment;
use calluna_host::entropy::OsEntropy;
use calluna_host::tasks::Tasks;
use calluna_hub::hub::Hub;
use calluna_hub::{members, night, run};
use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;
use serde_json::json;
use tokio::sync::mpsc;

use calluna_tests::bench::{child, meter};

/// Opens the hub in a directory; orders: `invite ID`, `connected`, `sync`.
pub(crate) async fn serve(args: &[String]) -> Result<()> {
    let dir = Path::new(args.first().context("hub DIR")?);
    let hub = Hub::open(
        dir,
        &ProcessEnvironment,
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
    )?;
    let hub = Arc::new(hub);
    let tasks = Tasks::default();
    run::open_doors(&hub, &tasks).await?;
    child::answer(&json!({ "memory_mib": meter::own().resident_mib() }));
    while let Some(order) = child::order().await {
        match order.as_str() {
            "connected" => {
                let members = hub.store.members()?;
                for member in &members {
                    let waited = hub.links.wait(&member.id, Duration::from_secs(60)).await;
                    waited.with_context(|| format!("{} did not connect", member.id))?;
                }
                child::answer(
                    &json!({ "nodes": members.len(), "memory_mib": meter::own().resident_mib() }),
                );
            }
            "sync" => sync(&hub).await?,
            invite => {
                let id: ProviderId = invite.trim_start_matches("invite ").parse()?;
                let token = members::invite(&hub, &id, "Benchmark", ProviderKind::Other, 3_600)?;
                child::answer(&json!({ "token": token.to_string() }));
            }
        }
    }
    Ok(())
}

async fn sync(hub: &Arc<Hub>) -> Result<()> {
    let (events, _nobody) = mpsc::channel(1_024);
    let cpu = meter::own().cpu_seconds();
    let begun = tokio::time::Instant::now();
    let report = night::run(hub, &night::Wish::default(), events).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let lines = &report.providers;
    let sum = |pick: fn(&calluna_model::report::ProviderReport) -> u64| {
        lines.iter().map(pick).sum::<u64>()
    };
    let (now, peak) = (meter::own().resident_mib(), meter::own().peak_mib());
    child::answer(&json!({
        "seconds": seconds,
        "cpu": meter::own().cpu_seconds() - cpu,
        "agreed": lines.iter().filter(|line| line.outcome.agreed()).count(),
        "providers": lines.len(),
        "added": sum(|line| line.added),
        "changed": sum(|line| line.changed),
        "offers": sum(|line| line.offers),
        "bytes": sum(|line| line.bytes),
        "calls": sum(|line| line.calls),
        "memory_mib": now,
        "peak_mib": peak,
        "note": lines.iter().find(|line| !line.note.is_empty()).map(|line| line.note.clone()),
    }));
    Ok(())
}
