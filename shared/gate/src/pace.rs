//! When a sender should come back: not at the same time as all others, and later each time it tries in vain.

use cockpit_core::ports::Random;
use http::{HeaderMap, HeaderName, HeaderValue};

/// How often a sender has sent the same again; Prometheus says so since 2.53.
const ATTEMPT: HeaderName = HeaderName::from_static("retry-attempt");

/// Seconds to wait after a first failure of ours; Mimir's are 6.
const FIRST: u64 = 5;

/// The doublings of it, up to Mimir's longest: about a minute and a half.
const DOUBLINGS: u32 = 4;

/// The most seconds that a repeated refusal asks to wait, unless the limit itself takes longer.
const LONGEST: u64 = 96;

/// How a sender is to be paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    factor: u64,
    random: u8,
}

impl Pace {
    /// The pace of whoever sent these headers.
    pub(crate) fn of(caller: &HeaderMap, random: &impl Random) -> Self {
        let attempt = caller.get(ATTEMPT).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
        let [random, ..] = random.bytes();
        Self { factor: 1 << attempt.unwrap_or(0).min(DOUBLINGS), random }
    }

    /// Seconds to wait after a failure of ours: from half to one and a half of what the attempt asks for.
    pub(crate) fn after_failure(self) -> HeaderValue {
        let base = FIRST.saturating_mul(self.factor);
        let spread = base.saturating_mul(u64::from(self.random)).div_ceil(u64::from(u8::MAX));
        HeaderValue::from(base.div_ceil(2).saturating_add(spread))
    }

    /// Seconds to wait for a limit, which is known to take this many, and differs from sender to sender already.
    pub(crate) fn after_limit(self, seconds: u64) -> HeaderValue {
        HeaderValue::from(seconds.saturating_mul(self.factor).min(seconds.max(LONGEST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn bytes(&self) -> [u8; 16] {
            [self.0; 16]
        }
    }

    fn pace(attempt: &str, random: u8) -> Pace {
        let headers = HeaderMap::from_iter([(ATTEMPT, attempt.parse().unwrap())]);
        Pace::of(&headers, &Fixed(random))
    }

    #[test]
    fn a_sender_waits_longer_each_time_and_not_as_long_as_another() {
        for (attempt, least, most) in [("", 3, 8), ("1", 5, 15), ("2", 10, 30), ("4", 40, 120), ("400", 40, 120)] {
            assert_eq!(pace(attempt, 0).after_failure(), HeaderValue::from(least), "{attempt}");
            assert_eq!(pace(attempt, 255).after_failure(), HeaderValue::from(most), "{attempt}");
        }
        assert_eq!(pace("99999999999", 0), pace("x", 0), "nonsense is no attempt");
    }

    #[test]
    fn a_limit_is_waited_for_at_least_as_long_as_it_takes() {
        for (attempt, seconds, want) in
            [("", 7, 7), ("1", 7, 14), ("4", 7, 96), ("9", 300, 300), ("9", u64::MAX, u64::MAX)]
        {
            assert_eq!(pace(attempt, 9).after_limit(seconds), HeaderValue::from(want), "{attempt} {seconds}");
        }
    }
}
