//! Calluna against the way that a user would take instead, measured in the same run, in turns.
//!
//! ```text
//! cargo bench -p calluna-tests --bench baseline              # 200 providers x 1,000 offers, 3 rounds
//! cargo bench -p calluna-tests --bench baseline -- 50 400 1  # 50 x 400, 1 round
//! ```
//!
//! **The usual way** is [`usual.sh`](usual.sh): a JSON Lines file for each provider, an rsync daemon,
//! PostgreSQL 15, COPY, upsert by hash. It needs Debian's `rsync` and `postgresql-15`, which the
//! script installs with apt-get where they are missing; it starts a temporary cluster in a temporary
//! directory and leaves nothing behind. It is let off lightly: no TLS, files that are ready before the
//! clock starts, as many transfers at once as the hub reads, only what changed is loaded.
//!
//! **Calluna** is the hub as a process of its own, and 200 nodes in another, each with its own sled
//! store, certificate and connection over mutual TLS. The same offers; a provider's import, too, is
//! over before the clock starts.
//!
//! Both ways end when everything is durable (fsync). The index for the full-text search comes on top
//! for the usual way; it is printed for information until the catalogue of the hub has one.

mod usual;

use std::process::ExitCode;

use anyhow::{Context, Result};
use calluna_host::out::{data, table};
use calluna_tests::bench::crowd::Keeps;
use calluna_tests::bench::field::{self, Field, keep};
use calluna_tests::bench::meter;
use serde::Serialize;

use self::usual::Usual;

fn main() -> ExitCode {
    if let Some(code) = field::other_part() {
        return code;
    }
    let args = meter::arguments();
    match meter::in_own_network(&args) {
        Ok(Some(code)) => return code,
        Ok(None) => {}
        Err(error) => return field::finish(Err(error)),
    }
    field::finish(run(&meter::plain(args)))
}

/// One night of one way.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Night {
    pub(crate) seconds: f64,
    pub(crate) bytes: f64,
    /// Processor seconds of both sides: the only figure that other programs on the machine leave alone.
    pub(crate) cpu: f64,
}

/// Both ways on the same night.
#[derive(Clone, Debug, Serialize)]
struct Turn {
    night: &'static str,
    usual: Night,
    calluna: Night,
}

fn run(args: &[String]) -> Result<()> {
    let number = |at: usize, otherwise: usize| match args.get(at) {
        Some(text) => text
            .parse::<usize>()
            .with_context(|| format!("`{text}` is not a number")),
        None => Ok(otherwise),
    };
    let (providers, offers, rounds) = (number(0, 200)?, number(1, 1_000)?, number(2, 3)?);
    let mut turns = Vec::new();
    let mut more = Vec::new();
    for round in 1..=rounds {
        one(providers, offers, round, &mut turns, &mut more)?;
    }
    data(&format!(
        "{providers} providers x {offers} offers, {rounds} rounds, in turns"
    ));
    data(&shown(&turns));
    more.iter().for_each(|line| data(line));
    keep("bench-baseline.json", &turns)
}

