//! What a ledger costs and what it is good for.
//!
//! ```text
//! cargo bench -p calluna-ledger                  # all
//! cargo bench -p calluna-ledger -- large         # one provider with 20,000 registrations
//! cargo bench -p calluna-ledger -- season 10     # 10 of 40 providers, 120 nights
//! ```

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock, speaks with whoever started it, and ends where it fails"
)]

#[path = "../tests/support/town.rs"]
mod town;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::time::{Duration, Instant};

use calluna_ledger::{Occasion, Why};
use calluna_tables::{Rules, Shown};

use self::town::{Town, asked, frame, ledger};

/// The most memory this process has had.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ")
}

fn count(values: &[Shown]) -> (usize, usize) {
    let shown = values
        .iter()
        .filter(|value| matches!(value, Shown::Value(_)))
        .count();
    let hidden = values
        .iter()
        .filter(|value| **value == Shown::Hidden)
        .count();
    (shown, hidden)
}

fn large() {
    let frame = frame();
    let rules = Rules::default();
    let town = Town::new(11, 20_000, 90);
    let structural = town.structural(&frame);
    let mut ledger = ledger();
    for (name, night, occasion) in [
        ("first night", 60, Occasion::Night),
        ("second night", 61, Occasion::Night),
        ("close", 89, Occasion::Close),
        ("correction", 200, Occasion::Correction),
    ]
    .into_iter()
    .take(env::var("STEPS").map_or(4, |steps| steps.parse().unwrap()))
    {
        let list = town.list(night);
        let began = Instant::now();
        let figures = town::import(&frame, town.seed, &list);
        let imported = began.elapsed();
        let began = Instant::now();
        let question = asked(&frame, &rules, &figures, &structural, occasion);
        let decision = ledger.decide(&question).unwrap();
        let took = began.elapsed();
        println!(
            "20,000 registrations, {name}: {:?}, import {imported:.2?}, decision {took:.2?}, waiting {:?}, peak {}",
            decision.why,
            decision.waiting,
            peak()
        );
        if let Some(proposal) = decision.proposal {
            println!(
                "  {} persons, (shown, hidden) {:?}, {:?}",
                proposal.persons(),
                count(&proposal.revision.values),
                proposal.proof
            );
            ledger.publish(proposal).unwrap();
        }
    }
    println!(
        "ledger: {} persons, {} bytes, {} without them",
        ledger.persons(),
        ledger.encode().len(),
        ledger.encode_public().len()
    );
}

/// Nights until each registration is published, for one provider.
fn season(
    seed: u64,
    registrations: u64,
    nights: u32,
    waits: &mut Vec<Option<u32>>,
) -> Vec<Duration> {
    let frame = frame();
    let rules = Rules::default();
    let town = Town::new(seed, registrations, nights);
    let structural = town.structural(&frame);
    let mut ledger = ledger();
    let mut published: BTreeMap<[u8; 32], u32> = BTreeMap::new();
    let mut out: Vec<Option<u32>> = Vec::new();
    let mut took = Vec::new();
    // Who is who: a list with one registration only.
    let mut of_person: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, row) in town.rows.iter().enumerate() {
        of_person.entry(row.person).or_default().push(at);
        out.push(None);
    }
    let mut names: BTreeMap<[u8; 32], u64> = BTreeMap::new();
    for person in of_person.keys() {
        let mut alone = town.clone();
        alone.rows.retain(|row| row.person == *person);
        alone.rows.truncate(1);
        let figures = alone.figures(&frame, u32::MAX);
        let hash = figures.persons().next().unwrap().hash;
        names.insert(*hash.as_bytes(), *person);
    }
    for night in 0..nights {
        let figures = town.figures(&frame, night);
        let question = asked(&frame, &rules, &figures, &structural, Occasion::Night);
        let began = Instant::now();
        let decision = ledger.decide(&question).unwrap();
        took.push(began.elapsed());
        if decision.why == Why::NotProved || decision.why == Why::WouldFall {
            println!("  provider {seed} night {night}: {:?}", decision.why);
        }
        if let Some(proposal) = decision.proposal {
            for hash in proposal.batch() {
                published.insert(*hash.as_bytes(), night);
                for at in &of_person[&names[hash.as_bytes()]] {
                    let row = &town.rows[*at];
                    if row.night <= night && out[*at].is_none() {
                        out[*at] = Some(night - row.night);
                    }
                }
            }
            ledger.publish(proposal).unwrap();
        }
    }
    // What came too late to be 7 or 30 nights old says nothing.
    for (row, waited) in town.rows.iter().zip(out) {
        if row.night + 30 < nights {
            waits.push(waited);
        }
    }
    let last = ledger.revisions().last().unwrap();
    took.sort();
    println!(
        "  provider {seed}: {registrations} registrations, {} revisions, (shown, hidden) {:?}, decision median {:.0?} most {:.0?}",
        ledger.revisions().len(),
        count(&last.values),
        took[took.len() / 2],
        took[took.len() - 1]
    );
    let figures = town.figures(&frame, nights);
    let question = asked(&frame, &rules, &figures, &structural, Occasion::Close);
    let began = Instant::now();
    let decision = ledger.decide(&question).unwrap();
    println!(
        "    close: {:?} in {:.2?}, waiting {:?}, (shown, hidden) {:?}",
        decision.why,
        began.elapsed(),
        decision.waiting,
        decision
            .proposal
            .map(|proposal| count(&proposal.revision.values))
    );
    took
}

fn seasons(providers: u64) {
    let weight = |at: u64| 1.0 / (at as f64 + 3.0);
    let whole: f64 = (0..40).map(weight).sum();
    let mut waits = Vec::new();
    let mut took = Vec::new();
    let mut registrations = 0;
    // Spread over the sizes when not all are asked for.
    for at in (0..providers).map(|at| at * 40 / providers) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a size"
        )]
        let size = (25_000.0 * weight(at) / whole) as u64;
        registrations += size;
        took.extend(season(at + 1, size, 120, &mut waits));
    }
    took.sort();
    let within = |nights: u32| {
        let in_time = waits
            .iter()
            .filter(|waited| waited.is_some_and(|waited| waited <= nights));
        100.0 * in_time.count() as f64 / waits.len() as f64
    };
    println!(
        "{providers} providers, {registrations} registrations, 120 nights, k = 5: published the same night {:.0} %, within 7 {:.0} %, within 30 {:.0} %; decision median {:.0?}, most {:.0?}; peak {}",
        within(0),
        within(7),
        within(30),
        took[took.len() / 2],
        took[took.len() - 1],
        peak()
    );
}

fn main() {
    let words: Vec<String> = env::args().collect();
    let says = |word: &str| words.iter().any(|known| known == word);
    let providers = words
        .iter()
        .find_map(|word| word.parse().ok())
        .unwrap_or(40);
    if !says("season") {
        large();
    }
    if !says("large") {
        seasons(providers);
    }
}
