//! What was refused, until it is counted in the store.

use crate::{rates::millis, usage::Reason};
use cockpit_core::Timestamp;

/// Milliseconds between two times that refusals are counted in the store, as long as the instance lives.
const PAUSE: u64 = 5_000;

/// An instance that may be dropped counts once it has refused so many times as much as is counted already.
const GROWTH: u64 = 3;

/// What an instance refused a sender.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// What is not counted in the store yet.
    counts: [u64; Reason::ALL.len()],
    /// How often anything was refused, how much of that is counted, and since when.
    times: u64,
    counted: u64,
    counted_at: u64,
}

impl Tally {
    /// Notes a refusal, or several for the same reason.
    pub(super) fn note(&mut self, reason: Reason, count: u64) {
        self.times = self.times.saturating_add(1);
        for (noted, known) in self.counts.iter_mut().zip(Reason::ALL) {
            *noted = noted.saturating_add(if known == reason { count } else { 0 });
        }
    }

    /// What should be counted in the store now.
    pub(super) fn take(&mut self, now: Timestamp, lives: bool) -> Vec<(Reason, u64)> {
        let rested = millis(now).saturating_sub(self.counted_at) >= PAUSE;
        if !rested && (lives || self.times < self.counted.saturating_mul(GROWTH)) {
            return Vec::new();
        }
        (self.counted, self.counted_at) = (self.times, millis(now));
        let counts = std::mem::take(&mut self.counts);
        Reason::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
    }
}