fn one(
    providers: usize,
    offers: usize,
    round: usize,
    turns: &mut Vec<Turn>,
    more: &mut Vec<String>,
) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut usual = Usual::start(&dir.path().join("usual"), providers, offers)?;
    let mut field = Field::found(&dir.path().join("calluna"), providers, Keeps::OnDisk, None)?;
    field.nodes.ask(&format!("publish {offers}"))?;
    usual.fresh("plain")?;
    let ours = |field: &mut Field| -> Result<Night> {
        let cost = field.night()?;
        Ok(Night {
            seconds: cost.seconds,
            bytes: cost.wire_bytes,
            cpu: cost.hub_cpu + cost.nodes_cpu,
        })
    };
    let mut turn = |night, usual: &mut Usual, field: &mut Field| -> Result<()> {
        // Whoever comes second finds the disk as the first one left it, so they swap.
        let (theirs, calluna) = if round.is_multiple_of(2) {
            let calluna = ours(field)?;
            (usual.night("")?, calluna)
        } else {
            (usual.night("")?, ours(field)?)
        };
        data(&format!(
            "round {round}, {night}: usual {:.2} s, {:.2} s CPU, {:.2} MB; calluna {:.2} s, {:.2} s CPU, {:.2} MB; time {:.3}, CPU {:.3}, bytes {:.3}",
            theirs.seconds,
            theirs.cpu,
            theirs.bytes / 1e6,
            calluna.seconds,
            calluna.cpu,
            calluna.bytes / 1e6,
            calluna.seconds / theirs.seconds,
            calluna.cpu / theirs.cpu,
            calluna.bytes / theirs.bytes,
        ));
        turns.push(Turn {
            night,
            usual: theirs,
            calluna,
        });
        Ok(())
    };
    turn("first", &mut usual, &mut field)?;
    turn("nothing changed", &mut usual, &mut field)?;
    let some = (offers / 100).max(1);
    field.nodes.ask(&format!("change {}", some * providers))?;
    usual.change(some)?;
    turn("1 % changed", &mut usual, &mut field)?;
    if round == 1 {
        usual.change(some)?;
        let zipped = usual.night("--compress")?;
        more.push(format!(
            "for information: the usual way with `rsync --compress`, 1 % changed: {:.2} s, {:.2} MB",
            zipped.seconds,
            zipped.bytes / 1e6
        ));
        usual.fresh("searchable")?;
        let first = usual.night("")?;
        usual.change(some)?;
        let changed = usual.night("")?;
        more.push(format!(
            "for information: the usual way with a German full-text index: first night {:.2} s ({:.0} offers/s), 1 % changed {:.2} s",
            first.seconds,
            (providers * offers) as f64 / first.seconds,
            changed.seconds
        ));
    }
    Ok(())
}

/// The figures to reach, as the issue says them.
fn wanted(night: &str) -> &'static str {
    match night {
        "first" => "at least 3.0 x the rate",
        "1 % changed" => "at most 0.20 of the time, 0.50 of the bytes",
        _ => "at most 0.20 of the time",
    }
}

fn shown(turns: &[Turn]) -> String {
    let header = [
        "night",
        "",
        "usual s",
        "calluna s",
        "time",
        "rate",
        "usual CPU s",
        "calluna CPU s",
        "usual MB",
        "calluna MB",
        "bytes",
        "to reach",
    ];
    let mut rows = Vec::new();
    for night in ["first", "1 % changed", "nothing changed"] {
        let of: Vec<&Turn> = turns.iter().filter(|turn| turn.night == night).collect();
        for turn in &of {
            rows.push(row(night, "", &[*turn]));
        }
        rows.push(row(night, "median", &of));
    }
    table(&header, &rows)
}

/// Medians over some turns; the ratios are taken turn by turn.
fn row(night: &str, what: &str, turns: &[&Turn]) -> Vec<String> {
    let median = |pick: fn(&Turn) -> f64| {
        let mut values: Vec<f64> = turns.iter().map(|turn| pick(turn)).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    vec![
        night.to_owned(),
        what.to_owned(),
        format!("{:.2}", median(|turn| turn.usual.seconds)),
        format!("{:.2}", median(|turn| turn.calluna.seconds)),
        format!(
            "{:.3}",
            median(|turn| turn.calluna.seconds / turn.usual.seconds)
        ),
        format!(
            "{:.1} x",
            median(|turn| turn.usual.seconds / turn.calluna.seconds)
        ),
        format!("{:.2}", median(|turn| turn.usual.cpu)),
        format!("{:.2}", median(|turn| turn.calluna.cpu)),
        format!("{:.2}", median(|turn| turn.usual.bytes) / 1e6),
        format!("{:.2}", median(|turn| turn.calluna.bytes) / 1e6),
        format!(
            "{:.3}",
            median(|turn| turn.calluna.bytes / turn.usual.bytes)
        ),
        if what.is_empty() {
            String::new()
        } else {
            wanted(night).to_owned()
        },
    ]
}
