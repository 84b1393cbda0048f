//! How fast pushes are read: each walker beside a generated decoder of the same bytes.
//!
//! One program for both sides: `scripts/bench-walkers` runs it on the machine and inside wasm. Its argument is a part of
//! the names of the cases wanted. Start reading at [`metrics::cases`] and [`logs::cases`].

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement may stop, and prints"
)]

mod logs;
mod metrics;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How long each case is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(1500);

/// Something to measure.
pub(crate) struct Case {
    /// What is done.
    pub(crate) name: &'static str,
    /// How many bytes it does it to, uncompressed.
    pub(crate) bytes: usize,
    /// How many samples or entries those hold.
    pub(crate) items: usize,
    /// Does it; what it returns must not be optimised away.
    pub(crate) run: Box<dyn Fn() -> usize>,
}

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    println!("{:<44} {:>8} {:>10}", "", "MB/s", "M items/s");
    for case in metrics::cases().into_iter().chain(logs::cases()).filter(|case| case.name.contains(&wanted)) {
        let round = best_round(&case);
        let rate = |amount: usize| amount as f64 / round.as_secs_f64() / 1e6;
        println!("{:<44} {:>8.0} {:>10.2}", case.name, rate(case.bytes), rate(case.items));
    }
}

/// The best of many rounds: the one that was disturbed least.
#[expect(clippy::disallowed_methods, reason = "this is what a clock is for")]
fn best_round(case: &Case) -> Duration {
    let begun = Instant::now();
    let mut best = Duration::MAX;
    while begun.elapsed() < LONG_ENOUGH {
        let round = Instant::now();
        black_box((case.run)());
        best = best.min(round.elapsed());
    }
    best
}
