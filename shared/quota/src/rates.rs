//! Rates, and the windows of time that they are accounted in.

use crate::amount::Amount;
use cockpit_core::Timestamp;

/// How fast a sender may send. What a window holds may come all at once, so the window is the burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second.
    pub units: u64,
    /// Pushes a second.
    pub requests: u64,
    /// Seconds of a window; a divisor of 60, so that windows fill minutes.
    pub window: u64,
}

/// A stretch of time with a budget of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The second it begins in, since 1970.
    pub start: u64,
    /// Its length in seconds.
    pub length: u64,
}

impl Rate {
    /// What a window holds.
    pub const fn budget(&self) -> Amount {
        Amount { units: self.units.saturating_mul(self.window), requests: self.requests.saturating_mul(self.window) }
    }

    /// The window of a moment.
    pub fn window(&self, now: Timestamp) -> Window {
        let length = self.window.max(1);
        let second = seconds(now);
        Window { start: second.saturating_sub(second.checked_rem(length).unwrap_or(0)), length }
    }
}

impl Window {
    /// Its length in milliseconds.
    pub const fn millis(&self) -> u64 {
        self.length.saturating_mul(1_000)
    }

    /// Milliseconds since it began.
    pub fn gone(&self, now: Timestamp) -> u64 {
        millis(now).saturating_sub(self.start.saturating_mul(1_000))
    }

    /// Milliseconds until it ends; at least one.
    pub fn left(&self, now: Timestamp) -> u64 {
        let end = self.start.saturating_add(self.length).saturating_mul(1_000);
        end.saturating_sub(millis(now)).max(1)
    }
}

/// Whole seconds since 1970.
pub(crate) fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.micros().div_euclid(1_000_000)).unwrap_or(0)
}

/// Whole milliseconds since 1970.
pub(crate) fn millis(now: Timestamp) -> u64 {
    u64::try_from(now.micros().div_euclid(1_000)).unwrap_or(0)
}
