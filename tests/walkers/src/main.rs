//! Prints how fast each case is; the argument is a part of the names of those wanted. `scripts/bench-walkers` runs it.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this is what it is for")]

use cockpit_walkers::{Case, cases};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How long each case is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(1500);

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    println!("{:<44} {:>8} {:>10}", "", "MB/s", "M items/s");
    for case in cases(&wanted) {
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
