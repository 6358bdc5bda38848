//! `kill -9` at random moments of hub, nodes and imports while nights run.
//!
//! After every kill: nothing acknowledged is lost, no half night is to be seen, both open again
//! within seconds, and the night comes to agreement in at most one extra attempt.
//!
//! The short variant runs always. The long one:
//!
//! ```text
//! CALLUNA_KILLS=120 cargo test -p calluna-tests --test end_to_end kills:: -- --nocapture
//! ```
//!
//! The seed is printed; `CALLUNA_KILLS_SEED=n` plays the same kills again (the moments are those of
//! the machine, so a failure may need several tries).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use calluna_host::entropy::OsEntropy;
use calluna_model::entropy::{Entropy, SeededEntropy};
use calluna_tests::district::{District, Night, Node, digest_of};
use calluna_tests::process::{Ended, Process};
use calluna_tests::sample::{jsonl, long_offer};
use tokio::time::Instant;

const PROVIDERS: [&str; 2] = ["vhs-a", "vhs-b"];
const OFFERS: usize = 400;
/// What a kill may hit.
const VICTIMS: u64 = 4;
/// How long a killed process may take to be ready again; a machine that runs other tests as well
/// is given some more.
const OPENS: Duration = Duration::from_secs(5);
const LOADED: u32 = 4;

fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

/// The whole catalogue in one version, as a file.
fn version(district: &District, round: u64) -> PathBuf {
    let name = format!("v{round:04}");
    jsonl(
        &district.path(&format!("{name}.jsonl")),
        (0..OFFERS).map(|n| long_offer(n, &name)),
    )
}

/// Which versions readers see of a provider: never more than one.
fn seen(district: &District, provider: &str) -> Option<u64> {
    let titles = district.titles(provider);
    let versions: BTreeSet<&str> = titles
        .values()
        .filter_map(|title| title.rsplit(" v").next())
        .collect();
    assert!(
        versions.len() <= 1,
        "{provider}: half a night is to be seen: {versions:?}"
    );
    let seen = versions.first()?.parse().unwrap();
    assert_eq!(
        titles.len(),
        OFFERS,
        "{provider}: version {seen} is not whole"
    );
    Some(seen)
}

/// The district, and what has been acknowledged so far.
struct Game {
    district: District,
    nodes: Vec<Node>,
    chance: SeededEntropy,
    /// By provider: the newest version whose import ended with 0.
    imported: [u64; 2],
    /// By provider: the newest version in a night that was reported as agreed.
    agreed: [u64; 2],
    slowest: Duration,
    attempts: u64,
}

impl Game {
    fn new(seed: u64) -> Self {
        let district = District::new();
        let nodes = PROVIDERS.iter().map(|id| district.member(id)).collect();
        let chance = SeededEntropy::new(seed);
        let mut game = Self {
            district,
            nodes,
            chance,
            imported: [0; 2],
            agreed: [0; 2],
            slowest: Duration::ZERO,
            attempts: 0,
        };
        let first = version(&game.district, 0);
        for node in &game.nodes {
            let _imported = node.import(&first, &[]).ok();
        }
        game.agree();
        game
    }

    /// Imports and a night, and something is killed in the middle of them.
    fn round(&mut self, round: u64) {
        let file = version(&self.district, round);
        let file = file.to_string_lossy();
        let import =
            |node: &Node| Process::start(&mut node.command(&["import", &file, "--replace"]));
        let mut importing: Vec<_> = self.nodes.iter().map(import).map(Some).collect();
        let mut sync = self.district.hub_command(&["sync", "--format", "json"]);
        let syncing = Process::start(&mut sync);
        let (victim, which) = (self.chance.below(VICTIMS), self.chance.below(2) as usize);
        // Not a wait for something: this is the moment at which it is killed.
        std::thread::sleep(Duration::from_millis(self.chance.below(900)));
        let mut cut_off: Vec<Option<Ended>> = vec![None, None];
        match victim {
            0 => self.district.kill_hub(),
            1 => self.nodes[which].kill(),
            2 => cut_off[which] = importing[which].take().map(Process::kill),
            _ => {
                self.district.kill_hub();
                self.nodes[which].kill();
            }
        }
        println!("round {round}: victim {victim} {which}");
        for (at, process) in importing.into_iter().enumerate() {
            let ended = process.map(Process::wait).or(cut_off[at].take()).unwrap();
            if ended.code == Some(0) {
                self.imported[at] = round;
            }
        }
        self.note(syncing.wait());
        self.restart(victim, which);
        self.check(round);
        self.agree();
    }

