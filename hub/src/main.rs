//! `calluna-hub`: see `calluna-hub --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    calluna_hub::cli::main()
}
