//! The node's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    calluna_node::cli::main().into()
}
