//! Gives the orders, reads the clock, and says what came out.

use std::path::Path;

use anyhow::{Context, Result};
use calluna_host::clock::SystemClock;
use calluna_host::entropy::OsEntropy;
use calluna_host::out::data;
use calluna_hub::hub::{Setup, create};
use serde_json::Value;

use calluna_tests::bench::child::Role;
use calluna_tests::bench::meter::loopback_bytes;

/// Rounds of ceiling and product, in turn.
const ROUNDS: usize = 3;

/// The whole benchmark.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let number = |at: usize, otherwise: usize| match args.get(at) {
        Some(text) => text
            .parse::<usize>()
            .with_context(|| format!("`{text}` is not a number")),
        None => Ok(otherwise),
    };
    let (providers, offers) = (number(0, 200)?, number(1, 1_000)?);
    data(&format!(
        "{providers} providers x {offers} offers, {ROUNDS} rounds, ceiling and product in turn"
    ));
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let ceiling = ceiling(providers, offers)?;
        let rate = of(&ceiling, "rate");
        data(&format!(
            "round {round}  ceiling: {rate:>8.0} offers/s  ({:.2} s, {:.1} MB, client CPU {:.2} s, peak {:.0} MiB)",
            of(&ceiling, "seconds"),
            of(&ceiling, "bytes") / 1e6,
            of(&ceiling, "cpu"),
            of(&ceiling, "peak_mib"),
        ));
        let ours = product(providers, offers, round == ROUNDS)?;
        ratios.push(ours / rate);
        data(&format!("round {round}  ratio:   {:>8.2}", ours / rate));
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    data(&format!(
        "first full sync: median ratio to the ceiling {median:.2} (to reach: 0.60); all: {ratios:.2?}"
    ));
    data("memory of the hub against the number of offers (peak after the first full sync):");
    for share in [4, 2] {
        product(providers, (offers / share).max(1), false)?;
    }
    Ok(())
}

fn ceiling(providers: usize, offers: usize) -> Result<Value> {
    let dir = tempfile::tempdir()?;
    let authority = calluna_certs::mint::district();
    std::fs::write(dir.path().join("bare-ca.crt"), authority.chain_pem())?;
    std::fs::write(
        dir.path().join("bare-ca.key"),
        authority.key_pem().as_bytes(),
    )?;
    let args = |more: Option<String>| {
        let mut args = vec![text(dir.path()), providers.to_string(), offers.to_string()];
        args.extend(more);
        args
    };
    let (_server, ready) = Role::start("bare-server", &args(None))?;
    let address = ready["address"].as_str().context("no address")?.to_owned();
    let (_client, measured) = Role::start("bare-client", &args(Some(address)))?;
    Ok(measured)
}

/// First full sync; with `whole` also a quiet night and one with 1 % changed. The rate of the first.
fn product(providers: usize, offers: usize, whole: bool) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let mut district = District::found(dir.path(), providers)?;
    district.nodes.ask(&format!("publish {offers}"))?;
    district.nodes.ask("serve")?;
    district.hub.ask("connected")?;
    let first = district.hub.ask("sync")?;
    let rate = of(&first, "added") / of(&first, "seconds");
    data(&format!(
        "{providers} x {offers}: first full sync {rate:>8.0} offers/s  ({:.2} s, {} of {} agree, {} offers, {:.1} MB, hub CPU {:.2} s, hub {:.0} MiB, peak {:.0} MiB){}",
        of(&first, "seconds"),
        first["agreed"],
        first["providers"],
        first["offers"],
        of(&first, "bytes") / 1e6,
        of(&first, "cpu"),
        of(&first, "memory_mib"),
        of(&first, "peak_mib"),
        first["note"]
            .as_str()
            .map(|note| format!(" NOTE: {note}"))
            .unwrap_or_default(),
    ));
    if whole {
        district.quiet_and_changed(providers)?;
    }
    Ok(rate)
}

struct District {
    hub: Role,
    nodes: Role,
}

impl District {
    /// A hub and its nodes, joined.
    fn found(dir: &Path, providers: usize) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let hub_dir = dir.join("hub");
        let setup = Setup {
            name: "Benchmark".into(),
            listen: port,
            web: None,
            address: port.to_string(),
        };
        create(&hub_dir, &setup, &SystemClock, &OsEntropy)?;
        let (mut hub, _) = Role::start("hub", &[text(&hub_dir)])?;
        let nodes_dir = dir.join("nodes");
        std::fs::create_dir_all(&nodes_dir)?;
        let (mut nodes, _) = Role::start("nodes", &[text(&nodes_dir)])?;
        for provider in 0..providers {
            let id = format!("p{provider:04}");
            let token = hub.ask(&format!("invite {id}"))?;
            let token = token["token"].as_str().context("no token")?.to_owned();
            nodes.ask(&format!("join {id} {token}"))?;
        }
        Ok(Self { hub, nodes })
    }

    fn quiet_and_changed(&mut self, providers: usize) -> Result<()> {
        let quiet = self.hub.ask("sync")?;
        data(&format!(
            "a night in which nothing changed: {} calls for {providers} providers (to reach: one each), {:.2} s",
            quiet["calls"],
            of(&quiet, "seconds")
        ));
        let changed = self.nodes.ask("change 1")?;
        let before = loopback_bytes();
        let night = self.hub.ask("sync")?;
        let wire = loopback_bytes().saturating_sub(before) as f64;
        let records = of(&changed, "record_bytes");
        data(&format!(
            "a night with 1 % changed: {} of {} offers, {:.1} kB of records; messages {:.1} kB = {:.2} x; everything on the wire (TCP, TLS, both directions) {:.1} kB = {:.2} x (to reach: at most 1.5 x); {:.2} s",
            night["changed"],
            changed["changed"],
            records / 1e3,
            of(&night, "bytes") / 1e3,
            of(&night, "bytes") / records,
            wire / 1e3,
            wire / records,
            of(&night, "seconds"),
        ));
        Ok(())
    }
}

fn of(value: &Value, field: &str) -> f64 {
    value[field].as_f64().unwrap_or_default()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
