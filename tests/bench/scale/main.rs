//! A thousand nodes on one hub: what nights cost as the catalogue grows, and how a herd comes back.
//!
//! ```text
//! cargo bench -p calluna-tests --bench scale                              # 1,000 nodes; 10 k, 100 k, 1 M offers
//! cargo bench -p calluna-tests --bench scale -- 200 20000 200000          # 200 nodes; 20 k and 200 k offers
//! cargo bench -p calluna-tests --bench scale -- herd                      # 1,000 nodes come back after `kill -9` of the hub
//! cargo bench -p calluna-tests --bench scale -- herd 500 0                # 500 nodes, all at once (0 s of spread)
//! ```
//!
//! A table for people goes to stdout; the same as JSON to `target/bench-scale.json` and
//! `target/bench-herd.json`.
//!
//! **Real:** the hub is the program itself, as a process of its own, with its store on disk and
//! every commit fsynced; each node has its own key and certificate, its own dialled-out connection
//! over mutual TLS 1.3, its own service, publisher and log of changes. `calluna-hub sync` runs the
//! nights. **Simulated:** all nodes live in one process, and their stores are in memory (the node's
//! own code on an engine without a disk), because a thousand stores do not fit on one disk. So the
//! hub's figures count; the nodes' share the two cores with it. Bytes are counted in a network
//! namespace of our own.
//!
//! The nights of each size: the first; three with nothing changed; three in which one offer of
//! every provider changed; three with 1 % of all offers changed, spread over all providers.

mod herd;
mod scale;

use std::process::ExitCode;

use calluna_tests::bench::{field, meter};

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
    let args = meter::plain(args);
    field::finish(match args.split_first() {
        Some((first, rest)) if first == "herd" => herd::run(rest),
        _ => scale::run(&args),
    })
}
