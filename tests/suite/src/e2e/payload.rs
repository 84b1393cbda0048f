//! Remote-write requests, written by hand so that no encoder is trusted.

use crate::messages::{series, snappy};
use std::time::{SystemTime, UNIX_EPOCH};

/// A request of one series of this name with one sample of now: compressed, as it is pushed.
pub(crate) fn one_sample(name: &str) -> Vec<u8> {
    snappy(&series(&[("__name__", name)], &[now()]))
}

/// This moment, in milliseconds.
pub(crate) fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the gateway under test runs on the clock of this machine")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}
