//! Serves a Spin manifest; see the library for how.

use std::process::ExitCode;

use clap::Parser as _;
use cockpit_runtime::options::Options;
use cockpit_runtime::serve;

fn main() -> ExitCode {
    match serve::run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("cockpit-runtime: {fault}");
            ExitCode::FAILURE
        }
    }
}