    /// What a night has reported counts from now on. An import may have come after it, so it is
    /// known for sure only of what readers see.
    fn note(&mut self, ended: Ended) {
        if ended.code.is_none_or(|code| code == 1) {
            return;
        }
        let night = Night::of(ended);
        for (at, provider) in PROVIDERS.iter().enumerate() {
            let line = night
                .report
                .providers
                .iter()
                .find(|line| line.provider.as_str() == *provider);
            if line.is_some_and(|line| line.outcome.agreed()) {
                let shown = seen(&self.district, provider);
                self.agreed[at] = self.agreed[at].max(shown.unwrap_or(0));
            }
        }
    }

    fn restart(&mut self, victim: u64, which: usize) {
        let begun = Instant::now();
        if matches!(victim, 0 | 3) {
            self.district.start_hub();
        }
        if matches!(victim, 1 | 3) {
            self.nodes[which].serve();
        }
        self.slowest = self.slowest.max(begun.elapsed());
    }

    /// Nothing that was acknowledged is lost, and nothing is there by half.
    fn check(&self, round: u64) {
        for (at, provider) in PROVIDERS.iter().enumerate() {
            let shown = seen(&self.district, provider).unwrap();
            assert!(
                shown >= self.agreed[at],
                "{provider}: {shown} after {}",
                self.agreed[at]
            );
            assert_eq!(self.nodes[at].count(), OFFERS as u64);
            assert!(shown <= round);
        }
        assert!(
            !self.district.hub_log().contains("panicked"),
            "{}",
            self.district.hub_log()
        );
    }

    /// A night that agrees, at the latest with one more attempt; then both sides have the same,
    /// and it is at least what was acknowledged.
    fn agree(&mut self) {
        let mut night = self.district.night();
        self.attempts += 1;
        if !night.report.clean() {
            println!("one more attempt: {:?}", night.report.providers);
            night = self.district.night();
            self.attempts += 1;
        }
        assert!(night.report.clean(), "{night:#?}");
        for (at, provider) in PROVIDERS.iter().enumerate() {
            let shown = seen(&self.district, provider).unwrap();
            assert!(
                shown >= self.imported[at],
                "{provider}: an import that ended with 0 is lost"
            );
            self.agreed[at] = shown;
            let catalogue = self.district.catalogue();
            let ours = catalogue.iter().filter(|((owner, _), _)| owner == provider);
            assert_eq!(
                digest_of(ours.map(|(_, offer)| offer)),
                self.nodes[at].digest()
            );
        }
    }
}

#[test]
fn inv3_inv8_kills_at_any_moment_lose_nothing_and_show_nothing_by_half() {
    let seed = number("CALLUNA_KILLS_SEED").unwrap_or_else(|| OsEntropy.below(1 << 32));
    let kills = number("CALLUNA_KILLS").unwrap_or(12);
    println!("CALLUNA_KILLS_SEED={seed} CALLUNA_KILLS={kills}");
    let begun = Instant::now();
    let mut game = Game::new(seed);
    for round in 1..=kills {
        game.round(round);
    }
    println!(
        "{kills} kills in {:?}: slowest start {:?}, {} nights needed for {} agreements",
        begun.elapsed(),
        game.slowest,
        game.attempts,
        kills + 1
    );
    assert!(game.slowest < OPENS * LOADED, "{:?}", game.slowest);
}
