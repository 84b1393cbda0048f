//! Runs one target of `cockpit_wire::fuzz` for as long as it is told: `scripts/fuzz` builds it, as no other build can.
//!
//! The target's name is in `FUZZ_TARGET`, and the folder to put its first inputs into in `FUZZ_CORPUS`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod target;

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    eprintln!("fuzz: this was built without a fuzzer; use scripts/fuzz");
    std::process::ExitCode::FAILURE
}
