//! What limits cost and how exactly they are kept, on many nodes before a store that is late, loses races and fails.
//!
//! The quota code is the real one. Hosts, clocks, the store and the senders are made up: time passes only while
//! everybody waits, one thread does everything, and chance is the same in every run. Start reading at
//! [`scenario::Scenario`]; [`tables`] are those of `docs/quotas.md`, printed by `scripts/simulate`.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a simulation may stop, and prints"
)]

mod dice;
mod host;
mod outcome;
mod scenario;
mod store;
mod tables;
mod world;

fn main() {
    tables::TABLES.iter().for_each(tables::Table::print);
}
