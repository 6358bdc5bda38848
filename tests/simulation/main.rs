//! A district of twenty nodes and more, simulated: the product's own night, store, publisher and
//! wire encoding, on a network, disks and clocks that a seed determines.
//!
//! ```text
//! cargo test -p calluna-tests --test simulation                                    # some hundred nights
//! CALLUNA_SIM_NIGHTS=5000 cargo test -p calluna-tests --test simulation -- --nocapture
//! CALLUNA_SIM_SEED=17 CALLUNA_SIM_NIGHTS=40 cargo test -p calluna-tests --test simulation -- --nocapture
//! ```
//! With `CALLUNA_SIM_TELL=1` each world's whole history is printed.
//!
//! **What is real:** `calluna_hub::night::run` and everything below it, the hub's links, its store,
//! `release` as the control socket serves it, the node's publisher and gRPC service, its store,
//! HTTP/2 and protobuf on every connection, signatures.
//!
//! **What is simulated:** the network ([`net`]: delays, broken connections, partitions, silence), the
//! disks ([`disk`]: kills at a commit before or after the write, full disks, copies and restores,
//! data below a younger STATE), time (tokio's paused clock for the night, a clock turned by hand for
//! the calendar), the owners of the nodes and the operator ([`op`]). TLS is left out: whom a
//! connection belongs to is handed in. Store work runs inline (`Workers::Inline`).
//!
//! **What counts as failure** ([`check`], against the reference in [`model`]): readers are ever shown
//! anything but a whole state that the node once had; an offer goes without its owner's withdrawal or
//! an operator's release of that very state; more goes at once than the guard allows; anything that
//! was acknowledged (a publication, a receipt, a release) is not there after a kill; a report calls
//! agreement what is none; after a night without faults a provider neither agrees in every digest
//! nor is held for a reason.
//!
//! A failure prints its seed; the same seed gives the same history, and a seed that once failed stays
//! as a test of its own in [`frozen`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests; a panic is how they fail"
)]

mod chance;
mod check;
mod disk;
mod frozen;
mod history;
mod model;
mod net;
mod night;
mod office;
mod op;
mod school;
mod world;

use calluna_host::config::{Environment, ProcessEnvironment};

use crate::history::History;
use crate::world::{Settings, live};

/// Nodes of a district.
const NODES: usize = 22;
/// Nights of one world.
const NIGHTS: u64 = 40;
/// Nights in all, when nobody says otherwise.
const IN_ALL: u64 = 160;

fn setting(name: &str) -> Option<u64> {
    let text = ProcessEnvironment.get(name)?;
    Some(text.parse().unwrap())
}

/// Lives through a world; what breaks in it ends the test with everything that is needed to see it
/// again.
#[track_caller]
fn holds(settings: Settings) -> History {
    match live(settings) {
        Ok(history) => history,
        Err(broken) => {
            let who = broken
                .what
                .split(' ')
                .next()
                .map(|word| word.trim_end_matches(':').to_owned());
            let who = who.filter(|word| word.starts_with("school-"));
            let Settings { seed, nights, .. } = settings;
            let told = broken.history.tail(who.as_deref(), 60);
            panic!(
                "seed {seed}: {}\n{told}\nagain: CALLUNA_SIM_SEED={seed} CALLUNA_SIM_NIGHTS={nights} \
                 cargo test -p calluna-tests --test simulation nights_agree -- --nocapture",
                broken.what
            );
        }
    }
}

#[test]
fn inv5_nights_agree_under_seeded_faults() {
    let nights = setting("CALLUNA_SIM_NIGHTS").unwrap_or(IN_ALL);
    let first = setting("CALLUNA_SIM_SEED").unwrap_or(1);
    let mut done = 0;
    let mut seed = first;
    while done < nights {
        let some = NIGHTS.min(nights - done);
        let history = holds(Settings {
            seed,
            nodes: NODES,
            nights: some,
        });
        println!(
            "seed {seed}: {some} nights, {} ok, {} unchanged, {} held, {} partial, {} unreachable, {} refused, {} failed, \
             {} compared, {} kills, history {}",
            history.count(" ok"),
            history.count(" unchanged:"),
            history.count(" held:"),
            history.count(" partial:"),
            history.count(" unreachable:"),
            history.count(" refused:"),
            history.count(" failed:"),
            history.count(" ms the ") + history.count(" ms a "),
            history.count("killed at a commit") + history.count("is killed"),
            &history.fingerprint()[..16],
        );
        if setting("CALLUNA_SIM_TELL").is_some() {
            print!("{}", history.tail(None, usize::MAX));
        }
        done += some;
        seed += 1;
    }
}

#[test]
fn a_seed_gives_the_same_history_again() {
    let settings = |seed| Settings {
        seed,
        nodes: NODES,
        nights: 12,
    };
    let (first, again) = (holds(settings(7)), holds(settings(7)));
    for (one, other) in first.lines().iter().zip(again.lines()) {
        assert_eq!(one, other);
    }
    assert_eq!(first.fingerprint(), again.fingerprint());
    assert_ne!(first.fingerprint(), holds(settings(8)).fingerprint());
}
