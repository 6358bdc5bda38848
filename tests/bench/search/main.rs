//! Search over 200,000 synthetic offers: how long the index takes, how long questions take with the counts of all
//! facets, how good the answers are, and how PostgreSQL's full text does in the same run.
//!
//! ```text
//! cargo bench -p calluna-search --features fixture --bench search             # 200,000 offers, 1,000 questions
//! cargo bench -p calluna-search --features fixture --bench search -- 20000    # fewer offers; --alone without PostgreSQL
//! cargo bench -p calluna-search --features fixture --bench search -- --alone --words "Yoga Soltau"    # for a profiler
//! ```
//!
//! The target belongs to the crate of the search, so that nothing else has to be built for it. The usual way is
//! [`usual.sh`](usual.sh); where PostgreSQL is not installed, its part is passed over with a notice. Both ways answer one
//! question at a time, on one thread.

mod usual;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;
use calluna_model::offer::OfferDraft;
use calluna_search::answer::Asking;
use calluna_search::fixture::questions::questions;
use calluna_search::fixture::relevance;
use calluna_search::fixture::{Shelf, synthetic};
use calluna_search::index::Index;
use calluna_search::query::Query;
use jiff::civil::date;

use self::usual::Usual;

/// Offers of one provider.
const OF_ONE: usize = 1_000;
/// Questions that are asked here.
const QUESTIONS: usize = 1_000;
/// How often the slowest of them are asked once more.
const AGAIN: u32 = 40;
/// Questions that the usual way is asked, too.
const FOR_BOTH: usize = 100;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("search: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let offers = std::env::args()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(200_000_usize);
    let providers = offers.div_ceil(OF_ONE);
    let catalogue: Vec<Vec<OfferDraft>> = (0..providers)
        .map(|provider| {
            (0..OF_ONE.min(offers))
                .map(|n| synthetic::offer(provider, n))
                .collect()
        })
        .collect();
    let dir = tempfile::tempdir()?;
    let index = filled(&dir.path().join("ours"), &catalogue)?;
    if let Some(words) = std::env::args().skip_while(|arg| arg != "--words").nth(1) {
        let asking = Asking::on(date(2026, 11, 30));
        for _ in 0..50 {
            again(&index, &[(0.0, &Query::words(&words))], &asking)?;
        }
        return Ok(());
    }
    let asked = questions(QUESTIONS);
    let (times, without) = ask(&index, &asked)?;
    say(&format!(
        "questions: {QUESTIONS} with all facet counts: {}; {without} without a hit",
        shown(&times)
    ));
    let both: Vec<f64> = times[..FOR_BOTH].to_vec();
    // Where the machine is busy the other way takes minutes; `--alone` passes it over.
    if !std::env::args().any(|arg| arg == "--alone") {
        let dir = dir.path().join("usual");
        compare(&dir, &catalogue, &asked[..FOR_BOTH], &both);
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    let report = relevance::measure(&data)?;
    say(&format!(
        "relevance: {} judged questions: nDCG@10 {:.3} (to reach 0.85), recall@20 {:.3}, without a hit {:.1} %",
        report.results.len(),
        report.ndcg10(),
        report.recall20(),
        report.zero_hits() * 100.0
    ));
    Ok(())
}

fn filled(dir: &Path, catalogue: &[Vec<OfferDraft>]) -> Result<Index, Box<dyn std::error::Error>> {
    let mut shelf = Shelf::default();
    for (n, offers) in catalogue.iter().enumerate() {
        let id: ProviderId = format!("p{n:03}").parse()?;
        shelf.put(
            &id,
            &format!("Beispielträger {n}"),
            ProviderKind::Other,
            offers.iter().cloned(),
        );
    }
    let before = resident_mib();
    let (index, _) = Index::open(dir, "03358")?;
    let (start, used) = (now(), process_seconds());
    let done = index.refresh(&shelf)?;
    say(&format!(
        "index: {} offers in {:.1} s, {:.1} s of processor time (to reach 20 s); memory {:.0} MiB more than the catalogue's own {before:.0}",
        done.offers,
        start.elapsed().as_secs_f64(),
        process_seconds() - used,
        resident_mib() - before
    ));
    let id: ProviderId = "p000".parse()?;
    shelf.put(
        &id,
        "Beispielträger 0",
        ProviderKind::Other,
        catalogue[0].iter().take(900).cloned(),
    );
    let start = now();
    index.refresh(&shelf)?;
    say(&format!(
        "one provider's night: {:.2} s",
        start.elapsed().as_secs_f64()
    ));
    Ok(index)
}

fn ask(index: &Index, asked: &[Query]) -> Result<(Vec<f64>, usize), Box<dyn std::error::Error>> {
    let asking = Asking::on(date(2026, 11, 30));
    let start = now();
    index.search(&Query::default(), &asking)?;
    say(&format!(
        "first question of the day: {:.0} ms",
        start.elapsed().as_secs_f64() * 1e3
    ));
    for query in asked.iter().take(50) {
        index.search(query, &asking)?;
    }
    let mut times = Vec::with_capacity(asked.len());
    let mut without = 0;
    let mut processor = Vec::with_capacity(asked.len());
    for query in asked {
        let (start, used) = (now(), thread_ms());
        let answer = index.search(query, &asking)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        processor.push(thread_ms() - used);
        without += usize::from(answer.total == 0);
    }
    say(&format!(
        "questions, processor time of the thread alone: {}",
        shown(&processor)
    ));
    let mut digest = blake3::Hasher::new();
    for query in asked {
        digest.update(format!("{:?}\n", index.search(query, &asking)?).as_bytes());
    }
    say(&format!(
        "answers: {} (the same over the same offers, whatever was made faster)",
        &digest.finalize().to_hex()[..16]
    ));
    let mut slowest: Vec<(f64, &Query)> = times.iter().copied().zip(asked).collect();
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    slowest.truncate(asked.len() / 50);
    again(index, &slowest, &asking)?;
    Ok((times, without))
}

/// Asks the slowest questions again and again: their processor time is known by the hundredth of a second only, and any
/// of them may have waited for another program.
fn again(
    index: &Index,
    slowest: &[(f64, &Query)],
    asking: &Asking,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut means: Vec<(f64, &Query)> = Vec::with_capacity(slowest.len());
    for (_, query) in slowest {
        let used = process_seconds();
        for _ in 0..AGAIN {
            index.search(query, asking)?;
        }
        means.push(((process_seconds() - used) * 1e3 / f64::from(AGAIN), query));
    }
    let times: Vec<f64> = means.iter().map(|(time, _)| *time).collect();
    say(&format!(
        "the slowest {} asked {AGAIN} times more, processor time: {}",
        times.len(),
        shown(&times)
    ));
    means.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (time, query) in means.iter().take(5) {
        say(&format!(
            "  slow: {time:.2} ms {:?} {:?}",
            query.text, query.chosen
        ));
    }
    Ok(())
}

fn compare(dir: &Path, catalogue: &[Vec<OfferDraft>], asked: &[Query], ours: &[f64]) {
    let theirs = Usual::start(dir).and_then(|usual| {
        let start = now();
        usual.load(catalogue.iter().flatten())?;
        say(&format!(
            "usual: PostgreSQL loaded and indexed in {:.1} s",
            start.elapsed().as_secs_f64()
        ));
        usual.ask(asked)?;
        usual.ask(asked)
    });
    match theirs {
        Some(theirs) if theirs.len() == asked.len() => {
            say(&format!(
                "usual: the first {FOR_BOTH} questions, asked a second time: {}",
                shown(&theirs)
            ));
            let ratio = theirs.iter().sum::<f64>() / ours.iter().sum::<f64>();
            say(&format!(
                "ours: the same {FOR_BOTH}: {}; {ratio:.1} x the questions per second (to reach 20 x)",
                shown(ours)
            ));
        }
        _ => say("usual: passed over, PostgreSQL 15 is not installed or did not answer"),
    }
}

fn shown(times: &[f64]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        sorted
            .get(((sorted.len() as f64 * share) as usize).min(sorted.len() - 1))
            .copied()
            .unwrap_or_default()
    };
    let rate = 1e3 * times.len() as f64 / times.iter().sum::<f64>().max(f64::EPSILON);
    format!(
        "{rate:.0} a second, p50 {:.2} ms, p99 {:.2} ms, slowest {:.2} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    )
}

/// Milliseconds of processor time of this thread: what other programs on the machine leave alone.
fn thread_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = stat
        .split_whitespace()
        .next()
        .and_then(|ns| ns.parse::<f64>().ok());
    ns.unwrap_or_default() / 1e6
}

/// Seconds of processor time of this process, all threads.
fn process_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}

pub(crate) fn say(line: &str) {
    let _shown = writeln!(std::io::stdout(), "{line}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures what the clock on the wall says"
)]
fn now() -> Instant {
    Instant::now()
}
