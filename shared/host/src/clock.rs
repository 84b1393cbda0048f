//! The clock, from `wasi:clocks/system-clock`.

use crate::Host;
use cockpit_core::{Timestamp, ports::Clock};
use spin_sdk::wasip3::clocks::system_clock;

impl Clock for Host {
    fn now(&self) -> Timestamp {
        let now = system_clock::now();
        let micros = now.seconds.saturating_mul(1_000_000);
        Timestamp::from_micros(micros.saturating_add(i64::from(now.nanoseconds / 1_000)))
    }
}
