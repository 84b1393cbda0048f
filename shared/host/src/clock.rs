//! The clock and the timer, from `wasi:clocks`.

use crate::Host;
use cockpit_core::{
    Timestamp,
    ports::{Clock, Timer},
};
use spin_sdk::wasip3::clocks::{monotonic_clock, system_clock};
use std::time::Duration;

impl Clock for Host {
    fn now(&self) -> Timestamp {
        let now = system_clock::now();
        let micros = now.seconds.saturating_mul(1_000_000);
        Timestamp::from_micros(micros.saturating_add(i64::from(now.nanoseconds / 1_000)))
    }
}

impl Timer for Host {
    async fn pause(&self, duration: Duration) {
        monotonic_clock::wait_for(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)).await;
    }
}
