//! The nodes of the benchmark: real ones, many in one process, driven by orders.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use calluna_certs::JoinToken;
use calluna_host::clock::SystemClock;
use calluna_host::entropy::OsEntropy;
use calluna_host::tasks::Tasks;
use calluna_model::clock::Clock;
use calluna_model::text::Language;
use calluna_node::membership::{ListenWish, join};
use calluna_node::publish::{Candidate, Terms};
use calluna_node::run::Node;
use serde_json::json;

use calluna_tests::bench::{child, data, meter};

/// Makes and serves nodes; orders: `join ID TOKEN`, `publish OFFERS`, `serve`, `change PERCENT`,
/// `memory`.
pub(crate) async fn serve(args: &[String]) -> Result<()> {
    let dir = PathBuf::from(args.first().context("nodes DIR")?);
    let tasks = Tasks::default();
    let mut nodes: Vec<Node> = Vec::new();
    let mut offers = 0;
    child::answer(&json!({}));
    while let Some(order) = child::order().await {
        let words: Vec<&str> = order.split(' ').collect();
        match words.as_slice() {
            ["join", id, token] => nodes.push(joined(&dir.join(id), token).await?),
            ["publish", count] => {
                offers = count.parse()?;
                let begun = tokio::time::Instant::now();
                publish(&nodes, |provider| {
                    (0..offers).map(move |n| (provider, n, 0)).collect()
                })?;
                child::answer(&json!({ "seconds": begun.elapsed().as_secs_f64() }));
                continue;
            }
            ["change", percent] => {
                let some = (offers * percent.parse::<usize>()? / 100).max(1);
                publish(&nodes, |provider| {
                    (0..some)
                        .map(move |n| (provider, n * (offers / some), 1))
                        .collect()
                })?;
                let record =
                    |p: usize, n: usize| Candidate::of(&data::offer(p, n, 1)).record().len();
                let bytes: usize = (0..nodes.len())
                    .map(|p| {
                        (0..some)
                            .map(|n| record(p, n * (offers / some)))
                            .sum::<usize>()
                    })
                    .sum();
                child::answer(&json!({ "changed": some * nodes.len(), "record_bytes": bytes }));
                continue;
            }
            ["serve"] => {
                for node in &nodes {
                    node.serve(&tasks).await?;
                }
            }
            _ => {}
        }
        child::answer(
            &json!({ "memory_mib": meter::own().resident_mib(), "cpu": meter::own().cpu_seconds() }),
        );
    }
    Ok(())
}

async fn joined(dir: &Path, token: &str) -> Result<Node> {
    let token: JoinToken = token.parse()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    join(&token, dir, &ListenWish::default(), Language::En, &clock).await?;
    Ok(Node::open(dir, clock, Arc::new(OsEntropy))?)
}

fn publish(nodes: &[Node], which: impl Fn(usize) -> Vec<(usize, usize, u64)>) -> Result<()> {
    for (provider, node) in nodes.iter().enumerate() {
        let offers: Vec<Candidate> = which(provider)
            .into_iter()
            .map(|(provider, n, version)| Candidate::of(&data::offer(provider, n, version)))
            .collect();
        node.publisher().publish(&offers, &Terms::default())?;
    }
    Ok(())
}
