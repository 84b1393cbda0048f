//! The one place that reads the clock.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The current moment.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

static START: LazyLock<Instant> = LazyLock::new(now);

/// Milliseconds since the process first asked: a moment that fits an atomic.
pub(crate) fn stamp() -> u64 {
    u64::try_from(now().saturating_duration_since(*START).as_millis()).unwrap_or(u64::MAX)
}

/// The moment a [`stamp`] stands for.
pub(crate) fn moment(stamp: u64) -> Instant {
    START.checked_add(Duration::from_millis(stamp)).unwrap_or_else(now)
}
