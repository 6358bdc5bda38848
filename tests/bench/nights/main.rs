//! What a night costs, against a bare ceiling that is measured in the same run.
//!
//! ```text
//! cargo bench -p calluna-tests --bench nights            # 200 providers x 1,000 offers
//! cargo bench -p calluna-tests --bench nights -- 50 400  # 50 providers x 400 offers
//! CALLUNA_STORE_ENGINE=fjall cargo bench -p calluna-tests --bench nights   # the hub's other engine
//! ```
//!
//! Three processes, as in a district: the nodes (200 of them in one process, each with its own
//! store on disk, its own certificate and its own dialled-out connection), the hub (with its store
//! on disk, every commit fsynced), and this one, which gives the orders and reads the clock.
//!
//! The **ceiling** is what the same machine does with the same bytes and no meaning: pieces of
//! 64 KiB from memory, through a tonic stream over the same TLS, written to sled in batches of
//! 1.5 MB, each flushed and fsynced. Ceiling and product take turns (C P C P C P), and the ratio is
//! taken pair by pair, because these machines are noisy.
//!
//! The offers are synthetic: deterministic German texts of about 1.5 KB encoded.

mod ceiling;
mod hub;
mod nodes;
mod report;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = if args.first().is_some_and(|arg| arg == "--role") {
        let role = args.get(1).cloned().unwrap_or_default();
        let rest = args.split_off(2.min(args.len()));
        runtime.block_on(async {
            match role.as_str() {
                "bare-server" => ceiling::serve(&rest).await,
                "bare-client" => ceiling::fetch(&rest).await,
                "nodes" => nodes::serve(&rest).await,
                "hub" => hub::serve(&rest).await,
                other => Err(anyhow::anyhow!("there is no role `{other}`")),
            }
        })
    } else {
        report::run(&args)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    calluna_host::out::error(error);
    ExitCode::FAILURE
}
